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

static bool price_for(const struct order *order, const struct quote *quote, int64_t *out_price)
{
    int64_t price = order->side == ORDER_BUY ? quote->ask_micros : quote->bid_micros;

    if (price <= 0)
        return false;
    *out_price = price;
    return true;
}

bool fill_decide(const struct order *order,
                 const struct quote *quote,
                 const struct platform_clock *clock,
                 int64_t *out_price)
{
    return strcmp(order->ticker, quote->ticker) == 0 && !quote->stale && clock->is_open &&
           quote->quoted_at <= clock->now && clock->now < quote->valid_until &&
           quote->quoted_at >= session_start(clock->next_close) && clock->now < order->expires_at &&
           price_for(order, quote, out_price);
}

bool fill_decide_past(const struct order *order, const struct quote *quote, int64_t *out_price)
{
    return strcmp(order->ticker, quote->ticker) == 0 && quote->quoted_at >= order->created_at &&
           quote->quoted_at < order->expires_at &&
           quote->quoted_at >= session_start(order->expires_at) &&
           price_for(order, quote, out_price);
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

// A price with the cushion for what may happen until the fill, rounded up.
static bool cushion(int64_t price, int64_t *out_price)
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
    int64_t price = 0;

    if (order->side == ORDER_SELL) {
        // Nothing is held, but a value that cannot be counted could not be booked either.
        int64_t value = 0;

        *out_amount = 0;
        return fill_cost(order, quote->price_micros, &value);
    }
    if (fill_decide(order, quote, clock, &price))
        return fill_cost(order, price, out_amount);
    return cushion(quote->price_micros, &price) && fill_cost(order, price, out_amount);
}
