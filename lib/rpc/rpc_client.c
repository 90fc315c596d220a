// SPDX-License-Identifier: MIT
#include "rpc/rpc_client.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "rpc/client.h"
#include "rpc/task_threads.h"

enum {
    DEFAULT_FAST_SOCKETS = 1,
    DEFAULT_NORMAL_SOCKETS = 4,
    DEFAULT_SLOW_SOCKETS = 4,
    DEFAULT_QUEUE_MAX = 1024,
    FREE_WAIT_MS = 1000,
};

static void copy_options(struct rpc_client *client, const struct rpc_client_options *options)
{
    static const size_t defaults[RPC_LANE_COUNT] = {DEFAULT_FAST_SOCKETS, DEFAULT_NORMAL_SOCKETS,
                                                    DEFAULT_SLOW_SOCKETS};

    client->options = *options;
    client->options.caller = allocate_string(options->caller);
    client->options.service = allocate_string(options->service);
    client->options.addresses = NULL;
    if (options->queue_max == 0)
        client->options.queue_max = DEFAULT_QUEUE_MAX;
    for (size_t lane = 0; lane < RPC_LANE_COUNT; lane++) {
        client->sockets[lane] = options->sockets != 0 ? options->sockets : defaults[lane];
        if (client->sockets[lane] > CLIENT_LINKS_MAX)
            client->sockets[lane] = CLIENT_LINKS_MAX;
        client->lanes[lane].usable_us = clock_monotonic_us();
    }
}

static bool start_names(struct rpc_client *client, struct error *error)
{
    struct address_set set;

    if (!address_list_is_numeric(&client->names))
        return resolver_new(&client->names, &client->resolver, error);
    if (!address_resolve(&client->names, &set))
        return error_set(error, REASON_INVALID_SETTING, "the addresses of %s cannot be read",
                         client->options.service);
    return client_replicas_set(client, &set, error);
}

static bool start_keeper(struct rpc_client *client, struct error *error)
{
    if (pthread_create(&client->keeper, NULL, client_keeper_run, client) != 0)
        return error_set(error, REASON_INTERNAL, "no thread can be started");
    client->has_keeper = true;
    return true;
}

bool rpc_client_new(const struct rpc_client_options *options,
                    struct rpc_client **out_client,
                    struct error *error)
{
    struct address_list names;
    struct rpc_client *client = NULL;

    if (!address_list_parse(options->addresses, &names, error))
        return false;
    digest_start();
    task_threads_park();
    client = allocate(sizeof *client);
    client->names = names;
    copy_options(client, options);
    pthread_mutex_init(&client->mutex, NULL);
    timing_condition_start(&client->changed);
    timing_condition_start(&client->idle);
    if (!closer_new(&client->closer, error) || !start_names(client, error) ||
        !start_keeper(client, error)) {
        rpc_client_free(&client);
        return false;
    }
    *out_client = client;
    return true;
}

void rpc_client_wait_no_more(struct rpc_client *client)
{
    pthread_mutex_lock(&client->mutex);
    client->is_hasty = true;
    pthread_mutex_unlock(&client->mutex);
}

static void wait_until_idle(struct rpc_client *client)
{
    int64_t until_us = clock_monotonic_us() + FREE_WAIT_MS * MICROS_PER_MS;

    pthread_mutex_lock(&client->mutex);
    client->is_stopping = true;
    while (client->active > 0 && timing_wait(&client->idle, &client->mutex, until_us))
        continue;
    pthread_mutex_unlock(&client->mutex);
}

static void stop_keeper(struct rpc_client *client)
{
    if (!client->has_keeper)
        return;
    pthread_mutex_lock(&client->mutex);
    client->is_stopped = true;
    pthread_cond_signal(&client->changed);
    pthread_mutex_unlock(&client->mutex);
    pthread_join(client->keeper, NULL);
}

// Ends the calls that have not been sent. Those that have are ended when their socket is closed.
static void end_waiting_calls(struct rpc_client *client)
{
    struct client_queue failed = {.first = NULL};

    pthread_mutex_lock(&client->mutex);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++) {
        struct client_queue *queue = &client->lanes[i].queue;

        while (queue->first != NULL)
            client_fail(client, &failed, client_queue_pop(queue), REASON_SHUTTING_DOWN, false);
    }
    pthread_mutex_unlock(&client->mutex);
    client_tell_failed(client, &failed);
}

static void destroy(void *argument)
{
    struct rpc_client *client = argument;

    while (client->replicas != NULL) {
        struct client_replica *next = client->replicas->next;

        release(client->replicas);
        client->replicas = next;
    }
    while (client->spare != NULL) {
        struct client_call *next = client->spare->next;

        release(client->spare);
        client->spare = next;
    }
    for (size_t i = 0; i < client->arena_count; i++)
        arena_free(&client->arenas[i]);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        release(client->lanes[i].links);
    release(client->deadlines);
    release((char *)(uintptr_t)client->options.caller);
    release((char *)(uintptr_t)client->options.service);
    digest_wipe(&client->options.key, sizeof client->options.key);
    pthread_cond_destroy(&client->changed);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->mutex);
    release(client);
}

void rpc_client_free(struct rpc_client **client_pointer)
{
    struct rpc_client *client = *client_pointer;

    if (client == NULL)
        return;
    *client_pointer = NULL;
    wait_until_idle(client);
    stop_keeper(client);
    resolver_free(&client->resolver);
    end_waiting_calls(client);
    client_replicas_retire_all(client);
    // When closing hangs, what nng may still touch is left behind.
    (void)closer_free(&client->closer, destroy, client, FREE_WAIT_MS);
}

// Why a call cannot even wait; REASON_COUNT when it can. With the mutex.
static enum reason refusal(const struct rpc_client *client, const struct client_call *call)
{
    if (client->is_stopping)
        return REASON_SHUTTING_DOWN;
    if (call->request.length > RPC_BODY_MAX ||
        text_of(call->call->access_token).length > ENVELOPE_TOKEN_MAX)
        return REASON_BODY_TOO_LARGE;
    if (client->lanes[call->method->lane].queue.count >= client->options.queue_max)
        return REASON_OVERLOADED;
    return REASON_COUNT;
}

// Puts the call where it waits. True when it should be sent at once. With the mutex.
static bool begin(struct rpc_client *client, struct client_call *call)
{
    struct client_lane *lane = &client->lanes[call->method->lane];
    enum reason reason = refusal(client, call);

    client->active++;
    client_deadline_add(client, call);
    if (reason != REASON_COUNT) {
        // Told by the keeper: `done` must not run inside of rpc_call_start, where the caller may
        // hold a lock, or may come from `done` itself.
        client_fail(client, &client->failed, call, reason, false);
        pthread_cond_signal(&client->changed);
        return false;
    }
    client_queue_append(&lane->queue, call);
    if (call->deadline_us < client->keeper_wake_us)
        pthread_cond_signal(&client->changed);
    return lane->corked == 0;
}

static int64_t time_left_us(const struct call *call)
{
    const int64_t most_us = CLIENT_DEADLINE_MAX_MS * MICROS_PER_MS;
    struct clock real = clock_real();
    int64_t now_us = clock_now_us(&real);

    return call->deadline_us < now_us + most_us ? call->deadline_us - now_us : most_us;
}

void rpc_call_start(struct rpc_client *client,
                    const struct rpc_method *method,
                    struct call *call,
                    struct text request,
                    void (*done)(void *context, struct text response, const struct error *error),
                    void *context)
{
    int64_t now_us = clock_monotonic_us();
    struct client_call *begun = NULL;
    bool is_sendable = false;

    pthread_mutex_lock(&client->mutex);
    begun = client_call_take(client);
    begun->method = method;
    begun->call = call;
    begun->request = request;
    if (traceparent_is_sampled(call->traceparent))
        traceparent_descend(call->traceparent, begun->traceparent);
    begun->done = done;
    begun->context = context;
    begun->started_us = now_us;
    begun->deadline_us = now_us + time_left_us(call);
    is_sendable = begin(client, begun);
    pthread_mutex_unlock(&client->mutex);
    if (is_sendable)
        client_pump(client, method->lane);
}

void rpc_client_cork(struct rpc_client *client, enum rpc_lane lane)
{
    pthread_mutex_lock(&client->mutex);
    client->lanes[lane].corked++;
    pthread_mutex_unlock(&client->mutex);
}

void rpc_client_uncork(struct rpc_client *client, enum rpc_lane lane)
{
    pthread_mutex_lock(&client->mutex);
    client->lanes[lane].corked--;
    pthread_mutex_unlock(&client->mutex);
    client_pump(client, lane);
}

// A thread that waits for its call.
struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t told;
    bool is_told;
    bool is_done;
    struct text response;
    struct error *error;
};

static void on_done(void *context, struct text response, const struct error *error)
{
    struct waiter *waiter = context;

    pthread_mutex_lock(&waiter->mutex);
    waiter->is_told = true;
    waiter->is_done = error == NULL;
    waiter->response = response;
    if (error != NULL)
        *waiter->error = *error;
    // Under the mutex: the waiter is gone as soon as it can see is_told.
    pthread_cond_signal(&waiter->told);
    pthread_mutex_unlock(&waiter->mutex);
}

bool rpc_call_packed(struct rpc_client *client,
                     const struct rpc_method *method,
                     struct call *call,
                     struct text request,
                     struct text *out_response,
                     struct error *error)
{
    struct waiter waiter = {.error = error};

    pthread_mutex_init(&waiter.mutex, NULL);
    pthread_cond_init(&waiter.told, NULL);
    rpc_call_start(client, method, call, request, on_done, &waiter);
    // Not for ever: the keeper ends every call at its deadline.
    pthread_mutex_lock(&waiter.mutex);
    while (!waiter.is_told)
        pthread_cond_wait(&waiter.told, &waiter.mutex);
    pthread_mutex_unlock(&waiter.mutex);
    pthread_cond_destroy(&waiter.told);
    pthread_mutex_destroy(&waiter.mutex);
    if (waiter.is_done)
        *out_response = waiter.response;
    return waiter.is_done;
}

bool rpc_call(struct rpc_client *client,
              const struct rpc_method *method,
              struct call *call,
              const ProtobufCMessage *request,
              ProtobufCMessage **out_response,
              struct error *error)
{
    struct text packed;
    struct text response;

    if (!message_pack(request, call->arena, &packed, error) ||
        !rpc_call_packed(client, method, call, packed, &response, error))
        return false;
    if (message_unpack(method->response, call->arena, response, out_response, error))
        return true;
    // It was done; only what it gave cannot be read here.
    error->outcome_unknown = !method->no_side_effects;
    return false;
}

bool rpc_client_is_ready(struct rpc_client *client)
{
    bool is_ready = true;

    pthread_mutex_lock(&client->mutex);
    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        is_ready = is_ready && client_lane_is_usable(&client->lanes[i]);
    pthread_mutex_unlock(&client->mutex);
    return is_ready;
}

struct call call_start(struct arena *arena, int64_t timeout_ms)
{
    struct clock real = clock_real();
    struct uuid id = uuid_new();
    char traceparent[TRACEPARENT_SIZE];

    // What services ask each other by themselves, some of it many times a second, is not sampled.
    traceparent_begin(false, traceparent);
    return (struct call){
        .arena = arena,
        .deadline_us = clock_now_us(&real) + timeout_ms * MICROS_PER_MS,
        .request_id = arena_copy_string(arena, id.string),
        .traceparent = arena_copy_string(arena, traceparent),
    };
}
