// SPDX-License-Identifier: MIT
// order_replacement: what becomes of an order that is changed: the one that takes its place.
//
// Money is in micros, quantities in nanos, times are platform time. Pure functions.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

// What is to be different; 0, NULL or false for what is not.
struct order_change {
    int64_t quantity; // with what the old order has been filled with
    int64_t limit_price;
    int64_t stop_price;
    int64_t trail_price;
    int64_t trail_percent;
    bool has_time_in_force;
    enum order_time_in_force time_in_force;
    const char *client_order_id;
};

// Makes the order that takes the place of `old`, without its ids and its hold. One that trails goes
// on from the high water of the old one, which is of this moment.
//
// Fails with INVALID_REQUEST and the fields: nothing that is different, what the type does not have
// or an order by notional cannot change, a stop that was or is reached, and all that holds for an
// order that is placed.
MUST_CHECK bool order_replacement_make(const struct order *old,
                                       const struct order_change *change,
                                       const struct quote *quote,
                                       const struct platform_clock *clock,
                                       struct order *out_order,
                                       struct error *error);
