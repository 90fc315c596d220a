// SPDX-License-Identifier: MIT
// client: the parts of an RPC client; private to lib/rpc. README.md has the picture.
//
// A call waits in its lane's queue until a link (one REQ socket to one replica, one message
// outstanding) is free and takes all that wait. The keeper thread ends calls at their deadlines,
// leaves replicas alone that do not answer, and makes and retires links.
//
// Threads: `mutex` guards everything in these structs except where noted. No nng function, no
// packing and no callback runs under it. Only the keeper adds and removes links and replicas.
#pragma once

#include <nng/nng.h>
#include <pthread.h>

#include "rpc/address.h"
#include "rpc/closer.h"
#include "rpc/envelope.h"
#include "rpc/resolver.h"
#include "rpc/rpc_client.h"
#include "rpc/timing.h"

enum {
    CLIENT_LINKS_MAX = 16,         // of a lane, to one replica
    CLIENT_CONNECT_WAIT_MS = 1000, // a call waits so long for a connection, then UNAVAILABLE
    CLIENT_GONE_MS = 5000,         // after so long without one it does not wait any more
    CLIENT_PING_EVERY_MS = 1000,   // a replica is asked so often whether it is ready
    CLIENT_PING_TIMEOUT_MS = 1000, // a replica that takes longer to answer a ping is left alone
    CLIENT_OVERDUE_MS = 1000,      // a message unanswered for so long makes the keeper ping
    CLIENT_AWAY_MS = 5000,         // how long a replica is left alone
    CLIENT_DEADLINE_MAX_MS = 60 * 60 * 1000, // a later deadline is brought forward
    CLIENT_TIMEOUTS_MAX = 3,                 // messages in a row that may time out before it is
    CLIENT_WATCHDOG_MS = 5000,               // no success for so long ...
    CLIENT_WATCHDOG_ATTEMPTS = 10, // ... with so many calls sent: the sockets are made anew
    CLIENT_TICK_MS = 100,          // the keeper looks around so often
    CLIENT_ARENA_BUDGET = 8 * RPC_MESSAGE_MAX, // for one unpacked reply
};

// One call from rpc_call_start to `done`. Whoever takes it out of the queue or its link, under the
// mutex, is the one that ends it.
struct client_call {
    struct client_call *next;
    const struct rpc_method *method;
    struct call *call;
    struct text request;
    char traceparent[TRACEPARENT_SIZE]; // of its own span, where spans are kept; else empty
    void (*done)(void *context, struct text response, const struct error *error);
    void *context;
    int64_t started_us; // monotonic, as all times here
    int64_t deadline_us;
    size_t heap_index;        // in the client's deadlines
    struct client_link *link; // that it was sent over; NULL while it waits
    size_t slot;              // in that link's calls
    bool alone;               // must not share a message: its reply is large
    enum reason failure;      // of a call in a list of failed ones
    bool outcome_unknown;
};

// Calls in the order they came.
struct client_queue {
    struct client_call *first;
    struct client_call *last;
    size_t count;
};

struct client_link {
    struct rpc_client *client;      // constant
    struct client_replica *replica; // constant
    enum rpc_lane lane;             // constant
    bool is_ping;                   // constant: carries only pings
    nng_socket socket;              // constant
    nng_aio *send_now;              // the sender's: without callback and without waiting
    nng_aio *send_soon;             // the sender's: when the pipe is not ready again yet
    nng_aio *receive;               // started when the message has gone
    bool is_busy;                   // a message is being packed, sent or waited for
    bool is_retired;                // given to the closer: nothing may be sent any more
    unsigned senders; // threads inside a send. Meanwhile calls must not be ended, because
                      // their memory is read, and the link must not be freed
    int pipe;         // the connection's id; 0 for none
    int64_t sent_us;
    int64_t deadline_us;                      // of the last of the calls
    struct client_call *calls[RPC_BATCH_MAX]; // of the message; NULL where a call has ended
    size_t count;
    unsigned char hash[ENVELOPE_HASH_SIZE]; // of the message; the sender's, then the receiver's
};

struct client_replica {
    struct client_replica *next;
    struct address address;
    bool is_retired; // no longer behind the name, or only half made
    bool is_away;    // left alone until a ping is answered
    bool is_suspect; // to be pinged now
    bool is_ready;   // by the last ping; others are preferred while it is not
    int64_t next_ping_us;
    unsigned timeouts[RPC_LANE_COUNT]; // messages in a row
    int64_t answered_us;               // the last time
    struct client_link *ping;
    size_t link_count; // that refer to it and are not yet freed
};

struct client_lane {
    struct client_queue queue;
    struct client_link **links; // of all replicas
    size_t link_count;
    size_t link_capacity;
    size_t turn;       // where the search for an idle link starts
    int64_t usable_us; // when a replica could last be used, or the client was made
    unsigned corked;   // replies being delivered: new calls gather until they are all told
};

struct rpc_client {
    struct rpc_client_options options; // the strings are owned; constant
    struct address_list names;         // constant
    size_t sockets[RPC_LANE_COUNT];    // of each replica; constant
    pthread_mutex_t mutex;
    pthread_cond_t changed; // the keeper's: an earlier deadline, a failed call, the end
    pthread_cond_t idle;    // no call is under way any more
    struct client_lane lanes[RPC_LANE_COUNT];
    struct client_replica *replicas;
    struct client_call **deadlines; // a heap, the earliest first
    size_t deadline_count;
    size_t deadline_capacity;
    size_t active;              // calls begun and not yet told
    struct client_queue failed; // to be told by the keeper
    struct client_call *spare;  // kept for the next calls
    size_t spare_count;
    struct arena *arenas[8]; // kept for the next replies
    size_t arena_count;
    bool is_hasty;    // calls do not wait for a replica to come back
    bool is_stopping; // new calls are refused
    bool is_stopped;  // the keeper ends
    bool is_pumping;  // the keeper is asked to send what waits: a link has become usable
    int64_t keeper_wake_us;
    int64_t first_attempt_us; // since the last success; 0 when there was none
    size_t attempts;          // since the last success
    unsigned trips;           // of the watchdog, in a row
    pthread_t keeper;
    bool has_keeper;
    struct resolver *resolver; // NULL when the addresses are numbers
    struct closer *closer;
};

// client_call.c: the calls and their queues. All with the mutex held, except client_tell.
struct client_call *client_call_take(struct rpc_client *client);
void client_call_give_back(struct rpc_client *client, struct client_call *call);
void client_queue_append(struct client_queue *queue, struct client_call *call);
void client_queue_prepend(struct client_queue *queue, struct client_call *call);
struct client_call *client_queue_pop(struct client_queue *queue);
void client_queue_remove(struct client_queue *queue, struct client_call *call);
void client_deadline_add(struct rpc_client *client, struct client_call *call);
void client_deadline_remove(struct rpc_client *client, struct client_call *call);
void client_deadline_postpone(struct rpc_client *client, struct client_call *call, int64_t us);
// Ends a call that was taken out of its queue or link: removes its deadline and puts it into
// `failed`, for client_tell_failed.
void client_fail(struct rpc_client *client,
                 struct client_queue *failed,
                 struct client_call *call,
                 enum reason reason,
                 bool outcome_unknown);
// Without the mutex: observes and calls `done`. client_tell_failed empties the queue and gives the
// calls back; the others do not.
void client_tell(struct rpc_client *client,
                 struct client_call *call,
                 struct text response,
                 const struct error *error);
void client_tell_failure(struct rpc_client *client,
                         struct client_call *call,
                         enum reason reason,
                         bool outcome_unknown);
void client_tell_failed(struct rpc_client *client, struct client_queue *failed);

// client_link.c: one socket. Both without the mutex.
MUST_CHECK bool client_link_new(struct rpc_client *client,
                                struct client_replica *replica,
                                enum rpc_lane lane,
                                bool is_ping,
                                struct client_link **out_link,
                                struct error *error);
void client_link_dial(struct client_link *link);
// Closes and frees; may hang (nng_close does, now and then). For the closer's thread.
void client_link_close(void *link);
// Gives waiting calls to idle links until one of the two runs out. Without the mutex.
void client_pump(struct rpc_client *client, enum rpc_lane lane);
// With the mutex: takes an idle link for a message; then client_link_send must follow.
void client_link_claim(struct client_link *link);
// Packs and sends the calls of a link that was claimed; with none it is a ping. Without the mutex.
void client_link_send(struct client_link *link);
// With the mutex: true when the link is connected and its replica is in use.
bool client_link_is_usable(const struct client_link *link);
bool client_lane_is_usable(const struct client_lane *lane); // some link of it is

// client_replica.c: which replicas there are. Without the mutex; only the keeper, or before it
// runs.
// Adds those that are not there. One that cannot have all of its sockets is retired again.
MUST_CHECK bool
client_replicas_set(struct rpc_client *client, const struct address_set *set, struct error *error);
// Retires the replicas that are not in the set.
void client_replicas_keep_only(struct rpc_client *client, const struct address_set *set);
// Makes all links anew.
MUST_CHECK bool client_replicas_renew(struct rpc_client *client, struct error *error);
// Gives idle links of replicas that are gone to the closer, and forgets replicas without links.
void client_replicas_clean(struct rpc_client *client);
// Gives every link to the closer, at the end.
void client_replicas_retire_all(struct rpc_client *client);

// client_reply.c: what comes back over a link; the callback of its receive.
void client_link_received(void *link);
// Gives the replica no calls until it answers a ping, which comes at `next_ping_us` (monotonic).
// One that answers no pings is asked as often as any other, so that it is used as soon as it
// answers. With the mutex.
void client_leave_alone(struct client_replica *replica, int64_t next_ping_us);

// client_keeper.c
void *client_keeper_run(void *client);
