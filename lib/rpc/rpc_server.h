// SPDX-License-Identifier: MIT
// rpc_server: answers the calls of a service's operations.
//
// For every call, in this order: the keyed hash of the message, the protocol version, the deadline,
// the method, who may call it, the message's rules; then the handler, with an arena of its own.
// Calls of the fast lane are handled on nng's thread and must not block; those of the other lanes
// wait in a bounded queue for the lane's worker threads. Handlers of methods with batch_max are
// given all calls that are waiting, up to that many, on one worker at a time for each method; on
// as many as batches_at_once says, where the handler bears that.
//
// Every message gets exactly one reply, also when the handler fails or the server is stopping.
#pragma once

#include "rpc/rpc.h"

struct rpc_server_options {
    const char *service; // its name, as in peers' `caller`
    const char *listen;  // "host:port"; the ports of the other lanes follow it
    struct rpc_mesh_key key;
    const struct rpc_handler *handlers;
    size_t handler_count;
    void *context;         // given to the handlers
    size_t normal_workers; // 0 for the default of 8
    size_t slow_workers;   // 0 for the default of 2
    size_t queue_max; // calls waiting for a worker, each lane; more fail with OVERLOADED; 0: 1024
    // Checks an access token and fills the identity. Fails with INVALID_TOKEN or UNAVAILABLE.
    // Called from nng's threads too: must not block.
    bool (*authenticate)(void *context,
                         const char *access_token,
                         struct identity *out_identity,
                         struct error *error);
    void *authenticate_context;
    // Told of each finished call, for metrics and the log; may be NULL.
    void (*observe)(void *context,
                    const struct rpc_method *method,
                    const struct call *call,
                    const struct error *error, // NULL when done
                    int64_t micros);
    void *observe_context;
};

struct rpc_server;

// Checks the options and prepares everything; answers nothing yet. The caller owns it.
MUST_CHECK bool rpc_server_new(const struct rpc_server_options *options,
                               struct rpc_server **out_server,
                               struct error *error);

// Listens and answers from now on. Fails with INVALID_SETTING when an address cannot be listened
// on.
MUST_CHECK bool rpc_server_start(struct rpc_server *server, struct error *error);

// Tells the clients, which ask every second, whether to prefer other servers of the service to this
// one. It answers calls all the same: for those who have no other, or have not asked yet. It is
// ready from the start unless told otherwise. Any thread.
void rpc_server_set_ready(struct rpc_server *server, bool is_ready);

// Refuses new calls with SHUTTING_DOWN and waits until those under way are answered, at most
// `timeout_ms`. True when all were.
bool rpc_server_drain(struct rpc_server *server, int64_t timeout_ms);

// How many messages were refused because their keyed hash was wrong; for metrics.
uint64_t rpc_server_refused_count(struct rpc_server *server);

// False when a handler does not come back within a second: the server, and what the handlers use,
// is left to it, and must not be freed.
bool rpc_server_free(struct rpc_server **server);
