// SPDX-License-Identifier: MIT
// trading_tasks: the SQL of the work queue: which tasks are due, who has leased them, which are
// done.
//
// Memory: what is read lies in the arena given, or in that of the transaction.
#pragma once

#include "base/uuid.h"
#include "database/database.h"

enum { STORE_FINISHED_MAX = 512, STORE_LEASE_MS = 15 * 1000 };

// Tasks whose orders are final and booked or given back.
struct store_finished {
    char order_id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];
};
MUST_CHECK bool store_finish_tasks(struct transaction *transaction,
                                   const struct store_finished *finished,
                                   size_t count,
                                   struct error *error);

// Takes up to `limit` tasks that are due, with a lease.
struct store_task {
    char order_id[UUID_SIZE];
    int64_t attempts; // this one counted
};
MUST_CHECK bool store_claim_tasks(struct transaction *transaction,
                                  const char *worker,
                                  size_t limit,
                                  struct store_task **out_tasks,
                                  size_t *out_count,
                                  struct error *error);

// Who holds leases now, and what makes those of some of them end at once: for the tasks of a
// process that is known to be dead.
enum { STORE_WORKERS_MAX = 64 };
MUST_CHECK bool store_list_workers(struct database *database,
                                   struct arena *arena,
                                   const char **out_workers, // room for STORE_WORKERS_MAX
                                   size_t *out_count,
                                   struct error *error);
MUST_CHECK bool store_end_leases(struct database *database,
                                 struct arena *arena,
                                 const char *worker,
                                 struct error *error);
