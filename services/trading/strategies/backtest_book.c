// SPDX-License-Identifier: MIT
// backtest_book: the orders of a backtest, from their placing to their fills, and what they do to
// cash and positions.
#include "strategies/backtest_private.h"

#include <stdio.h>
#include <string.h>

#include "fills/commission.h"
#include "money/money.h"

enum { SHRINKS_MAX = 16 };

bool backtest_overflow(struct backtest *backtest, const char *what)
{
    return error_set(backtest->error, REASON_BACKTEST_OVERFLOW, "%s is too large to be counted.",
                     what);
}

bool backtest_value(int64_t quantity, int64_t price, int64_t *out_value)
{
    if (quantity % NANOS_PER_UNIT == 0)
        return !__builtin_mul_overflow(quantity / NANOS_PER_UNIT, price, out_value);
    return money_multiply_half_even(price, quantity, out_value);
}

int64_t backtest_whole(const struct backtest *backtest, int64_t quantity)
{
    return backtest->settings->fractional ? quantity : quantity - quantity % NANOS_PER_UNIT;
}

// What an order that goes by bars must hold: fill_hold looks at the last price alone.
static bool hold_of(const struct backtest *backtest, size_t symbol, struct order *order)
{
    const struct platform_clock clock = {0};
    struct quote quote = {.price_micros = backtest->positions[symbol].close};

    return fill_hold(order, &quote, &clock, &order->hold_amount);
}

// Makes a buy so small that the free cash covers it; 0 when it covers none.
static bool shrink(const struct backtest *backtest, size_t symbol, struct order *order)
{
    int64_t lot = backtest->settings->fractional ? 1 : NANOS_PER_UNIT;
    int64_t available = backtest->cash - backtest->held;

    for (int i = 0; order->quantity > 0; i++) {
        int64_t smaller = 0;

        if (!hold_of(backtest, symbol, order))
            return false;
        if (order->hold_amount <= available)
            return true;
        if (available <= 0 || i == SHRINKS_MAX) {
            order->quantity = 0;
            return true;
        }
        if (!money_scale_down(order->quantity, available, order->hold_amount, &smaller))
            return false;
        smaller = backtest_whole(backtest, smaller);
        order->quantity = smaller < order->quantity ? smaller : order->quantity - lot;
    }
    return true;
}

static size_t add_record(struct backtest *backtest, size_t symbol, const struct order *order)
{
    struct backtest_result *result = backtest->result;

    result->order_count++;
    if (result->orders_listed == BACKTEST_KEPT_MAX)
        return SIZE_MAX;
    if (result->orders == NULL)
        result->orders = allocate_array(BACKTEST_KEPT_MAX, sizeof(*result->orders));
    result->orders[result->orders_listed] = (struct backtest_order){
        .symbol = symbol,
        .side = order->side,
        .type = order->type,
        .quantity = order->quantity,
        .price = order->limit_price > 0 ? order->limit_price : order->stop_price,
        .status = ORDER_NEW,
        .placed_at = order->created_at,
    };
    return result->orders_listed++;
}

// Takes into the list what has become of an order.
static void keep(struct backtest *backtest, const struct backtest_open_order *open, int64_t at)
{
    const struct order *order = &open->order;
    struct backtest_order *record = NULL;

    if (open->record == SIZE_MAX)
        return;
    record = &backtest->result->orders[open->record];
    record->cause = open->cause;
    record->quantity = order->quantity;
    record->filled_quantity = order->filled_quantity;
    record->average_price = order->average_fill_price;
    record->commission = order->commission;
    record->status = order->status;
    record->ended_at = order_status_is_open(order->status) ? 0 : at;
    memcpy(record->reason, order->reason, sizeof(record->reason));
}

bool backtest_place(struct backtest *backtest,
                    size_t symbol,
                    const struct backtest_intent *intent,
                    int64_t at)
{
    struct backtest_position *position = &backtest->positions[symbol];
    struct backtest_open_order *open = &position->open[position->open_count];
    struct order *order = &open->order;

    *open = (struct backtest_open_order){.cause = intent->cause, .record = SIZE_MAX};
    order->side = intent->side;
    order->type = intent->type;
    order->time_in_force = ORDER_GTC;
    order->quantity = intent->quantity;
    order->limit_price = intent->limit_price;
    order->stop_price = intent->stop_price;
    order->trail_percent = intent->trail_percent;
    order->terms = backtest->settings->terms;
    order->status = ORDER_NEW;
    order->created_at = order->submitted_at = at;
    order->starts_at = at + 1;
    order->expires_at = INT64_MAX;
    (void)fill_trail(order, intent->high_water);
    if (order->side == ORDER_BUY && !shrink(backtest, symbol, order))
        return backtest_overflow(backtest, "What an order costs");
    if (order->quantity == 0) {
        backtest->result->orders_refused++;
        return true;
    }
    backtest->held += order->hold_amount;
    open->record = add_record(backtest, symbol, order);
    keep(backtest, open, 0);
    position->open_count++;
    backtest->open_count++;
    return true;
}

static void remove_open(struct backtest *backtest, struct backtest_position *position, size_t index)
{
    position->open_count--;
    backtest->open_count--;
    memmove(&position->open[index], &position->open[index + 1],
            (position->open_count - index) * sizeof(position->open[0]));
}

static void end_order(struct backtest *backtest,
                      struct backtest_position *position,
                      size_t index,
                      const char *reason,
                      int64_t at)
{
    struct backtest_open_order *open = &position->open[index];

    backtest->held -= open->order.hold_amount - open->spent;
    open->order.status = ORDER_CANCELED;
    snprintf(open->order.reason, sizeof(open->order.reason), "%s", reason);
    keep(backtest, open, at);
    remove_open(backtest, position, index);
}

void backtest_cancel(struct backtest *backtest, size_t symbol, const char *reason, int64_t at)
{
    struct backtest_position *position = &backtest->positions[symbol];

    while (position->open_count > 0)
        end_order(backtest, position, position->open_count - 1, reason, at);
}

static void close_trade(struct backtest *backtest, struct backtest_position *position, int64_t at)
{
    struct backtest_result *result = backtest->result;
    int64_t profit = position->trade.received - position->trade.paid;

    position->trade.closed_at = at;
    position->trade.bars = (int64_t)(position->next - position->opened) + 1;
    result->won_count += profit > 0;
    *(profit > 0 ? &result->won : &result->lost) += profit > 0 ? profit : -profit;
    result->best = result->closed_count == 0 || profit > result->best ? profit : result->best;
    result->worst = result->closed_count == 0 || profit < result->worst ? profit : result->worst;
    result->closed_bars += position->trade.bars;
    result->closed_count++;
    result->trade_count++;
    if (result->trades == NULL)
        result->trades = allocate_array(BACKTEST_KEPT_MAX, sizeof(*result->trades));
    if (result->trades_listed < BACKTEST_KEPT_MAX)
        result->trades[result->trades_listed++] = position->trade;
}

// What a fill does to cash, to what is held for its order, and to the position.
static bool book(struct backtest *backtest,
                 size_t symbol,
                 struct backtest_open_order *open,
                 const struct order_execution *execution)
{
    struct backtest_position *position = &backtest->positions[symbol];
    struct backtest_trade *trade = &position->trade;
    bool is_buy = open->order.side == ORDER_BUY;
    int64_t gross = 0;

    if (!money_multiply_half_even(execution->price, execution->quantity, &gross) ||
        !money_add(backtest->cash,
                   is_buy ? -gross - execution->commission : gross - execution->commission,
                   &backtest->cash))
        return backtest_overflow(backtest, "The cash");
    if (is_buy && position->quantity == 0) {
        *trade = (struct backtest_trade){.symbol = symbol, .opened_at = execution->at};
        position->high_water = 0;
        position->opened = position->next;
    }
    trade->quantity += is_buy ? execution->quantity : 0;
    *(is_buy ? &trade->paid : &trade->received) +=
        is_buy ? gross + execution->commission : gross - execution->commission;
    trade->commission += execution->commission;
    trade->cause = open->cause;
    *(is_buy ? &backtest->result->bought : &backtest->result->sold) += gross;
    backtest->result->commission += execution->commission;
    position->quantity += is_buy ? execution->quantity : -execution->quantity;
    if (position->quantity == 0)
        close_trade(backtest, position, execution->at);
    return true;
}

// Raises what is held for a buy to what its fill costs. False when there is not so much.
static bool cover(struct backtest *backtest, struct order *order, const struct fill_offer *offer)
{
    int64_t cost = 0;

    if (fill_is_covered(order, offer))
        return true;
    if (!fill_cost(order, offer, &cost) ||
        cost - order->hold_amount > backtest->cash - backtest->held)
        return false;
    backtest->held += cost - order->hold_amount;
    order->hold_amount = cost;
    return true;
}

// What has been paid is not held any more, and after the last fill nothing is.
static void release_hold(struct backtest *backtest, struct backtest_open_order *open, int64_t paid)
{
    if (open->order.side == ORDER_SELL)
        return;
    open->spent += paid;
    backtest->held -= paid;
    if (open->order.status == ORDER_FILLED)
        backtest->held -= open->order.hold_amount - open->spent;
}

// What a fill has made of an order; it is open no more when that is final.
struct outcome {
    enum backtest_cause cause;
    enum order_status status;
    int64_t average_price;
};

// Fills an open order with an offer, or cancels it for want of cash.
static bool execute(struct backtest *backtest,
                    size_t symbol,
                    size_t index,
                    const struct fill_offer *offer,
                    int64_t at,
                    struct outcome *out_outcome)
{
    struct backtest_position *position = &backtest->positions[symbol];
    struct backtest_open_order *open = &position->open[index];
    struct order_execution execution = {
        .quantity = offer->quantity, .price = offer->price, .quote_at = at, .at = at};
    int64_t cash = backtest->cash;

    *out_outcome = (struct outcome){.cause = open->cause, .status = ORDER_CANCELED};
    if (open->order.side == ORDER_BUY && !cover(backtest, &open->order, offer)) {
        end_order(backtest, position, index, "INSUFFICIENT_FUNDS", at);
        backtest->result->orders_refused++;
        return true;
    }
    if (!commission_of_fill(&open->order, offer->quantity, offer->price, &execution.commission) ||
        !order_execute(&open->order, &execution))
        return backtest_overflow(backtest, "A fill");
    if (!book(backtest, symbol, open, &execution))
        return false;
    release_hold(backtest, open, cash - backtest->cash);
    keep(backtest, open, at);
    out_outcome->status = open->order.status;
    out_outcome->average_price = open->order.average_fill_price;
    if (out_outcome->status == ORDER_FILLED)
        remove_open(backtest, position, index);
    return true;
}

static int64_t to_increment(int64_t price)
{
    int64_t increment = price < MICROS_PER_UNIT ? MICROS_PER_UNIT / 10000 : MICROS_PER_UNIT / 100;
    int64_t rounded = (price + increment / 2) / increment * increment;

    return rounded < increment ? increment : rounded;
}

bool backtest_price_away(int64_t price, int64_t percent, int64_t *out_price)
{
    int64_t away = 0;

    if (!money_scale_half_even(price, 100 * MICROS_PER_UNIT + percent, 100 * MICROS_PER_UNIT,
                               &away))
        return false;
    *out_price = to_increment(away);
    return true;
}

static bool place_exit(
    struct backtest *backtest, size_t symbol, enum backtest_cause cause, int64_t paid, int64_t at)
{
    struct backtest_intent intent = {
        .cause = cause,
        .side = ORDER_SELL,
        .quantity = backtest->positions[symbol].quantity,
    };
    const int64_t *values = backtest->parameters->values;
    bool is_fine = true;

    if (cause == BACKTEST_STOP_LOSS) {
        intent.type = ORDER_STOP;
        is_fine = backtest_price_away(paid, -values[STRATEGY_PARAMETER_STOP_LOSS_PERCENT],
                                      &intent.stop_price);
    } else if (cause == BACKTEST_TAKE_PROFIT) {
        intent.type = ORDER_LIMIT;
        is_fine = backtest_price_away(paid, values[STRATEGY_PARAMETER_TAKE_PROFIT_PERCENT],
                                      &intent.limit_price);
    } else {
        intent.type = ORDER_TRAILING_STOP;
        intent.trail_percent = values[STRATEGY_PARAMETER_TRAILING_STOP_PERCENT];
        intent.high_water = paid;
    }
    if (!is_fine)
        return backtest_overflow(backtest, "The price of an exit");
    return backtest_place(backtest, symbol, &intent, at);
}

// The exits of a position whose entry has been filled. Stops come first: of a stop and a target in
// one bar it is the stop that counts.
static bool place_exits(struct backtest *backtest, size_t symbol, int64_t paid, int64_t at)
{
    static const struct {
        enum strategy_parameter_id parameter;
        enum backtest_cause cause;
    } exits[] = {
        {STRATEGY_PARAMETER_STOP_LOSS_PERCENT, BACKTEST_STOP_LOSS},
        {STRATEGY_PARAMETER_TRAILING_STOP_PERCENT, BACKTEST_TRAILING_STOP},
        {STRATEGY_PARAMETER_TAKE_PROFIT_PERCENT, BACKTEST_TAKE_PROFIT},
    };

    for (size_t i = 0; i < COUNT_OF(exits); i++)
        if (backtest->parameters->values[exits[i].parameter] > 0 &&
            !place_exit(backtest, symbol, exits[i].cause, paid, at))
            return false;
    return true;
}

static bool is_leg(enum backtest_cause cause)
{
    return cause == BACKTEST_STOP_LOSS || cause == BACKTEST_TRAILING_STOP ||
           cause == BACKTEST_TAKE_PROFIT;
}

// What follows from a fill: exits begin with the last fill of their entry, and share what is left.
static bool follow(struct backtest *backtest,
                   size_t symbol,
                   const struct outcome *outcome,
                   int64_t at,
                   int64_t exits_at)
{
    struct backtest_position *position = &backtest->positions[symbol];

    if (outcome->cause == BACKTEST_ENTRY && outcome->status != ORDER_CANCELED)
        position->entry_price = outcome->average_price;
    if (outcome->cause == BACKTEST_ENTRY)
        return outcome->status != ORDER_FILLED || backtest->settings->exits_at_close ||
               place_exits(backtest, symbol, outcome->average_price, exits_at);
    if (!is_leg(outcome->cause))
        return true;
    if (position->quantity == 0)
        backtest_cancel(backtest, symbol, "LINKED_ORDER_ENDED", at);
    for (size_t i = 0; i < position->open_count; i++)
        position->open[i].order.quantity =
            position->open[i].order.filled_quantity + position->quantity;
    return true;
}

static bool takes_part(const struct backtest_open_order *open, enum order_side side, bool is_over)
{
    return is_over || open->order.side == side;
}

static bool
show(struct backtest *backtest, size_t symbol, const struct fill_bar *bar, enum order_side side)
{
    struct backtest_position *position = &backtest->positions[symbol];
    // An exit of an entry that was filled at the open sees the rest of that bar.
    int64_t exits_at = bar->is_over ? bar->start : bar->start - 1;

    for (size_t i = 0; i < position->open_count;) {
        struct backtest_open_order *open = &position->open[i];
        struct outcome outcome = {0};
        struct fill_offer offer;
        enum fill_action action = FILL_NOTHING;

        if (takes_part(open, side, bar->is_over))
            action = fill_bar_watch(&open->order, bar, &offer);
        if (action != FILL_PART && action != FILL_WHOLE) {
            i++;
            continue;
        }
        if (!execute(backtest, symbol, i, &offer, bar->start, &outcome) ||
            !follow(backtest, symbol, &outcome, bar->start, exits_at))
            return false;
        // Of several exits one is filled in a bar.
        if (is_leg(outcome.cause))
            return true;
        i += order_status_is_open(outcome.status) ? 1 : 0;
    }
    return true;
}

static struct fill_bar bar_of(const struct backtest *backtest, size_t symbol, bool is_over)
{
    const struct bar_columns *series = backtest->settings->symbols[symbol].series;
    size_t index = backtest->positions[symbol].next;

    // Its length does not matter here, as no order is shown a bar twice.
    return (struct fill_bar){
        .start = series->times[index],
        .length = 1,
        .opened_at = series->times[index],
        .last_at = series->times[index],
        .open = series->columns[BAR_OPEN][index],
        .high = series->columns[BAR_HIGH][index],
        .low = series->columns[BAR_LOW][index],
        .close = series->columns[BAR_CLOSE][index],
        .volume = series->columns[BAR_VOLUME][index],
        .is_over = is_over,
    };
}

bool backtest_fill(struct backtest *backtest, int64_t at)
{
    // At the open sales come first, so that what they bring is there for what is bought.
    static const struct {
        enum order_side side;
        bool is_over;
    } looks[] = {{ORDER_SELL, false}, {ORDER_BUY, false}, {ORDER_BUY, true}};

    for (size_t look = 0; look < COUNT_OF(looks); look++) {
        for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
            struct fill_bar bar;

            if (backtest->positions[i].open_count == 0 || !backtest_has_bar(backtest, i, at))
                continue;
            bar = bar_of(backtest, i, looks[look].is_over);
            if (!show(backtest, i, &bar, looks[look].side))
                return false;
        }
    }
    return true;
}
