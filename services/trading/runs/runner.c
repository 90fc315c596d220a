// SPDX-License-Identifier: MIT
#include "runs/runner.h"

#include <stdatomic.h>

#include "runs/run_step.h"
#include "runs/run_store.h"
#include "runs/run_timing.h"
#include "service/log.h"
#include "service/worker.h"
#include "shards/shard_lease.h"

enum {
    PERIOD_MS = 250,
    SETTLE_EVERY_US = 500 * 1000,
    // An order that another replica has in its book is waited for so long with the next decision.
    ORDERS_LATE_US = 5 * 1000 * 1000,
    LIST_MAX = 200,
    LIST_BUDGET = 1024 * 1024,
};

// The runs of one timeframe.
struct beat {
    const char *timeframe;
    int64_t boundary; // that is being looked at
    int64_t begun_us; // since when; monotonic
    bool is_done;     // nobody is left to look
    bool has_said;    // that somebody has to wait
};

struct runner {
    struct trading *trading;
    struct worker *worker;
    struct arena *arena;
    struct run_step *step;
    struct beat beats[7];
    int64_t epochs[SHARD_COUNT];
    int64_t settled_us;
    bool is_waiting; // for the database; said once
    atomic_bool is_ending;
};

static const char *const timeframes[] = {"1Min", "5Min",  "15Min", "1Hour",
                                         "1Day", "1Week", "1Month"};

// The shards that this replica has now. When it has got another one, that one's runs may not have
// looked yet.
static size_t take_claims(struct runner *runner, struct shard_claim *claims)
{
    size_t count = 0;

    for (int shard = 0; shard < SHARD_COUNT; shard++) {
        struct shard_claim claim = shard_lease_claim(runner->trading->shards, shard);

        if (claim.epoch != runner->epochs[shard])
            for (size_t i = 0; i < COUNT_OF(timeframes); i++)
                runner->beats[i].is_done = false;
        runner->epochs[shard] = claim.epoch;
        if (claim.epoch != 0)
            claims[count++] = claim;
    }
    return count;
}

static void say(bool *has_said, const char *run_id, const struct error *error)
{
    if (error->code != CODE_OK && !*has_said)
        log_write(LOG_WARNING, "strategy_waits", "run", run_id, "reason", error->reason, "message",
                  error->message, NULL);
    *has_said = *has_said || error->code != CODE_OK;
}

static bool list_failed(struct runner *runner, const struct error *error)
{
    if (!runner->is_waiting)
        log_write(LOG_WARNING, "strategies_wait", "reason", error->reason, NULL);
    runner->is_waiting = true;
    return false;
}

// Has the runs of a timeframe decide that have not looked since its boundary.
static bool follow(struct runner *runner,
                   struct beat *beat,
                   const struct shard_claim *claims,
                   size_t claim_count)
{
    bool is_late = clock_monotonic_us() - beat->begun_us > ORDERS_LATE_US;
    const char **ids = NULL;
    size_t count = 0;
    bool is_done = true;
    struct error error;

    arena_reset(runner->arena);
    if (!run_store_list_due(runner->trading->database, runner->arena, claims, claim_count,
                            beat->timeframe, beat->boundary, LIST_MAX, &ids, &count, &error))
        return list_failed(runner, &error);
    runner->is_waiting = false;
    for (size_t i = 0; i < count && !atomic_load(&runner->is_ending); i++) {
        if (run_step_decide(runner->step, ids[i], beat->boundary, is_late, &error))
            continue;
        say(&beat->has_said, ids[i], &error);
        is_done = false;
    }
    beat->is_done = is_done && count < LIST_MAX;
    return true;
}

static void settle(struct runner *runner, const struct shard_claim *claims, size_t claim_count)
{
    const char **ids = NULL;
    size_t count = 0;
    bool has_said = false;
    struct error error;

    runner->settled_us = clock_monotonic_us();
    arena_reset(runner->arena);
    if (!run_store_list_unsettled(runner->trading->database, runner->arena, claims, claim_count,
                                  LIST_MAX, &ids, &count, &error)) {
        (void)list_failed(runner, &error);
        return;
    }
    for (size_t i = 0; i < count && !atomic_load(&runner->is_ending); i++)
        if (!run_step_settle(runner->step, ids[i], &error))
            say(&has_said, ids[i], &error);
}

static bool work(void *context)
{
    struct runner *runner = context;
    struct shard_claim claims[SHARD_COUNT];
    struct platform_clock clock;
    size_t claim_count = 0;

    if (!quotes_clock(runner->trading->quotes, &clock))
        return false;
    claim_count = take_claims(runner, claims);
    if (claim_count == 0)
        return false;
    if (clock_monotonic_us() - runner->settled_us >= SETTLE_EVERY_US)
        settle(runner, claims, claim_count);
    for (size_t i = 0; i < COUNT_OF(timeframes); i++) {
        struct beat *beat = &runner->beats[i];
        int64_t boundary = run_boundary(timeframes[i], &clock);

        if (boundary > beat->boundary)
            *beat = (struct beat){
                .timeframe = timeframes[i], .boundary = boundary, .begun_us = clock_monotonic_us()};
        if (!beat->is_done && !follow(runner, beat, claims, claim_count))
            return false;
    }
    return false;
}

struct runner *runner_new(struct trading *trading)
{
    struct runner *runner = allocate(sizeof(*runner));

    runner->trading = trading;
    runner->arena = arena_new(LIST_BUDGET);
    runner->step = run_step_new(trading);
    runner->worker = worker_new("strategies", PERIOD_MS, work, runner);
    return runner;
}

void runner_free(struct runner **runner)
{
    if (*runner == NULL)
        return;
    atomic_store(&(*runner)->is_ending, true);
    worker_free(&(*runner)->worker);
    run_step_free(&(*runner)->step);
    arena_free(&(*runner)->arena);
    release(*runner);
    *runner = NULL;
}
