// SPDX-License-Identifier: MIT
// fill: whether an order is filled at a quote, at what price, and what must be held for it.
//
// Model "quote": an order is filled whole at the first quote that is fit to trade on and within its
// prices, a buy at its ask, a sell at its bid. Fit: of the right symbol, not stale, while a session
// is on that the order takes part in, and quoted within that very session. A stop is reached by the
// last price: from then on the order is one without a stop, and it is tried at that same quote.
// Pure functions.
#pragma once

#include "order.h"
#include "quotes/quotes.h"

#define FILL_MODEL "quote"

// What may be filled at a quote, as of one moment.
struct fill_moment {
    int64_t at;        // platform time of what is filled
    int64_t quoted_at; // since when the quote holds
    bool is_regular;   // the regular session is on and the quote is of it
    bool is_extended;  // the same of the day with the hours around the regular session
};

// Of a quote of the present, at the moment of `clock`. False when nothing may be filled at it.
MUST_CHECK bool fill_moment_now(const struct quote *quote,
                                const struct platform_clock *clock,
                                struct fill_moment *out_moment);

// Of a quote of the past that orders have missed, as of the moment at which it began to hold. What
// market tells of the past is of sessions alone.
struct fill_moment fill_moment_past(const struct quote *quote);

// Whether the order takes part in what happens at that moment.
bool fill_may(const struct order *order, const struct fill_moment *moment);

enum fill_action {
    FILL_NOTHING,
    FILL_TRIGGER, // the stop was reached, the limit was not: the order waits for that alone now
    FILL_WHOLE,
};

// Shows the order a quote of its ticker: moves the high water and the stop of one that trails, and
// says what is to be done. With FILL_WHOLE `out_price` is what the order is filled at.
enum fill_action fill_watch(struct order *order,
                            const struct quote *quote,
                            const struct fill_moment *moment,
                            int64_t *out_price);

// Whether the order is filled at the quote at the moment of `clock`, and at what price.
MUST_CHECK bool fill_decide(const struct order *order,
                            const struct quote *quote,
                            const struct platform_clock *clock,
                            int64_t *out_price);

// Whether the order's stop is reached at that last price. False for one that waits for no stop.
bool fill_is_triggered(const struct order *order, int64_t price);

// Whether the order waits for a stop.
bool fill_has_stop(const struct order *order);

// Whether the order has a limit, and the price is not within it.
bool fill_is_beyond_limit(const struct order *order, int64_t price);

// What an order of that side pays or gets at the quote.
int64_t fill_price(enum order_side side, const struct quote *quote);

// Takes the last price into the high water of an order that trails, and lets its stop follow. True
// when something has changed.
bool fill_trail(struct order *order, int64_t price);

// What a buy must hold. With a limit: the cost at the limit. Without: exactly its cost when it is
// filled at the quote now; otherwise the cost at the last price, or at the stop that trails, and
// 2.5 % more, 4 % below 50.00, because the price will move before it is filled. A sell holds no
// cash. False when the amount cannot be counted.
MUST_CHECK bool fill_hold(const struct order *order,
                          const struct quote *quote,
                          const struct platform_clock *clock,
                          int64_t *out_amount);

// A price and what may be lost on it until an order is filled: 2.5 %, below 50.00 4 %, rounded up.
MUST_CHECK bool fill_cushion(int64_t price, int64_t *out_price);

// What a buy costs at that price, rounded up to a micro.
MUST_CHECK bool fill_cost(const struct order *order, int64_t price, int64_t *out_amount);

// Whether what the order holds is enough to be filled at that price: portfolio books nothing above
// the hold, so an order that is filled without it would never be booked.
MUST_CHECK bool fill_is_covered(const struct order *order, int64_t price);

// Whether trading goes on around the clock, without a first and a last quote of the day.
bool fill_never_closes(const struct platform_clock *clock);
