// SPDX-License-Identifier: MIT
// exchange: one request on its way through the gateway, and the calls that are made for it.
#pragma once

#include "gateway.h"
#include "rest/credential.h"
#include "rest/router.h"
#include "rpc/rpc.h"
#include "server/http_message.h"

struct exchange {
    struct gateway *gateway;
    struct http_request *request;
    struct http_response *response;
    const struct endpoint *endpoint;
    struct router_match *match;
    struct text body;        // read already, unless the endpoint streams it
    const struct form *form; // of a page's form that was sent; NULL otherwise
    struct multipart *file;  // that comes with the form, where the endpoint streams it
    struct credential credential;
    const char *access_token; // that it stands for, once it was asked for; NULL for none
    struct uuid effect_id;    // the request id of the call that changes something
    bool has_key;             // effect_id comes from an Idempotency-Key
    bool keeps_key;           // the form's key is the next one's too: it may be being done yet
    // When the last call ends at the latest that was made before anything was repeated; and whether
    // what is called now is a repeat, which ends then, too: the client waits no longer for it.
    int64_t ends_at_us;
    bool is_repeat;
    // Why it is not known whose key that is, though a credential says so; NULL when it is known.
    const struct error *stranger;
};

// Reads the credential and Idempotency-Key (of a form, its field idempotency_key). Fails with
// UNAUTHENTICATED for a credential that cannot be read, and INVALID_REQUEST for a key that cannot
// be one.
MUST_CHECK bool exchange_begin(struct exchange *exchange, struct error *error);

// Prepares a call of `method` for this request: its deadline, token, trace and request id. Fails
// with UNAUTHENTICATED when the method needs a token and there is none, and as credential_token
// does when there is one that is wrong.
MUST_CHECK bool exchange_call(struct exchange *exchange,
                              const struct rpc_method *method,
                              struct call *out_call,
                              struct error *error);

// Who is asking. Fails with UNAUTHENTICATED, INVALID_TOKEN, and as credential_token does.
MUST_CHECK bool
exchange_identity(struct exchange *exchange, struct identity *out_identity, struct error *error);

// Whether who is asking may call `method`, which is always so of one that is open, as the service
// that answers it would say. Fails as exchange_identity does, and with PERMISSION_DENIED or
// INSUFFICIENT_SCOPE.
MUST_CHECK bool
exchange_allows(struct exchange *exchange, const struct rpc_method *method, struct error *error);

// The decoded value of a variable of the address; the address must have it. Fails with
// MALFORMED_REQUEST.
MUST_CHECK bool exchange_variable(struct exchange *exchange,
                                  const char *name,
                                  const char **out_value,
                                  struct error *error);

// The decoded value of a query parameter; "" when it is not there. Fails with MALFORMED_REQUEST,
// also when it is there twice.
MUST_CHECK bool exchange_parameter(struct exchange *exchange,
                                   const char *name,
                                   const char **out_value,
                                   struct error *error);

// Fails with INVALID_REQUEST when the query has another parameter than `known` ("" for none).
MUST_CHECK bool
exchange_refuse_parameters(struct exchange *exchange, const char *known, struct error *error);

// Notes what a call said beside its reply: that it had been done before.
void exchange_note(struct exchange *exchange, const struct call *call);

// After a failed attempt: true, after a pause, when another one with the same request id may do
// better. What was not sent may be sent again; what may have been done only when it
// `is_idempotent`. What is being fetched from elsewhere is waited for, by a quarter of the threads
// at most.
bool exchange_wait_to_repeat(struct gateway *gateway,
                             const struct error *error,
                             bool is_idempotent,
                             unsigned attempt);
