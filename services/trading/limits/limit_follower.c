// SPDX-License-Identifier: MIT
#include "limits/limit_follower.h"

#include <stdatomic.h>

#include "execution/execution.h"
#include "limits/limit_registry.h"
#include "limits/resting_cancel.h"
#include "matcher/matcher.h"
#include "service/log.h"
#include "service/worker.h"

enum { PERIOD_MS = 300 };

struct limit_follower {
    struct trading *trading;
    struct worker *worker;
    struct execution *execution;
    atomic_bool is_stopping;
    int64_t resumptions; // that the matcher knows of
    bool is_waiting;     // for the database; said once
};

static void cancel(struct limit_follower *follower, const struct halt_record *halt)
{
    char last_id[UUID_SIZE] = RESTING_CANCEL_FIRST;
    struct error reason;

    limit_registry_say_halt(halt, &reason);
    while (!atomic_load(&follower->is_stopping) &&
           resting_cancel(follower->trading, follower->execution, halt, &reason, last_id))
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
