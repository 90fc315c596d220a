// SPDX-License-Identifier: MIT
// idempotency: an operation with the same request id is done once, and answered the same again.
//
// The request's row is written in the transaction of its effect, in the table `requests` of the
// service's own schema:
//
//     CREATE TABLE requests (
//         user_id uuid NOT NULL, request_id uuid NOT NULL, method text NOT NULL,
//         body_hash text NOT NULL, reply text, created_at timestamptz NOT NULL DEFAULT now(),
//         PRIMARY KEY (user_id, request_id));
//
// Rows are kept for 48 hours. A request id is unique to one user; calls without a user share the
// zero UUID, and the gateway's ids are then 122 random bits or made from the key and the address.
#pragma once

#include "database/database.h"
#include "rpc/rpc.h"

// Call first inside the transaction. Sets `out_replayed` and fills `response` from the stored reply
// when this very call was done before (and call->replayed with it): commit and answer. Otherwise
// the operation goes on and ends with idempotency_finish.
//
// Fails with IDEMPOTENCY_KEY_REUSED when the id was used for another method or body, and
// REQUEST_IN_PROGRESS when the first call has not ended yet.
MUST_CHECK bool idempotency_begin(struct transaction *transaction,
                                  struct call *call,
                                  const struct rpc_method *method,
                                  ProtobufCMessage *response,
                                  bool *out_replayed,
                                  struct error *error);

// Looks whether this very call was done before, outside of any transaction and without beginning
// it: for what would refuse a first call. Fails as idempotency_begin does.
MUST_CHECK bool idempotency_find(struct database *database,
                                 struct call *call,
                                 const struct rpc_method *method,
                                 ProtobufCMessage *response,
                                 bool *out_replayed,
                                 struct error *error);

// Stores the reply, inside the same transaction. Queued: goes out with the next flush or the
// commit.
MUST_CHECK bool idempotency_finish(struct transaction *transaction,
                                   struct call *call,
                                   const struct rpc_method *method,
                                   const ProtobufCMessage *response,
                                   struct error *error);

// Deletes rows older than 48 hours, at most 10000 at a time; for a worker. True when there may be
// more.
bool idempotency_prune(struct database *database, struct arena *arena);
