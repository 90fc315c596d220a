// SPDX-License-Identifier: MIT
// service: what all five programs have in common, so that each says only what is its own.
//
// service_main reads the settings, opens the database, makes the RPC server and the clients,
// follows the signing keys and ended sessions, answers the admin port, handles signals and drains
// on SIGTERM. A service describes itself in one const struct service_definition.
//
//     bourse-trading [--setting value ...]            runs until SIGTERM
//     bourse-trading migrate --owner-database URL     brings the schema up to date
//     bourse-trading check                            looks at settings, key, database and schema
//     bourse-trading healthcheck                      asks such a process whether it is ready
//     bourse-trading --help                           lists the settings
//
// Threads: the accessors may be called from any thread once `start` has been called.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "database/database.h"
#include "database/history.h"
#include "database/migration.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_server.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/settings.h"
#include "service/tracer.h"
#include "token/token.h"

struct service;

// A further command of the program, such as `bourse-auth create-administrator NAME`.
struct service_command {
    const char *name;
    const char *help; // "create-administrator NAME: ..."
    // Runs with settings read and database opened, without clients and mesh key; returns the exit
    // status. As in main, argv[0] is the command's name and the operands follow; a failure's
    // sentence goes to standard error, the result to standard output.
    int (*run)(struct service *service, int argc, char **argv);
};

struct service_definition {
    const char *name;               // "trading"
    const char *summary;            // one sentence for --help
    const struct setting *settings; // beside those every service has (see service.c), or NULL
    size_t setting_count;
    bool has_database;
    bool has_history; // it reads some of it from a standby, when one is set
    const struct migration *migrations;
    size_t migration_count;
    const struct rpc_handler *handlers; // none: no RPC server is started
    size_t handler_count;
    const char *slow_workers; // what --slow-workers is unless it is set; NULL for "2"
    const char *const *peers; // services it calls ("portfolio", ...), NULL at the end; each gets
                              // the setting `<peer>-address` and a client
    bool has_audit_outbox;    // what is in it is handed to auth: service/audit_outbox.h
    bool makes_tokens;        // auth: fills the verifier itself instead of following auth
    const struct service_command *commands;
    size_t command_count;

    // Makes the service's own state; called once, before calls are answered. `out_context` is what
    // the handlers get as their first argument. When it fails it has freed everything itself.
    bool (*start)(struct service *service, void **out_context, struct error *error);
    // Adds what keeps it from being ready to `out_reasons`, as "prices: not read yet; "; may be
    // NULL. It says nothing of other services, which are looked at for all alike.
    void (*check)(void *context, struct strbuf *out_reasons);
    // True while what a peer publishes arrives, as market's quotes; NULL: nobody is followed.
    bool (*hears)(void *context, const char *peer);
    // Tells those who balance load that they should go elsewhere, and serves on; may be NULL.
    // Called at SIGTERM. /readyz, and the clients of the RPC server, have been told by then.
    void (*leave)(void *context);
    // Stops taking new work, for what is not RPC; may be NULL. Called --drain-delay-ms later,
    // before the server drains.
    void (*drain)(void *context);
    // Frees the state; called when no handler runs any more.
    void (*stop)(void **context);
};

// The whole of a program's main. Returns the exit status.
int service_main(const struct service_definition *definition, int argc, char **argv);

struct database *service_database(struct service *service);
struct history *service_history(struct service *service); // of `has_history`, while it serves
struct rpc_client *service_client(struct service *service, const char *peer); // one of `peers`
struct token_verifier *service_token_verifier(struct service *service);
struct metrics *service_metrics(struct service *service);
struct tracer *service_tracer(struct service *service); // NULL while tracing is off
const struct rpc_mesh_key *service_mesh_key(const struct service *service);

// A setting's value, checked already; `name` must be one of the service's.
const char *service_text(const struct service *service, const char *name);
int64_t service_int(const struct service *service, const char *name);
bool service_bool(const struct service *service, const char *name);

// What /readyz says: what keeps the service from being ready, and what else an operator should
// know.
void service_check(struct service *service, struct strbuf *out_reasons, struct strbuf *out_notes);

// Checks a token as the RPC server does, for the gateway.
MUST_CHECK bool service_authenticate(struct service *service,
                                     const char *access_token,
                                     struct identity *out_identity,
                                     struct error *error);

// The public keys that tokens are verified with, for the gateway. Fails as service_authenticate
// does while auth is silent.
MUST_CHECK bool service_list_token_keys(struct service *service,
                                        struct token_web_key out_keys[TOKEN_KEYS_MAX],
                                        size_t *out_count,
                                        struct error *error);
