// SPDX-License-Identifier: MIT
// audit_outbox: what administrators did here, on its way to the audit log of auth.
//
// No transaction spans two services. So an event is written in the transaction of what it tells of,
// into the table `audit_outbox` of the service's own schema, and a worker hands it to auth
// afterwards and deletes it once auth has it:
//
//     CREATE TABLE audit_outbox (
//         id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), actor_id uuid, actor text,
//         action text NOT NULL, subject text, detail text, client_address text,
//         request_id uuid NOT NULL);
//
// with the limits of auth's own table, so that auth refuses none. An event is handed over at least
// once: a process that dies in between, or another replica, does it again, and auth takes each id
// once. While auth is away events wait here. That cannot be many: after a minute without auth no
// access token is trusted, and nobody acts as an administrator.
//
// Threads: events may be added from any; the worker has a thread of its own.
// Memory: the transaction's arena.
#pragma once

#include "database/database.h"
#include "rpc/rpc_client.h"

enum {
    AUDIT_OUTBOX_DETAIL_MAX = 200, // code points; the rest is cut off
    AUDIT_OUTBOX_BATCH_MAX = 100,  // events handed over in one call
};

struct audit_outbox_event {
    const struct call *call; // who, from where, in which request
    const char *action;      // "symbol.create"; the READMEs of the services list them
    const char *subject;     // the ticker, portfolio or order it was done to; NULL for none
    const char *detail;      // NULL: the request as JSON, without its secrets
    const struct rpc_method *method;
    const ProtobufCMessage *request; // of `method`; NULL for no detail
};

// Queues the events in the transaction of their effect, with one statement. Not for a call that is
// a repeat. Fails as transaction_queue does.
MUST_CHECK bool audit_outbox_add(struct transaction *transaction,
                                 const struct audit_outbox_event *events,
                                 size_t count,
                                 struct error *error);

struct audit_outbox_options {
    struct database *database; // borrowed
    struct rpc_client *auth;   // borrowed
    int64_t period_ms;         // between two looks into the table; 0 for 500
};

struct audit_outbox;

// Starts handing over in the background. The caller owns it.
struct audit_outbox *audit_outbox_new(const struct audit_outbox_options *options);
void audit_outbox_free(struct audit_outbox **outbox);
