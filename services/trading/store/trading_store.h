// SPDX-License-Identifier: MIT
// trading_store: the SQL of orders that are there, their fills, and what becomes of their tasks
// with them. trading_intents has that of new orders, trading_tasks that of tasks alone.
//
// Everything that changes an order names the status it is in, so that of two replicas that decide
// about one order only the first is heard. Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "orders/order.h"
#include "store/trading_tasks.h"

enum { STORE_BATCH_MAX = 64 };

enum store_task_state {
    STORE_TASK_UNCHANGED, // its lease goes on
    STORE_TASK_PENDING,
    STORE_TASK_ACTIVE,
    STORE_TASK_COMPLETED,
    STORE_TASK_FAILED
};

#define STORE_NEVER INT64_C(-1)

// A change of an order, and what becomes of its task with it.
struct store_change {
    const struct order *order;     // as it shall be
    bool changes_order;            // otherwise only the task is changed
    enum order_status from;        // as it must be for the change
    const struct order_fill *fill; // made with the change, after those before it; NULL for none
    enum store_task_state task;
    int64_t run_after_ms;   // when the task may be taken: from now; STORE_NEVER for never
    const char *task_error; // NULL for none
    bool is_dropped;        // another change of its group comes first: nothing is written
    bool saved;             // out, as `inserted` of a new order: whether the order was in `from`
};

// The orders that have been changed, once it is known.
struct store_saved {
    struct rows decided; // filled as was decided when they were taken
    struct rows others;
};

// Writes the changes, in one round trip with the commit. With an order that takes another one's
// place goes what becomes of that: replaced, or resting as before. A task is only changed when its
// order is in the status of `order` afterwards.
MUST_CHECK bool store_save_changes(struct transaction *transaction,
                                   const struct store_change *changes,
                                   size_t count,
                                   struct store_saved *out_saved,
                                   struct error *error);
void store_take_saved(const struct store_saved *saved, struct store_change *changes, size_t count);

// Writes what was planned anew of orders for which nothing is held yet; nothing is decided of them
// any more. After a flush `out_legs` has the ids and portfolios of the legs that go by it, too.
MUST_CHECK bool store_save_plans(struct transaction *transaction,
                                 const struct order *const *orders,
                                 size_t count,
                                 struct rows *out_legs,
                                 struct error *error);

// Orders by their ids, in any order; those that do not exist are left out.
MUST_CHECK bool store_load_orders(struct database *database,
                                  struct arena *arena,
                                  const char *const *ids,
                                  size_t count,
                                  struct order **out_orders,
                                  size_t *out_count,
                                  struct error *error);

// Orders of a shard that only the matcher ends, by id, after `after_id`: those that rest (`new`),
// and those that wait to be replaced.
MUST_CHECK bool store_load_resting(struct database *database,
                                   struct arena *arena,
                                   int shard,
                                   const char *after_id,
                                   size_t limit,
                                   struct order **out_orders,
                                   size_t *out_count,
                                   struct error *error);

// From now on no order of the ticker is inserted that was made ready before its shares were split.
MUST_CHECK bool store_note_split(struct database *database,
                                 struct arena *arena,
                                 const char *ticker,
                                 int64_t effective_at,
                                 struct error *error);

// Of a ticker, orders that were placed before a moment: up to `limit` of those that rest.
MUST_CHECK bool store_load_resting_before(struct database *database,
                                          struct arena *arena,
                                          const char *ticker,
                                          int64_t before_at,
                                          size_t limit,
                                          struct order **out_orders,
                                          size_t *out_count,
                                          struct error *error);

// Whether there are some of these that are not final, or not booked or given back yet; those that
// wait for a quote or for their replacement only with `resting_too`.
MUST_CHECK bool store_has_unfinished_before(struct database *database,
                                            struct arena *arena,
                                            const char *ticker,
                                            int64_t before_at,
                                            bool resting_too,
                                            bool *out_has,
                                            struct error *error);

// How far a resting order has looked at quotes, and what it has seen.
struct store_progress {
    char order_id[UUID_SIZE];
    int64_t high_water; // 0 for none
    int64_t stop_price; // 0 for none
    int64_t looked_at;
    bool has_volume_seen;
    int64_t volume_seen; // of the session, until then
};

// Notes it for those of the orders that rest still.
MUST_CHECK bool store_save_progress(struct transaction *transaction,
                                    const struct store_progress *progress,
                                    size_t count,
                                    struct error *error);

// The order that a request or a client_order_id of this portfolio made before.
MUST_CHECK bool store_find_by_request(struct database *database,
                                      struct arena *arena,
                                      const char *portfolio_id,
                                      const char *request_id,
                                      struct order *out_order,
                                      bool *out_found,
                                      struct error *error);

// Which of the orders (64 at most) were made before, by the same request.
MUST_CHECK bool store_find_requests(struct database *database,
                                    struct arena *arena,
                                    const struct order *const *orders,
                                    size_t count,
                                    bool *out_found,
                                    struct error *error);

// Locks groups of orders, and then loads those of their orders that are open. Whoever changes an
// order of a group has locked it, so that of two of which one at most is filled only one is.
MUST_CHECK bool store_lock_groups(struct transaction *transaction,
                                  const char *const *group_ids,
                                  size_t count,
                                  struct order **out_orders,
                                  size_t *out_count,
                                  struct error *error);

// The orders of groups, but for those that were replaced, and for the parents unless they are asked
// for; the first to be placed first.
MUST_CHECK bool store_load_groups(struct database *database,
                                  struct arena *arena,
                                  const char *const *group_ids,
                                  size_t count,
                                  struct order **out_orders,
                                  size_t *out_count,
                                  struct error *error);

// Ends the order whose place this leg takes, with its task. `out_rows` has a row, after a flush,
// when that was in the state `from`.
MUST_CHECK bool store_replace_leg(struct transaction *transaction,
                                  const struct order *order,
                                  enum order_status from,
                                  struct rows *out_rows,
                                  struct error *error);

enum store_group { STORE_OPEN, STORE_CLOSED, STORE_ALL };

struct store_filter {
    const char *user_id;
    const char *portfolio_id; // NULL for all
    const char *before_id;    // NULL for the first page
    enum store_group group;
    const char *ticker; // NULL for all
    const char *side;   // NULL for both
    bool has_start, has_end;
    int64_t start, end; // of created_at
    size_t limit;
    bool is_nested;              // groups by their parents alone
    const char *client_order_id; // of store_find_by_client_order_id
};

// The orders of a user, and perhaps of a portfolio, that have this name, open or not.
MUST_CHECK bool store_find_by_client_order_id(struct database *database,
                                              struct arena *arena,
                                              const struct store_filter *filter,
                                              struct order **out_orders,
                                              size_t *out_count,
                                              struct error *error);

// The resting order that an order to be placed could trade with, which it must not: both are of one
// owner. Empty for none. store_insert_orders does not insert such an order.
MUST_CHECK bool store_find_meeting(struct database *database,
                                   struct arena *arena,
                                   const struct order *order,
                                   char out_order_id[UUID_SIZE],
                                   bool *out_has_limit,
                                   struct error *error);

// Queues a look for an order that rests, that an exit of a group could trade with, and that the one
// whose place it takes, with a limit of `old_limit` above its own, could not. `out_rows` has, after
// a flush, a row with its id when there is one. To be queued after store_insert_orders: an order
// that is placed meanwhile comes before it or after it.
MUST_CHECK bool store_find_newly_met(struct transaction *transaction,
                                     const struct order *exit,
                                     int64_t old_limit,
                                     struct rows *out_rows,
                                     struct error *error);

struct store_canceled {
    struct store_finished *orders;
    size_t count;
    size_t still_open; // that could not be canceled: they are being filled or replaced
};

// Cancels all orders of a portfolio that rest, are to rest or wait for one that does, and has the
// queue give back what they hold: of the exits of a group one does, after what it has sold is
// booked. Those of which each has sold what is not booked are left.
MUST_CHECK bool store_cancel_resting(struct transaction *transaction,
                                     const char *portfolio_id,
                                     const char *request_id,
                                     int64_t at,
                                     struct store_canceled *out_canceled,
                                     struct error *error);

// Newest first.
MUST_CHECK bool store_page_orders(struct database *database,
                                  struct arena *arena,
                                  const struct store_filter *filter,
                                  struct order **out_orders,
                                  size_t *out_count,
                                  struct error *error);

// What became of the orders of a portfolio (see order_events.h): up to `limit` events after the one
// with the number `after`, by their numbers; none without it. Each order is there once.
struct store_event_page {
    const char *portfolio_id;
    bool has_after;
    int64_t after;
    size_t limit; // at least 1
};
struct store_events {
    struct order *orders; // as they are now
    int64_t *sequences;   // parallel to `orders`
    size_t count;
    bool is_full;       // there may be more
    int64_t latest;     // number of the portfolio; 0 before there is any
    int64_t kept_after; // those up to here may be gone
    int64_t next_after; // up to here all has been told
};
MUST_CHECK bool store_page_events(struct database *database,
                                  struct arena *arena,
                                  const struct store_event_page *page,
                                  struct store_events *out_events,
                                  struct error *error);

// The fills of an order, first to last: up to `limit` after the one with that number.
struct store_fill_page {
    const char *order_id;
    int after;
    size_t limit;
};
MUST_CHECK bool store_list_fills(struct database *database,
                                 struct arena *arena,
                                 const struct store_fill_page *page,
                                 struct order_fill **out_fills,
                                 size_t *out_count,
                                 struct error *error);
