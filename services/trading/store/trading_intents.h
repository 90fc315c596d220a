// SPDX-License-Identifier: MIT
// trading_intents: the SQL that takes orders down, before anything else is done for them.
//
// From its commit on an order is not lost. What must not be placed is not inserted by the statement
// itself: what is there already, what could trade with an order that rests, what was checked by
// limits of before.
#pragma once

#include "database/database.h"
#include "orders/order.h"

// An order to be inserted as `pending_new`, with its task.
struct store_new_order {
    const struct order *order;
    bool is_leased; // to this worker, which goes on with it at once
    // Not inserted when a limit or halt of its portfolio was changed after this revision, which is
    // the same for all orders of a statement.
    int64_t limits_revision;
    bool is_left_out; // more than may be placed today: not inserted
    // Of a leg: an order that must be there for it to be inserted, as `held`, with a task that
    // waits for ever. NULL for others.
    const char *after_id;
    // Out: false when its request id or client_order_id is there already, or a split has come into
    // effect since it was made ready.
    bool inserted;
};

// Inserts orders and their tasks. `inserted` is known once the transaction has been committed and
// store_take_inserted has been called with the rows.
MUST_CHECK bool store_insert_orders(struct transaction *transaction,
                                    const struct store_new_order *orders,
                                    size_t count,
                                    const char *worker,
                                    struct rows *out_rows,
                                    struct error *error);
void store_take_inserted(const struct rows *rows, struct store_new_order *orders, size_t count);
