// SPDX-License-Identifier: MIT
#include "limits/limit_follower.h"

#include <stdatomic.h>
#include <string.h>

#include "execution/execution.h"
#include "limits/limit_registry.h"
#include "matcher/matcher.h"
#include "service/log.h"
#include "service/worker.h"
#include "store/trading_store.h"

enum { PERIOD_MS = 300, ARENA_BUDGET = 4 * 1024 * 1024 };

#define FIRST_ID "00000000-0000-0000-0000-000000000000"

struct limit_follower {
    struct trading *trading;
    struct worker *worker;
    struct execution *execution;
    struct arena *arena;
    atomic_bool is_stopping;
    int64_t resumptions; // that the matcher knows of
    bool is_waiting;     // for the database; said once
};

// Cancels up to a batch of the subject's resting orders after that id, which becomes the last of
// them. False when there are no more, or the database cannot be asked.
static bool cancel_some(struct limit_follower *follower,
                        const struct halt_record *halt,
                        char last_id[UUID_SIZE])
{
    struct trading *trading = follower->trading;
    struct execution_item items[LIMIT_STORE_ORDERS];
    const char **ids = NULL;
    struct order *orders = NULL;
    size_t count = 0;
    size_t id_count = 0;
    struct error reason;
    struct error error;

    arena_reset(follower->arena);
    if (!limit_store_list_resting(trading->database, follower->arena, halt, last_id, &ids,
                                  &id_count, &error) ||
        id_count == 0 ||
        !store_load_orders(trading->database, follower->arena, ids, id_count, &orders, &count,
                           &error))
        return false;
    memcpy(last_id, ids[id_count - 1], UUID_SIZE);
    limit_registry_say_halt(halt, &reason);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct execution_item){
            .order = &orders[i], .intent = EXECUTE_CANCEL, .cancel_reason = &reason, .attempts = 1};
    execution_run(follower->execution, items, count);
    for (size_t i = 0; i < count; i++)
        if (items[i].is_saved)
            matcher_remove(trading->matcher, orders[i].id);
    return id_count == LIMIT_STORE_ORDERS;
}

static void cancel(struct limit_follower *follower, const struct halt_record *halt)
{
    char last_id[UUID_SIZE] = FIRST_ID;

    while (!atomic_load(&follower->is_stopping) && cancel_some(follower, halt, last_id))
        ;
}

static bool work(void *context)
{
    struct limit_follower *follower = context;
    struct trading *trading = follower->trading;
    struct limit_registry *registry = trading->limit_registry;
    struct halt_record halt = {.revision = -1};
    struct error error;
    int64_t resumptions = 0;

    if (!limit_registry_follow(registry, trading->database, &error)) {
        if (!follower->is_waiting)
            log_write(LOG_WARNING, "limits_not_followed", "reason", error.reason, NULL);
        follower->is_waiting = true;
        return false;
    }
    follower->is_waiting = false;
    resumptions = limit_registry_resumptions(registry);
    if (resumptions != follower->resumptions)
        matcher_load_again(trading->matcher);
    follower->resumptions = resumptions;
    while (!atomic_load(&follower->is_stopping) &&
           limit_registry_next_canceling(registry, halt.revision, &halt))
        cancel(follower, &halt);
    return false;
}

struct limit_follower *limit_follower_new(struct trading *trading)
{
    struct limit_follower *follower = allocate(sizeof(*follower));

    follower->trading = trading;
    follower->execution = execution_new(trading);
    follower->arena = arena_new(ARENA_BUDGET);
    follower->worker = worker_new("limits", PERIOD_MS, work, follower);
    trading->limit_follower = follower;
    return follower;
}

void limit_follower_free(struct limit_follower **follower)
{
    if (*follower == NULL)
        return;
    (*follower)->trading->limit_follower = NULL;
    atomic_store(&(*follower)->is_stopping, true);
    worker_free(&(*follower)->worker);
    execution_free(&(*follower)->execution);
    arena_free(&(*follower)->arena);
    release(*follower);
    *follower = NULL;
}

void limit_follower_follow(struct trading *trading)
{
    struct error error;

    if (!limit_registry_follow(trading->limit_registry, trading->database, &error))
        log_write(LOG_WARNING, "limits_not_followed", "reason", error.reason, NULL);
    if (trading->limit_follower != NULL)
        worker_wake(trading->limit_follower->worker);
}
