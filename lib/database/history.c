// SPDX-License-Identifier: MIT
#include "database/history.h"

#include "base/clock.h"
#include "database_private.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum {
    // The primary is asked so often within the bound, so that one that is not behind shows it.
    LOOKS_A_BOUND = 4,
    LOOK_PERIOD_MS_MIN = 25,
    LOOK_PERIOD_MS_MAX = 250,
    SAMPLES = 64, // more than there are within HISTORY_LAG_MS_MAX
    BUSY_MS = 50, // for a connection; then the primary is asked
    LOOK_BUDGET = 64 * 1024,
};

// Where the primary's log was, at that time or later.
struct sample {
    int64_t at_us; // monotonic
    int64_t position;
};

// A server: which data, and which of the histories that part where a standby is promoted.
struct identity {
    int64_t system;
    int64_t timeline;
};

struct history {
    struct database *primary;
    struct database *sampler; // one connection to the primary that nobody else waits for
    struct database *standby; // NULL: the primary answers all
    const struct migration *migrations;
    size_t migration_count;
    int64_t lag_us_max;
    struct arena *arena;      // of the thread that looks
    pthread_mutex_t lock;     // guards everything below
    struct identity identity; // of the primary; 0 until it is known
    struct sample samples[SAMPLES];
    size_t sample_count; // so far
    enum history_state state;
    int64_t seen_until_us; // what the standby had seen at the last look, or since when one looks
    uint64_t reads[HISTORY_OUTCOMES];
};

static const struct statement ask_standby_position = {
    "history_standby_position", "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn"};

// Until when a server that has replayed the log to there has everything; called with the lock.
static int64_t seen_until(const struct history *history, int64_t position)
{
    size_t count = history->sample_count < SAMPLES ? history->sample_count : SAMPLES;
    int64_t until_us = 0;

    for (size_t i = 0; i < count; i++)
        if (history->samples[i].position <= position && history->samples[i].at_us > until_us)
            until_us = history->samples[i].at_us;
    return until_us;
}

// A connection to a standby is fit when it is one of the primary's, on the primary's timeline: the
// standby of a primary that was replaced may have what the new one has never had.
static bool accept_standby(void *context, struct connection *connection, struct error *error)
{
    static const struct statement ask = {
        "history_standby_identity", "SELECT (SELECT system_identifier FROM pg_control_system()),"
                                    " (SELECT timeline_id FROM pg_control_checkpoint())"};
    struct history *history = context;
    OWNED(arena) arena = arena_new(LOOK_BUDGET);
    struct identity wanted;
    struct rows rows = {0};

    pthread_mutex_lock(&history->lock);
    wanted = history->identity;
    pthread_mutex_unlock(&history->lock);
    if (connection_send(connection, &ask, NULL, 0, &rows, error) != FAILURE_NONE ||
        connection_receive(connection, arena, NULL, error) != FAILURE_NONE)
        return false;
    if (rows_int(&rows, 0, 0) != wanted.system)
        return error_set(error, REASON_DATABASE_UNAVAILABLE,
                         "It is no standby of the service's database, but of another one.");
    if (rows_int(&rows, 0, 1) != wanted.timeline)
        return error_set(error, REASON_DATABASE_UNAVAILABLE,
                         "The standby is on timeline %lld and the primary on %lld.",
                         (long long)rows_int(&rows, 0, 1), (long long)wanted.timeline);
    return true;
}

static bool
open_pool(const struct pool_options *options, struct database **out_database, struct error *error)
{
    struct pool *pool = NULL;

    if (!pool_new(options, &pool, error))
        return false;
    *out_database = database_of_pool(pool);
    return true;
}

static bool
open_pools(struct history *history, const struct history_options *options, struct error *error)
{
    return open_pool(&(const struct pool_options){.url = options->primary_url,
                                                  .service = options->service,
                                                  .connections = 1,
                                                  .is_pooled = options->primary_is_pooled},
                     &history->sampler, error) &&
           open_pool(&(const struct pool_options){.url = options->url,
                                                  .service = options->service,
                                                  .connections = options->connections,
                                                  .is_standby = true,
                                                  .wait_ms = BUSY_MS,
                                                  .accept = accept_standby,
                                                  .context = history},
                     &history->standby, error);
}

bool history_new(const struct history_options *options,
                 struct history **out_history,
                 struct error *error)
{
    struct history *history = allocate(sizeof *history);

    history->primary = options->primary;
    history->migrations = options->migrations;
    history->migration_count = options->migration_count;
    history->lag_us_max = options->lag_ms_max * MICROS_PER_MS;
    pthread_mutex_init(&history->lock, NULL);
    assert(options->lag_ms_max <= HISTORY_LAG_MS_MAX);
    if (options->url != NULL && options->url[0] != '\0') {
        history->arena = arena_new(LOOK_BUDGET);
        if (!open_pools(history, options, error)) {
            history_free(&history);
            return false;
        }
    }
    *out_history = history;
    return true;
}

void history_free(struct history **history)
{
    if (*history == NULL)
        return;
    database_free(&(*history)->standby);
    database_free(&(*history)->sampler);
    arena_free(&(*history)->arena);
    pthread_mutex_destroy(&(*history)->lock);
    release(*history);
    *history = NULL;
}

bool history_has_standby(const struct history *history)
{
    return history->standby != NULL;
}

// Reading.

struct reading {
    struct history *history;
    const struct history_need *need;
    int64_t needed_us; // what was done until then must be seen
    enum history_outcome outcome;
};

// True when the standby may have what is needed, as far as is known without asking it.
static bool is_worth_asking(struct reading *reading)
{
    struct history *history = reading->history;
    int64_t newest_us = 0;

    reading->needed_us = clock_monotonic_us() - history->lag_us_max;
    if (reading->need->own_writes && database_written_at(history->primary) > reading->needed_us)
        reading->needed_us = database_written_at(history->primary);
    pthread_mutex_lock(&history->lock);
    newest_us = seen_until(history, INT64_MAX);
    reading->outcome = history->state == HISTORY_AWAY ? HISTORY_WAS_AWAY : HISTORY_WAS_BEHIND;
    if (history->state == HISTORY_NEAR && newest_us >= reading->needed_us)
        reading->outcome = HISTORY_BY_STANDBY;
    pthread_mutex_unlock(&history->lock);
    return reading->outcome == HISTORY_BY_STANDBY;
}

static bool is_near(void *context, int64_t position)
{
    struct reading *reading = context;
    bool near = false;

    pthread_mutex_lock(&reading->history->lock);
    near = seen_until(reading->history, position) >= reading->needed_us;
    pthread_mutex_unlock(&reading->history->lock);
    if (!near)
        reading->outcome = HISTORY_WAS_BEHIND;
    return near;
}

static bool has_mark(void *context, int64_t number)
{
    struct reading *reading = context;

    if (number >= reading->need->mark_min)
        return true;
    reading->outcome = HISTORY_WAS_BEHIND;
    return false;
}

// The position, the mark and the rows in one round trip. Each statement sees what was there when it
// began, so the rows are at least as new as what the others have said.
static enum failure exchange(struct reading *reading,
                             struct connection *connection,
                             struct arena *arena,
                             const struct statement *statement,
                             const struct parameter *parameters,
                             size_t count,
                             struct rows *out_rows)
{
    const struct history_need *need = reading->need;
    struct condition near = {is_near, reading};
    struct condition mark = {has_mark, reading};
    struct rows rows = {0};
    struct error ignored; // the primary answers
    bool last_done = false;
    enum failure failure =
        connection_send_condition(connection, &ask_standby_position, NULL, 0, &near, &ignored);

    if (failure == FAILURE_NONE && need->mark != NULL)
        failure =
            connection_send_condition(connection, need->mark, &need->mark_of, 1, &mark, &ignored);
    if (failure == FAILURE_NONE)
        failure = connection_send(connection, statement, parameters, count, &rows, &ignored);
    if (failure != FAILURE_NONE)
        return failure;
    failure = connection_receive(connection, arena, &last_done, &ignored);
    // What is lost after the rows have come was not needed any more.
    if (last_done && reading->outcome == HISTORY_BY_STANDBY)
        failure = FAILURE_NONE;
    if (failure == FAILURE_NONE)
        *out_rows = rows;
    return failure;
}

static void leave(struct history *history)
{
    pthread_mutex_lock(&history->lock);
    history->state = HISTORY_AWAY;
    pthread_mutex_unlock(&history->lock);
}

// Counted with the lock; the outcome says whether the rows are there.
static void ask_standby(struct reading *reading,
                        struct arena *arena,
                        const struct statement *statement,
                        const struct parameter *parameters,
                        size_t count,
                        struct rows *out_rows)
{
    struct pool *pool = database_pool(reading->history->standby);
    struct connection *connection = NULL;
    enum failure failure = FAILURE_NONE;
    struct error error;

    if (!pool_take(pool, &connection, &error)) {
        reading->outcome =
            error_is(&error, REASON_UNAVAILABLE) ? HISTORY_WAS_BUSY : HISTORY_WAS_AWAY;
        if (reading->outcome == HISTORY_WAS_AWAY)
            leave(reading->history);
        return;
    }
    failure = exchange(reading, connection, arena, statement, parameters, count, out_rows);
    if (failure == FAILURE_STALE)
        connection_discard(connection);
    pool_give(pool, &connection);
    if (failure == FAILURE_NONE || reading->outcome == HISTORY_WAS_BEHIND)
        return;
    reading->outcome = failure == FAILURE_LOST ? HISTORY_WAS_AWAY : HISTORY_WAS_CANCELED;
    if (failure == FAILURE_LOST)
        leave(reading->history);
}

bool history_query(struct history *history,
                   const struct history_need *need,
                   struct arena *arena,
                   const struct statement *statement,
                   const struct parameter *parameters,
                   size_t count,
                   struct rows *out_rows,
                   struct error *error)
{
    struct reading reading = {.history = history, .need = need};

    if (history->standby != NULL && need != NULL) {
        if (is_worth_asking(&reading))
            ask_standby(&reading, arena, statement, parameters, count, out_rows);
        pthread_mutex_lock(&history->lock);
        history->reads[reading.outcome]++;
        pthread_mutex_unlock(&history->lock);
        if (reading.outcome == HISTORY_BY_STANDBY)
            return true;
    }
    return database_query(history->primary, arena, statement, parameters, count, out_rows, error);
}

// Looking.

int64_t history_look_period_ms(const struct history *history)
{
    int64_t period_ms = history->lag_us_max / MICROS_PER_MS / LOOKS_A_BOUND;

    if (period_ms < LOOK_PERIOD_MS_MIN)
        return LOOK_PERIOD_MS_MIN;
    return period_ms < LOOK_PERIOD_MS_MAX ? period_ms : LOOK_PERIOD_MS_MAX;
}

// Another primary than before: nothing that is known holds of it.
static void begin_anew(struct history *history, struct identity identity)
{
    history->identity = identity;
    history->sample_count = 0;
    history->seen_until_us = clock_monotonic_us();
    history->state = HISTORY_AWAY;
    pool_renew(database_pool(history->standby));
}

// What has been flushed is all that anybody was told to be done, and all that a standby is sent.
static bool look_at_primary(struct history *history, struct error *error)
{
    static const struct statement ask = {
        "history_primary_position",
        "SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn,"
        " (SELECT system_identifier FROM pg_control_system()),"
        " ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::bigint"};
    int64_t at_us = clock_monotonic_us();
    struct identity identity;
    struct rows rows = {0};

    if (!database_query(history->sampler, history->arena, &ask, NULL, 0, &rows, error))
        return false;
    identity = (struct identity){rows_int(&rows, 0, 1), rows_int(&rows, 0, 2)};
    pthread_mutex_lock(&history->lock);
    if (identity.system != history->identity.system ||
        identity.timeline != history->identity.timeline)
        begin_anew(history, identity);
    history->samples[history->sample_count++ % SAMPLES] =
        (struct sample){at_us, rows_int(&rows, 0, 0)};
    pthread_mutex_unlock(&history->lock);
    return true;
}

static void note_position(struct history *history, int64_t position)
{
    int64_t needed_us = clock_monotonic_us() - history->lag_us_max;
    int64_t until_us = 0;

    pthread_mutex_lock(&history->lock);
    until_us = seen_until(history, position);
    // One that is behind all samples has seen no more than before.
    if (until_us > 0)
        history->seen_until_us = until_us;
    history->state = until_us >= needed_us ? HISTORY_NEAR : HISTORY_BEHIND;
    pthread_mutex_unlock(&history->lock);
}

static enum history_state state_of(struct history *history)
{
    enum history_state state;

    pthread_mutex_lock(&history->lock);
    state = history->state;
    pthread_mutex_unlock(&history->lock);
    return state;
}

enum history_state history_look(struct history *history, struct error *error)
{
    struct rows rows = {0};
    char cause[ERROR_MESSAGE_SIZE];

    arena_reset(history->arena);
    error_clear(error);
    // Without the primary nobody knows how near the standby is.
    if (!look_at_primary(history, error)) {
        error_set(error, REASON_DATABASE_UNAVAILABLE, "The primary does not say how far it is.");
        leave(history);
        return HISTORY_AWAY;
    }
    if ((state_of(history) == HISTORY_AWAY &&
         !migration_check(history->standby, history->migrations, history->migration_count,
                          error)) ||
        !database_query(history->standby, history->arena, &ask_standby_position, NULL, 0, &rows,
                        error)) {
        // One that others keep busy is not away.
        if (error_is(error, REASON_UNAVAILABLE))
            return state_of(history);
        if (error_is(error, REASON_DATABASE_UNAVAILABLE)) {
            database_last_failure(history->standby, cause);
            error_set(error, REASON_DATABASE_UNAVAILABLE, "%s", cause);
        }
        leave(history);
        return HISTORY_AWAY;
    }
    note_position(history, rows_int(&rows, 0, 0));
    return state_of(history);
}

const char *history_outcome_name(enum history_outcome outcome)
{
    static const char *const names[HISTORY_OUTCOMES] = {
        [HISTORY_BY_STANDBY] = "near",       [HISTORY_WAS_AWAY] = "away",
        [HISTORY_WAS_BEHIND] = "behind",     [HISTORY_WAS_BUSY] = "busy",
        [HISTORY_WAS_CANCELED] = "canceled",
    };

    return names[outcome];
}

struct history_statistics history_statistics(struct history *history)
{
    struct history_statistics statistics = {.standby = database_statistics(history->standby)};
    int64_t now_us = clock_monotonic_us();

    pthread_mutex_lock(&history->lock);
    statistics.state = history->state;
    statistics.lag_us = history->seen_until_us == 0 ? 0 : now_us - history->seen_until_us;
    memcpy(statistics.reads, history->reads, sizeof statistics.reads);
    pthread_mutex_unlock(&history->lock);
    return statistics;
}
