// SPDX-License-Identifier: MIT
#include "store/trading_tasks.h"

#include <stdio.h>

#include "database/columns.h"
#include "store/trading_store_private.h"

static const struct statement finish_tasks = {
    "finish_tasks",
    "UPDATE tasks t SET state = 'completed', finished_at = now(), error = NULL"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id AND " STORE_IS_UNFINISHED,
};

// A plain select of one table, as SKIP LOCKED wants it.
static const struct statement find_due_tasks = {
    "find_due_tasks",
    "SELECT id, portfolio_id, attempts FROM tasks WHERE state IN ('pending', 'active')"
    " AND kind = 'order' AND run_at <= now() ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED",
};

static const struct statement claim_tasks = {
    "claim_tasks",
    "UPDATE tasks t SET state = 'active', attempts = t.attempts + 1, worker = $3,"
    " run_at = now() + $4::bigint * interval '1 ms', started_at = now()"
    " FROM unnest($1::uuid[], $2::uuid[]) AS n (id, portfolio_id)"
    " WHERE t.id = n.id AND t.portfolio_id = n.portfolio_id",
};

static const struct statement list_workers = {
    "list_workers",
    "SELECT DISTINCT worker FROM tasks WHERE state IN ('pending', 'active')"
    " AND run_at < 'infinity' AND worker IS NOT NULL LIMIT $1",
};

static const struct statement end_leases = {
    "end_leases",
    "UPDATE tasks SET state = 'pending', run_at = now() WHERE state = 'active'"
    " AND run_at < 'infinity' AND worker = $1",
};

bool store_finish_tasks(struct transaction *transaction,
                        const struct store_finished *finished,
                        size_t count,
                        struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 2, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter row[2] = {
            parameter_text(finished[i].order_id),
            parameter_text(finished[i].portfolio_id),
        };

        columns_add(&table, row);
    }
    return columns_queue(&table, transaction, &finish_tasks, NULL, 0, NULL, error);
}

bool store_claim_tasks(struct transaction *transaction,
                       const char *worker,
                       size_t limit,
                       struct store_task **out_tasks,
                       size_t *out_count,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter most = parameter_int((int64_t)limit);
    struct parameter lease[2] = {parameter_text(worker), parameter_int(STORE_LEASE_MS)};
    struct rows due = {0};
    struct columns table;
    struct store_task *tasks = NULL;

    if (!transaction_query(transaction, &find_due_tasks, &most, 1, &due, error) ||
        !columns_start(&table, arena, 2, due.count, error))
        return false;
    tasks = arena_allocate(arena, (due.count + 1) * sizeof(*tasks));
    if (tasks == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < due.count; i++) {
        struct parameter row[2] = {
            parameter_text(rows_text(&due, i, 0)),
            parameter_text(rows_text(&due, i, 1)),
        };

        columns_add(&table, row);
        snprintf(tasks[i].order_id, UUID_SIZE, "%s", rows_text(&due, i, 0));
        tasks[i].attempts = rows_int(&due, i, 2) + 1;
    }
    *out_tasks = tasks;
    *out_count = due.count;
    return columns_queue(&table, transaction, &claim_tasks, lease, 2, NULL, error);
}

bool store_list_workers(struct database *database,
                        struct arena *arena,
                        const char **out_workers,
                        size_t *out_count,
                        struct error *error)
{
    struct parameter most = parameter_int(STORE_WORKERS_MAX);
    struct rows rows = {0};

    if (!database_query(database, arena, &list_workers, &most, 1, &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        out_workers[i] = rows_text(&rows, i, 0);
    *out_count = rows.count;
    return true;
}

bool store_end_leases(struct database *database,
                      struct arena *arena,
                      const char *worker,
                      struct error *error)
{
    struct parameter parameter = parameter_text(worker);
    struct rows rows = {0};

    return database_query(database, arena, &end_leases, &parameter, 1, &rows, error);
}
