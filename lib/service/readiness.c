// SPDX-License-Identifier: MIT
#include "service/readiness.h"

#include "base/arena.h"
#include "base/clock.h"
#include "service/dependency.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    LOOK_PERIOD_MS = 200,
    PROBE_PERIOD_MS = 5000,
    PROBE_BUDGET = 64 * 1024,
    STATUS_MAX = 2048,
    // Longer than the one market takes to be started again, with a clock and prices to read.
    START_PATIENCE_MS = 30 * 1000,
    AUTH_SILENCE_MS = 1000, // it is asked for ended sessions three times meanwhile
};

struct readiness {
    struct readiness_options options;
    struct dependency *dependencies; // of the looker's thread alone, parallel to the peers
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

// Everybody asks auth, so it waits for nobody; without its keys nobody else knows who calls.
static int64_t patience_ms(const struct readiness_options *options, const char *peer)
{
    if (options->follower == NULL)
        return 0;
    return strcmp(peer, "auth") == 0 ? INT64_MAX : START_PATIENCE_MS;
}

static bool answers(const struct readiness_options *options, size_t peer)
{
    const struct service_definition *definition = options->definition;
    const char *name = options->peers[peer];

    if (options->follower != NULL && strcmp(name, "auth") == 0)
        return token_follower_silence_ms(options->follower) <= AUTH_SILENCE_MS;
    return rpc_client_is_ready(options->clients[peer]) &&
           (definition->hears == NULL || definition->hears(options->context, name));
}

static void
look_at_dependencies(struct readiness *readiness, struct strbuf *reasons, struct strbuf *notes)
{
    for (size_t i = 0; i < readiness->options.peer_count; i++)
        dependency_look(&readiness->dependencies[i], answers(&readiness->options, i),
                        clock_monotonic_us(), reasons, notes);
}

static void look_at_database(struct readiness *readiness, struct strbuf *notes)
{
    int64_t lost_at_us = atomic_load(&readiness->database_lost_at_us);

    // Not a reason: it would take every replica out at once, and calls are answered 503 anyway.
    if (lost_at_us != 0)
        strbuf_printf(notes, "the database has not been reached for %" PRId64 " s; ",
                      (clock_monotonic_us() - lost_at_us) / MICROS_PER_SECOND);
}

// When it begins to stop just now, the next look says so. Callers prefer a replica that reaches the
// database; when none does they call all the same, and are told why.
static void tell_callers(struct readiness *readiness, bool is_ready)
{
    if (readiness->options.server != NULL)
        rpc_server_set_ready(readiness->options.server,
                             is_ready && !atomic_load(&readiness->stopping) &&
                                 atomic_load(&readiness->database_lost_at_us) == 0);
}

static bool look_at_status(void *argument)
{
    struct readiness *readiness = argument;
    OWNED(strbuf) reasons = strbuf_new(STATUS_MAX);
    OWNED(strbuf) notes = strbuf_new(STATUS_MAX);
    bool is_ready = false;
    bool was_ready = false;

    look_at_dependencies(readiness, reasons, notes);
    look_at_database(readiness, notes);
    if (readiness->options.definition->check != NULL)
        readiness->options.definition->check(readiness->options.context, reasons);
    is_ready = reasons->length == 0;
    tell_callers(readiness, is_ready);
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
    readiness->dependencies = allocate_array(options->peer_count, sizeof *readiness->dependencies);
    for (size_t i = 0; i < options->peer_count; i++)
        dependency_start(&readiness->dependencies[i], options->peers[i],
                         patience_ms(options, options->peers[i]), options->metrics,
                         clock_monotonic_us());
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
    release((*readiness)->dependencies);
    strbuf_free(&(*readiness)->reasons);
    strbuf_free(&(*readiness)->notes);
    pthread_mutex_destroy(&(*readiness)->lock);
    release(*readiness);
    *readiness = NULL;
}
