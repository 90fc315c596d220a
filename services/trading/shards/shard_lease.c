// SPDX-License-Identifier: MIT
#include "shards/shard_lease.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "service/log.h"
#include "service/worker.h"
#include "shards/worker_name.h"

enum {
    ARENA_BUDGET = 1024 * 1024,
    NUMBER_SIZE = 24,
    ROUNDS_A_LEASE = 5, // at least so many tries before it ends
    ROUND_MS_MAX = 1000,
};

struct shard_lease {
    struct trading *trading;
    struct shard_lease_options options;
    char id[UUID_SIZE]; // of this run of the program
    char name[WORKER_NAME_SIZE];
    struct worker *worker;
    struct arena *arena;
    // Of this thread, within a round.
    struct shard_picture picture;
    struct shard_claim claims[SHARD_COUNT]; // taken by the round
    size_t claim_count;
    struct shard_plan plan;
    bool is_failing; // said once
    // Monotonic: until then those are waited for who could not renew either. 0 for none.
    int64_t forgiving_until_us;
    // Written by the thread, read by all.
    _Atomic int64_t epochs[SHARD_COUNT]; // 0 for a shard it has not
    atomic_size_t count;
    _Atomic uint64_t taken;
};

struct shard_claim shard_lease_claim(struct shard_lease *lease, int shard)
{
    return (struct shard_claim){
        .shard = shard,
        .epoch = lease == NULL ? 0 : atomic_load(&lease->epochs[shard]),
    };
}

struct shard_claim shard_lease_claim_of(struct shard_lease *lease, const char *ticker)
{
    return shard_lease_claim(lease, shard_of(ticker));
}

size_t shard_lease_count(struct shard_lease *lease)
{
    return atomic_load(&lease->count);
}

uint64_t shard_lease_taken(struct shard_lease *lease)
{
    return atomic_load(&lease->taken);
}

static bool owns_any(const struct shard_picture *picture, const char *id)
{
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (strcmp(picture->rows[shard].owner, id) == 0)
            return true;
    return false;
}

// Those of this machine that have died need not be waited for. And when the database was away, all
// have lost their leases: then nothing changes hands before everybody could renew his.
static void judge(struct shard_lease *lease, const char *const *workers)
{
    struct shard_picture *picture = &lease->picture;
    bool is_forgiving = clock_monotonic_us() < lease->forgiving_until_us;

    for (size_t i = 0; i < picture->replica_count; i++) {
        struct shard_replica *replica = &picture->replicas[i];

        if (strcmp(replica->id, lease->id) == 0)
            continue;
        if (worker_name_is_dead(lease->name, workers[i]))
            replica->is_alive = false;
        else if (is_forgiving && owns_any(picture, replica->id))
            replica->is_alive = true;
    }
}

static bool round_work(struct transaction *transaction, void *context, struct error *error)
{
    struct shard_lease *lease = context;
    const char *workers[SHARD_REPLICAS_MAX];

    lease->claim_count = 0;
    if (!shard_store_renew(transaction, lease->id, lease->name, lease->options.lease_ms, error) ||
        !shard_store_read(transaction, &lease->picture, workers, error))
        return false;
    judge(lease, workers);
    shard_plan_make(&lease->picture, lease->id, &lease->plan);
    return shard_store_give_up(transaction, lease->id, lease->plan.give_up,
                               lease->plan.give_up_count, error) &&
           shard_store_take(transaction, lease->id, &lease->picture, lease->plan.take,
                            lease->plan.take_count, lease->claims, &lease->claim_count, error);
}

// Notes what the round has found, and says in the log what has changed.
static void take_outcome(struct shard_lease *lease)
{
    int64_t epochs[SHARD_COUNT] = {0};
    char taken[NUMBER_SIZE];
    char has[NUMBER_SIZE];
    char alive[NUMBER_SIZE];
    size_t count = 0;
    bool is_changed = false;

    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (strcmp(lease->picture.rows[shard].owner, lease->id) == 0)
            epochs[shard] = lease->picture.rows[shard].epoch;
    for (size_t i = 0; i < lease->plan.give_up_count; i++)
        epochs[lease->plan.give_up[i]] = 0;
    for (size_t i = 0; i < lease->claim_count; i++)
        epochs[lease->claims[i].shard] = lease->claims[i].epoch;
    for (int shard = 0; shard < SHARD_COUNT; shard++) {
        count += epochs[shard] != 0;
        is_changed =
            atomic_exchange(&lease->epochs[shard], epochs[shard]) != epochs[shard] || is_changed;
    }
    atomic_store(&lease->count, count);
    atomic_fetch_add(&lease->taken, lease->claim_count);
    if (!is_changed)
        return;
    snprintf(taken, sizeof(taken), "%zu", lease->claim_count);
    snprintf(has, sizeof(has), "%zu", count);
    snprintf(alive, sizeof(alive), "%zu", lease->plan.alive);
    log_write(LOG_INFO, "shards_changed", "taken", taken, "has", has, "replicas", alive, NULL);
    lease->options.changed(lease->options.context);
}

static bool look(void *context)
{
    struct shard_lease *lease = context;
    struct platform_clock clock;
    struct error error;
    bool done = false;

    // Nothing can be decided before the first word of market.
    if (!quotes_clock(lease->trading->quotes, &clock))
        return false;
    arena_reset(lease->arena);
    done = database_transact(lease->trading->database, lease->arena, 0, round_work, lease, &error);
    if (done && lease->is_failing)
        lease->forgiving_until_us = clock_monotonic_us() + lease->options.lease_ms * MICROS_PER_MS;
    if (done)
        take_outcome(lease);
    else if (!lease->is_failing)
        log_write(LOG_WARNING, "shard_lease_waits", "reason", error.reason, "message",
                  error.message, NULL);
    lease->is_failing = !done;
    return false;
}

struct shard_lease *shard_lease_new(struct trading *trading,
                                    const struct shard_lease_options *options)
{
    struct shard_lease *lease = allocate(sizeof(*lease));
    int64_t round_ms = options->lease_ms / ROUNDS_A_LEASE;

    lease->trading = trading;
    lease->options = *options;
    memcpy(lease->id, uuid_new().string, UUID_SIZE);
    worker_name_make_exact(lease->name);
    lease->arena = arena_new(ARENA_BUDGET);
    lease->worker =
        worker_new("shards", round_ms < ROUND_MS_MAX ? round_ms : ROUND_MS_MAX, look, lease);
    return lease;
}

void shard_lease_look(struct shard_lease *lease)
{
    if (lease != NULL && lease->worker != NULL)
        worker_wake(lease->worker);
}

static bool leave_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct shard_lease *lease = context;

    return shard_store_leave(transaction, lease->id, error);
}

void shard_lease_leave(struct shard_lease *lease)
{
    struct error error;

    if (lease->worker == NULL)
        return;
    worker_free(&lease->worker);
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        atomic_store(&lease->epochs[shard], 0);
    atomic_store(&lease->count, 0);
    arena_reset(lease->arena);
    // Otherwise the others wait until its time is over.
    if (!database_transact(lease->trading->database, lease->arena, 0, leave_work, lease, &error))
        log_write(LOG_WARNING, "shards_not_given_up", "reason", error.reason, NULL);
}

void shard_lease_free(struct shard_lease **lease)
{
    if (*lease == NULL)
        return;
    shard_lease_leave(*lease);
    arena_free(&(*lease)->arena);
    release(*lease);
    *lease = NULL;
}
