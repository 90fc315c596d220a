// SPDX-License-Identifier: MIT
#include "fills/fill_bar.h"

#include <string.h>

#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define DAY (1440 * MINUTE)

// The longest regular session, from the opening on.
#define SESSION (390 * MINUTE)

#define REPLAY "replay" // the source of quotes that daily bars are played as

int64_t fill_bar_length(const char *source)
{
    return strcmp(source, REPLAY) == 0 ? DAY : MINUTE;
}

static int64_t start_of(int64_t at, int64_t length)
{
    return at - at % length;
}

int64_t fill_bar_before(int64_t at, int64_t length)
{
    return start_of(at + 1, length) - 1;
}

bool fill_bar_ends_with(const struct fill_bar *bar, const struct quote *quote)
{
    return bar->start > 0 && quote->quoted_at >= bar->start + bar->length;
}

// What was traded in the session before a bar that begins with the quote.
static int64_t volume_before(const struct fill_bar *last, const struct quote *quote, int64_t length)
{
    if (last->start > 0 && quotes_same_session(last->last_at, quote->quoted_at) &&
        last->volume <= quote->volume)
        return last->volume;
    // A day is a session of its own. What comes before a minute that is seen as the first is not
    // known, and counted as if it were all that there is.
    return length == DAY || last->start > 0 ? 0 : quote->volume;
}

void fill_bar_take(struct fill_bar *bar, const struct quote *quote)
{
    int64_t length = fill_bar_length(quote->source);
    int64_t price = quote->price_micros;

    if (price <= 0)
        return;
    if (bar->start == 0 || fill_bar_ends_with(bar, quote))
        *bar = (struct fill_bar){.start = start_of(quote->quoted_at, length),
                                 .length = length,
                                 .opened_at = quote->quoted_at,
                                 .open = price,
                                 .high = price,
                                 .low = price,
                                 .volume_before = volume_before(bar, quote, length)};
    bar->high = price > bar->high ? price : bar->high;
    bar->low = price < bar->low ? price : bar->low;
    bar->close = price;
    bar->last_at = quote->quoted_at;
    bar->volume = quote->volume;
}

bool fill_bar_has_ended(const struct fill_bar *bar, const struct platform_clock *clock)
{
    if (bar->length != DAY)
        return clock->now >= bar->start + bar->length;
    return !clock->is_open || bar->last_at < fill_session_start(clock->next_close);
}

void fill_bar_schedule(struct order *order,
                       const struct quote *quote,
                       const struct platform_clock *clock)
{
    int64_t earliest = clock->now + order->terms.latency_ms * MICROS_PER_MS;
    bool is_daily = fill_bar_length(quote->source) == DAY;
    int64_t first = is_daily ? clock->next_open : start_of(earliest, MINUTE) + MINUTE;

    first = first < earliest ? earliest : first;
    if (order->starts_at < first)
        order->starts_at = first;
    if (is_daily && clock->is_open && order->time_in_force != ORDER_GTC)
        order->expires_at = clock->next_open + SESSION;
}

// The price at which the order is filled in the bar; 0 for none. `out_triggers` says whether its
// stop is reached.
static int64_t price_in(const struct order *order, const struct fill_bar *bar, bool *out_triggers)
{
    bool is_buy = order->side == ORDER_BUY;
    // How far prices went that reach a stop, and a limit.
    int64_t worst = is_buy ? bar->high : bar->low;
    int64_t best = is_buy ? bar->low : bar->high;

    *out_triggers = fill_is_triggered(order, worst);
    if (fill_has_stop(order) && !*out_triggers)
        return 0;
    // A stop within the bar: what was before it is of no use, and what came after is not known.
    if (*out_triggers && !fill_is_triggered(order, bar->open))
        return fill_is_beyond_limit(order, order->stop_price) ? 0 : order->stop_price;
    if (!fill_is_beyond_limit(order, bar->open))
        return bar->open;
    return fill_is_beyond_limit(order, best) ? 0 : order->limit_price;
}

static enum fill_action
look(struct order *order, const struct fill_bar *bar, struct fill_offer *out_offer)
{
    bool rests = order_time_in_force_rests(order->time_in_force);
    bool triggers = false;
    int64_t price = price_in(order, bar, &triggers);
    int64_t quantity = price == 0 ? 0 : fill_share(order, bar->volume - bar->volume_before);

    if (quantity == 0)
        return !rests ? FILL_MISS : triggers ? FILL_TRIGGER : FILL_NOTHING;
    *out_offer = (struct fill_offer){quantity, fill_slip(order, price)};
    return quantity == order_remaining(order) ? FILL_WHOLE : FILL_PART;
}

static struct fill_bar open_of(const struct fill_bar *bar)
{
    struct fill_bar open = *bar;

    open.high = open.low = open.close = bar->open;
    open.last_at = bar->opened_at;
    return open;
}

enum fill_action
fill_bar_watch(struct order *order, const struct fill_bar *bar, struct fill_offer *out_offer)
{
    bool rests = order_time_in_force_rests(order->time_in_force);
    struct fill_bar seen = bar->is_over && rests ? *bar : open_of(bar);
    enum fill_action action = FILL_NOTHING;

    if (!order_goes_by_bars(order) || bar->start == 0 || bar->opened_at < order->starts_at ||
        seen.last_at >= order->expires_at || bar->start + bar->length - 1 <= order->looked_at ||
        (!bar->is_over && order->terms.participation_percent_hundredths > 0))
        return FILL_NOTHING;
    // The open is the first price of the bar; the best one may have come after the worst.
    if (!fill_is_triggered(order, seen.open))
        (void)fill_trail(order, seen.open);
    action = look(order, &seen, out_offer);
    if (action == FILL_NOTHING)
        (void)fill_trail(order, order->side == ORDER_BUY ? seen.low : seen.high);
    return action;
}
