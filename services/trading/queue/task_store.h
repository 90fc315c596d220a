// SPDX-License-Identifier: MIT
// task_store: the SQL of the task monitor: what the queue holds, who works on it, and what was
// done.
//
// Taking tasks and finishing them is in trading_store. Memory: what is read lies in the arena
// given.
#pragma once

#include "database/database.h"
#include "queue/task_statistics.h"

enum task_state {
    TASK_STATE_ANY,
    TASK_IS_PENDING,
    TASK_IS_ACTIVE,
    TASK_IS_COMPLETED,
    TASK_IS_FAILED,
    TASK_STATE_COUNT
};

// Times are real, in microseconds since 1970; 0 when it has not happened.
struct task {
    const char *id;
    const char *portfolio_id; // of a backtest: its user
    const char *kind;
    enum task_state state;
    bool is_resting; // waits for a quote
    int64_t attempts;
    const char *worker; // NULL for none yet
    int64_t queued_at;
    int64_t started_at;
    int64_t finished_at;
    int64_t next_attempt_at; // of one that waits for a worker
    const char *error;       // NULL for none
};

struct task_filter {
    enum task_state state;
    const char *kind; // these NULL for all
    const char *worker;
    const char *before_id; // NULL for the first page
    bool has_since;
    int64_t since; // of queued_at
    size_t limit;
};

// Newest first.
MUST_CHECK bool task_store_page(struct database *database,
                                struct arena *arena,
                                const struct task_filter *filter,
                                struct task **out_tasks,
                                size_t *out_count,
                                struct error *error);

// Fails with TASK_NOT_FOUND.
MUST_CHECK bool task_store_load(struct database *database,
                                struct arena *arena,
                                const char *id,
                                struct task *out_task,
                                struct error *error);

// Makes a failed task one that is due now and has had no attempt. Fails with TASK_NOT_FOUND and
// TASK_NOT_FAILED.
MUST_CHECK bool task_store_retry(struct transaction *transaction,
                                 const char *id,
                                 struct task *out_task,
                                 struct error *error);

// Removes a failed task; fails in the same ways.
MUST_CHECK bool
task_store_remove(struct transaction *transaction, const char *id, struct error *error);

// What the queue holds now.
struct task_counts {
    int64_t pending; // due or soon
    int64_t resting;
    int64_t active;
    int64_t failed;
    int64_t oldest_pending_at; // 0 for none
};
MUST_CHECK bool task_store_count(struct database *database,
                                 struct arena *arena,
                                 struct task_counts *out_counts,
                                 struct error *error);

// What each queue has to do, without the orders that wait for a quote.
struct task_depth {
    const char *queue; // in the arena
    int64_t counts[TASK_STATE_COUNT];
    int64_t waited_us; // the task that has been due the longest without a worker; 0 for none
};
enum { TASK_QUEUES_MAX = 8 };
MUST_CHECK bool task_store_measure(struct database *database,
                                   struct arena *arena,
                                   struct task_depth out_depths[TASK_QUEUES_MAX],
                                   size_t *out_count,
                                   struct error *error);

// What all workers did in the `minutes` minutes before `now_us`, the present one included.
MUST_CHECK bool task_store_sum(struct database *database,
                               struct arena *arena,
                               int64_t minutes,
                               int64_t now_us,
                               struct task_minute *out_sum,
                               struct error *error);

struct task_worker {
    const char *name;
    int64_t started_at;
    int64_t seen_at;
    int64_t active; // tasks it has a lease on
    int64_t completed;
    int64_t failed;
};
enum { TASK_WORKERS_MAX = 500 };

// The workers of the last day, latest seen first; at most TASK_WORKERS_MAX.
MUST_CHECK bool task_store_list_workers(struct database *database,
                                        struct arena *arena,
                                        struct task_worker **out_workers,
                                        size_t *out_count,
                                        struct error *error);

// Writes this worker's row, seen now, and its minutes.
MUST_CHECK bool task_store_report(struct transaction *transaction,
                                  const struct task_worker *worker,
                                  const struct task_minute *minutes,
                                  size_t count,
                                  struct error *error);

// Removes completed tasks older than `keep_us`, up to 10,000 at once; minutes of before the last
// two days; and workers not seen for a day. True when there may be more.
bool task_store_prune(struct database *database,
                      struct arena *arena,
                      int64_t keep_us,
                      int64_t now_us);
