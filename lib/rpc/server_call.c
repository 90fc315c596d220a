// SPDX-License-Identifier: MIT
#include "rpc/server.h"

#include <string.h>

static struct arena *take_arena(struct rpc_server *server)
{
    struct arena *arena = NULL;

    pthread_mutex_lock(&server->mutex);
    if (server->spare_arena_count > 0)
        arena = server->spare_arenas[--server->spare_arena_count];
    pthread_mutex_unlock(&server->mutex);
    return arena != NULL ? arena : arena_new(SERVER_CALL_BUDGET);
}

static void give_back_arena(struct rpc_server *server, struct arena *arena)
{
    bool is_kept = false;

    if (arena == NULL)
        return;
    arena_reset(arena);
    pthread_mutex_lock(&server->mutex);
    is_kept = server->spare_arena_count < SERVER_SPARE_MAX;
    if (is_kept)
        server->spare_arenas[server->spare_arena_count++] = arena;
    pthread_mutex_unlock(&server->mutex);
    if (!is_kept)
        arena_free(&arena);
}

struct server_call *server_call_new(struct server_batch *batch, const Rpc__Call *wire)
{
    struct rpc_server *server = batch->lane->server;
    struct server_call *call = NULL;

    pthread_mutex_lock(&server->mutex);
    call = server->spare_calls;
    if (call != NULL) {
        server->spare_calls = call->next;
        server->spare_call_count--;
    }
    pthread_mutex_unlock(&server->mutex);
    if (call == NULL)
        call = allocate(sizeof *call);
    call->batch = batch;
    call->method = NULL;
    call->request = NULL;
    call->response = NULL;
    call->started_us = clock_monotonic_us();
    call->is_done = false;
    call->reply = (struct text){NULL, 0};
    error_clear(&call->error);
    traceparent_descend(wire->traceparent, call->traceparent);
    call->call = (struct call){
        .deadline_us = (int64_t)wire->deadline_us,
        .request_id = wire->request_id,
        .access_token = wire->access_token,
        .traceparent = call->traceparent,
        .caller_traceparent = wire->traceparent,
        .tracestate = wire->tracestate,
        .client_address = wire->client_address,
        .caller = batch->message->caller != NULL ? batch->message->caller : "",
        .body = {(const char *)wire->body.data, wire->body.len},
    };
    return call;
}

void server_call_free(struct rpc_server *server, struct server_call *call)
{
    bool is_kept = false;

    give_back_arena(server, call->call.arena);
    pthread_mutex_lock(&server->mutex);
    is_kept = server->spare_call_count < SERVER_SPARE_MAX;
    if (is_kept) {
        call->next = server->spare_calls;
        server->spare_calls = call;
        server->spare_call_count++;
    }
    pthread_mutex_unlock(&server->mutex);
    if (!is_kept)
        release(call);
}

static struct server_method *find_method(struct rpc_server *server, uint32_t id)
{
    size_t low = 0;
    size_t high = server->method_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        uint32_t found = server->methods[middle].handler->method->id;

        if (found == id)
            return &server->methods[middle];
        if (found < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool check_deadline(struct server_call *call)
{
    struct clock real = clock_real();

    if (call->call.deadline_us > clock_now_us(&real))
        return true;
    return error_set(&call->error, REASON_DEADLINE_EXCEEDED,
                     "the deadline had passed before this was begun");
}

static bool check_strings(struct server_call *call)
{
    const struct call *what = &call->call;

    if (what->request_id != NULL && uuid_is_valid(what->request_id) &&
        text_of(what->caller_traceparent).length < TRACEPARENT_SIZE &&
        text_of(what->tracestate).length < TRACESTATE_SIZE &&
        text_of(what->client_address).length < RPC_ADDRESS_SIZE)
        return true;
    return error_set(&call->error, REASON_MALFORMED_REQUEST,
                     "the request id is not a UUID, or the trace context or the client's address "
                     "is too long");
}

bool server_call_admit(struct server_call *call, const Rpc__Call *wire)
{
    struct server_lane *lane = call->batch->lane;
    struct rpc_server *server = lane->server;

    if (call->batch->message->version != ENVELOPE_VERSION)
        return error_set(&call->error, REASON_UNIMPLEMENTED,
                         "protocol version %u is not spoken here, but version %d",
                         (unsigned)call->batch->message->version, ENVELOPE_VERSION);
    if (atomic_load(&server->is_draining))
        return error_set(&call->error, REASON_SHUTTING_DOWN, "%s is being stopped",
                         server->options.service);
    if (!check_deadline(call))
        return false;
    call->method = find_method(server, wire->method);
    if (call->method == NULL || call->method->handler->method->lane != lane->lane) {
        call->method = NULL;
        return error_set(&call->error, REASON_UNIMPLEMENTED, "%s has no such operation here",
                         server->options.service);
    }
    return check_strings(call);
}

// What is done just before the handler. False when the call has failed.
static bool prepare(struct server_call *call)
{
    const struct rpc_method *method = call->method->handler->method;
    struct call *what = &call->call;

    if (atomic_load(&call->batch->lane->server->is_stopping))
        return error_set(&call->error, REASON_SHUTTING_DOWN, "%s is being stopped",
                         call->batch->lane->server->options.service);
    // It may have waited for a worker.
    if (!check_deadline(call) || !server_access_check(call, method))
        return false;
    what->arena = take_arena(call->batch->lane->server);
    if (!message_unpack(method->request, what->arena, what->body, &call->request, &call->error) ||
        !message_validate(method->request, call->request, &call->error) ||
        !server_access_check_owner(call, method))
        return false;
    call->response = message_new(method->response, what->arena);
    if (call->response == NULL)
        return error_set(&call->error, REASON_OUT_OF_MEMORY_BUDGET, "%s needs too much memory",
                         method->short_name);
    return true;
}

// Packs what the handler has done.
static void conclude(struct server_call *call)
{
    const struct rpc_method *method = call->method->handler->method;

    call->is_done = false;
    if (protobuf_c_message_get_packed_size(call->response) > RPC_REPLY_MAX)
        error_set(&call->error, REASON_OUT_OF_MEMORY_BUDGET,
                  "the answer of %s is larger than %d bytes", method->short_name, RPC_REPLY_MAX);
    else
        call->is_done = message_pack(call->response, call->call.arena, &call->reply, &call->error);
    if (!call->is_done)
        call->error.outcome_unknown = !method->no_side_effects;
}

// A handler that fails without saying why has a bug, which the caller must not take for success.
static void ensure_error(struct server_call *call)
{
    if (call->error.code == CODE_OK)
        error_set(&call->error, REASON_INTERNAL, "%s failed without a reason",
                  call->method->handler->method->short_name);
}

void server_call_run(struct server_call *call)
{
    const struct rpc_handler *handler = call->method->handler;
    void *service = call->batch->lane->server->options.context;

    if (!prepare(call))
        return;
    error_clear(&call->error);
    if (handler->single(service, &call->call, call->request, call->response, &call->error))
        conclude(call);
    else
        ensure_error(call);
}

void server_call_run_batch(struct server_method *method, struct server_call **calls, size_t count)
{
    struct rpc_batch_item items[RPC_BATCH_MAX];
    struct server_call *prepared[RPC_BATCH_MAX];
    size_t ready = 0;

    for (size_t i = 0; i < count; i++)
        if (prepare(calls[i])) {
            prepared[ready] = calls[i];
            items[ready].call = &calls[i]->call;
            items[ready].request = calls[i]->request;
            items[ready].response = calls[i]->response;
            items[ready].done = false;
            error_clear(&items[ready].error);
            ready++;
        }
    if (ready > 0)
        method->handler->batch(calls[0]->batch->lane->server->options.context, items, ready);
    for (size_t i = 0; i < ready; i++)
        if (items[i].done) {
            conclude(prepared[i]);
        } else {
            prepared[i]->error = items[i].error;
            ensure_error(prepared[i]);
        }
}

void server_call_end(struct server_call *call)
{
    const struct rpc_server_options *options = &call->batch->lane->server->options;

    if (options->observe != NULL && call->method != NULL)
        options->observe(options->observe_context, call->method->handler->method, &call->call,
                         call->is_done ? NULL : &call->error,
                         clock_monotonic_us() - call->started_us);
    server_batch_end_one(call->batch);
}
