// SPDX-License-Identifier: MIT
#include "service/readiness.h"

#include "base/arena.h"
#include "base/clock.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    LOOK_PERIOD_MS = 200,
    PROBE_PERIOD_MS = 5000,
    PROBE_BUDGET = 64 * 1024,
    STATUS_MAX = 2048,
    AUTH_SILENCE_NOTED_MS = 5000,
};

struct readiness {
    struct readiness_options options;
    struct worker *looker;
    struct worker *prober;
    struct arena *arena; // of the prober's thread alone
    atomic_bool stopping;
    _Atomic int64_t database_lost_at_us; // monotonic; 0 while it can be reached
    pthread_mutex_t lock;                // guards the two texts
    struct strbuf *reasons;              // as of the last look
    struct strbuf *notes;
};

static void append_reason(struct strbuf *out, const char *reason)
{
    strbuf_printf(out, "%s; ", reason);
}

struct readiness *readiness_new(void)
{
    struct readiness *readiness = allocate(sizeof *readiness);

    readiness->reasons = strbuf_new(STATUS_MAX);
    readiness->notes = strbuf_new(STATUS_MAX);
    pthread_mutex_init(&readiness->lock, NULL);
    append_reason(readiness->reasons, "starting");
    return readiness;
}

static void
look_at_follower(struct readiness *readiness, struct strbuf *reasons, struct strbuf *notes)
{
    int64_t silence_ms = 0;

    if (readiness->options.follower == NULL)
        return;
    silence_ms = token_follower_silence_ms(readiness->options.follower);
    if (!token_follower_is_ready(readiness->options.follower))
        append_reason(reasons, "auth: signing keys and ended sessions are not known yet");
    else if (silence_ms > AUTH_SILENCE_NOTED_MS)
        strbuf_printf(notes, "degraded: auth has not answered for %" PRId64 " s; ",
                      silence_ms / 1000);
}

static void look_at_database(struct readiness *readiness, struct strbuf *notes)
{
    int64_t lost_at_us = atomic_load(&readiness->database_lost_at_us);

    // Not a reason: it would take every replica out at once, and calls are answered 503 anyway.
    if (lost_at_us != 0)
        strbuf_printf(notes, "degraded: the database has not been reached for %" PRId64 " s; ",
                      (clock_monotonic_us() - lost_at_us) / MICROS_PER_SECOND);
}

static bool look_at_status(void *argument)
{
    struct readiness *readiness = argument;
    OWNED(strbuf) reasons = strbuf_new(STATUS_MAX);
    OWNED(strbuf) notes = strbuf_new(STATUS_MAX);
    bool is_ready = false;
    bool was_ready = false;

    look_at_follower(readiness, reasons, notes);
    look_at_database(readiness, notes);
    if (readiness->options.definition->check != NULL)
        readiness->options.definition->check(readiness->options.context, reasons);
    is_ready = reasons->length == 0;
    // When it begins to stop just now, the next look says so.
    if (readiness->options.server != NULL)
        rpc_server_set_ready(readiness->options.server,
                             is_ready && !atomic_load(&readiness->stopping));
    pthread_mutex_lock(&readiness->lock);
    was_ready = readiness->reasons->length == 0;
    strbuf_reset(readiness->reasons);
    strbuf_append_text(readiness->reasons, strbuf_text(reasons));
    strbuf_reset(readiness->notes);
    strbuf_append_text(readiness->notes, strbuf_text(notes));
    pthread_mutex_unlock(&readiness->lock);
    if (was_ready != is_ready)
        log_write(LOG_INFO, was_ready ? "not_ready" : "ready", "reasons", reasons->data, NULL);
    return false;
}

void readiness_log_database_failure(struct database *database,
                                    const char *event,
                                    const struct error *error)
{
    char cause[ERROR_MESSAGE_SIZE];

    database_last_failure(database, cause);
    log_write(LOG_WARNING, event, "reason", error->reason, "message", error->message, "cause",
              cause, NULL);
}

static bool probe_database(void *argument)
{
    static const struct statement probe = {"service_probe", "SELECT 1"};
    struct readiness *readiness = argument;
    bool was_lost = atomic_load(&readiness->database_lost_at_us) != 0;
    struct rows rows;
    struct error error;
    bool reached = false;

    arena_reset(readiness->arena);
    // A pool with no free connection is busy, and not lost.
    reached = database_query(readiness->options.database, readiness->arena, &probe, NULL, 0, &rows,
                             &error) ||
              !error_is(&error, REASON_DATABASE_UNAVAILABLE);
    if (reached && was_lost) {
        atomic_store(&readiness->database_lost_at_us, 0);
        log_write(LOG_INFO, "database_reached", NULL);
    } else if (!reached && !was_lost) {
        atomic_store(&readiness->database_lost_at_us, clock_monotonic_us());
        readiness_log_database_failure(readiness->options.database, "database_lost", &error);
    }
    return false;
}

void readiness_watch(struct readiness *readiness, const struct readiness_options *options)
{
    readiness->options = *options;
    if (options->database != NULL) {
        readiness->arena = arena_new(PROBE_BUDGET);
        readiness->prober = worker_new("database", PROBE_PERIOD_MS, probe_database, readiness);
    }
    readiness->looker = worker_new("status", LOOK_PERIOD_MS, look_at_status, readiness);
}

void readiness_end(struct readiness *readiness)
{
    worker_free(&readiness->looker);
    worker_free(&readiness->prober);
}

void readiness_stop(struct readiness *readiness)
{
    atomic_store(&readiness->stopping, true);
}

void readiness_check(void *context, struct strbuf *reasons, struct strbuf *notes)
{
    struct readiness *readiness = context;

    if (atomic_load(&readiness->stopping))
        append_reason(reasons, "stopping");
    pthread_mutex_lock(&readiness->lock);
    strbuf_append_text(reasons, strbuf_text(readiness->reasons));
    strbuf_append_text(notes, strbuf_text(readiness->notes));
    pthread_mutex_unlock(&readiness->lock);
}

void readiness_free(struct readiness **readiness)
{
    if (*readiness == NULL)
        return;
    readiness_end(*readiness);
    arena_free(&(*readiness)->arena);
    strbuf_free(&(*readiness)->reasons);
    strbuf_free(&(*readiness)->notes);
    pthread_mutex_destroy(&(*readiness)->lock);
    release(*readiness);
    *readiness = NULL;
}
