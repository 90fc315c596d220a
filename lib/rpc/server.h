// SPDX-License-Identifier: MIT
// server: the parts of an RPC server; private to lib/rpc. README.md has the picture.
//
// Each lane is a REP socket with contexts; each context holds one message from its arrival until
// its reply has gone (struct server_batch). The calls of a message are checked on nng's thread, and
// run there (fast lane) or by the lane's workers. Whoever ends the last call of a message replies.
//
// Threads: what each lock guards is said where it is declared. A server_call belongs to whoever
// took it from the queue.
#pragma once

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#include "rpc/address.h"
#include "rpc/closer.h"
#include "rpc/envelope.h"
#include "rpc/rpc_server.h"
#include "rpc/timing.h"

enum {
    SERVER_FAST_CONTEXTS = 16,
    SERVER_CONTEXTS = 64,
    SERVER_CALL_BUDGET = 4 * 1024 * 1024,        // arena of one call
    SERVER_MESSAGE_BUDGET = 8 * RPC_MESSAGE_MAX, // arena of one unpacked message
    SERVER_SPARE_MAX = 128,                      // calls and arenas kept for the next messages
};

struct server_batch;
struct server_method;

// One call, from its message's arrival to its reply.
struct server_call {
    struct server_call *next; // in a queue, or among the spare ones
    struct server_batch *batch;
    struct server_method *method;       // NULL when there is no such method
    struct call call;                   // its arena is NULL until a worker runs it
    char traceparent[TRACEPARENT_SIZE]; // of the call's own span
    ProtobufCMessage *request;
    ProtobufCMessage *response;
    int64_t started_us; // monotonic
    bool is_done;
    struct error error; // unless is_done
    struct text reply;
    struct envelope_failure failure; // the outcome, also of a call that is done
};

struct server_call_list {
    struct server_call *first;
    struct server_call *last;
    size_t count;
};

struct server_method {
    const struct rpc_handler *handler; // constant
    // Guarded by the mutex of the method's lane. Only for batch handlers.
    struct server_call_list waiting;
    struct server_call turn; // stands in the lane's queue for all of them
    bool is_scheduled;       // `turn` is in the queue
    size_t running;          // batches that are with the handler
};

struct server_lane {
    struct rpc_server *server;
    enum rpc_lane lane;
    nng_socket socket;
    bool has_socket;
    struct server_batch *batches;
    size_t batch_count;
    pthread_t *threads; // the workers', for whoever starts and stops the lane
    size_t thread_count;
    pthread_mutex_t mutex; // guards everything below and the methods' waiting calls
    pthread_cond_t changed;
    struct server_call_list calls; // single calls, and one stand-in for each scheduled method
    size_t waiting;                // calls that no worker has taken
    size_t idle_workers;
    size_t workers; // alive
    bool is_stopping;
};

// One context of a lane and the message it holds.
struct server_batch {
    struct server_lane *lane;
    nng_ctx ctx;
    nng_aio *receive;
    nng_aio *send;
    struct arena *arena; // the unpacked message
    Rpc__CallBatch *message;
    unsigned char hash[ENVELOPE_HASH_SIZE];
    const unsigned char *key; // the one of the server's keys that sealed it, and seals the reply
    struct server_call *calls[RPC_BATCH_MAX];
    size_t count;
    atomic_size_t open; // calls not yet ended, and one while the message is being checked
};

struct rpc_server {
    struct rpc_server_options options; // the strings are owned; constant
    struct address_name listen;
    struct server_method *methods; // sorted by id; the array is constant
    size_t method_count;
    struct server_lane lanes[RPC_LANE_COUNT];
    atomic_bool is_ready;    // pings are told; calls are answered all the same
    atomic_bool is_draining; // new calls are refused
    atomic_bool is_stopping; // waiting ones too
    atomic_size_t active;    // messages received and not yet replied to
    atomic_uint_fast64_t refused_count;
    pthread_mutex_t mutex; // guards the spare ones
    pthread_cond_t idle;   // `active` has become 0 while draining
    struct server_call *spare_calls;
    size_t spare_call_count;
    struct arena *spare_arenas[SERVER_SPARE_MAX];
    size_t spare_arena_count;
    struct closer *closer;
};

// server_lane.c: sockets and messages.
MUST_CHECK bool server_lane_open(struct server_lane *lane, struct error *error);
MUST_CHECK bool
server_lane_listen(struct server_lane *lane, const char *host, uint16_t port, struct error *error);
void server_lane_close(void *lane); // may hang; for the closer
// Counts one call less; replies when it was the last.
void server_batch_end_one(struct server_batch *batch);

// server_call.c: what is done with one call.
struct server_call *server_call_new(struct server_batch *batch, const Rpc__Call *wire);
void server_call_free(struct rpc_server *server, struct server_call *call);
// The checks before the queue; false when the call has failed (it is not ended yet).
MUST_CHECK bool server_call_admit(struct server_call *call, const Rpc__Call *wire);
void server_call_run(struct server_call *call);
void server_call_run_batch(struct server_method *method, struct server_call **calls, size_t count);
// Observes and counts: the call must not be touched afterwards.
void server_call_end(struct server_call *call);

// server_access.c: who may call what. Both fail the call.
// Before the request is read: identifies the caller and compares with what the method asks for.
MUST_CHECK bool server_access_check(struct server_call *call, const struct rpc_method *method);
// After it: an API key for one portfolio gets at nothing else.
MUST_CHECK bool server_access_check_owner(struct server_call *call,
                                          const struct rpc_method *method);

// server_queue.c: the calls that wait, and the workers.
MUST_CHECK bool server_queue_start(struct server_lane *lane, size_t workers, struct error *error);
// Adds admitted calls; those beyond the limit fail with OVERLOADED and are ended.
void server_queue_add(struct server_lane *lane, struct server_call **calls, size_t count);
// Ends what waits and the workers, and waits until their threads are gone; false when a handler
// does not come back in time.
bool server_queue_stop(struct server_lane *lane, int64_t timeout_ms);
