// SPDX-License-Identifier: MIT
// order_rules: what an order that is asked for must and must not say, by its type and time.
//
// Every rule that is broken is a violation with the field's name; docs/orders.md has them in words.
// Money is in micros, quantities in nanos, times are platform time. Pure functions.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

// The least notional, and how long an order that is good till canceled lasts.
#define ORDER_NOTIONAL_MIN MICROS_PER_UNIT
#define ORDER_GTC_US (90 * MICROS_PER_DAY)

// Checks the order by itself: which prices it must have, and which it must not. Fails with
// INVALID_REQUEST and all violations.
MUST_CHECK bool order_rules_check(const struct order *order, struct error *error);

// Adds a violation when the price is finer than prices may be; 0 for none passes.
void order_rules_check_increment(struct error *error, const char *field, int64_t price);

// Whether it is known at that moment when the market opens and closes next. A copy of the
// platform's clock runs on; from a close on, until market tells of it, it does not know the next
// one, and an order that is good for the day would have ended before it was placed.
bool order_rules_sees_sessions(const struct platform_clock *clock);

// Sets from when until when the order may fill, seen from `clock`. Fails with ORDER_WINDOW_CLOSED
// for an order for the first or the last quote of a session that comes too late for it, with
// MARKET_CLOSED for one that does not rest while nothing can be filled, and with INVALID_REQUEST.
MUST_CHECK bool
order_rules_schedule(struct order *order, const struct platform_clock *clock, struct error *error);

// Has an order that has been scheduled wait as its terms want it: for its latency, or for a bar.
// Fails with INVALID_REQUEST for extended_hours of one that goes by bars.
MUST_CHECK bool order_rules_delay(struct order *order,
                                  const struct quote *quote,
                                  const struct platform_clock *clock,
                                  struct error *error);

// What depends on the price of this moment: turns a notional into a quantity and a stop to buy into
// one with a limit, starts the high water, and checks that a stop is not reached already. Fails
// with INVALID_REQUEST (stop_price, market_price), MARKET_CLOSED and PRICE_UNAVAILABLE.
MUST_CHECK bool order_rules_price(struct order *order,
                                  const struct quote *quote,
                                  const struct platform_clock *clock,
                                  struct error *error);
