// SPDX-License-Identifier: MIT
#include "rpc/client.h"

#include <stdio.h>
#include <unistd.h>

// A call whose memory is being read when its deadline comes is ended so much later.
enum { POSTPONE_US = 1000, EXIT_NO_PROGRESS = 70 };

static void
end_overdue_calls(struct rpc_client *client, int64_t now_us, struct client_queue *failed)
{
    while (client->deadline_count > 0 && client->deadlines[0]->deadline_us <= now_us) {
        struct client_call *call = client->deadlines[0];
        struct client_link *link = call->link;

        if (link == NULL) {
            struct client_lane *lane = &client->lanes[call->method->lane];

            client_queue_remove(&lane->queue, call);
            client_fail(client, failed, call,
                        client_lane_is_usable(lane) ? REASON_DEADLINE_EXCEEDED : REASON_UNAVAILABLE,
                        false);
        } else if (link->senders > 0) {
            client_deadline_postpone(client, call, now_us + POSTPONE_US);
        } else {
            link->calls[call->slot] = NULL;
            client_fail(client, failed, call, REASON_DEADLINE_EXCEEDED, true);
        }
    }
}

// Calls wait a moment for a replica to come back, but not until their deadline. Where all have been
// away for longer than a restart takes they do not wait: callers that do would be all in use soon,
// and do nothing else either.
static void
end_unreachable_calls(struct rpc_client *client, int64_t now_us, struct client_queue *failed)
{
    for (size_t i = 0; i < RPC_LANE_COUNT; i++) {
        struct client_lane *lane = &client->lanes[i];
        int64_t started_before_us = now_us;

        if (client_lane_is_usable(lane)) {
            lane->usable_us = now_us;
            continue;
        }
        if (!client->is_hasty && now_us - lane->usable_us < CLIENT_GONE_MS * MICROS_PER_MS)
            started_before_us -= CLIENT_CONNECT_WAIT_MS * MICROS_PER_MS;
        while (lane->queue.first != NULL && lane->queue.first->started_us <= started_before_us)
            client_fail(client, failed, client_queue_pop(&lane->queue), REASON_UNAVAILABLE, false);
    }
}

// A message that nobody answers makes its replica suspect.
static void look_for_silence(struct rpc_client *client, int64_t now_us)
{
    int64_t before_us = now_us - CLIENT_OVERDUE_MS * MICROS_PER_MS;

    for (size_t i = 0; i < RPC_LANE_COUNT; i++)
        for (size_t j = 0; j < client->lanes[i].link_count; j++) {
            struct client_link *link = client->lanes[i].links[j];

            if (link->is_busy && link->sent_us < before_us &&
                link->replica->answered_us < before_us)
                link->replica->is_suspect = true;
        }
}

static bool is_due_for_ping(struct client_replica *replica, int64_t now_us)
{
    const struct client_link *ping = replica->ping;

    if (ping == NULL || ping->is_busy || replica->is_retired)
        return false;
    // It answers neither a message nor a new connection.
    if (ping->pipe == 0 && replica->is_suspect && !replica->is_away)
        client_leave_alone(replica, now_us + CLIENT_PING_EVERY_MS * MICROS_PER_MS);
    if (ping->pipe == 0)
        return false;
    return replica->next_ping_us <= now_us || (replica->is_suspect && !replica->is_away);
}

static void ping_replicas(struct rpc_client *client)
{
    struct client_link *pings[ADDRESS_REPLICAS_MAX];
    size_t count = 0;
    int64_t now_us = clock_monotonic_us();

    pthread_mutex_lock(&client->mutex);
    for (struct client_replica *each = client->replicas; each != NULL; each = each->next)
        if (count < ADDRESS_REPLICAS_MAX && is_due_for_ping(each, now_us)) {
            client_link_claim(each->ping);
            each->ping->deadline_us = now_us + CLIENT_PING_TIMEOUT_MS * MICROS_PER_MS;
            if (client->attempts++ == 0)
                client->first_attempt_us = now_us;
            pings[count++] = each->ping;
        }
    pthread_mutex_unlock(&client->mutex);
    for (size_t i = 0; i < count; i++)
        client_link_send(pings[i]);
}

// nng 1.5.2 can wedge for good when peers are killed under load. When nothing succeeds although
// replicas are connected, the sockets are made anew; when that does not help either, only a new
// process does, and whoever supervises this one starts it.
static void watch(struct rpc_client *client)
{
    int64_t now_us = clock_monotonic_us();
    struct error error;
    unsigned trips = 0;
    bool is_tripped = false;

    pthread_mutex_lock(&client->mutex);
    is_tripped = client->attempts >= CLIENT_WATCHDOG_ATTEMPTS &&
                 now_us - client->first_attempt_us >= CLIENT_WATCHDOG_MS * MICROS_PER_MS;
    if (is_tripped) {
        client->attempts = 0;
        trips = ++client->trips;
    }
    pthread_mutex_unlock(&client->mutex);
    if (!is_tripped)
        return;
    if (trips > 1 || !client_replicas_renew(client, &error)) {
        fprintf(stderr, "rpc: no call to %s succeeds although it is connected; giving up\n",
                client->options.service);
        _exit(EXIT_NO_PROGRESS);
    }
}

static void follow_names(struct rpc_client *client)
{
    struct address_set set;
    struct error error;
    bool is_complete = false;

    if (client->resolver == NULL || !resolver_take(client->resolver, &set, &is_complete))
        return;
    // A replica that cannot be given all of its sockets now is tried again with the next answer,
    // by then without those that it has.
    if (client_replicas_set(client, &set, &error) && is_complete)
        client_replicas_keep_only(client, &set);
}

static void look_around(struct rpc_client *client)
{
    struct client_queue failed = {.first = NULL};
    int64_t now_us = clock_monotonic_us();

    pthread_mutex_lock(&client->mutex);
    end_unreachable_calls(client, now_us, &failed);
    look_for_silence(client, now_us);
    pthread_mutex_unlock(&client->mutex);
    client_tell_failed(client, &failed);
    follow_names(client);
    ping_replicas(client);
    watch(client);
    client_replicas_clean(client);
}

// Ends what is to be ended and waits for the next thing to do; false at the end.
static bool keep(struct rpc_client *client, int64_t tick_us)
{
    struct client_queue failed;
    bool is_pumping = false;
    bool goes_on = false;

    pthread_mutex_lock(&client->mutex);
    end_overdue_calls(client, clock_monotonic_us(), &client->failed);
    if (client->failed.count == 0 && !client->is_stopped && !client->is_pumping) {
        client->keeper_wake_us = tick_us;
        if (client->deadline_count > 0 && client->deadlines[0]->deadline_us < tick_us)
            client->keeper_wake_us = client->deadlines[0]->deadline_us;
        (void)timing_wait(&client->changed, &client->mutex, client->keeper_wake_us);
        end_overdue_calls(client, clock_monotonic_us(), &client->failed);
    }
    failed = client->failed;
    client->failed = (struct client_queue){.first = NULL};
    is_pumping = client->is_pumping;
    client->is_pumping = false;
    goes_on = !client->is_stopped;
    pthread_mutex_unlock(&client->mutex);
    client_tell_failed(client, &failed);
    for (size_t lane = 0; is_pumping && lane < RPC_LANE_COUNT; lane++)
        client_pump(client, (enum rpc_lane)lane);
    return goes_on;
}

void *client_keeper_run(void *argument)
{
    struct rpc_client *client = argument;
    int64_t tick_us = clock_monotonic_us();

    while (keep(client, tick_us))
        if (clock_monotonic_us() >= tick_us) {
            look_around(client);
            tick_us = clock_monotonic_us() + CLIENT_TICK_MS * MICROS_PER_MS;
        }
    return NULL;
}
