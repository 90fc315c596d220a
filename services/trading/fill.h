// SPDX-License-Identifier: MIT
// fill: whether an order is filled at a quote, at what price, and what must be held for it.
//
// Model "quote": a market order is filled whole at the first quote that is fit to trade on, a buy
// at its ask, a sell at its bid. Fit: of the right symbol, not stale, while the regular session is
// on, and quoted within that very session. Pure functions.
#pragma once

#include "order.h"
#include "quotes/quotes.h"

#define FILL_MODEL "quote"

// Decides at the moment of `clock`. On true `out_price` is what the order is filled at.
MUST_CHECK bool fill_decide(const struct order *order,
                            const struct quote *quote,
                            const struct platform_clock *clock,
                            int64_t *out_price);

// Decides about a quote of the past, as of the moment at which it began to hold: one the order has
// missed. The order's own times bound it to its session.
MUST_CHECK bool
fill_decide_past(const struct order *order, const struct quote *quote, int64_t *out_price);

// What a buy must hold: exactly its cost when it can be filled at the quote now; otherwise the cost
// at the last price and 2.5 % more, 4 % below 50.00, because the price will move before it is
// filled. A sell holds no cash. False when the amount cannot be counted.
MUST_CHECK bool fill_hold(const struct order *order,
                          const struct quote *quote,
                          const struct platform_clock *clock,
                          int64_t *out_amount);

// What a buy costs at that price, rounded up to a micro.
MUST_CHECK bool fill_cost(const struct order *order, int64_t price, int64_t *out_amount);

// Whether what the order holds is enough to be filled at that price: portfolio books nothing above
// the hold, so an order that is filled without it would never be booked.
MUST_CHECK bool fill_is_covered(const struct order *order, int64_t price);
