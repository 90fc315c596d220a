// SPDX-License-Identifier: MIT
#include "queue/task_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/uuid.h"
#include "service/log.h"

enum { PRUNE_MAX = 10000, RUNTIMES_SIZE = RUNTIME_BUCKETS * 21 + 3 };

// The kind that is counted by the minute. Backtests are few.
#define KIND_ORDER "order"
// Minutes are kept for two days, as the longest period that is asked for is one.
#define MINUTES_KEPT_US (2 * MICROS_PER_DAY)
// Ids are made by services and queued_at by the database: their clocks may differ by less than
// this.
#define CLOCKS_DIFFER_US (60 * MICROS_PER_SECOND)

#define TASK_COLUMNS                                                                               \
    "t.id, t.portfolio_id, t.kind, t.state, t.run_at = 'infinity', t.attempts, t.worker,"          \
    " t.queued_at, t.started_at, t.finished_at,"                                                   \
    " CASE WHEN t.state = 'pending' AND t.run_at < 'infinity' THEN t.run_at END, t.error"

// One statement a state, so that each can have the index that is for it: ids grow with time, nearly
// all tasks are completed, and the failed ones have an index of their own.
#define TASK_PAGE(name, condition)                                                                 \
    {                                                                                              \
        name, "SELECT " TASK_COLUMNS " FROM tasks t WHERE " condition                              \
              " AND ($1::uuid IS NULL OR t.id < $1) AND ($2::uuid IS NULL OR t.id >= $2)"          \
              " AND ($3::timestamptz IS NULL OR t.queued_at >= $3)"                                \
              " AND ($4::text IS NULL OR t.worker = $4) AND ($6::text IS NULL OR t.kind = $6)"     \
              " ORDER BY t.id DESC LIMIT $5"                                                       \
    }

static const struct statement page_tasks[] = {
    [TASK_STATE_ANY] = TASK_PAGE("page_tasks", "true"),
    [TASK_IS_PENDING] = TASK_PAGE("page_pending_tasks", "t.state = 'pending'"),
    [TASK_IS_ACTIVE] = TASK_PAGE("page_active_tasks", "t.state = 'active'"),
    [TASK_IS_COMPLETED] = TASK_PAGE("page_completed_tasks", "t.state = 'completed'"),
    [TASK_IS_FAILED] = TASK_PAGE("page_failed_tasks", "t.state = 'failed'"),
};

static const struct statement load_task = {
    "load_task",
    "SELECT " TASK_COLUMNS " FROM tasks t WHERE t.id = $1",
};

static const struct statement retry_task = {
    "retry_task",
    "UPDATE tasks t SET state = 'pending', attempts = 0, run_at = now(), error = NULL,"
    " finished_at = NULL WHERE t.id = $1 AND t.state = 'failed' RETURNING " TASK_COLUMNS,
};

static const struct statement remove_task = {
    "remove_task",
    "DELETE FROM tasks WHERE id = $1 AND state = 'failed' RETURNING id",
};

static const struct statement find_task_state = {
    "find_task_state",
    "SELECT state FROM tasks WHERE id = $1",
};

static const struct statement count_tasks = {
    "count_tasks",
    "SELECT count(*) FILTER (WHERE state = 'pending' AND run_at < 'infinity'),"
    " count(*) FILTER (WHERE run_at = 'infinity'),"
    " count(*) FILTER (WHERE state = 'active' AND run_at < 'infinity'),"
    " (SELECT count(*) FROM tasks f WHERE f.state = 'failed'),"
    " min(queued_at) FILTER (WHERE state = 'pending' AND run_at < 'infinity')"
    " FROM tasks WHERE state IN ('pending', 'active') AND kind = '" KIND_ORDER "'",
};

// A lease that has run out leaves a task that is active, and due. Those that rest, of which there
// may be a million, are not looked at.
static const struct statement measure_tasks = {
    "measure_tasks",
    "SELECT k.queue, count(*) FILTER (WHERE state = 'pending'),"
    " count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state = 'failed'),"
    " coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE state <> 'failed'"
    " AND run_at < now())) * 1000000, 0)::bigint"
    " FROM (VALUES ('" KIND_ORDER "', 'orders'), ('backtest', 'backtests')) AS k (kind, queue)"
    " LEFT JOIN ("
    " SELECT kind, state, run_at FROM tasks"
    "  WHERE state IN ('pending', 'active') AND run_at < 'infinity'"
    " UNION ALL SELECT kind, state, run_at FROM tasks WHERE state = 'failed') AS t"
    " ON t.kind = k.kind GROUP BY k.queue LIMIT $1",
};

static const struct statement sum_minutes = {
    "sum_minutes",
    "SELECT coalesce(sum(completed), 0)::bigint, coalesce(sum(failed), 0)::bigint,"
    " coalesce(sum(retried), 0)::bigint FROM task_minutes"
    " WHERE kind = '" KIND_ORDER "' AND minute > $1",
};

static const struct statement sum_runtimes = {
    "sum_runtimes",
    "SELECT r.bucket, sum(r.tasks)::bigint FROM task_minutes m,"
    " unnest(m.runtimes) WITH ORDINALITY AS r (tasks, bucket)"
    " WHERE m.kind = '" KIND_ORDER "' AND m.minute > $1 AND r.tasks > 0 GROUP BY r.bucket",
};

static const struct statement list_task_workers = {
    "list_task_workers",
    "SELECT w.name, w.started_at, w.seen_at, w.completed, w.failed,"
    " (SELECT count(*) FROM tasks t WHERE t.state IN ('pending', 'active')"
    "  AND t.run_at < 'infinity' AND t.state = 'active' AND t.worker = w.name)"
    " FROM workers w ORDER BY w.seen_at DESC, w.name LIMIT $1",
};

static const struct statement report_worker = {
    "report_worker",
    "INSERT INTO workers (name, started_at, seen_at, completed, failed)"
    " VALUES ($1, $2, now(), $3, $4) ON CONFLICT (name) DO UPDATE SET"
    " started_at = EXCLUDED.started_at, seen_at = EXCLUDED.seen_at,"
    " completed = EXCLUDED.completed, failed = EXCLUDED.failed",
};

static const struct statement report_minute = {
    "report_minute",
    "INSERT INTO task_minutes (kind, minute, worker, completed, failed, retried, runtimes)"
    " VALUES ('" KIND_ORDER "', $1, $2, $3, $4, $5, $6::bigint[])"
    " ON CONFLICT (kind, minute, worker) DO UPDATE SET completed = EXCLUDED.completed,"
    " failed = EXCLUDED.failed, retried = EXCLUDED.retried, runtimes = EXCLUDED.runtimes",
};

static const struct statement prune_tasks = {
    "prune_tasks",
    "DELETE FROM tasks t USING (SELECT id, portfolio_id FROM tasks WHERE id < $1"
    " AND state = 'completed' ORDER BY id LIMIT $2) AS old"
    " WHERE t.id = old.id AND t.portfolio_id = old.portfolio_id AND t.state = 'completed'",
};

static const struct statement prune_minutes = {
    "prune_minutes",
    "DELETE FROM task_minutes WHERE kind = '" KIND_ORDER "' AND minute < $1",
};

static const struct statement prune_workers = {
    "prune_workers",
    "DELETE FROM workers WHERE seen_at < now() - interval '1 day'",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The tasks need too much memory.");
}

// The least id that is made at a time: RFC 9562 section 5.7.
static void least_id_at(int64_t at_us, char out_id[UUID_SIZE])
{
    uint64_t ms = at_us > 0 ? (uint64_t)(at_us / MICROS_PER_MS) : 0;

    snprintf(out_id, UUID_SIZE, "%08" PRIx64 "-%04" PRIx64 "-7000-8000-000000000000",
             (ms >> 16) & 0xffffffff, ms & 0xffff);
}

static enum task_state read_state(const char *name)
{
    if (strcmp(name, "pending") == 0)
        return TASK_IS_PENDING;
    if (strcmp(name, "active") == 0)
        return TASK_IS_ACTIVE;
    return strcmp(name, "completed") == 0 ? TASK_IS_COMPLETED : TASK_IS_FAILED;
}

static int64_t time_of(const struct rows *rows, size_t row, size_t column)
{
    return rows_is_null(rows, row, column) ? 0 : rows_time(rows, row, column);
}

static struct task read_task(const struct rows *rows, size_t row)
{
    enum task_state state = read_state(rows_text(rows, row, 3));

    return (struct task){
        .id = rows_text(rows, row, 0),
        .portfolio_id = rows_text(rows, row, 1),
        .kind = rows_text(rows, row, 2),
        .state = state,
        .is_resting =
            rows_bool(rows, row, 4) && state != TASK_IS_COMPLETED && state != TASK_IS_FAILED,
        .attempts = rows_int(rows, row, 5),
        .worker = rows_text(rows, row, 6),
        .queued_at = time_of(rows, row, 7),
        .started_at = time_of(rows, row, 8),
        .finished_at = time_of(rows, row, 9),
        .next_attempt_at = time_of(rows, row, 10),
        .error = rows_text(rows, row, 11),
    };
}

bool task_store_page(struct database *database,
                     struct arena *arena,
                     const struct task_filter *filter,
                     struct task **out_tasks,
                     size_t *out_count,
                     struct error *error)
{
    char least_id[UUID_SIZE];
    struct parameter parameters[6] = {
        parameter_text(filter->before_id),
        parameter_null(),
        parameter_null(),
        parameter_text(filter->worker),
        parameter_int((int64_t)filter->limit),
        parameter_text(filter->kind),
    };
    struct rows rows = {0};

    if (filter->has_since) {
        least_id_at(filter->since - CLOCKS_DIFFER_US, least_id);
        parameters[1] = parameter_text(least_id);
        parameters[2] = parameter_time(filter->since);
    }
    if (!database_query(database, arena, &page_tasks[filter->state], parameters,
                        COUNT_OF(parameters), &rows, error))
        return false;
    *out_tasks = arena_allocate(arena, (rows.count + 1) * sizeof **out_tasks);
    if (*out_tasks == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        (*out_tasks)[i] = read_task(&rows, i);
    *out_count = rows.count;
    return true;
}

static bool refuse_unknown(const char *id, struct error *error)
{
    return error_set(error, REASON_TASK_NOT_FOUND, "There is no task %s.", id);
}

bool task_store_load(struct database *database,
                     struct arena *arena,
                     const char *id,
                     struct task *out_task,
                     struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!database_query(database, arena, &load_task, &parameter, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return refuse_unknown(id, error);
    *out_task = read_task(&rows, 0);
    return true;
}

// Why a task that should be a failed one could not be changed.
static bool refuse(struct transaction *transaction, const char *id, struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_task_state, &parameter, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return refuse_unknown(id, error);
    error_set(error, REASON_TASK_NOT_FAILED, "Task %s has not failed, it is %s.", id,
              rows_text(&rows, 0, 0));
    error_add_number(error, "state", "%s", rows_text(&rows, 0, 0));
    return false;
}

bool task_store_retry(struct transaction *transaction,
                      const char *id,
                      struct task *out_task,
                      struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &retry_task, &parameter, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return refuse(transaction, id, error);
    *out_task = read_task(&rows, 0);
    return true;
}

bool task_store_remove(struct transaction *transaction, const char *id, struct error *error)
{
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    return transaction_query(transaction, &remove_task, &parameter, 1, &rows, error) &&
           (rows.count > 0 || refuse(transaction, id, error));
}

bool task_store_count(struct database *database,
                      struct arena *arena,
                      struct task_counts *out_counts,
                      struct error *error)
{
    struct rows rows = {0};

    if (!database_query(database, arena, &count_tasks, NULL, 0, &rows, error))
        return false;
    *out_counts = (struct task_counts){
        .pending = rows_int(&rows, 0, 0),
        .resting = rows_int(&rows, 0, 1),
        .active = rows_int(&rows, 0, 2),
        .failed = rows_int(&rows, 0, 3),
        .oldest_pending_at = time_of(&rows, 0, 4),
    };
    return true;
}

bool task_store_measure(struct database *database,
                        struct arena *arena,
                        struct task_depth out_depths[TASK_QUEUES_MAX],
                        size_t *out_count,
                        struct error *error)
{
    struct parameter limit = parameter_int(TASK_QUEUES_MAX);
    struct rows rows = {0};

    if (!database_query(database, arena, &measure_tasks, &limit, 1, &rows, error))
        return false;
    *out_count = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        out_depths[i] = (struct task_depth){
            .queue = rows_text(&rows, i, 0),
            .counts = {[TASK_IS_PENDING] = rows_int(&rows, i, 1),
                       [TASK_IS_ACTIVE] = rows_int(&rows, i, 2),
                       [TASK_IS_FAILED] = rows_int(&rows, i, 3)},
            .waited_us = rows_int(&rows, i, 4),
        };
    return true;
}

bool task_store_sum(struct database *database,
                    struct arena *arena,
                    int64_t minutes,
                    int64_t now_us,
                    struct task_minute *out_sum,
                    struct error *error)
{
    struct parameter after = parameter_time(now_us - minutes * 60 * MICROS_PER_SECOND);
    struct rows sums = {0};
    struct rows runtimes = {0};

    *out_sum = (struct task_minute){.at = 0};
    if (!database_query(database, arena, &sum_minutes, &after, 1, &sums, error) ||
        !database_query(database, arena, &sum_runtimes, &after, 1, &runtimes, error))
        return false;
    out_sum->counts[TASK_COMPLETED] = rows_int(&sums, 0, 0);
    out_sum->counts[TASK_FAILED] = rows_int(&sums, 0, 1);
    out_sum->counts[TASK_RETRIED] = rows_int(&sums, 0, 2);
    for (size_t i = 0; i < runtimes.count; i++) {
        int64_t bucket = rows_int(&runtimes, i, 0);

        if (bucket >= 1 && bucket <= RUNTIME_BUCKETS)
            out_sum->runtimes.counts[bucket - 1] = rows_int(&runtimes, i, 1);
    }
    return true;
}

bool task_store_list_workers(struct database *database,
                             struct arena *arena,
                             struct task_worker **out_workers,
                             size_t *out_count,
                             struct error *error)
{
    struct parameter most = parameter_int(TASK_WORKERS_MAX);
    struct rows rows = {0};

    if (!database_query(database, arena, &list_task_workers, &most, 1, &rows, error))
        return false;
    *out_workers = arena_allocate(arena, (rows.count + 1) * sizeof **out_workers);
    if (*out_workers == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        (*out_workers)[i] = (struct task_worker){
            .name = rows_text(&rows, i, 0),
            .started_at = rows_time(&rows, i, 1),
            .seen_at = rows_time(&rows, i, 2),
            .completed = rows_int(&rows, i, 3),
            .failed = rows_int(&rows, i, 4),
            .active = rows_int(&rows, i, 5),
        };
    *out_count = rows.count;
    return true;
}

// As an array literal, without the empty buckets at the end.
static void write_runtimes(const struct runtime_histogram *runtimes, char out_text[RUNTIMES_SIZE])
{
    size_t used = RUNTIME_BUCKETS;
    size_t length = 0;

    while (used > 0 && runtimes->counts[used - 1] == 0)
        used--;
    length += (size_t)snprintf(out_text, RUNTIMES_SIZE, "{");
    for (size_t i = 0; i < used; i++)
        length += (size_t)snprintf(out_text + length, RUNTIMES_SIZE - length, "%s%" PRId64,
                                   i == 0 ? "" : ",", runtimes->counts[i]);
    snprintf(out_text + length, RUNTIMES_SIZE - length, "}");
}

bool task_store_report(struct transaction *transaction,
                       const struct task_worker *worker,
                       const struct task_minute *minutes,
                       size_t count,
                       struct error *error)
{
    struct parameter row[4] = {
        parameter_text(worker->name),
        parameter_time(worker->started_at),
        parameter_int(worker->completed),
        parameter_int(worker->failed),
    };

    if (!transaction_queue(transaction, &report_worker, row, COUNT_OF(row), NULL, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        char runtimes[RUNTIMES_SIZE];
        struct parameter minute[6] = {
            parameter_time(minutes[i].at),
            parameter_text(worker->name),
            parameter_int(minutes[i].counts[TASK_COMPLETED]),
            parameter_int(minutes[i].counts[TASK_FAILED]),
            parameter_int(minutes[i].counts[TASK_RETRIED]),
            parameter_text(runtimes),
        };

        write_runtimes(&minutes[i].runtimes, runtimes);
        if (!transaction_queue(transaction, &report_minute, minute, COUNT_OF(minute), NULL, error))
            return false;
    }
    return true;
}

bool task_store_prune(struct database *database,
                      struct arena *arena,
                      int64_t keep_us,
                      int64_t now_us)
{
    char least_id[UUID_SIZE];
    struct parameter tasks[2] = {parameter_null(), parameter_int(PRUNE_MAX)};
    struct parameter minute = parameter_time(now_us - MINUTES_KEPT_US);
    struct rows rows = {0};
    struct error error;

    least_id_at(now_us - keep_us, least_id);
    tasks[0] = parameter_text(least_id);
    if (database_query(database, arena, &prune_minutes, &minute, 1, &rows, &error) &&
        database_query(database, arena, &prune_workers, NULL, 0, &rows, &error) &&
        database_query(database, arena, &prune_tasks, tasks, COUNT_OF(tasks), &rows, &error))
        return rows.affected == PRUNE_MAX;
    log_write(LOG_WARNING, "tasks_not_pruned", "reason", error.reason, NULL);
    return false;
}
