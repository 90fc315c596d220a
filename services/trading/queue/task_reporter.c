// SPDX-License-Identifier: MIT
#include "queue/task_reporter.h"

#include "base/clock.h"
#include "queue/task_store.h"
#include "service/log.h"
#include "service/worker.h"

enum { ARENA_BUDGET = 1024 * 1024 };

// A minute is complete when it has been over for so long: whoever counts in it takes less.
#define SETTLED_US (10 * MICROS_PER_SECOND)

struct task_reporter {
    struct trading *trading;
    struct worker *worker;
    struct arena *arena;
    int64_t started_at;
    bool is_failing; // said once
    struct task_minute minutes[TASK_MINUTES_MAX];
    size_t count;
    int64_t totals[TASK_OUTCOME_COUNT];
    struct metric *tasks;
    struct metric *oldest;
};

static bool report_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct task_reporter *reporter = context;
    struct task_worker worker = {
        .name = reporter->trading->worker,
        .started_at = reporter->started_at,
        .completed = reporter->totals[TASK_COMPLETED],
        .failed = reporter->totals[TASK_FAILED],
    };

    return task_store_report(transaction, &worker, reporter->minutes, reporter->count, error);
}

// Every replica says the same of the one queue there is. What cannot be looked at stays as it was.
static void measure(struct task_reporter *reporter)
{
    struct task_depth depths[TASK_QUEUES_MAX];
    size_t count = 0;
    struct error error;

    arena_reset(reporter->arena);
    if (!task_store_measure(reporter->trading->database, reporter->arena, depths, &count, &error))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct task_depth *depth = &depths[i];

        metric_set(reporter->tasks, depth->counts[TASK_IS_PENDING], depth->queue, "pending");
        metric_set(reporter->tasks, depth->counts[TASK_IS_ACTIVE], depth->queue, "active");
        metric_set(reporter->tasks, depth->counts[TASK_IS_FAILED], depth->queue, "failed");
        metric_set(reporter->oldest, depth->waited_us, depth->queue, NULL);
    }
}

static bool report(void *context)
{
    struct task_reporter *reporter = context;
    struct task_statistics *statistics = reporter->trading->task_statistics;
    struct clock real = clock_real();
    int64_t now_us = clock_now_us(&real);
    struct error error;
    bool done = false;

    arena_reset(reporter->arena);
    reporter->count = task_statistics_copy(statistics, reporter->minutes, reporter->totals);
    done = database_transact(reporter->trading->database, reporter->arena, 0, report_work, reporter,
                             &error);
    if (done)
        task_statistics_forget(statistics, now_us - SETTLED_US);
    else if (!reporter->is_failing)
        log_write(LOG_WARNING, "task_report_waits", "reason", error.reason, NULL);
    reporter->is_failing = !done;
    if (done)
        measure(reporter);
    return false;
}

struct task_reporter *task_reporter_new(struct trading *trading, struct metrics *metrics)
{
    struct task_reporter *reporter = allocate(sizeof(*reporter));
    struct clock real = clock_real();

    reporter->trading = trading;
    reporter->arena = arena_new(ARENA_BUDGET);
    reporter->started_at = clock_now_us(&real);
    reporter->tasks = metrics_gauge(metrics, "bourse_trading_tasks",
                                    "Tasks of each queue by state, without orders that rest and "
                                    "what is completed; the same from each replica.",
                                    "queue", "state");
    reporter->oldest = metrics_seconds_gauge(
        metrics, "bourse_trading_oldest_task_wait_seconds",
        "How long the task of a queue that has been due the longest has waited.", "queue", NULL);
    reporter->worker = worker_new("task_report", TASK_REPORT_EVERY_MS, report, reporter);
    return reporter;
}

void task_reporter_free(struct task_reporter **reporter)
{
    if (*reporter == NULL)
        return;
    worker_free(&(*reporter)->worker);
    (void)report(*reporter);
    arena_free(&(*reporter)->arena);
    release(*reporter);
    *reporter = NULL;
}
