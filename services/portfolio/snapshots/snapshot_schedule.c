// SPDX-License-Identifier: MIT
#include "snapshots/snapshot_schedule.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "service/log.h"
#include "service/worker.h"
#include "snapshots/equity_store.h"
#include "snapshots/snapshot_due.h"
#include "snapshots/snapshots.h"

enum {
    PERIOD_MS = 500,
    BATCH = 64,
    LIST_BUDGET = 256 * 1024,
    CALL_BUDGET = 64 * 1024,
    POINTS_BUDGET = 16 * 1024 * 1024,
    TIMEOUT_MS = 60 * 1000,
    POINT_PAGE = 500, // portfolios at once
};

// A round that takes longer computes many days: others are let do something, too, before the next.
#define DEAR_US (INT64_C(250) * MICROS_PER_MS)

struct snapshot_schedule {
    struct portfolio *portfolio;
    struct worker *worker;
    atomic_bool is_stopping;
    struct snapshot_due after; // where the pass goes on
    int64_t measured_at;       // the last moment of the grid that points were made for
    int64_t thinned_at;
    char said[ERROR_REASON_SIZE]; // why something failed, the last time that it was logged
};

// The same is said once, until something else fails or all is well.
static void say(struct snapshot_schedule *schedule, const char *id, const struct error *error)
{
    if (strcmp(schedule->said, error->reason) == 0)
        return;
    snprintf(schedule->said, sizeof(schedule->said), "%s", error->reason);
    log_write(LOG_WARNING, "snapshots_wait", "portfolio", id, "reason", error->reason, "message",
              error->message, NULL);
}

// Takes some of those of one portfolio.
static bool take(struct snapshot_schedule *schedule, const char *id)
{
    OWNED(arena) arena = arena_new(CALL_BUDGET);
    struct call call = call_start(arena, TIMEOUT_MS);
    struct error error;

    if (snapshots_fill(schedule->portfolio, &call, id, &error))
        return true;
    say(schedule, id, &error);
    return false;
}

// Takes some of those that are due; true when there are more. Replicas that have the same list
// begin with different ones.
static bool take_some(struct snapshot_schedule *schedule, const struct platform_clock *clock)
{
    OWNED(arena) arena = arena_new(LIST_BUDGET);
    struct random_source random = random_system();
    struct snapshot_due *due = NULL;
    size_t first = 0;
    size_t count = 0;
    size_t failed = 0;
    bool is_dear = false;
    struct error error;

    if (!snapshot_due_list(schedule->portfolio->database, arena, clock->previous_close,
                           &schedule->after, BATCH, &due, &count, &error)) {
        say(schedule, "", &error);
        return false;
    }
    if (count > 0)
        first = (size_t)random_below(&random, count);
    // Those that failed, or have more to come, are taken by the next pass.
    schedule->after = count == BATCH ? due[count - 1] : SNAPSHOT_DUE_FIRST;
    for (size_t i = 0; i < count && !atomic_load(&schedule->is_stopping) && !is_dear; i++) {
        const struct snapshot_due *one = &due[(first + i) % count];
        int64_t began_us = clock_monotonic_us();

        failed += !take(schedule, one->portfolio_id);
        is_dear = clock_monotonic_us() - began_us > DEAR_US;
        if (is_dear)
            schedule->after = *one;
    }
    if (count > 0 && failed == 0)
        schedule->said[0] = '\0';
    return count == BATCH && failed < count && !is_dear;
}

static bool measure(struct snapshot_schedule *schedule, int64_t at, struct error *error)
{
    char after[UUID_SIZE] = "";
    size_t count = POINT_PAGE;

    while (count == POINT_PAGE && !atomic_load(&schedule->is_stopping)) {
        OWNED(arena) arena = arena_new(POINTS_BUDGET);

        if (!equity_store_measure(schedule->portfolio, arena, at, POINT_PAGE, after, &count, error))
            return false;
    }
    return true;
}

static void measure_if_open(struct snapshot_schedule *schedule, const struct platform_clock *clock)
{
    int64_t at = clock->now / EQUITY_GRID_US * EQUITY_GRID_US;
    struct error error;

    if (!clock->is_open || at == schedule->measured_at)
        return;
    if (measure(schedule, at, &error))
        schedule->measured_at = at;
    else
        say(schedule, "", &error);
}

static void thin(struct snapshot_schedule *schedule, const struct platform_clock *clock)
{
    OWNED(arena) arena = arena_new(LIST_BUDGET);
    bool has_more = false;
    struct error error;

    if (clock->now - schedule->thinned_at < EQUITY_THIN_EVERY_US)
        return;
    if (!equity_store_thin(schedule->portfolio->database, arena, clock->now, &has_more, &error))
        say(schedule, "", &error);
    else if (!has_more)
        schedule->thinned_at = clock->now;
}

static bool work(void *context)
{
    struct snapshot_schedule *schedule = context;
    struct platform_clock clock;

    // Time does not go on by what was heard of a market that is silent.
    if (!quotes_is_ready(schedule->portfolio->quotes) ||
        !quotes_clock(schedule->portfolio->quotes, &clock))
        return false;
    measure_if_open(schedule, &clock);
    thin(schedule, &clock);
    return take_some(schedule, &clock);
}

struct snapshot_schedule *snapshot_schedule_new(struct portfolio *portfolio)
{
    struct snapshot_schedule *schedule = allocate(sizeof(*schedule));

    schedule->portfolio = portfolio;
    schedule->after = SNAPSHOT_DUE_FIRST;
    schedule->worker = worker_new("snapshots", PERIOD_MS, work, schedule);
    return schedule;
}

void snapshot_schedule_free(struct snapshot_schedule **schedule)
{
    if (*schedule == NULL)
        return;
    atomic_store(&(*schedule)->is_stopping, true);
    worker_free(&(*schedule)->worker);
    release(*schedule);
    *schedule = NULL;
}
