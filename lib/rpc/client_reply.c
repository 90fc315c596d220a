// SPDX-License-Identifier: MIT
#include "rpc/client.h"

#include <string.h>

// What one receive brought: the calls of the message, taken out of the link, and what to tell them.
struct delivery {
    struct client_call *calls[RPC_BATCH_MAX];
    size_t count;
    int result;               // of nng
    bool is_refused;          // the peer did not accept the message's hash
    Rpc__OutcomeBatch *batch; // NULL when there is no answer that can be believed
    struct arena *arena;
};

static struct arena *take_arena(struct rpc_client *client)
{
    if (client->arena_count > 0)
        return client->arenas[--client->arena_count];
    return arena_new(CLIENT_ARENA_BUDGET);
}

static void give_back_arena(struct rpc_client *client, struct arena *arena)
{
    if (client->arena_count < COUNT_OF(client->arenas))
        client->arenas[client->arena_count++] = arena;
    else
        arena_free(&arena);
}

static void read_reply(struct client_link *link, struct delivery *delivery)
{
    struct envelope_binding binding = {
        .kind = ENVELOPE_OUTCOMES, .lane = link->lane, .calls_hash = link->hash};
    nng_msg *message = nng_aio_get_msg(link->receive);
    struct text wire = {nng_msg_body(message), nng_msg_len(message)};
    struct text packed;

    delivery->is_refused = wire.length == 0;
    if (envelope_open(wire, &link->client->options.key, &binding, &packed, NULL)) {
        delivery->batch = envelope_read_outcomes(packed, delivery->arena);
        // Fewer outcomes than calls answer none: which ones would be a guess.
        if (delivery->batch != NULL && link->count > 0 &&
            delivery->batch->n_outcomes != link->count)
            delivery->batch = NULL;
    }
    nng_msg_free(message);
}

static bool says(const Rpc__Outcome *outcome, const char *reason)
{
    return outcome->code != CODE_OK && outcome->reason != NULL &&
           strcmp(outcome->reason, reason) == 0;
}

void client_leave_alone(struct client_replica *replica, int64_t next_ping_us)
{
    replica->is_away = true;
    replica->next_ping_us = next_ping_us;
}

static bool is_other_usable(const struct client_lane *lane, const struct client_replica *replica)
{
    for (size_t i = 0; i < lane->link_count; i++)
        if (lane->links[i]->replica != replica && client_link_is_usable(lane->links[i]))
            return true;
    return false;
}

static void judge_timeout(struct client_link *link, int64_t now_us)
{
    struct client_replica *replica = link->replica;

    if (link->is_ping) {
        client_leave_alone(replica, now_us + CLIENT_PING_EVERY_MS * MICROS_PER_MS);
        return;
    }
    if (++replica->timeouts[link->lane] < CLIENT_TIMEOUTS_MAX)
        return;
    replica->timeouts[link->lane] = 0;
    // It may only be slow. Others may be quicker; when there are none, a ping decides.
    if (is_other_usable(&link->client->lanes[link->lane], replica))
        client_leave_alone(replica, now_us + CLIENT_AWAY_MS * MICROS_PER_MS);
    else
        replica->is_suspect = true;
}

static void judge_ping(struct client_link *link, const struct delivery *delivery, int64_t now_us)
{
    struct client_replica *replica = link->replica;

    const Rpc__OutcomeBatch *batch = delivery->batch;
    bool is_told = batch != NULL && batch->n_outcomes > 0;

    replica->is_suspect = false;
    replica->is_ready = !is_told;
    replica->next_ping_us = now_us + CLIENT_PING_EVERY_MS * MICROS_PER_MS;
    // A server that is being stopped refuses pings as well as calls.
    if (is_told && !says(batch->outcomes[0], envelope_not_ready)) {
        client_leave_alone(replica, now_us + CLIENT_AWAY_MS * MICROS_PER_MS);
        return;
    }
    replica->is_away = false;
    link->client->is_pumping = true;
    pthread_cond_signal(&link->client->changed);
}

// Nothing more for it until the names have been resolved again; if it is still there then, a ping
// tells.
static void judge_address(struct client_link *link, const struct delivery *delivery, int64_t now_us)
{
    const Rpc__OutcomeBatch *batch = delivery->batch;

    if (batch != NULL && batch->n_outcomes > 0 &&
        says(batch->outcomes[0], envelope_another_service))
        client_leave_alone(link->replica, now_us + CLIENT_AWAY_MS * MICROS_PER_MS);
}

// What the receive says about the replica and the sockets. With the mutex.
static void judge(struct client_link *link, const struct delivery *delivery)
{
    struct rpc_client *client = link->client;
    int64_t now_us = clock_monotonic_us();

    if (delivery->result == NNG_ETIMEDOUT)
        judge_timeout(link, now_us);
    if (delivery->result != 0)
        return;
    link->replica->timeouts[link->lane] = 0;
    link->replica->answered_us = now_us;
    client->attempts = 0;
    client->trips = 0;
    if (link->is_ping)
        judge_ping(link, delivery, now_us);
    else
        judge_address(link, delivery, now_us);
}

// Moves a call that was not done, or changes nothing, back into the queue. With the mutex.
static void send_again(struct rpc_client *client, struct client_call *call)
{
    call->link = NULL;
    client_deadline_add(client, call);
    client_queue_prepend(&client->lanes[call->method->lane].queue, call);
}

// Takes the calls that have not ended out of the link, which is idle from here on. With the mutex.
static void take_over(struct client_link *link, struct delivery *delivery)
{
    struct rpc_client *client = link->client;
    size_t count = link->count;

    delivery->count = count;
    memcpy(delivery->calls, link->calls, count * sizeof *link->calls);
    for (size_t i = count; i-- > 0;) {
        struct client_call *call = delivery->calls[i];
        const Rpc__Outcome *outcome = delivery->batch != NULL ? delivery->batch->outcomes[i] : NULL;

        if (call == NULL)
            continue;
        client_deadline_remove(client, call);
        if (outcome == NULL)
            continue;
        if (says(outcome, "SHUTTING_DOWN"))
            link->replica->is_suspect = true;
        // Only what changes nothing is sent twice, although a request id makes it safe for all.
        if (says(outcome, envelope_send_alone) && call->method->no_side_effects && !call->alone) {
            delivery->calls[i] = NULL;
            call->alone = true;
            send_again(client, call);
        } else if (says(outcome, envelope_another_service)) {
            delivery->calls[i] = NULL;
            send_again(client, call);
        }
    }
    link->count = 0;
    link->is_busy = false;
}

static void
tell_outcome(struct rpc_client *client, struct client_call *call, const Rpc__Outcome *outcome)
{
    struct text response = {NULL, outcome->body.len};
    struct error error;

    if (says(outcome, envelope_send_alone)) {
        client_tell_failure(client, call, REASON_OUTCOME_UNKNOWN, true);
        return;
    }
    if (outcome->code != CODE_OK) {
        envelope_hear_error(outcome, &error);
        client_tell(client, call, response, &error);
        return;
    }
    response.data = arena_copy(call->call->arena, outcome->body.data, outcome->body.len);
    call->call->replayed = outcome->replayed;
    if (response.data != NULL)
        client_tell(client, call, response, NULL);
    else
        client_tell_failure(client, call, REASON_OUT_OF_MEMORY_BUDGET,
                            !call->method->no_side_effects);
}

static void tell(struct rpc_client *client,
                 struct client_call *call,
                 const struct delivery *delivery,
                 const Rpc__Outcome *outcome)
{
    if (outcome != NULL)
        tell_outcome(client, call, outcome);
    else if (delivery->is_refused)
        client_tell_failure(client, call, REASON_NOT_A_MESH_PEER, false);
    else if (delivery->result == NNG_ETIMEDOUT)
        client_tell_failure(client, call, REASON_DEADLINE_EXCEEDED, true);
    else
        client_tell_failure(client, call, REASON_OUTCOME_UNKNOWN, true);
}

// Tells every call its outcome, and then gives the calls back.
static void deliver(struct rpc_client *client, enum rpc_lane lane, struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->count; i++)
        if (delivery->calls[i] != NULL)
            tell(client, delivery->calls[i], delivery,
                 delivery->batch != NULL ? delivery->batch->outcomes[i] : NULL);
    arena_reset(delivery->arena);
    pthread_mutex_lock(&client->mutex);
    client->lanes[lane].corked--;
    for (size_t i = 0; i < delivery->count; i++)
        if (delivery->calls[i] != NULL) {
            client_call_give_back(client, delivery->calls[i]);
            client->active--;
        }
    give_back_arena(client, delivery->arena);
    if (client->active == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->mutex);
}

void client_link_received(void *argument)
{
    struct client_link *link = argument;
    struct rpc_client *client = link->client;
    enum rpc_lane lane = link->lane;
    struct delivery delivery = {.result = nng_aio_result(link->receive)};

    pthread_mutex_lock(&client->mutex);
    delivery.arena = take_arena(client);
    pthread_mutex_unlock(&client->mutex);
    if (delivery.result == 0)
        read_reply(link, &delivery);
    pthread_mutex_lock(&client->mutex);
    judge(link, &delivery);
    take_over(link, &delivery);
    // The calls that the told ones lead to go out together, and with those that wait already: two
    // groups of calls that take turns would never become one again.
    client->lanes[lane].corked++;
    pthread_mutex_unlock(&client->mutex);
    // The link is another message's from here on.
    deliver(client, lane, &delivery);
    client_pump(client, lane);
}
