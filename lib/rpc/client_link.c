// SPDX-License-Identifier: MIT
#include "rpc/client.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>

enum {
    RECONNECT_MIN_MS = 50,
    RECONNECT_MAX_MS = 1000,
    // The pipe is taken again when nng has noted the end of the last send, which is a moment.
    SEND_SOON_MS = 200,
};

bool client_link_is_usable(const struct client_link *link)
{
    return link->pipe != 0 && !link->is_retired && !link->replica->is_retired &&
           !link->replica->is_away;
}

bool client_lane_is_usable(const struct client_lane *lane)
{
    for (size_t i = 0; i < lane->link_count; i++)
        if (client_link_is_usable(lane->links[i]))
            return true;
    return false;
}

void client_link_claim(struct client_link *link)
{
    link->is_busy = true;
    link->count = 0;
    link->deadline_us = 0;
    link->sent_us = clock_monotonic_us();
    link->senders++;
}

// The bytes that a call takes in a message, at most.
static size_t weight(const struct client_call *call)
{
    const struct call *what = call->call;

    return call->request.length + text_of(what->access_token).length +
           text_of(what->tracestate).length + ENVELOPE_CALL_OVERHEAD;
}

static void take_calls(struct rpc_client *client, struct client_link *link)
{
    struct client_queue *queue = &client->lanes[link->lane].queue;
    // Slow calls travel alone: the answer to the first must not wait for the last.
    size_t count_max = link->lane == RPC_LANE_SLOW ? 1 : RPC_BATCH_MAX;
    size_t bytes = ENVELOPE_TRANSPORT_OVERHEAD + ENVELOPE_HASH_SIZE;

    while (queue->first != NULL && link->count < count_max) {
        struct client_call *call = queue->first;

        bytes += weight(call);
        if (link->count > 0 && (bytes > RPC_MESSAGE_MAX || call->alone))
            break;
        (void)client_queue_pop(queue);
        call->link = link;
        call->slot = link->count;
        link->calls[link->count++] = call;
        if (call->deadline_us > link->deadline_us)
            link->deadline_us = call->deadline_us;
        if (call->alone)
            break;
    }
    if (client->attempts == 0)
        client->first_attempt_us = link->sent_us;
    client->attempts += link->count;
}

// True when a replica that is ready can be used, be it now or when its reply has come.
static bool has_ready(const struct client_lane *lane)
{
    for (size_t i = 0; i < lane->link_count; i++)
        if (lane->links[i]->replica->is_ready && client_link_is_usable(lane->links[i]))
            return true;
    return false;
}

static struct client_link *find_idle(struct client_lane *lane)
{
    bool minds_ready = has_ready(lane);

    for (size_t i = 0; i < lane->link_count; i++) {
        struct client_link *link = lane->links[(lane->turn + i) % lane->link_count];

        if (!link->is_busy && client_link_is_usable(link) &&
            (link->replica->is_ready || !minds_ready)) {
            // The next message goes to another replica when one is free.
            lane->turn = (lane->turn + i + 1) % lane->link_count;
            return link;
        }
    }
    return NULL;
}

void client_pump(struct rpc_client *client, enum rpc_lane which)
{
    struct client_lane *lane = &client->lanes[which];
    struct client_link *link = NULL;

    do {
        pthread_mutex_lock(&client->mutex);
        link = lane->queue.count > 0 ? find_idle(lane) : NULL;
        if (link != NULL) {
            client_link_claim(link);
            take_calls(client, link);
        }
        pthread_mutex_unlock(&client->mutex);
        if (link != NULL)
            client_link_send(link);
    } while (link != NULL);
}

// The message could not be sent: its calls go back to where they came from.
static void unsend(struct client_link *link)
{
    struct rpc_client *client = link->client;
    struct client_queue *queue = &client->lanes[link->lane].queue;

    pthread_mutex_lock(&client->mutex);
    for (size_t i = link->count; i-- > 0;)
        if (link->calls[i] != NULL) {
            link->calls[i]->link = NULL;
            client_queue_prepend(queue, link->calls[i]);
        }
    link->count = 0;
    link->is_busy = false;
    client->is_pumping = true;
    pthread_cond_signal(&client->changed);
    pthread_mutex_unlock(&client->mutex);
}

static void start_receive(struct client_link *link)
{
    int64_t left_us = link->deadline_us - clock_monotonic_us();

    // One more millisecond, so that the keeper has ended the calls by then.
    nng_aio_set_timeout(link->receive,
                        left_us > 0 ? (nng_duration)(left_us / MICROS_PER_MS) + 2 : 1);
    nng_recv_aio(link->socket, link->receive);
}

static void on_sent_soon(void *argument)
{
    struct client_link *link = argument;

    if (nng_aio_result(link->send_soon) == 0) {
        start_receive(link);
        return;
    }
    nng_msg_free(nng_aio_get_msg(link->send_soon));
    unsend(link);
}

// A call that is sampled is a span of its own; any other is in the span that it is made in.
static const char *traceparent_of(const struct client_call *call)
{
    return call->traceparent[0] != '\0' ? call->traceparent : call->call->traceparent;
}

static nng_msg *pack(struct client_link *link)
{
    struct rpc_client *client = link->client;
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS, .lane = link->lane};
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;
    Rpc__Call calls[RPC_BATCH_MAX];
    Rpc__Call *pointers[RPC_BATCH_MAX];
    nng_msg *message = NULL;

    for (size_t i = 0; i < link->count; i++) {
        const struct client_call *call = link->calls[i];

        rpc__call__init(&calls[i]);
        calls[i].has_method = true;
        calls[i].method = call->method->id;
        calls[i].request_id = call->call->request_id;
        calls[i].has_deadline_us = true;
        calls[i].deadline_us = (uint64_t)call->call->deadline_us;
        calls[i].access_token = call->call->access_token;
        calls[i].traceparent = traceparent_of(call);
        calls[i].tracestate = call->call->tracestate;
        calls[i].client_address = call->call->client_address;
        calls[i].has_body = true;
        calls[i].body.data = (uint8_t *)(uintptr_t)call->request.data;
        calls[i].body.len = call->request.length;
        pointers[i] = &calls[i];
    }
    batch.has_version = true;
    batch.version = ENVELOPE_VERSION;
    batch.caller = client->options.caller;
    batch.service = client->options.service;
    batch.n_calls = link->count;
    batch.calls = pointers;
    if (nng_msg_alloc(&message, envelope_size(&batch.base)) != 0)
        return NULL;
    envelope_seal(&batch.base, client->options.key.bytes, &binding, nng_msg_body(message),
                  link->hash);
    return message;
}

static void leave_send(struct client_link *link)
{
    struct rpc_client *client = link->client;

    pthread_mutex_lock(&client->mutex);
    link->senders--;
    if (link->is_retired)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->mutex);
}

void client_link_send(struct client_link *link)
{
    nng_msg *message = pack(link);

    if (message == NULL) {
        unsend(link);
        leave_send(link);
        return;
    }
    // Sending without waiting costs no other thread a wake-up; it fails only when nng has not yet
    // noted the end of the last send, or the connection has just gone.
    nng_aio_set_msg(link->send_now, message);
    nng_send_aio(link->socket, link->send_now);
    nng_aio_wait(link->send_now);
    if (nng_aio_result(link->send_now) == 0) {
        // Never before the send is complete: nng 1.5.2 would crash.
        start_receive(link);
    } else {
        nng_aio_set_msg(link->send_soon, message);
        nng_send_aio(link->socket, link->send_soon);
    }
    leave_send(link);
}

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    struct client_link *link = argument;
    struct rpc_client *client = link->client;

    pthread_mutex_lock(&client->mutex);
    if (event == NNG_PIPE_EV_ADD_POST) {
        link->pipe = nng_pipe_id(pipe);
        // Another process may have come to that address: it has not said that it is ready.
        if (link->is_ping) {
            link->replica->next_ping_us = 0;
            link->replica->is_ready = false;
        }
        client->is_pumping = true;
        pthread_cond_signal(&client->changed);
    } else if (link->pipe == nng_pipe_id(pipe)) {
        link->pipe = 0;
    }
    pthread_mutex_unlock(&client->mutex);
}

static bool open_socket(struct client_link *link)
{
    if (nng_req0_open(&link->socket) != 0)
        return false;
    // No resending, before anything else: a request that crashes its server must not reach another.
    return nng_socket_set_ms(link->socket, NNG_OPT_REQ_RESENDTIME, -1) == 0 &&
           nng_socket_set_size(link->socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX) == 0 &&
           nng_socket_set_ms(link->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS) == 0 &&
           nng_socket_set_ms(link->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS) == 0 &&
           nng_pipe_notify(link->socket, NNG_PIPE_EV_ADD_POST, on_pipe, link) == 0 &&
           nng_pipe_notify(link->socket, NNG_PIPE_EV_REM_POST, on_pipe, link) == 0 &&
           nng_aio_alloc(&link->send_now, NULL, NULL) == 0 &&
           nng_aio_alloc(&link->send_soon, on_sent_soon, link) == 0 &&
           nng_aio_alloc(&link->receive, client_link_received, link) == 0;
}

bool client_link_new(struct rpc_client *client,
                     struct client_replica *replica,
                     enum rpc_lane lane,
                     bool is_ping,
                     struct client_link **out_link,
                     struct error *error)
{
    struct client_link *link = allocate(sizeof *link);

    link->client = client;
    link->replica = replica;
    link->lane = lane;
    link->is_ping = is_ping;
    pthread_mutex_lock(&client->mutex);
    replica->link_count++;
    pthread_mutex_unlock(&client->mutex);
    if (!open_socket(link)) {
        client_link_close(link);
        return error_set(error, REASON_INTERNAL, "no socket can be opened");
    }
    nng_aio_set_timeout(link->send_now, NNG_DURATION_ZERO);
    nng_aio_set_timeout(link->send_soon, SEND_SOON_MS);
    *out_link = link;
    return true;
}

void client_link_dial(struct client_link *link)
{
    const struct address *address = &link->replica->address;
    nng_dialer dialer;
    char url[64];

    snprintf(url, sizeof url, "tcp://%s:%u", address->host, (unsigned)(address->port + link->lane));
    // A failure here is one of memory, and shows as a replica that is not reached.
    if (nng_dialer_create(&dialer, link->socket, url) != 0)
        return;
    (void)nng_dialer_set_bool(dialer, NNG_OPT_TCP_KEEPALIVE, true);
    // In the background: it is tried again and again.
    (void)nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
}

void client_link_close(void *argument)
{
    struct client_link *link = argument;
    struct rpc_client *client = link->client;

    pthread_mutex_lock(&client->mutex);
    while (link->senders > 0)
        pthread_cond_wait(&client->idle, &client->mutex);
    pthread_mutex_unlock(&client->mutex);
    nng_close(link->socket);
    nng_aio_free(link->send_now);
    nng_aio_free(link->send_soon);
    nng_aio_free(link->receive);
    pthread_mutex_lock(&client->mutex);
    link->replica->link_count--;
    pthread_mutex_unlock(&client->mutex);
    release(link);
}
