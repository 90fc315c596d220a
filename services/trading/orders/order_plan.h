// SPDX-License-Identifier: MIT
// order_plan: what an order that is taken, or taken anew, waits for, holds, and is filled with.
//
// Pure functions.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

// Plans an order that has been scheduled, by its terms and the quote of this moment: from when on
// it is filled, what it holds, what of the volume it has seen, and what it is filled with at once.
// Fails with INVALID_REQUEST and the fields, and as order_rules_price does.
MUST_CHECK bool order_plan(struct order *order,
                           const struct quote *quote,
                           const struct platform_clock *clock,
                           struct error *error);

// Plans an order for which nothing is held yet once more, by other terms. Its quantity and its
// prices stay, and whether it is filled at once is left to who goes on with it.
MUST_CHECK bool order_plan_again(struct order *order,
                                 const struct fill_terms *terms,
                                 const struct quote *quote,
                                 const struct platform_clock *clock,
                                 struct error *error);

// Plans an order that takes another one's place: by the same terms, from this moment on.
MUST_CHECK bool order_plan_replacement(struct order *order,
                                       const struct quote *quote,
                                       const struct platform_clock *clock,
                                       struct error *error);
