// SPDX-License-Identifier: MIT
// backtest_decide: what a strategy orders at the close of a bar.
#include "strategies/backtest_private.h"

#include <math.h>

#include "base/timestamp.h"
#include "money/money.h"

#define WHOLE_PERCENT (100 * MICROS_PER_UNIT)

bool backtest_equity(struct backtest *backtest, int64_t *out_equity)
{
    int64_t equity = backtest->cash;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        const struct backtest_position *position = &backtest->positions[i];
        int64_t value = 0;

        if (!backtest_value(position->quantity, position->close, &value) ||
            !money_add(equity, value, &equity))
            return backtest_overflow(backtest, "The equity");
    }
    *out_equity = equity;
    return true;
}

// So many shares as the amount buys at the latest close.
static int64_t shares_for(const struct backtest *backtest, size_t symbol, int64_t amount)
{
    int64_t quantity = 0;

    // More shares than can be counted are cut down by the cash anyway.
    if (amount <= 0)
        return 0;
    if (!money_divide_down(amount, backtest->positions[symbol].close, &quantity))
        quantity = INT64_MAX / NANOS_PER_UNIT * NANOS_PER_UNIT;
    return backtest_whole(backtest, quantity);
}

static bool size_of(struct backtest *backtest, size_t symbol, int64_t *out_quantity)
{
    const int64_t *values = backtest->parameters->values;
    int64_t size = values[STRATEGY_PARAMETER_SIZE];
    int64_t share = WHOLE_PERCENT * (int64_t)backtest->settings->symbol_count;
    int64_t amount = size;

    switch ((enum strategy_sizing)values[STRATEGY_PARAMETER_SIZING]) {
    case STRATEGY_SIZE_BY_SHARES:
        *out_quantity = backtest_whole(backtest, size * (NANOS_PER_UNIT / MICROS_PER_UNIT));
        return true;
    case STRATEGY_SIZE_BY_CASH:
        break;
    default:
        if (!backtest_equity(backtest, &amount))
            return false;
        if (!money_scale_down(amount, size, share, &amount))
            return backtest_overflow(backtest, "The size of a position");
    }
    *out_quantity = shares_for(backtest, symbol, amount);
    return true;
}

static bool place_at_market(struct backtest *backtest,
                            size_t symbol,
                            enum backtest_cause cause,
                            enum order_side side,
                            int64_t quantity,
                            int64_t at)
{
    const struct backtest_intent intent = {
        .cause = cause, .side = side, .type = ORDER_MARKET, .quantity = quantity};

    return backtest_place(backtest, symbol, &intent, at);
}

// Whether what there is is sold at the market already.
static bool is_leaving(const struct backtest_position *position)
{
    return position->open_count > 0 && position->open[0].order.side == ORDER_SELL &&
           position->open[0].order.type == ORDER_MARKET;
}

static bool leave(struct backtest *backtest, size_t symbol, int64_t at)
{
    const struct backtest_position *position = &backtest->positions[symbol];

    if (is_leaving(position))
        return true;
    backtest_cancel(backtest, symbol, "STRATEGY_LEAVES", at);
    return position->quantity == 0 ||
           place_at_market(backtest, symbol, BACKTEST_EXIT, ORDER_SELL, position->quantity, at);
}

// The first stop or target that the bar's close has reached; BACKTEST_CAUSE_COUNT for none. Stops
// come before the target, as in a bar.
static bool find_exit(struct backtest *backtest, size_t symbol, enum backtest_cause *out_cause)
{
    const struct backtest_position *position = &backtest->positions[symbol];
    const int64_t *values = backtest->parameters->values;
    const struct {
        enum backtest_cause cause;
        int64_t from;
        int64_t percent; // above it; 0 for none
    } exits[] = {
        {BACKTEST_STOP_LOSS, position->entry_price, -values[STRATEGY_PARAMETER_STOP_LOSS_PERCENT]},
        {BACKTEST_TRAILING_STOP, position->high_water,
         -values[STRATEGY_PARAMETER_TRAILING_STOP_PERCENT]},
        {BACKTEST_TAKE_PROFIT, position->entry_price,
         values[STRATEGY_PARAMETER_TAKE_PROFIT_PERCENT]},
    };

    *out_cause = BACKTEST_CAUSE_COUNT;
    for (size_t i = 0; i < COUNT_OF(exits) && *out_cause == BACKTEST_CAUSE_COUNT; i++) {
        int64_t price = 0;

        if (exits[i].percent == 0 || exits[i].from == 0)
            continue;
        if (!backtest_price_away(exits[i].from, exits[i].percent, &price))
            return backtest_overflow(backtest, "The price of an exit");
        if (exits[i].percent < 0 ? position->close <= price : position->close >= price)
            *out_cause = exits[i].cause;
    }
    return true;
}

// Looks at the stops and targets of what is held. `out_leaves` says whether one of them sells.
static bool exit_at_close(struct backtest *backtest, size_t symbol, int64_t at, bool *out_leaves)
{
    struct backtest_position *position = &backtest->positions[symbol];
    int64_t bar_high =
        backtest->settings->symbols[symbol].series->columns[BAR_HIGH][position->next];
    int64_t high = position->high_water;
    enum backtest_cause cause = BACKTEST_CAUSE_COUNT;

    *out_leaves = false;
    if (!backtest->settings->exits_at_close || position->quantity == 0 || position->open_count > 0)
        return true;
    high = high > position->entry_price ? high : position->entry_price;
    high = high > bar_high ? high : bar_high;
    position->high_water = high;
    if (!find_exit(backtest, symbol, &cause))
        return false;
    *out_leaves = cause != BACKTEST_CAUSE_COUNT;
    return !*out_leaves ||
           place_at_market(backtest, symbol, cause, ORDER_SELL, position->quantity, at);
}

static bool follow_signal(struct backtest *backtest, size_t symbol, int64_t at)
{
    const struct backtest_position *position = &backtest->positions[symbol];
    size_t bar = position->next;
    int64_t quantity = 0;
    bool leaves = false;

    if (!exit_at_close(backtest, symbol, at, &leaves))
        return false;
    if (leaves)
        return true;
    if ((position->signals[bar] & STRATEGY_LEAVES) != 0)
        return (position->quantity == 0 && position->open_count == 0) ||
               leave(backtest, symbol, at);
    if (position->quantity > 0 || position->open_count > 0 || !backtest_enters(position, bar))
        return true;
    return size_of(backtest, symbol, &quantity) &&
           place_at_market(backtest, symbol, BACKTEST_ENTRY, ORDER_BUY, quantity, at);
}

// The number of the day, week, month ... that the time is in.
static int64_t period_of(enum strategy_frequency frequency, int64_t at)
{
    int64_t days = at / MICROS_PER_DAY;
    struct date date = date_from_days(days);

    switch (frequency) {
    case STRATEGY_EVERY_BAR:
        return at;
    case STRATEGY_EVERY_DAILY:
        return days;
    case STRATEGY_EVERY_WEEKLY:
        return (days + 3) / 7; // 1970 began on a Thursday, and a week begins on Monday
    case STRATEGY_EVERY_QUARTERLY:
        return date.year * 4 + (date.month - 1) / 3;
    case STRATEGY_EVERY_YEARLY:
        return date.year;
    default:
        return date.year * 12 + date.month;
    }
}

static double score_of(const struct backtest *backtest, size_t symbol, int64_t at)
{
    const struct backtest_position *position = &backtest->positions[symbol];
    size_t seen = position->next + (backtest_has_bar(backtest, symbol, at) ? 1 : 0);

    return seen == 0 ? (double)NAN : position->scores[seen - 1];
}

// The best of those that have risen share everything.
static void rank(struct backtest *backtest, int64_t at)
{
    int64_t top = backtest->parameters->values[STRATEGY_PARAMETER_TOP_N];
    size_t count = backtest->settings->symbol_count;

    for (size_t i = 0; i < count; i++) {
        double score = score_of(backtest, i, at);
        int64_t better = 0;

        // Of two that have risen alike the one that is named first is better.
        for (size_t k = 0; k < count; k++) {
            double other = score_of(backtest, k, at);

            better += other > score || (k < i && other == score) ? 1 : 0;
        }
        backtest->positions[i].target = score > 0.0 && better < top ? WHOLE_PERCENT / top : 0;
    }
}

static void set_weights(struct backtest *backtest)
{
    const struct strategy_parameters *parameters = backtest->parameters;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        struct text ticker = text_of(backtest->settings->symbols[i].ticker);

        backtest->positions[i].target = 0;
        for (size_t k = 0; k < parameters->weight_count; k++)
            if (text_equals(ticker, parameters->weights[k].ticker))
                backtest->positions[i].target = parameters->weights[k].percent;
    }
}

// Whether a weight is further from its target than it may be.
static bool is_off(struct backtest *backtest, int64_t equity, bool *out_is_off)
{
    int64_t band = backtest->parameters->values[STRATEGY_PARAMETER_BAND_PERCENT];

    *out_is_off = false;
    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        const struct backtest_position *position = &backtest->positions[i];
        int64_t value = 0;
        int64_t percent = 0;
        int64_t distance = 0;

        if (!backtest_value(position->quantity, position->close, &value) ||
            !money_scale_half_even(value, WHOLE_PERCENT, equity, &percent))
            return backtest_overflow(backtest, "A weight");
        distance = percent - position->target;
        *out_is_off = *out_is_off || distance > band || -distance > band;
    }
    return true;
}

// The shares that make up the target at the latest close.
static bool
target_quantity(struct backtest *backtest, size_t symbol, int64_t equity, int64_t *out_quantity)
{
    int64_t amount = 0;

    if (backtest->positions[symbol].close == 0) {
        *out_quantity = 0;
        return true;
    }
    if (!money_scale_down(equity, backtest->positions[symbol].target, WHOLE_PERCENT, &amount))
        return backtest_overflow(backtest, "A target");
    *out_quantity = shares_for(backtest, symbol, amount);
    return true;
}

// Places the sales, or the purchases, that lead to the targets.
static bool approach(struct backtest *backtest, enum order_side side, int64_t equity, int64_t at)
{
    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        int64_t quantity = 0;

        if (!target_quantity(backtest, i, equity, &quantity))
            return false;
        quantity -= backtest->positions[i].quantity;
        quantity = side == ORDER_SELL ? -quantity : quantity;
        if (quantity > 0 && !place_at_market(backtest, i, BACKTEST_TARGET, side, quantity, at))
            return false;
    }
    return true;
}

static bool buy_again(struct backtest *backtest, int64_t at)
{
    int64_t amount = backtest->parameters->values[STRATEGY_PARAMETER_AMOUNT] /
                     (int64_t)backtest->settings->symbol_count;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        struct backtest_position *position = &backtest->positions[i];

        // What waits for its fill still is not ordered twice.
        if (position->close > 0 && position->open_count < BACKTEST_ORDERS_MAX &&
            !place_at_market(backtest, i, BACKTEST_TARGET, ORDER_BUY,
                             shares_for(backtest, i, amount), at))
            return false;
    }
    return true;
}

// Sets the targets anew, and begins with the sales.
static bool aim(struct backtest *backtest, int64_t at)
{
    int64_t equity = 0;
    bool is_to_move = true;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++)
        backtest_cancel(backtest, i, "STRATEGY_AIMS_ANEW", at);
    if (!backtest_equity(backtest, &equity))
        return false;
    if (backtest->parameters->kind == STRATEGY_MOMENTUM)
        rank(backtest, at);
    else
        set_weights(backtest);
    if (equity <= 0)
        return true;
    if (backtest->parameters->kind == STRATEGY_REBALANCE && !is_off(backtest, equity, &is_to_move))
        return false;
    backtest->has_targets = is_to_move;
    return !is_to_move || approach(backtest, ORDER_SELL, equity, at);
}

static bool is_due(struct backtest *backtest, int64_t at)
{
    int64_t period = period_of(
        (enum strategy_frequency)backtest->parameters->values[STRATEGY_PARAMETER_FREQUENCY], at);

    if (period == backtest->period)
        return false;
    backtest->period = period;
    return true;
}

// The kinds that set weights decide for all symbols at once, at the first time of each period.
// Purchases follow when no sale is open: nothing is bought with cash that has not come yet.
static bool decide_weights(struct backtest *backtest, int64_t at)
{
    int64_t equity = 0;
    bool is_now = is_due(backtest, at);

    if (backtest->parameters->kind == STRATEGY_REGULAR_PURCHASE)
        return !is_now || buy_again(backtest, at);
    if (is_now && !aim(backtest, at))
        return false;
    if (!backtest->has_targets || backtest->open_count > 0)
        return true;
    backtest->has_targets = false;
    return backtest_equity(backtest, &equity) && approach(backtest, ORDER_BUY, equity, at);
}

bool backtest_decide(struct backtest *backtest, int64_t at)
{
    const struct backtest_settings *settings = backtest->settings;
    bool is_traded = false;

    for (size_t i = 0; i < settings->symbol_count; i++) {
        struct backtest_position *position = &backtest->positions[i];

        if (!backtest_has_bar(backtest, i, at) || position->next < position->first)
            continue;
        is_traded = true;
        if (settings->program->has_signals && !follow_signal(backtest, i, at))
            return false;
    }
    return settings->program->has_signals || !is_traded || decide_weights(backtest, at);
}
