// SPDX-License-Identifier: MIT
// readiness: is the service fit to be sent work, and if not, why?
//
// Looked at on a thread of its own and kept, so that a check that waits for a lock cannot make the
// process look dead. The database is tried every few seconds. That it cannot be reached, or that a
// service which this one asks does not answer, is noted and takes no readiness away: it would take
// every replica out at once. Callers are told of the database all the same, and prefer a replica
// that reaches it where there is one.
//
// Threads: two of its own while it watches; readiness_check may be called from any.
#pragma once

#include "database/database.h"
#include "service/service.h"
#include "service/token_follower.h"

struct readiness;

// Not ready: starting. The caller owns it.
struct readiness *readiness_new(void);

struct readiness_options {
    const struct service_definition *definition; // its `check` is called with `context`
    void *context;
    struct database *database;         // NULL for none
    struct token_follower *follower;   // NULL where tokens are made
    struct rpc_server *server;         // whose clients are told; NULL for none
    char *const *peers;                // the services that it asks
    struct rpc_client *const *clients; // parallel to `peers`
    size_t peer_count;
    struct metrics *metrics;
};

// Looks from now on, until readiness_end; everything in `options` must live until then.
void readiness_watch(struct readiness *readiness, const struct readiness_options *options);
void readiness_end(struct readiness *readiness);

// Not ready from now on, whatever is looked at.
void readiness_stop(struct readiness *readiness);

// Says what keeps it from being ready, and what else an operator should know, as of the last look.
void readiness_check(void *readiness, struct strbuf *reasons, struct strbuf *notes);

void readiness_free(struct readiness **readiness);

// Logs that the database could not be used, with the cause that callers are not told.
void readiness_log_database_failure(struct database *database,
                                    const char *event,
                                    const struct error *error);
