// SPDX-License-Identifier: MIT
// order_events: numbers for the changes of a portfolio's orders, in the order of their commits.
//
// A transaction that changes orders notes which ones as its last statement. Their numbers are taken
// under the lock of the portfolio's counter, which is held until the commit; so once a number can
// be seen, none below it can come any more. Counters are locked after everything else and in the
// order of their portfolios' ids, so nobody waits for another in a circle.
//
// What is noted is that an order has changed, not how: who asks for what was missed is shown each
// order once, as it is now, at the place of its latest change. The latest ORDER_EVENTS_KEPT of a
// portfolio are kept.
//
// An order that is decided about at once is not noted before that is known; one for which nobody
// waits, as it is taken.
//
// Threads: one owner. Memory: in the transaction's arena.
#pragma once

#include "database/columns.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"

enum {
    ORDER_EVENTS_KEPT = 10000,       // of a portfolio, at least
    ORDER_EVENTS_PRUNED_FROM = 1000, // more than those are removed in one go
};

struct order_events {
    struct columns keys; // order id, portfolio id
};

// Makes room for `capacity` of them. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool order_events_start(struct order_events *events,
                                   struct transaction *transaction,
                                   size_t capacity,
                                   struct error *error);

void order_events_add(struct order_events *events, const char *order_id, const char *portfolio_id);

// The orders that the changes change: at most two a change, as one that takes another's place
// changes that, too.
void order_events_add_changes(struct order_events *events,
                              const struct store_change *changes,
                              size_t count);

// Those of the orders that nobody goes on with at once.
void order_events_add_inserted(struct order_events *events,
                               const struct store_new_order *orders,
                               size_t count);

// Queues the statement that numbers them in the order in which they were added; it leaves with the
// commit. Nothing when there are none.
MUST_CHECK bool order_events_note(const struct order_events *events,
                                  struct transaction *transaction,
                                  struct error *error);

// Removes events beyond those that are kept, of some portfolios. True when there may be more.
bool order_events_prune(struct database *database, struct arena *arena);
