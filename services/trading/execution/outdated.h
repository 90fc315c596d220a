// SPDX-License-Identifier: MIT
// outdated: orders that were reckoned by fill settings which their portfolio does not have any
// more.
//
// trading remembers the settings for a while; portfolio refuses to hold anything for an order that
// goes by others than it has. Then nothing has happened for the order yet, so it is reckoned anew.
// Threads: any.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"
#include "trading.h"

struct outdated_order {
    struct order *order; // pending; becomes what has been committed
    struct quote quote;  // out: that it was reckoned with
    struct error error;  // out: why it could not be, or must not be; empty for nothing
};

// Asks for the settings of their portfolios, plans the orders by them and commits that, before
// anything is held by it: whoever goes on with one asks portfolio for the same.
void outdated_plan(struct trading *trading,
                   struct arena *arena,
                   struct outdated_order *orders,
                   size_t count);
