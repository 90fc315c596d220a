// SPDX-License-Identifier: MIT
// rpc_client: calls to one service, over all its replicas.
//
// Calls of many threads that wait at the same time are gathered into one message on the wire. For
// each lane and replica there are a few sockets with one message outstanding each, because
// nng 1.5.2 wedges otherwise (README.md). A replica that lets calls time out is left alone for a
// while and then tried with a ping first; when nothing at all succeeds the sockets are made anew.
//
// Threads: any thread may call. Memory: the reply is in the call's arena.
#pragma once

#include "rpc/rpc.h"

struct rpc_client_options {
    const char *caller;    // the name of the service that calls, as in the methods' `callers`
    const char *service;   // the name of the one called, for messages and metrics
    const char *addresses; // "host:port[,host:port...]"; a name stands for all its addresses, and
                           // is resolved again every few seconds
    struct rpc_mesh_key key;
    size_t sockets; // for each replica and lane; 0 for the default
    size_t
        queue_max; // calls waiting for a socket, each lane; more fail with OVERLOADED; 0: default
    // Told of each finished call, for metrics and traces; may be NULL. Called from any thread.
    void (*observe)(void *context,
                    const struct rpc_method *method,
                    const struct call *call,
                    const char *traceparent, // of the call's own span; "" when it is not sampled
                    const char *reason,      // "" for done
                    int64_t micros);
    void *observe_context;
};

struct rpc_client;

// Starts connecting in the background; a peer that is absent now may come later. The caller owns
// it. Fails with INVALID_SETTING when `addresses` cannot be read.
MUST_CHECK bool rpc_client_new(const struct rpc_client_options *options,
                               struct rpc_client **out_client,
                               struct error *error);

// From now on no call waits for a replica to come back: whoever makes them is to stop, and its
// peers may have been stopped before.
void rpc_client_wait_no_more(struct rpc_client *client);

// Waits for the calls under way, at most a second, and closes.
void rpc_client_free(struct rpc_client **client);

// Makes one call and waits for its outcome, at the latest until call->deadline_us. On success
// `out_response` is a message of the method's response type in call->arena.
//
// Fails with what the service answered, or: UNAVAILABLE (not sent: no replica could be reached, not
// done), OVERLOADED (not sent), DEADLINE_EXCEEDED, OUTCOME_UNKNOWN (the replica was lost with the
// request). error->outcome_unknown tells for the last two whether it may have been done.
MUST_CHECK bool rpc_call(struct rpc_client *client,
                         const struct rpc_method *method,
                         struct call *call,
                         const ProtobufCMessage *request,
                         ProtobufCMessage **out_response,
                         struct error *error);

// The same with the request and response left packed, for the gateway and for benchmarks.
MUST_CHECK bool rpc_call_packed(struct rpc_client *client,
                                const struct rpc_method *method,
                                struct call *call,
                                struct text request,
                                struct text *out_response,
                                struct error *error);

// Starts a call and returns at once; `done` is called exactly once, from a thread of the client,
// and must not block. `call` and `request` must live until then; the response lies in call->arena
// only when `error` is NULL.
void rpc_call_start(struct rpc_client *client,
                    const struct rpc_method *method,
                    struct call *call,
                    struct text request,
                    void (*done)(void *context, struct text response, const struct error *error),
                    void *context);

// Between the two, calls of the lane are not sent but gathered, so that what one thread starts
// together travels together, and is booked together. For the time it takes to start them, no more.
void rpc_client_cork(struct rpc_client *client, enum rpc_lane lane);
void rpc_client_uncork(struct rpc_client *client, enum rpc_lane lane);

// True when at least one replica answered lately, or has not been asked yet and is connected.
bool rpc_client_is_ready(struct rpc_client *client);

// Prepares a call that begins here, with no user behind it: a fresh request id and trace.
// `timeout_ms` from now on. The strings live in `arena`.
struct call call_start(struct arena *arena, int64_t timeout_ms);
