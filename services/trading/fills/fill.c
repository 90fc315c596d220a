// SPDX-License-Identifier: MIT
#include "fills/fill.h"

#include <string.h>

#include "fills/commission.h"
#include "money/money.h"

// The longest regular session lasts from 09:30 to 16:00. Between two sessions lie 17 hours and
// more, so a quote that is younger than this before the close is of this session.
#define SESSION_LONGEST (INT64_C(390) * 60 * MICROS_PER_SECOND)

// Where one may trade around the clock, each day of UTC is a session: no other ends at its
// midnight.
#define DAY (INT64_C(86400) * MICROS_PER_SECOND)

int64_t fill_session_start(int64_t close_at)
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
    moment.is_regular = clock->is_open && quote->quoted_at >= fill_session_start(clock->next_close);
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
    // The first and the last quote of a session are quotes that begin then, and an order that takes
    // its time to come meets none that was there before it.
    bool is_timed = order->time_in_force == ORDER_OPG || order->time_in_force == ORDER_CLS ||
                    order_is_delayed(order);

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

// What a quote that is older than the order's last look tells of was there when it looked.
static bool tells_of_more(const struct order *order, const struct quote *quote)
{
    return quote->quoted_at >= order->looked_at;
}

static void pass_volume(struct order *order, const struct quote *quote)
{
    if (tells_of_more(order, quote))
        order->volume_seen = quote->volume;
}

// The share of what was traded since the order looked last. What was not enough for a share of
// stock is kept for the next look; what was traded while the order could not be filled is not.
static int64_t take_volume(struct order *order, const struct quote *quote)
{
    bool goes_on = quotes_same_session(order->looked_at, quote->quoted_at) &&
                   order->volume_seen <= quote->volume;
    int64_t quantity = 0;

    if (order->terms.participation_percent_hundredths > 0 && !tells_of_more(order, quote))
        return 0;
    quantity = fill_share(order, quote->volume - (goes_on ? order->volume_seen : 0));
    if (quantity > 0)
        order->volume_seen = quote->volume;
    else if (!goes_on)
        order->volume_seen = 0;
    return quantity;
}

enum fill_action fill_watch(struct order *order,
                            const struct quote *quote,
                            const struct fill_moment *moment,
                            struct fill_offer *out_offer)
{
    int64_t price = fill_price(order->side, quote);
    bool rests = order_time_in_force_rests(order->time_in_force);
    bool triggers = false;
    int64_t quantity = 0;

    if (!fill_may(order, moment) || order_goes_by_bars(order))
        return FILL_NOTHING;
    (void)fill_trail(order, quote->price_micros);
    triggers = fill_is_triggered(order, quote->price_micros);
    if ((fill_has_stop(order) && !triggers) || price <= 0 || fill_is_beyond_limit(order, price)) {
        pass_volume(order, quote);
        return !rests ? FILL_MISS : triggers ? FILL_TRIGGER : FILL_NOTHING;
    }
    quantity = take_volume(order, quote);
    if (quantity == 0)
        return !rests ? FILL_MISS : triggers ? FILL_TRIGGER : FILL_NOTHING;
    *out_offer = (struct fill_offer){quantity, fill_slip(order, price)};
    return quantity == order_remaining(order) ? FILL_WHOLE : FILL_PART;
}

bool fill_decide(const struct order *order,
                 const struct quote *quote,
                 const struct platform_clock *clock,
                 struct fill_offer *out_offer)
{
    struct order view = *order;
    struct fill_moment moment;
    enum fill_action action = FILL_NOTHING;

    if (strcmp(order->ticker, quote->ticker) != 0 || !fill_moment_now(quote, clock, &moment))
        return false;
    view.looked_at = quote->quoted_at;
    view.volume_seen = quote->volume_before;
    action = fill_watch(&view, quote, &moment, out_offer);
    return action == FILL_WHOLE || action == FILL_PART;
}

bool fill_price_now(const struct order *order,
                    const struct quote *quote,
                    const struct platform_clock *clock,
                    int64_t *out_price)
{
    struct order view = *order;
    struct fill_offer offer;

    view.quantity = NANOS_PER_UNIT;
    view.starts_at = clock->now;
    view.terms =
        (struct fill_terms){.slippage_bps_hundredths = order->terms.slippage_bps_hundredths};
    if (!fill_decide(&view, quote, clock, &offer))
        return false;
    *out_price = offer.price;
    return true;
}

int64_t fill_share(const struct order *order, int64_t volume)
{
    int64_t percent = order->terms.participation_percent_hundredths;
    int64_t remaining = order_remaining(order);
    int64_t shares = 0;

    if (percent == 0)
        return remaining;
    // A volume that cannot be counted is more than any order.
    if (volume <= 0 || !money_scale_down(volume, percent, FILL_TERMS_WHOLE_PERCENT, &shares) ||
        __builtin_mul_overflow(shares, NANOS_PER_UNIT, &shares))
        shares = volume <= 0 ? 0 : remaining;
    if (shares >= remaining)
        return remaining;
    return order->time_in_force == ORDER_FOK ? 0 : shares;
}

int64_t fill_slip(const struct order *order, int64_t price)
{
    bool is_buy = order->side == ORDER_BUY;
    int64_t bps = order->terms.slippage_bps_hundredths;
    int64_t distance = 0;
    int64_t slipped = 0;

    // A price is at most 10^15 and the slippage at most 10^5, so this cannot fail to fit.
    if (bps == 0 || __builtin_mul_overflow(price, bps, &distance))
        return price;
    distance = distance / FILL_TERMS_WHOLE_BPS + (distance % FILL_TERMS_WHOLE_BPS != 0 ? 1 : 0);
    slipped = is_buy ? price + distance : price - distance;
    slipped = slipped < 1 ? 1 : slipped;
    if (!fill_is_beyond_limit(order, price) && fill_is_beyond_limit(order, slipped))
        return order->limit_price;
    return slipped;
}

bool fill_cost(const struct order *order, const struct fill_offer *offer, int64_t *out_amount)
{
    struct product_sum value = order->filled_value;
    int64_t commission = 0;
    int64_t amount = 0;

    return product_sum_add(&value, offer->price, offer->quantity) &&
           product_sum_up(&value, &amount) &&
           commission_of_fill(order, offer->quantity, offer->price, &commission) &&
           money_add(commission, order->commission, &commission) &&
           money_add(amount, commission, out_amount);
}

bool fill_is_covered(const struct order *order, const struct fill_offer *offer)
{
    int64_t cost = 0;

    return order->side == ORDER_SELL ||
           (fill_cost(order, offer, &cost) && cost <= order->hold_amount);
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

// What all of an order that has not been filled yet costs at that price.
static bool cost_at(const struct order *order, int64_t price, int64_t *out_amount)
{
    const struct fill_offer offer = {order->quantity, price};

    return fill_cost(order, &offer, out_amount);
}

bool fill_hold(const struct order *order,
               const struct quote *quote,
               const struct platform_clock *clock,
               int64_t *out_amount)
{
    int64_t price = order->stop_price > 0 ? order->stop_price : quote->price_micros;
    struct fill_offer offer = {0};

    if (order->side == ORDER_SELL) {
        // Nothing is held, but a value that cannot be counted could not be booked either.
        int64_t value = 0;

        *out_amount = 0;
        return cost_at(order, order->limit_price > 0 ? order->limit_price : quote->price_micros,
                       &value);
    }
    if (order->limit_price > 0)
        return cost_at(order, order->limit_price, out_amount);
    // One that does not rest has no second chance: it holds the cushion too.
    if (order_time_in_force_rests(order->time_in_force) &&
        fill_decide(order, quote, clock, &offer) && offer.quantity == order->quantity)
        return fill_cost(order, &offer, out_amount);
    return fill_cushion(price, &price) && cost_at(order, fill_slip(order, price), out_amount);
}
