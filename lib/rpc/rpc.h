// SPDX-License-Identifier: MIT
// rpc: what client and server share. How calls travel is in README.md beside this file.
//
// A call has three outcomes: done; not done; unknown (error.outcome_unknown), when the peer was
// lost or the deadline passed after the request had left. This library never repeats a call by
// itself once it has left; who repeats one does it with the same request id, and every operation
// that changes anything is idempotent by request id inside the transaction of its effect.
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/traceparent.h"
#include "base/tracestate.h"
#include "base/uuid.h"
#include "message/message.h"

enum {
    RPC_MESSAGE_MAX = 1024 * 1024, // bytes on the wire, both ways
    RPC_BODY_MAX = 256 * 1024,     // bytes of one packed request
    RPC_REPLY_MAX = 768 * 1024,    // bytes of one packed response
    RPC_BATCH_MAX = 64,            // calls in one message on the wire
    RPC_ADDRESS_SIZE = 46,         // the longest IPv6 address in text and the terminator
    RPC_PORTS = 4, // a service listens on its port (fast lane) and the three after it
};

// Which sockets and threads carry a call. A service's lanes listen on its port plus these; its
// topics are published on its port plus 3.
enum rpc_lane { RPC_LANE_FAST, RPC_LANE_NORMAL, RPC_LANE_SLOW, RPC_LANE_COUNT };

// Who may call; proto/bourse/options.proto says what each means.
enum rpc_access {
    RPC_ACCESS_OPEN,
    RPC_ACCESS_READ,
    RPC_ACCESS_TRADE,
    RPC_ACCESS_ACCOUNT,
    RPC_ACCESS_ADMINISTRATOR,
    RPC_ACCESS_MESH,
};

enum role { ROLE_NOBODY, ROLE_USER, ROLE_ADMINISTRATOR };

// How much of what its user may do a credential may do. A login may do everything; an API key
// reads, or trades too. Each scope includes those before it.
enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_TRADE, SCOPE_ACCOUNT };

// Whose call it is, as proven by the access token. All empty and ROLE_NOBODY without one.
struct identity {
    char user_id[UUID_SIZE];
    char username[33];
    char session_id[UUID_SIZE]; // of the login, or the id of the API key
    enum role role;
    enum scope scope;
    char portfolio_id[UUID_SIZE]; // the only portfolio an API key is for; empty for all
};

// One call: on the server, what a handler is told; on the client, what goes with the request. A
// handler passes its own call on to the calls it makes, so deadline, token and trace travel by
// themselves.
struct call {
    struct arena *arena;      // everything of this call is allocated here, replies included
    int64_t deadline_us;      // real time (clock_real)
    const char *request_id;   // UUID; names the effect
    const char *access_token; // NULL for none
    const char *traceparent;  // the span in which it is made; on the server, its own; NULL for none
    const char *caller_traceparent; // as it was sent; on the server only
    const char *tracestate;         // what other systems have written of the trace; NULL for none
    const char *client_address; // of the person or program behind it, as the gateway saw it; NULL
                                // for none
    const char *caller;         // the service that sent it; on the server only
    struct identity identity;   // on the server only
    struct text body; // the packed request, for the hash that guards a request id; server only
    struct text other_body; // a repeat may have been stored under this one too; empty for none
    bool replayed; // a handler sets it when it answers with the stored reply of an earlier call,
                   // and a client finds it set then
};

// What tools/protogen says of each operation, in client, server and gateway alike.
struct rpc_method {
    uint32_t id;            // FNV-1a of `name`
    const char *name;       // "bourse.trading.v1.TradingService/PlaceOrder"
    const char *short_name; // "PlaceOrder"
    enum rpc_access access;
    enum rpc_lane lane;
    bool no_side_effects;
    uint32_t batch_max;         // above 1: the batch handler is called
    uint32_t batches_at_once;   // so many batches may be with the handler; 0 is 1
    uint32_t timeout_ms;        // what a caller without a deadline of its own should use
    const char *owner;          // JSON name of the request's field that says whose it is, or NULL
    const char *const *callers; // of RPC_ACCESS_MESH, NULL at the end
    const struct message_info *request;
    const struct message_info *response;
};

// One call of a batch, as a batch handler sees it. The handler fills `response` and sets `done`, or
// fills `error`.
struct rpc_batch_item {
    struct call *call;
    const ProtobufCMessage *request;
    ProtobufCMessage *response; // empty, of the method's type, in the call's arena
    struct error error;
    bool done;
};

// How the service implements an operation; exactly one is set. `service` is the pointer given to
// rpc_server_new. The functions are made by protogen around the typed ones the service writes.
struct rpc_handler {
    const struct rpc_method *method;
    bool (*single)(void *service,
                   struct call *call,
                   const ProtobufCMessage *request,
                   ProtobufCMessage *response,
                   struct error *error);
    void (*batch)(void *service, struct rpc_batch_item *items, size_t count);
};

// The deployment's mesh key. While it is being replaced there are two: `bytes` seals what is sent,
// and what was sealed with either is accepted.
struct rpc_mesh_key {
    unsigned char bytes[32];
    unsigned char second[32];
    bool has_second;
};

// Reads the key from its file: 32 raw bytes, 64 hexadecimal digits, or two lines of 64 hexadecimal
// digits.
//
// Fails with INVALID_SETTING when the file is missing, holds anything else, a key that is zero or
// the same key twice, or can be read by others than its owner and group.
MUST_CHECK bool
rpc_mesh_key_read(const char *path, struct rpc_mesh_key *out_key, struct error *error);
