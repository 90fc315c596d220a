// SPDX-License-Identifier: MIT
#include "orders/order_rules.h"

#include "fills/fill.h"
#include "fills/fill_bar.h"
#include "money/money.h"

#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define HOUR (60 * MINUTE)

// Prices of a dollar and more are in cents, lower ones in hundredths of a cent.
#define CENT (MICROS_PER_UNIT / 100)
#define FINE_CENT (CENT / 100)

#define TRAIL_PERCENT_MIN (MICROS_PER_UNIT / 10)
#define WHOLE_PERCENT (100 * MICROS_PER_UNIT)

// An order for the opening comes at least 2 minutes before it, one for the close 10 minutes; both
// not in the three hours after a close.
#define OPENING_AHEAD (2 * MINUTE)
#define CLOSING_AHEAD (10 * MINUTE)
#define EVENING (3 * HOUR)

// How long trading goes on after the close, and how long the first and the last quote are waited
// for.
#define EXTENDED_AFTER_CLOSE (4 * HOUR)
#define AUCTION (1 * MINUTE)

static void require_price(
    struct error *error, const char *field, bool is_wanted, int64_t price, enum order_type type)
{
    if (is_wanted && price == 0)
        error_add_violation(error, field, "is required for an order of type %s",
                            order_type_name(type));
    if (!is_wanted && price != 0)
        error_add_violation(error, field, "must not be given for an order of type %s",
                            order_type_name(type));
}

void order_rules_check_increment(struct error *error, const char *field, int64_t price)
{
    char text[DECIMAL_SIZE];

    if (price % (price >= MICROS_PER_UNIT ? CENT : FINE_CENT) == 0)
        return;
    decimal_print(price, MONEY_SCALE, 2, text);
    error_add_violation(error, field,
                        "%s is finer than the least increment: 0.01 from 1.00 on, 0.0001 below",
                        text);
}

static void check_prices(const struct order *order, struct error *error)
{
    require_price(error, "limit_price", order_type_has_limit(order->type), order->limit_price,
                  order->type);
    require_price(error, "stop_price", order_type_has_stop(order->type), order->stop_price,
                  order->type);
    order_rules_check_increment(error, "limit_price", order->limit_price);
    if (order_type_has_stop(order->type))
        order_rules_check_increment(error, "stop_price", order->stop_price);
}

static void check_trail(const struct order *order, struct error *error)
{
    if (order->type != ORDER_TRAILING_STOP) {
        require_price(error, "trail_price", false, order->trail_price, order->type);
        require_price(error, "trail_percent", false, order->trail_percent, order->type);
        return;
    }
    if ((order->trail_price == 0) == (order->trail_percent == 0))
        error_add_violation(error, "trail_price",
                            "exactly one of trail_price and trail_percent must be given");
    order_rules_check_increment(error, "trail_price", order->trail_price);
    if (order->trail_percent > 0 && order->trail_percent < TRAIL_PERCENT_MIN)
        error_add_violation(error, "trail_percent", "must be at least 0.1");
    if (order->trail_percent >= WHOLE_PERCENT)
        error_add_violation(error, "trail_percent", "must be less than 100");
}

static void check_amount(const struct order *order, struct error *error)
{
    bool is_plain = order->type == ORDER_MARKET || order->type == ORDER_LIMIT;

    if (order->quantity == 0 && order->notional == 0)
        error_add_violation(error, "quantity", "quantity or notional is required");
    if (order->quantity != 0 && order->notional != 0)
        error_add_violation(error, "notional", "must not be given beside quantity");
    if (order->notional != 0 && order->notional < ORDER_NOTIONAL_MIN)
        error_add_violation(error, "notional", "must be at least 1.00");
    if (order->notional != 0 && order->type != ORDER_MARKET)
        error_add_violation(error, "notional", "needs an order of type market");
    if (order->notional != 0 && order->time_in_force != ORDER_DAY)
        error_add_violation(error, "time_in_force", "must be day for an order by notional");
    if (order->quantity % NANOS_PER_UNIT == 0)
        return;
    if (order->time_in_force != ORDER_DAY)
        error_add_violation(error, "time_in_force", "must be day for a fraction of a share");
    if (!is_plain)
        error_add_violation(error, "quantity",
                            "must be whole for an order of type %s; fractions need market or limit",
                            order_type_name(order->type));
}

static void check_times(const struct order *order, struct error *error)
{
    bool is_day_or_gtc = order->time_in_force == ORDER_DAY || order->time_in_force == ORDER_GTC;

    if (order->type != ORDER_MARKET && order->type != ORDER_LIMIT && !is_day_or_gtc)
        error_add_violation(error, "time_in_force", "must be day or gtc for an order of type %s",
                            order_type_name(order->type));
    if (order->extended_hours && (order->type != ORDER_LIMIT || !is_day_or_gtc))
        error_add_violation(error, "extended_hours",
                            "needs an order of type limit that is good for the day or gtc");
}

bool order_rules_check(const struct order *order, struct error *error)
{
    error_clear(error);
    check_amount(order, error);
    check_prices(order, error);
    check_trail(order, error);
    check_times(order, error);
    return error->code == CODE_OK;
}

// Between a close and 19:00, for an ordinary close at 16:00.
static bool is_evening(const struct platform_clock *clock)
{
    return !clock->is_open && clock->now < clock->extended_end &&
           clock->next_open > clock->extended_end &&
           clock->now < clock->extended_end - EXTENDED_AFTER_CLOSE + EVENING;
}

static bool refuse_window(const struct order *order, const char *when, struct error *error)
{
    error_set(error, REASON_ORDER_WINDOW_CLOSED, "Orders with time_in_force %s are taken %s.",
              order_time_in_force_name(order->time_in_force), when);
    error_add_number(error, "time_in_force", "%s", order_time_in_force_name(order->time_in_force));
    return false;
}

static bool
schedule_auction(struct order *order, const struct platform_clock *clock, struct error *error)
{
    bool is_opening = order->time_in_force == ORDER_OPG;

    error_clear(error);
    if (fill_never_closes(clock)) {
        error_add_violation(error, "time_in_force",
                            "must be another one than %s: this market never closes, so its days "
                            "have no first and no last quote",
                            order_time_in_force_name(order->time_in_force));
        return false;
    }
    if (is_opening &&
        (clock->is_open || is_evening(clock) || clock->now >= clock->next_open - OPENING_AHEAD))
        return refuse_window(order, "after 19:00 and before 9:28 New York time", error);
    if (!is_opening &&
        (is_evening(clock) || (clock->is_open && clock->now >= clock->next_close - CLOSING_AHEAD)))
        return refuse_window(order, "after 19:00 and before 15:50 New York time", error);
    order->starts_at = is_opening ? clock->next_open : clock->next_close - AUCTION;
    order->expires_at = order->starts_at + AUCTION;
    return true;
}

bool order_rules_sees_sessions(const struct platform_clock *clock)
{
    return clock->now < clock->next_close && (clock->is_open || clock->now < clock->next_open);
}

bool order_rules_schedule(struct order *order,
                          const struct platform_clock *clock,
                          struct error *error)
{
    bool is_extended = order->extended_hours && !fill_never_closes(clock);

    order->starts_at = clock->now;
    switch (order->time_in_force) {
    case ORDER_GTC:
        order->expires_at = clock->now + ORDER_GTC_US;
        return true;
    case ORDER_OPG:
    case ORDER_CLS:
        return schedule_auction(order, clock, error);
    case ORDER_IOC:
    case ORDER_FOK:
        if (!clock->is_open)
            return error_set(error, REASON_MARKET_CLOSED,
                             "The market is closed: an order with time_in_force %s could not be "
                             "filled at once.",
                             order_time_in_force_name(order->time_in_force));
        break;
    case ORDER_DAY:
    case ORDER_TIME_IN_FORCE_COUNT:
        break;
    }
    order->expires_at = clock->next_close;
    if (is_extended)
        order->expires_at = clock->now < clock->extended_end
                                ? clock->extended_end
                                : clock->next_close + EXTENDED_AFTER_CLOSE;
    return true;
}

bool order_rules_delay(struct order *order,
                       const struct quote *quote,
                       const struct platform_clock *clock,
                       struct error *error)
{
    int64_t earliest = clock->now + order->terms.latency_ms * MICROS_PER_MS;

    error_clear(error);
    if (order_goes_by_bars(order) && order->extended_hours) {
        error_add_violation(error, "extended_hours",
                            "must not be given in a portfolio that is filled by bars: those are of "
                            "regular sessions");
        return false;
    }
    if (order_goes_by_bars(order))
        fill_bar_schedule(order, quote, clock);
    else if (order->starts_at < earliest)
        order->starts_at = earliest;
    return true;
}

static bool take_notional(struct order *order,
                          const struct quote *quote,
                          const struct platform_clock *clock,
                          struct error *error)
{
    int64_t price = 0;

    if (!clock->is_open)
        return error_set(error, REASON_MARKET_CLOSED,
                         "The market is closed: what a notional buys is known only at a price of "
                         "this moment. Order a quantity.");
    if (!fill_price_now(order, quote, clock, &price))
        return error_set(error, REASON_PRICE_UNAVAILABLE,
                         "There is no price of %s at the moment that the notional could be divided "
                         "by.",
                         order->ticker);
    error_clear(error);
    if (!money_divide_down(order->notional, price, &order->quantity) || order->quantity == 0)
        error_add_violation(error, "notional", "is not worth a quantity that can be counted");
    return error->code == CODE_OK;
}

static bool refuse_stop(const struct order *order, int64_t price, struct error *error)
{
    char stop_text[DECIMAL_SIZE];
    char price_text[DECIMAL_SIZE];

    decimal_print(order->stop_price, MONEY_SCALE, 2, stop_text);
    decimal_print(price, MONEY_SCALE, 2, price_text);
    error_clear(error);
    error_add_violation(error, "stop_price",
                        "must be %s than the current price: it is %s, and the price %s",
                        order->side == ORDER_BUY ? "more" : "less", stop_text, price_text);
    error_add_number(error, "stop_price", "%s", stop_text);
    error_add_number(error, "market_price", "%s", price_text);
    return false;
}

bool order_rules_price(struct order *order,
                       const struct quote *quote,
                       const struct platform_clock *clock,
                       struct error *error)
{
    int64_t price = quote->price_micros;

    if (order->notional > 0 && !take_notional(order, quote, clock, error))
        return false;
    error_clear(error);
    if (order->type == ORDER_TRAILING_STOP && order->side == ORDER_SELL &&
        order->trail_price >= price) {
        error_add_violation(error, "trail_price", "must be less than the current price");
        return false;
    }
    order->high_water = 0;
    (void)fill_trail(order, price);
    order->looked_at = order->created_at;
    if (order_type_has_stop(order->type) && fill_is_triggered(order, price))
        return refuse_stop(order, price, error);
    if (order->type == ORDER_STOP && order->side == ORDER_BUY) {
        order->type = ORDER_STOP_LIMIT;
        if (!fill_cushion(order->stop_price, &order->limit_price)) {
            error_add_violation(error, "stop_price", "is more than can be counted");
            return false;
        }
    }
    return true;
}
