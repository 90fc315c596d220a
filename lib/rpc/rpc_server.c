// SPDX-License-Identifier: MIT
#include "rpc/rpc_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "rpc/address.h"
#include "rpc/server.h"
#include "rpc/task_threads.h"

enum {
    DEFAULT_NORMAL_WORKERS = 8,
    DEFAULT_SLOW_WORKERS = 2,
    DEFAULT_QUEUE_MAX = 1024,
    FREE_WAIT_MS = 1000,
};

static int compare_methods(const void *one, const void *other)
{
    uint32_t first = ((const struct server_method *)one)->handler->method->id;
    uint32_t second = ((const struct server_method *)other)->handler->method->id;

    return (first > second) - (first < second);
}

static bool check_handler(const struct rpc_handler *handler, struct error *error)
{
    const struct rpc_method *method = handler->method;

    if ((handler->single == NULL) == (handler->batch == NULL))
        return error_set(error, REASON_INVALID_SETTING, "%s needs exactly one handler",
                         method->name);
    if (handler->batch != NULL && (method->lane == RPC_LANE_FAST || method->batch_max == 0))
        return error_set(error, REASON_INVALID_SETTING,
                         "%s has a batch handler and must not be in the fast lane", method->name);
    return true;
}

static bool add_methods(struct rpc_server *server, struct error *error)
{
    const struct rpc_server_options *options = &server->options;

    server->methods = allocate_array(options->handler_count + 1, sizeof *server->methods);
    for (size_t i = 0; i < options->handler_count; i++) {
        if (!check_handler(&options->handlers[i], error))
            return false;
        server->methods[i].handler = &options->handlers[i];
    }
    server->method_count = options->handler_count;
    qsort(server->methods, server->method_count, sizeof *server->methods, compare_methods);
    for (size_t i = 1; i < server->method_count; i++)
        if (compare_methods(&server->methods[i - 1], &server->methods[i]) == 0)
            return error_set(error, REASON_INVALID_SETTING, "%s and %s have the same id",
                             server->methods[i - 1].handler->method->name,
                             server->methods[i].handler->method->name);
    return true;
}

static void copy_options(struct rpc_server *server, const struct rpc_server_options *options)
{
    server->options = *options;
    server->options.service = allocate_string(options->service);
    server->options.listen = NULL;
    if (server->options.normal_workers == 0)
        server->options.normal_workers = DEFAULT_NORMAL_WORKERS;
    if (server->options.slow_workers == 0)
        server->options.slow_workers = DEFAULT_SLOW_WORKERS;
    if (server->options.queue_max == 0)
        server->options.queue_max = DEFAULT_QUEUE_MAX;
}

static bool open_lanes(struct rpc_server *server, struct error *error)
{
    const struct rpc_server_options *options = &server->options;

    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        if (!server_lane_open(&server->lanes[i], error))
            return false;
    return server_queue_start(&server->lanes[RPC_LANE_NORMAL], options->normal_workers, error) &&
           server_queue_start(&server->lanes[RPC_LANE_SLOW], options->slow_workers, error);
}

bool rpc_server_new(const struct rpc_server_options *options,
                    struct rpc_server **out_server,
                    struct error *error)
{
    struct address_list listen;
    struct rpc_server *server = NULL;

    if (!address_list_parse(options->listen, &listen, error))
        return false;
    digest_start();
    task_threads_park();
    server = allocate(sizeof *server);
    server->listen = listen.names[0];
    copy_options(server, options);
    atomic_store(&server->is_ready, true);
    pthread_mutex_init(&server->mutex, NULL);
    timing_condition_start(&server->idle);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++) {
        struct server_lane *lane = &server->lanes[i];

        lane->server = server;
        lane->lane = (enum rpc_lane)i;
        pthread_mutex_init(&lane->mutex, NULL);
        timing_condition_start(&lane->changed);
    }
    if (!closer_new(&server->closer, error) || !add_methods(server, error) ||
        !open_lanes(server, error)) {
        rpc_server_free(&server);
        return false;
    }
    *out_server = server;
    return true;
}

bool rpc_server_start(struct rpc_server *server, struct error *error)
{
    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        if (!server_lane_listen(&server->lanes[i], server->listen.host, server->listen.port, error))
            return false;
    return true;
}

void rpc_server_set_ready(struct rpc_server *server, bool is_ready)
{
    atomic_store(&server->is_ready, is_ready);
}

bool rpc_server_drain(struct rpc_server *server, int64_t timeout_ms)
{
    int64_t until_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    bool is_idle = false;

    atomic_store(&server->is_draining, true);
    pthread_mutex_lock(&server->mutex);
    while (atomic_load(&server->active) > 0 && timing_wait(&server->idle, &server->mutex, until_us))
        continue;
    is_idle = atomic_load(&server->active) == 0;
    pthread_mutex_unlock(&server->mutex);
    return is_idle;
}

uint64_t rpc_server_refused_count(struct rpc_server *server)
{
    return atomic_load(&server->refused_count);
}

static void destroy(void *argument)
{
    struct rpc_server *server = argument;

    while (server->spare_calls != NULL) {
        struct server_call *next = server->spare_calls->next;

        release(server->spare_calls);
        server->spare_calls = next;
    }
    for (size_t i = 0; i < server->spare_arena_count; i++)
        arena_free(&server->spare_arenas[i]);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++) {
        pthread_cond_destroy(&server->lanes[i].changed);
        pthread_mutex_destroy(&server->lanes[i].mutex);
    }
    release(server->methods);
    release((char *)(uintptr_t)server->options.service);
    digest_wipe(&server->options.key, sizeof server->options.key);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->mutex);
    release(server);
}

bool rpc_server_free(struct rpc_server **server_pointer)
{
    struct rpc_server *server = *server_pointer;
    bool is_over = true;

    if (server == NULL)
        return true;
    *server_pointer = NULL;
    atomic_store(&server->is_draining, true);
    atomic_store(&server->is_stopping, true);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        is_over = server_queue_stop(&server->lanes[i], FREE_WAIT_MS) && is_over;
    if (!is_over)
        return false;
    for (size_t i = 0; server->closer != NULL && i < RPC_LANE_COUNT; i++)
        closer_give(server->closer, server_lane_close, &server->lanes[i]);
    // When closing hangs, what nng may still touch is left behind.
    (void)closer_free(&server->closer, destroy, server, FREE_WAIT_MS);
    return true;
}
