// SPDX-License-Identifier: MIT
#include "rpc/server.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A peer that does not read its reply loses it after this.
enum { SEND_TIMEOUT_MS = 5000 };

static void start_receive(struct server_batch *batch)
{
    nng_ctx_recv(batch->ctx, batch->receive);
}

// Forgets the message; the context is free for the next one.
static void forget(struct server_batch *batch)
{
    struct rpc_server *server = batch->lane->server;

    for (size_t i = 0; i < batch->count; i++)
        server_call_free(server, batch->calls[i]);
    batch->count = 0;
    batch->message = NULL;
    arena_reset(batch->arena);
}

static void on_sent(void *argument)
{
    struct server_batch *batch = argument;
    struct rpc_server *server = batch->lane->server;

    if (nng_aio_result(batch->send) != 0)
        nng_msg_free(nng_aio_get_msg(batch->send));
    start_receive(batch);
    if (atomic_fetch_sub(&server->active, 1) == 1 && atomic_load(&server->is_draining)) {
        pthread_mutex_lock(&server->mutex);
        pthread_cond_broadcast(&server->idle);
        pthread_mutex_unlock(&server->mutex);
    }
}

static void send_message(struct server_batch *batch, nng_msg *message)
{
    nng_aio_set_msg(batch->send, message);
    nng_ctx_send(batch->ctx, batch->send);
}

// Says which outcome a call has; its strings stay where they are.
static Rpc__Outcome *say_outcome(struct server_call *call)
{
    Rpc__Outcome *outcome = &call->failure.outcome;

    if (!call->is_done) {
        envelope_say_error(&call->error, &call->failure);
        return outcome;
    }
    rpc__outcome__init(outcome);
    outcome->has_replayed = call->call.replayed;
    outcome->replayed = call->call.replayed;
    outcome->has_body = true;
    outcome->body.data = (uint8_t *)(uintptr_t)call->reply.data;
    outcome->body.len = call->reply.length;
    return outcome;
}

// Replies that do not fit into one message are asked for again, each alone; the largest first.
static void make_fit(Rpc__OutcomeBatch *reply)
{
    // A ping is answered without any.
    while (reply->n_outcomes > 0 &&
           envelope_size(&reply->base) > RPC_MESSAGE_MAX - ENVELOPE_TRANSPORT_OVERHEAD) {
        Rpc__Outcome *largest = reply->outcomes[0];

        for (size_t i = 1; i < reply->n_outcomes; i++)
            if (reply->outcomes[i]->body.len > largest->body.len)
                largest = reply->outcomes[i];
        rpc__outcome__init(largest);
        largest->has_code = true;
        largest->code = CODE_RESOURCE_EXHAUSTED;
        largest->reason = envelope_send_alone;
    }
}

static void send_outcomes(struct server_batch *batch, Rpc__Outcome **outcomes, size_t count)
{
    struct envelope_binding binding = {
        .kind = ENVELOPE_OUTCOMES, .lane = batch->lane->lane, .calls_hash = batch->hash};
    Rpc__OutcomeBatch reply = RPC__OUTCOME_BATCH__INIT;
    nng_msg *message = NULL;
    size_t size = 0;

    reply.has_version = true;
    reply.version = ENVELOPE_VERSION;
    reply.n_outcomes = count;
    reply.outcomes = outcomes;
    make_fit(&reply);
    size = envelope_size(&reply.base);
    // Without memory for a reply there is none for anything else.
    if (nng_msg_alloc(&message, size) != 0)
        abort();
    envelope_seal(&reply.base, batch->key, &binding, nng_msg_body(message), NULL);
    forget(batch);
    send_message(batch, message);
}

void server_batch_end_one(struct server_batch *batch)
{
    Rpc__Outcome *outcomes[RPC_BATCH_MAX];

    if (atomic_fetch_sub(&batch->open, 1) > 1)
        return;
    for (size_t i = 0; i < batch->count; i++)
        outcomes[i] = say_outcome(batch->calls[i]);
    send_outcomes(batch, outcomes, batch->count);
}

// Answers a message whose calls are not even looked at with `count` outcomes; with that reason
// instead of the error's own unless it is NULL.
static void
refuse(struct server_batch *batch, const struct error *error, const char *reason, size_t count)
{
    struct envelope_failure failure;
    Rpc__Outcome *outcomes[RPC_BATCH_MAX];

    envelope_say_error(error, &failure);
    if (reason != NULL)
        failure.outcome.reason = (char *)(uintptr_t)reason;
    for (size_t i = 0; i < count; i++)
        outcomes[i] = &failure.outcome;
    send_outcomes(batch, outcomes, count);
}

// Answers a ping: nothing when all is well.
static void answer_ping(struct server_batch *batch)
{
    struct rpc_server *server = batch->lane->server;
    bool is_draining = atomic_load(&server->is_draining);
    struct error error;

    if (!is_draining && atomic_load(&server->is_ready)) {
        send_outcomes(batch, NULL, 0);
        return;
    }
    error_set(&error, REASON_SHUTTING_DOWN, "%s is being stopped, or has just been started",
              server->options.service);
    refuse(batch, &error, is_draining ? NULL : envelope_not_ready, 1);
}

static void begin_calls(struct server_batch *batch)
{
    struct server_lane *lane = batch->lane;
    struct server_call *admitted[RPC_BATCH_MAX];
    size_t count = 0;

    batch->count = batch->message->n_calls;
    atomic_store(&batch->open, batch->count + 1);
    for (size_t i = 0; i < batch->count; i++)
        batch->calls[i] = server_call_new(batch, batch->message->calls[i]);
    for (size_t i = 0; i < batch->count; i++) {
        if (server_call_admit(batch->calls[i], batch->message->calls[i])) {
            if (lane->lane != RPC_LANE_FAST) {
                admitted[count++] = batch->calls[i];
                continue;
            }
            server_call_run(batch->calls[i]);
        }
        server_call_end(batch->calls[i]);
    }
    if (count > 0)
        server_queue_add(lane, admitted, count);
    server_batch_end_one(batch);
}

// Where addresses are given out anew, a caller may not have heard yet of whom its own is now.
static bool is_for_another(const struct server_batch *batch)
{
    const char *service = batch->message->service;

    return service != NULL && strcmp(service, batch->lane->server->options.service) != 0;
}

static void refuse_for_another(struct server_batch *batch)
{
    size_t count = batch->message->n_calls;
    struct error error;

    error_set(&error, REASON_UNAVAILABLE, "this is %s", batch->lane->server->options.service);
    refuse(batch, &error, envelope_another_service, count > 0 ? count : 1);
}

static void begin_message(struct server_batch *batch, struct text packed)
{
    struct error error;

    batch->message = envelope_read_calls(packed, batch->arena);
    if (batch->message == NULL) {
        error_set(&error, REASON_MALFORMED_REQUEST, "the message cannot be read");
        refuse(batch, &error, NULL, 1);
    } else if (batch->message->n_calls > RPC_BATCH_MAX) {
        error_set(&error, REASON_MALFORMED_REQUEST, "more than %d calls in one message",
                  RPC_BATCH_MAX);
        refuse(batch, &error, NULL, 1);
    } else if (is_for_another(batch)) {
        refuse_for_another(batch);
    } else if (batch->message->n_calls == 0) {
        answer_ping(batch);
    } else {
        begin_calls(batch);
    }
}

// A stranger's message is answered by an empty one, which tells a mesh peer that its key is wrong.
static void refuse_stranger(struct server_batch *batch)
{
    nng_msg *message = NULL;

    atomic_fetch_add(&batch->lane->server->refused_count, 1);
    if (nng_msg_alloc(&message, 0) != 0)
        abort();
    send_message(batch, message);
}

static void on_received(void *argument)
{
    struct server_batch *batch = argument;
    struct rpc_server *server = batch->lane->server;
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS, .lane = batch->lane->lane};
    nng_msg *message = NULL;
    struct text wire;
    struct text packed;
    int result = nng_aio_result(batch->receive);

    if (result == NNG_ECLOSED || result == NNG_ECANCELED)
        return;
    if (result != 0) {
        start_receive(batch);
        return;
    }
    atomic_fetch_add(&server->active, 1);
    message = nng_aio_get_msg(batch->receive);
    wire = (struct text){nng_msg_body(message), nng_msg_len(message)};
    if (envelope_open(wire, &server->options.key, &binding, &packed, &batch->key)) {
        memcpy(batch->hash, envelope_hash(wire), ENVELOPE_HASH_SIZE);
        begin_message(batch, packed);
    } else {
        refuse_stranger(batch);
    }
    // What was unpacked are copies.
    nng_msg_free(message);
}

static bool open_batch(struct server_batch *batch, struct server_lane *lane)
{
    batch->lane = lane;
    batch->arena = arena_new(SERVER_MESSAGE_BUDGET);
    if (nng_ctx_open(&batch->ctx, lane->socket) != 0 ||
        nng_aio_alloc(&batch->receive, on_received, batch) != 0 ||
        nng_aio_alloc(&batch->send, on_sent, batch) != 0)
        return false;
    nng_aio_set_timeout(batch->send, SEND_TIMEOUT_MS);
    return true;
}

bool server_lane_open(struct server_lane *lane, struct error *error)
{
    size_t count = lane->lane == RPC_LANE_FAST ? SERVER_FAST_CONTEXTS : SERVER_CONTEXTS;

    if (nng_rep0_open(&lane->socket) != 0)
        return error_set(error, REASON_INTERNAL, "no socket can be opened");
    lane->has_socket = true;
    lane->batches = allocate_array(count, sizeof *lane->batches);
    if (nng_socket_set_size(lane->socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX) != 0)
        return error_set(error, REASON_INTERNAL, "the size of messages cannot be limited");
    for (size_t i = 0; i < count; i++) {
        lane->batch_count++;
        if (!open_batch(&lane->batches[i], lane))
            return error_set(error, REASON_INTERNAL, "no context can be opened");
    }
    return true;
}

bool server_lane_listen(struct server_lane *lane,
                        const char *host,
                        uint16_t port,
                        struct error *error)
{
    char url[320];
    int result = 0;

    snprintf(url, sizeof url, "tcp://%s:%u", host, (unsigned)(port + lane->lane));
    result = nng_listen(lane->socket, url, NULL, 0);
    if (result != 0)
        return error_set(error, REASON_INVALID_SETTING, "%s cannot be listened on: %s", url,
                         nng_strerror(result));
    for (size_t i = 0; i < lane->batch_count; i++)
        start_receive(&lane->batches[i]);
    return true;
}

void server_lane_close(void *argument)
{
    struct server_lane *lane = argument;

    if (!lane->has_socket)
        return;
    nng_close(lane->socket);
    for (size_t i = 0; i < lane->batch_count; i++) {
        struct server_batch *batch = &lane->batches[i];

        nng_aio_free(batch->receive);
        nng_aio_free(batch->send);
        // Messages whose reply could not be sent any more.
        forget(batch);
        arena_free(&batch->arena);
    }
    release(lane->batches);
    lane->batches = NULL;
    lane->has_socket = false;
}
