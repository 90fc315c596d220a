// SPDX-License-Identifier: MIT
#include "imports/import_merger.h"

#include "base/clock.h"
#include "imports/symbol_import_store.h"
#include "service/audit_outbox.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    ARENA_BUDGET = 64 * 1024 * 1024,
    LOOK_EVERY_MS = 1000,
    PAUSE_FIRST_MS = 1000, // after a failure that may pass; twice as long after each further one
    PAUSE_MAX_MS = 60 * 1000,
    CONFLICTS_MAX = 5, // in a row, before an import is given up
    DETAIL_SIZE = 160, // of an audit event
};

struct import_merger {
    struct import_merger_options options;
    struct worker *worker;
    atomic_bool is_stopping;
    pthread_mutex_t lock; // guards the next two
    char id[UUID_SIZE];   // of the import it is at; "" for none
    int64_t merged;
    // Of the worker's thread alone.
    struct arena *arena;
    struct import_claim claim;
    struct import_result result;
    int conflicts;
    int64_t pause_ms;
    int64_t paused_until_us; // monotonic
};

static void set_current(struct import_merger *merger, const char *id)
{
    (void)pthread_mutex_lock(&merger->lock);
    (void)snprintf(merger->id, sizeof merger->id, "%s", id);
    merger->merged = 0;
    (void)pthread_mutex_unlock(&merger->lock);
}

bool import_merger_is_at(struct import_merger *merger, const char *id, int64_t *out_merged)
{
    bool is_at;

    (void)pthread_mutex_lock(&merger->lock);
    is_at = strcmp(merger->id, id) == 0;
    if (is_at)
        *out_merged = merger->merged;
    (void)pthread_mutex_unlock(&merger->lock);
    return is_at;
}

static bool progressed(void *context, int64_t merged)
{
    struct import_merger *merger = context;

    (void)pthread_mutex_lock(&merger->lock);
    merger->merged = merged;
    (void)pthread_mutex_unlock(&merger->lock);
    return !atomic_load(&merger->is_stopping);
}

// Notes what came of it, as done by whoever had said that all had arrived.
static bool note(struct transaction *transaction,
                 const struct import_claim *claim,
                 const char *detail,
                 struct error *error)
{
    struct call call = {.request_id = claim->request_id, .client_address = claim->client_address};
    const struct audit_outbox_event event = {
        .call = &call, .action = "import.finish", .subject = claim->id, .detail = detail};

    memcpy(call.identity.user_id, claim->user_id, sizeof call.identity.user_id);
    memcpy(call.identity.username, claim->username, sizeof call.identity.username);
    return audit_outbox_add(transaction, &event, 1, error);
}

static bool merge(struct transaction *transaction, void *context, struct error *error)
{
    // Who is in the way is done within its own limits of time.
    static const struct statement wait = {"import_wait",
                                          "SELECT set_config('lock_timeout', '30s', true)"};
    struct import_merger *merger = context;
    const struct import_claim *claim = &merger->claim;
    const struct import_watch watch = {.progressed = progressed, .context = merger};
    struct import_result *result = &merger->result;
    char detail[DETAIL_SIZE];

    if (!transaction_queue(transaction, &wait, NULL, 0, NULL, error) ||
        !(claim->is_of_symbols ? symbol_import_store_merge : import_merge_store_bars)(
            transaction, claim, &watch, result, error))
        return false;
    (void)snprintf(detail, sizeof detail,
                   "imported: %" PRIu64 ", updated: %" PRIu64 ", rejected: %" PRIu64
                   ", symbols: %zu",
                   result->imported, result->updated, result->rejected_count, result->ticker_count);
    return import_merge_store_finish(transaction, claim, result, error) &&
           note(transaction, claim, detail, error);
}

struct failed {
    const struct import_claim *claim;
    const struct error *failure;
};

// One that has been canceled meanwhile has failed already: merging it fails in one way or another.
static bool fail(struct transaction *transaction, void *context, struct error *error)
{
    const struct failed *failed = context;
    char detail[DETAIL_SIZE];
    struct import_row row;

    if (!import_store_lock(transaction, failed->claim->id, &row, error))
        return false;
    if (row.state != IMPORT_MERGING)
        return true;
    (void)snprintf(detail, sizeof detail, "failed: %s", failed->failure->reason);
    return import_store_fail(transaction, failed->claim->id, failed->failure, error) &&
           note(transaction, failed->claim, detail, error);
}

static void pause_for_longer(struct import_merger *merger)
{
    merger->pause_ms = merger->pause_ms == 0 ? PAUSE_FIRST_MS : merger->pause_ms * 2;
    if (merger->pause_ms > PAUSE_MAX_MS)
        merger->pause_ms = PAUSE_MAX_MS;
    merger->paused_until_us = clock_monotonic_us() + merger->pause_ms * MICROS_PER_MS;
}

// A failure that another attempt may not meet leaves the import where it is.
static void take_failure(struct import_merger *merger, const struct error *failure)
{
    struct failed failed = {.claim = &merger->claim, .failure = failure};
    bool is_conflict = error_is(failure, REASON_CONFLICT);
    struct error error;

    if (atomic_load(&merger->is_stopping) || error_is(failure, REASON_IMPORT_CANCELED))
        return;
    merger->conflicts = is_conflict ? merger->conflicts + 1 : 0;
    log_write(LOG_WARNING, "import_not_merged", "import_id", merger->claim.id, "reason",
              failure->reason, "message", failure->message, NULL);
    arena_reset(merger->arena);
    if (failure->code == CODE_UNAVAILABLE || failure->outcome_unknown ||
        (is_conflict && merger->conflicts < CONFLICTS_MAX) ||
        !database_transact(merger->options.database, merger->arena, TRANSACTION_LONG, fail, &failed,
                           &error)) {
        pause_for_longer(merger);
        return;
    }
    merger->conflicts = 0;
}

static bool merge_next(void *context)
{
    struct import_merger *merger = context;
    bool is_there = false;
    struct error error;

    if (clock_monotonic_us() < merger->paused_until_us)
        return false;
    arena_reset(merger->arena);
    // A failure shows in what the service says of its database; the next look is soon.
    if (!import_merge_store_next(merger->options.database, merger->arena, &merger->claim, &is_there,
                                 &error) ||
        !is_there)
        return false;
    set_current(merger, merger->claim.id);
    if (database_transact(merger->options.database, merger->arena, TRANSACTION_LONG, merge, merger,
                          &error)) {
        merger->conflicts = 0;
        merger->pause_ms = 0;
        merger->options.merged(merger->options.context, merger->result.tickers,
                               merger->result.ticker_count);
    } else {
        take_failure(merger, &error);
    }
    set_current(merger, "");
    return true;
}

struct import_merger *import_merger_new(const struct import_merger_options *options)
{
    struct import_merger *merger = allocate(sizeof *merger);

    merger->options = *options;
    merger->arena = arena_new(ARENA_BUDGET);
    (void)pthread_mutex_init(&merger->lock, NULL);
    merger->worker = worker_new("merge", LOOK_EVERY_MS, merge_next, merger);
    return merger;
}

void import_merger_free(struct import_merger **merger)
{
    if (*merger == NULL)
        return;
    atomic_store(&(*merger)->is_stopping, true);
    worker_free(&(*merger)->worker);
    (void)pthread_mutex_destroy(&(*merger)->lock);
    arena_free(&(*merger)->arena);
    release(*merger);
    *merger = NULL;
}

void import_merger_wake(struct import_merger *merger)
{
    worker_wake(merger->worker);
}
