// SPDX-License-Identifier: MIT
// conflict: why an order cannot be placed beside those that are there.
#pragma once

#include "database/database.h"
#include "orders/order.h"

// Whether two orders that both are to wait for a quote could trade with each other: they are of one
// portfolio and ticker and of other sides, and their prices meet. `other` is placed after `one`.
// The same rule as the statement's that inserts orders, for two that it inserts at once.
bool conflict_meets(const struct order *one, const struct order *other);

// Fills `error` with WASH_TRADE and the id of the order that rests. Always false.
bool conflict_refuse_wash(const struct order *order,
                          const char *existing_id,
                          bool has_limit,
                          struct error *error);

// Fills `error` with why the order, which is of no request before, was not inserted. Always false.
//
// WASH_TRADE with existing_order_id: it could trade with an order that rests in the same portfolio.
// CLIENT_ORDER_ID_TAKEN: its name belongs to another. CONFLICT: what was in its way has gone.
bool conflict_explain(struct database *database,
                      struct arena *arena,
                      const struct order *order,
                      struct error *error);

// The same for an exit that takes the place of another, which is compared with others by itself:
// its name is taken, or CONFLICT, as a split of its shares is.
bool conflict_explain_name(struct database *database,
                           struct arena *arena,
                           const struct order *order,
                           struct error *error);
