// SPDX-License-Identifier: MIT
#include "fill.h"

#include <string.h>

#include "money/money.h"

// The longest regular session lasts from 09:30 to 16:00. Between two sessions lie 17 hours and
// more, so a quote that is younger than this before the close is of this session.
#define SESSION_LONGEST (INT64_C(390) * 60 * MICROS_PER_SECOND)

// Where one may trade around the clock, each day of UTC is a session: no other ends at its
// midnight.
#define DAY (INT64_C(86400) * MICROS_PER_SECOND)

// The earliest that a session that ends at `close_at` can have begun.
static int64_t session_start(int64_t close_at)
{
    return close_at - (close_at % DAY == 0 ? DAY : SESSION_LONGEST);
}

#define CHEAP_PRICE (INT64_C(50) * MICROS_PER_UNIT)

// From 04:00, when trading before the session begins, until 20:00, when that after it has ended. An
// early close ends it at 17:00, and there is no quote in the night before.
#define EXTENDED_LONGEST (INT64_C(16) * 60 * 60 * MICROS_PER_SECOND)

#define WHOLE_PERCENT (INT64_C(100) * MICROS_PER_UNIT)

bool fill_never_closes(const struct platform_clock *clock)
{
    return clock->next_open == clock->next_close;
}

int64_t fill_price(enum order_side side, const struct quote *quote)
{
    return side == ORDER_BUY ? quote->ask_micros : quote->bid_micros;
}

bool fill_moment_now(const struct quote *quote,
                     const struct platform_clock *clock,
                     struct fill_moment *out_moment)
{
    struct fill_moment moment = {.at = clock->now, .quoted_at = quote->quoted_at};

    if (quote->stale || quote->quoted_at > clock->now || clock->now >= quote->valid_until)
        return false;
    moment.is_regular = clock->is_open && quote->quoted_at >= session_start(clock->next_close);
    moment.is_extended =
        moment.is_regular || (clock->now < clock->extended_end &&
                              quote->quoted_at >= clock->extended_end - EXTENDED_LONGEST);
    *out_moment = moment;
    return moment.is_extended;
}

struct fill_moment fill_moment_past(const struct quote *quote)
{
    struct fill_moment moment = {.at = quote->quoted_at,
                                 .quoted_at = quote->quoted_at,
                                 .is_regular = true,
                                 .is_extended = true};

    return moment;
}

bool fill_may(const struct order *order, const struct fill_moment *moment)
{
    // The first and the last quote of a session are quotes that begin then.
    bool is_timed = order->time_in_force == ORDER_OPG || order->time_in_force == ORDER_CLS;

    return moment->at >= order->starts_at && moment->at < order->expires_at &&
           (!is_timed || moment->quoted_at >= order->starts_at) &&
           (moment->is_regular || (order->extended_hours && moment->is_extended));
}

bool fill_has_stop(const struct order *order)
{
    return order->stop_price > 0 && order->triggered_at == 0;
}

bool fill_is_triggered(const struct order *order, int64_t price)
{
    return fill_has_stop(order) &&
           (order->side == ORDER_BUY ? price >= order->stop_price : price <= order->stop_price);
}

bool fill_is_beyond_limit(const struct order *order, int64_t price)
{
    return order->limit_price > 0 &&
           (order->side == ORDER_BUY ? price > order->limit_price : price < order->limit_price);
}

// How far the stop is from the high water.
static int64_t distance_of(const struct order *order)
{
    int64_t distance = order->trail_price;

    // A price is at most 10^15 and a percentage at most 10^8, so this cannot fail to fit.
    if (order->trail_percent > 0 &&
        !money_scale_half_even(order->high_water, order->trail_percent, WHOLE_PERCENT, &distance))
        distance = order->high_water;
    return distance;
}

bool fill_trail(struct order *order, int64_t price)
{
    bool is_buy = order->side == ORDER_BUY;
    int64_t stop = 0;

    if (order->type != ORDER_TRAILING_STOP || price <= 0 ||
        (order->high_water > 0 &&
         (is_buy ? price >= order->high_water : price <= order->high_water)))
        return false;
    order->high_water = price;
    stop = is_buy ? price + distance_of(order) : price - distance_of(order);
    // A price so low that the whole way down is within the distance: the lowest there is.
    order->stop_price = stop < 1 ? 1 : stop;
    return true;
}

enum fill_action fill_watch(struct order *order,
                            const struct quote *quote,
                            const struct fill_moment *moment,
                            int64_t *out_price)
{
    int64_t price = fill_price(order->side, quote);
    bool triggers = false;

    if (!fill_may(order, moment))
        return FILL_NOTHING;
    (void)fill_trail(order, quote->price_micros);
    triggers = fill_is_triggered(order, quote->price_micros);
    if (fill_has_stop(order) && !triggers)
        return FILL_NOTHING;
    if (price <= 0 || fill_is_beyond_limit(order, price))
        return triggers ? FILL_TRIGGER : FILL_NOTHING;
    *out_price = price;
    return FILL_WHOLE;
}

bool fill_decide(const struct order *order,
                 const struct quote *quote,
                 const struct platform_clock *clock,
                 int64_t *out_price)
{
    struct order view = *order;
    struct fill_moment moment;

    return strcmp(order->ticker, quote->ticker) == 0 && fill_moment_now(quote, clock, &moment) &&
           fill_watch(&view, quote, &moment, out_price) == FILL_WHOLE;
}

bool fill_cost(const struct order *order, int64_t price, int64_t *out_amount)
{
    return money_multiply_up(price, order->quantity, out_amount);
}

bool fill_is_covered(const struct order *order, int64_t price)
{
    int64_t cost = 0;

    return order->side == ORDER_SELL ||
           (fill_cost(order, price, &cost) && cost <= order->hold_amount);
}

bool fill_cushion(int64_t price, int64_t *out_price)
{
    int64_t per_mille = price < CHEAP_PRICE ? 1040 : 1025;
    int64_t product = 0;

    if (__builtin_mul_overflow(price, per_mille, &product))
        return false;
    *out_price = product / 1000 + (product % 1000 != 0 ? 1 : 0);
    return true;
}

bool fill_hold(const struct order *order,
               const struct quote *quote,
               const struct platform_clock *clock,
               int64_t *out_amount)
{
    int64_t price = order->limit_price > 0 ? order->limit_price : quote->price_micros;

    if (order->side == ORDER_SELL) {
        // Nothing is held, but a value that cannot be counted could not be booked either.
        int64_t value = 0;

        *out_amount = 0;
        return fill_cost(order, price, &value);
    }
    if (order->limit_price > 0)
        return fill_cost(order, price, out_amount);
    // One that does not rest has no second chance: it holds the cushion too.
    if (order_time_in_force_rests(order->time_in_force) && fill_decide(order, quote, clock, &price))
        return fill_cost(order, price, out_amount);
    if (order->stop_price > 0)
        price = order->stop_price;
    return fill_cushion(price, &price) && fill_cost(order, price, out_amount);
}
