// SPDX-License-Identifier: MIT
// owned_change: a change of something that belongs to a user: made once by the request's id, and
// noted for the audit log when an administrator makes it for another.
//
// Threads: one owner. Memory: in the call's arena.
#pragma once

#include "service/audit_outbox.h"
#include "service/idempotency.h"

// The first member of whatever else the change needs.
struct owned_change {
    struct call *call;
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    const char *action; // in the audit log
    // Makes it and completes the response; and says what was changed, and whose it is. Again when
    // the transaction is repeated.
    bool (*apply)(struct transaction *transaction,
                  struct owned_change *change,
                  struct error *error);
    const char *subject;
    const char *user_id;
};

// Makes it in one transaction, or answers a repeat with what was answered before (call->replayed).
// Fails as idempotency_begin, database_transact and `apply` do.
MUST_CHECK bool
owned_change_make(struct database *database, struct owned_change *change, struct error *error);
