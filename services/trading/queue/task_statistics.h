// SPDX-License-Identifier: MIT
// task_statistics: what this process has done of the work queue, minute by minute.
//
// Counted in memory, as a statement for each task would cost more than the task's own; the
// task_reporter writes it down every few seconds. A death loses the counts of those seconds, and
// no task.
//
// Threads: any.
#pragma once

#include "queue/runtime_histogram.h"

enum {
    TASK_MINUTES_MAX = 60, // kept while the database is away; then the oldest are forgotten
};

enum task_outcome {
    TASK_COMPLETED,
    TASK_FAILED,  // given up: people have to look at it
    TASK_RETRIED, // this attempt did not do it; another will be made
    TASK_OUTCOME_COUNT
};

struct task_minute {
    int64_t at; // its start, microseconds since 1970
    int64_t counts[TASK_OUTCOME_COUNT];
    struct runtime_histogram runtimes; // of those completed
};

struct task_statistics;

struct task_statistics *task_statistics_new(void);
void task_statistics_free(struct task_statistics **statistics);

// Counts one attempt that ended at `now_us` (real time) after `runtime_us`.
void task_statistics_add(struct task_statistics *statistics,
                         enum task_outcome outcome,
                         int64_t runtime_us,
                         int64_t now_us);

// Copies the minutes that have been counted and not forgotten, oldest first, and the counts since
// the start; returns how many minutes.
size_t task_statistics_copy(struct task_statistics *statistics,
                            struct task_minute out_minutes[TASK_MINUTES_MAX],
                            int64_t out_totals[TASK_OUTCOME_COUNT]);

// Forgets the minutes before the one of `now_us`: they are written down and cannot change any more.
void task_statistics_forget(struct task_statistics *statistics, int64_t now_us);
