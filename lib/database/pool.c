// SPDX-License-Identifier: MIT
#include "pool.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    CONNECTIONS_MAX = 256,
    // After a failed attempt to connect the next callers fail at once for so long, so that a
    // database that comes back is not met by everybody's attempts together.
    CONNECT_PAUSE_MS = 100,
};

struct pool {
    char *url;
    char *service;
    size_t connections;
    bool is_pooled;
    bool is_standby;
    int64_t wait_ms;
    bool (*accept)(void *context, struct connection *connection, struct error *error);
    void *context;
    _Atomic int64_t renewed_at_us; // what was made before is not used any more
    pthread_mutex_t lock;          // guards everything below
    pthread_cond_t freed;
    size_t open; // idle, taken, or being made
    size_t idle_count;
    struct connection *idle[CONNECTIONS_MAX];
    uint64_t waits;
    int64_t waited_us;
    uint64_t retries;
    bool reachable;
    int64_t connect_after_us;
    char last_failure[ERROR_MESSAGE_SIZE]; // in libpq's words
};

bool pool_new(const struct pool_options *options, struct pool **out_pool, struct error *error)
{
    pthread_condattr_t attributes;
    struct pool *pool = NULL;

    if (!connection_url_is_valid(options->url, error))
        return false;
    if (options->connections > CONNECTIONS_MAX)
        return error_set(error, REASON_INVALID_SETTING,
                         "%zu connections to the database are more than the %d there may be.",
                         options->connections, CONNECTIONS_MAX);
    pool = allocate(sizeof *pool);
    pool->url = allocate_string(options->url);
    pool->service = allocate_string(options->service);
    pool->connections = options->connections == 0 ? 8 : options->connections;
    pool->is_pooled = options->is_pooled;
    pool->is_standby = options->is_standby;
    pool->accept = options->accept;
    pool->context = options->context;
    pool->wait_ms = options->wait_ms == 0 ? 2000 : options->wait_ms;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    *out_pool = pool;
    return true;
}

void pool_free(struct pool **pool)
{
    if (*pool == NULL)
        return;
    for (size_t i = 0; i < (*pool)->idle_count; i++)
        connection_free(&(*pool)->idle[i]);
    pthread_cond_destroy(&(*pool)->freed);
    pthread_mutex_destroy(&(*pool)->lock);
    release((*pool)->url);
    release((*pool)->service);
    release(*pool);
    *pool = NULL;
}

static bool is_used_up(const struct pool *pool)
{
    return pool->idle_count == 0 && pool->open == pool->connections;
}

// Waits until a connection is idle or may be made; called with the lock.
static bool wait_for_turn(struct pool *pool, struct error *error)
{
    int64_t began_us = 0;
    int64_t end_us = 0;
    struct timespec end;

    if (!is_used_up(pool))
        return true;
    began_us = clock_monotonic_us();
    end_us = began_us + pool->wait_ms * MICROS_PER_MS;
    end = (struct timespec){
        .tv_sec = (time_t)(end_us / MICROS_PER_SECOND),
        .tv_nsec = (long)(end_us % MICROS_PER_SECOND * 1000),
    };
    pool->waits++;
    while (is_used_up(pool) && clock_monotonic_us() < end_us)
        (void)pthread_cond_timedwait(&pool->freed, &pool->lock, &end);
    pool->waited_us += clock_monotonic_us() - began_us;
    return !is_used_up(pool) ||
           error_set(error, REASON_UNAVAILABLE,
                     "All %zu connections to the database were in use for %lld ms.",
                     pool->connections, (long long)pool->wait_ms);
}

// Forgets one connection that was counted as open.
static void discount(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->open--;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

void pool_note_use(struct pool *pool, enum failure failure, struct error *error)
{
    bool reached = failure != FAILURE_LOST && failure != FAILURE_UNKNOWN;

    pthread_mutex_lock(&pool->lock);
    pool->reachable = reached;
    if (!reached)
        memcpy(pool->last_failure, error->message, sizeof pool->last_failure);
    pthread_mutex_unlock(&pool->lock);
    // libpq names hosts, folders and roles, which are no business of those who will read the error.
    if (failure == FAILURE_LOST)
        error_set(error, REASON_DATABASE_UNAVAILABLE, "The database cannot be reached.");
}

void pool_last_failure(struct pool *pool, char out_message[ERROR_MESSAGE_SIZE])
{
    pthread_mutex_lock(&pool->lock);
    memcpy(out_message, pool->last_failure, ERROR_MESSAGE_SIZE);
    pthread_mutex_unlock(&pool->lock);
}

// Makes a connection whose place has been counted already.
static bool connect(struct pool *pool, struct connection **out_connection, struct error *error)
{
    struct connection_options options = {.url = pool->url,
                                         .schema = pool->service,
                                         .is_pooled = pool->is_pooled,
                                         .is_standby = pool->is_standby};
    bool made = connection_open(&options, out_connection, error);

    if (made && pool->accept != NULL && !pool->accept(pool->context, *out_connection, error)) {
        connection_free(out_connection);
        made = false;
    }
    pool_note_use(pool, made ? FAILURE_NONE : FAILURE_LOST, error);
    if (made)
        return true;
    pthread_mutex_lock(&pool->lock);
    pool->connect_after_us = clock_monotonic_us() + CONNECT_PAUSE_MS * MICROS_PER_MS;
    pthread_mutex_unlock(&pool->lock);
    discount(pool);
    return false;
}

static bool is_usable(struct pool *pool, struct connection *connection)
{
    return connection_opened_at(connection) >= atomic_load(&pool->renewed_at_us) &&
           connection_is_usable(connection);
}

void pool_renew(struct pool *pool)
{
    atomic_store(&pool->renewed_at_us, clock_monotonic_us());
}

bool pool_take(struct pool *pool, struct connection **out_connection, struct error *error)
{
    while (true) {
        struct connection *connection = NULL;
        bool pausing = false;

        pthread_mutex_lock(&pool->lock);
        if (!wait_for_turn(pool, error)) {
            pthread_mutex_unlock(&pool->lock);
            return false;
        }
        if (pool->idle_count > 0)
            connection = pool->idle[--pool->idle_count];
        else if (clock_monotonic_us() < pool->connect_after_us)
            pausing = true;
        else
            pool->open++;
        pthread_mutex_unlock(&pool->lock);
        if (pausing)
            return error_set(error, REASON_DATABASE_UNAVAILABLE, "The database cannot be reached.");
        if (connection == NULL)
            return connect(pool, out_connection, error);
        if (is_usable(pool, connection)) {
            *out_connection = connection;
            return true;
        }
        connection_free(&connection);
        discount(pool);
    }
}

void pool_give(struct pool *pool, struct connection **connection)
{
    // Looked at before the lock: the look may cost a system call.
    bool usable = is_usable(pool, *connection);

    if (!usable) {
        connection_free(connection);
        discount(pool);
        return;
    }
    connection_rest(*connection);
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = *connection;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
    *connection = NULL;
}

void pool_count_retry(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->retries++;
    pthread_mutex_unlock(&pool->lock);
}

struct database_statistics pool_statistics(struct pool *pool)
{
    struct database_statistics statistics;

    pthread_mutex_lock(&pool->lock);
    statistics = (struct database_statistics){
        .connections = pool->open,
        .in_use = pool->open - pool->idle_count,
        .connections_max = pool->connections,
        .waits = pool->waits,
        .waited_us = pool->waited_us,
        .retries = pool->retries,
        .reachable = pool->reachable,
    };
    pthread_mutex_unlock(&pool->lock);
    return statistics;
}
