// SPDX-License-Identifier: MIT
// observe: the metrics, log lines and spans that every service has, whatever it does.
//
// Calls answered and calls made (rate, failures, duration), the database's pool, the process. The
// functions fit rpc_server_options.observe and rpc_client_options.observe with the observer as
// context.
//
// Threads: any. Memory: the observer borrows the metrics and the database, which must outlive it.
#pragma once

#include "database/database.h"
#include "rpc/rpc_server.h"
#include "service/metrics.h"
#include "service/tracer.h"

struct observer;

// Declares the metrics. The caller owns it.
struct observer *observer_new(struct metrics *metrics);
void observer_free(struct observer **observer);

// Adds the pool's figures from now on; `database` may be NULL.
void observer_watch_database(struct observer *observer, struct database *database);

// Adds what the server counts from now on. It may be freed once nothing is scraped any more.
void observer_watch_server(struct observer *observer, struct rpc_server *server);

// Keeps the spans of calls from now on. Before the first call only.
void observer_set_tracer(struct observer *observer, struct tracer *tracer);

// Counts a call that was answered, and writes its line: at level debug, or above when the failure
// is one that an operator should see.
void observer_note_answer(void *observer,
                          const struct rpc_method *method,
                          const struct call *call,
                          const struct error *error,
                          int64_t micros);

// Writes the line of a call that was refused before it was made, by the gateway; only for the
// reasons of those who tried what they may not do.
void observe_forbidden(const struct rpc_method *method,
                       const struct call *call,
                       const struct error *error);

// Counts a call that was made.
void observer_note_call(void *observer,
                        const struct rpc_method *method,
                        const struct call *call,
                        const char *traceparent,
                        const char *reason,
                        int64_t micros);
