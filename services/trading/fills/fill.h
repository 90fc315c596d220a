// SPDX-License-Identifier: MIT
// fill: whether an order is filled at a quote, how much of it and at what price, and what must be
// held for it.
//
// An order is filled at the first quotes that are fit to trade on and within its prices, a buy at
// the ask, a sell at the bid; worse by the slippage of its terms, but never beyond its limit;
// whole, or as far as its share of what was traded goes. Fit: of the right symbol, not stale, while
// a session is on that the order takes part in, quoted within that very session, and not before the
// order's latency has passed. A stop is reached by the last price: from then on the order is one
// without a stop, and it is tried at that same quote. What goes by bars is in fill_bar.h. Pure
// functions.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

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
    FILL_TRIGGER, // the stop was reached, and nothing filled: the order waits without a stop now
    FILL_PART,
    FILL_WHOLE, // all that was left
    FILL_MISS,  // an order that does not rest had its moment, and nothing was filled
};

// What an order is filled with.
struct fill_offer {
    int64_t quantity;
    int64_t price;
};

// Shows the order a quote of its ticker: moves the high water and the stop of one that trails and
// what it has seen of the volume, and says what is to be done. `out_offer` is set with FILL_PART
// and FILL_WHOLE. Nothing happens to one that goes by bars.
enum fill_action fill_watch(struct order *order,
                            const struct quote *quote,
                            const struct fill_moment *moment,
                            struct fill_offer *out_offer);

// What the order is filled with at the quote at the moment of `clock`, of which it has seen the
// volume before the quote. False for nothing.
MUST_CHECK bool fill_decide(const struct order *order,
                            const struct quote *quote,
                            const struct platform_clock *clock,
                            struct fill_offer *out_offer);

// The price of an order that is filled at the quote at once, whatever its latency and its share of
// the volume. False when it is not.
MUST_CHECK bool fill_price_now(const struct order *order,
                               const struct quote *quote,
                               const struct platform_clock *clock,
                               int64_t *out_price);

// What an order takes of so much that was traded: its share in percent, in whole shares, and no
// more than is left of it. One that is filled whole or not at all takes nothing else.
int64_t fill_share(const struct order *order, int64_t volume);

// The price with the slippage of the order's terms against it, rounded against the trader to a
// micro; never beyond the limit.
int64_t fill_slip(const struct order *order, int64_t price);

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
// filled whole at the quote now; otherwise the cost at the last price, or at the stop that trails,
// and 2.5 % more, 4 % below 50.00, because the price will move before it is filled, and the
// slippage. All with the commission. A sell holds no cash. False when the amount cannot be counted.
MUST_CHECK bool fill_hold(const struct order *order,
                          const struct quote *quote,
                          const struct platform_clock *clock,
                          int64_t *out_amount);

// A price and what may be lost on it until an order is filled: 2.5 %, below 50.00 4 %, rounded up.
MUST_CHECK bool fill_cushion(int64_t price, int64_t *out_price);

// What a buy has cost once it has been filled with the offer too: its value, rounded up to a micro,
// and the commission.
MUST_CHECK bool
fill_cost(const struct order *order, const struct fill_offer *offer, int64_t *out_amount);

// Whether what the order holds is enough to be filled with the offer: portfolio books nothing above
// the hold, so an order that is filled without it would never be booked.
MUST_CHECK bool fill_is_covered(const struct order *order, const struct fill_offer *offer);

// Whether trading goes on around the clock, without a first and a last quote of the day.
bool fill_never_closes(const struct platform_clock *clock);

// The earliest that a session that ends at `close_at` can have begun.
int64_t fill_session_start(int64_t close_at);
