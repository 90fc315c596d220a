// SPDX-License-Identifier: MIT
// test_methods: the operations of the service that the tests of lib/rpc call.
//
// Their request and response are a Detail of the envelope: a number, a name and a value.
#pragma once

#include "rpc/rpc.h"

#include "bourse/rpc/v1/envelope.pb-c.h"

extern const struct rpc_method test_echo_fast; // answers what it is sent, on nng's thread
extern const struct rpc_method test_echo;      // the same on a worker
extern const struct rpc_method test_user;      // answers the user's name, for users
extern const struct rpc_method test_trade;     // the same for those who may trade
extern const struct rpc_method test_account;   // and for logins alone
extern const struct rpc_method test_owned;     // for who may trade, about the portfolio `name`
extern const struct rpc_method test_admin;     // for administrators
extern const struct rpc_method test_mesh;      // for the service "friend" only
extern const struct rpc_method test_wait;      // works for `kind` ms, then writes the journal
extern const struct rpc_method test_once;      // writes the journal once for each request id,
                                               // and then works for `kind` ms
extern const struct rpc_method test_crash;     // ends the process
extern const struct rpc_method test_gather;    // answers how many calls were handled together
extern const struct rpc_method test_alone;     // answers how many batches are handled just now
extern const struct rpc_method test_pair;      // the same, where two may be
extern const struct rpc_method test_large;     // answers a value of `kind` bytes
extern const struct rpc_method test_slow;      // as test_wait, in the slow lane

extern const struct message_info test_detail_info;

// The service of the handlers.
struct test_service {
    const char *journal; // a file that gets a line "<request id> <name>" for each thing done
};

extern const struct rpc_handler test_handlers[];
extern const size_t test_handler_count;

// Takes for tokens "user:NAME" and "admin:NAME" (logins), "read:NAME" and "trade:NAME" (API keys),
// and "only:ID" (an API key that may trade in one portfolio).
bool test_authenticate(void *context,
                       const char *access_token,
                       struct identity *out_identity,
                       struct error *error);
