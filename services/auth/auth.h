// SPDX-License-Identifier: MIT
// auth: what the handlers and workers of the service share.
//
// Threads: everything in struct auth is set at the start and then read only, or has a lock of its
// own. The workers bring the verifier up to date with what other replicas did.
#pragma once

#include "base/digest.h"
#include "passwords/password.h"
#include "service/service.h"
#include "service/worker.h"
#include "sessions/throttle.h"
#include "token/token.h"

#include <stdatomic.h>

enum { AUTH_HIDDEN_SIZE = 2 * KEYED_HASH_SIZE }; // what auth_hide_body needs room for

struct auth {
    struct database *database;
    struct history *history; // old pages of the audit log are read from
    struct rpc_client *portfolio;
    struct rpc_client *trading;
    struct signing_keys *signing_keys;
    struct token_verifier *verifier;
    struct clock clock;
    int64_t session_lifetime_us;       // of a session that is not used
    int64_t session_lifetime_whole_us; // of one that is
    int64_t maximum_cash_micros;
    struct rpc_mesh_key mesh_key;
    struct password_hasher hasher;
    struct hash_gate *hash_gate;
    struct throttle_limits limits;
    struct metric *logins; // by outcome
    struct metric *hashing;
    struct metric *waiting_to_hash;
    struct metric *late_to_hash;
    atomic_bool stopping; // tells the workers to leave off in the middle
    struct worker *follower;
    struct worker *portfolio_opener;
    struct worker *trading_stopper;
    struct worker *pruner;
    struct worker *key_rotator;
    int64_t signing_key_age_us; // at which a key is replaced
    int64_t audit_days;         // for which events are kept; 0: for ever
    int64_t revocations_as_of;  // of the follower's thread alone
};

struct auth_options {
    struct database *database;
    struct history *history;
    struct rpc_client *portfolio;
    struct rpc_client *trading;
    struct token_verifier *verifier;
    struct metrics *metrics;
    struct clock clock;
    int64_t session_lifetime_us;
    int64_t session_lifetime_whole_us;
    int64_t maximum_cash_micros;
    int64_t signing_key_age_us; // at which a key is replaced; 0: never
    int64_t audit_days;         // for which events are kept, AUDIT_DAYS_MIN or more; 0: for ever
    struct rpc_mesh_key mesh_key;
    struct password_hasher hasher;
    size_t hashing_threads; // that may hash at once; 0: half of the cores
    struct throttle_limits limits;
};

// Gets the signing key and the sessions that ended, and starts the workers. The caller owns it;
// what the options point to must outlive it.
MUST_CHECK bool
auth_new(const struct auth_options *options, struct auth **out_auth, struct error *error);
void auth_free(struct auth **auth);

// For metrics_on_scrape: how many hash passwords and wait to.
void auth_update_metrics(void *auth);

// Makes this replica refuse the tokens of a session or an API key from now on. (The others follow.)
void auth_forget_session(struct auth *auth, const char *session_id);
void auth_forget_sessions(struct auth *auth, const struct rows *ids); // of the first column

// The call with its body replaced by a keyed hash, which `out_hash` has room for. For operations
// that take a password: the body's hash is kept with the request, and a plain one would let whoever
// sees the table guess the password in it millions of times a second.
//
// The key is the mesh key. While it is replaced a hash under either one is good, so that an answer
// lost by the restart is still found; after that the repeat of a call from before is refused, which
// does nothing twice.
struct call auth_hide_body(const struct auth *auth,
                           const struct call *call,
                           unsigned char out_hash[AUTH_HIDDEN_SIZE]);

// Makes the hasher of the service's settings. Fails as password_hasher_make does.
MUST_CHECK bool auth_make_hasher(const struct service *service,
                                 struct password_hasher *out_hasher,
                                 struct error *error);

// Signs an access token for a session.
MUST_CHECK bool auth_sign(struct auth *auth,
                          const struct token_claims *claims,
                          char out_token[TOKEN_MAX],
                          struct error *error);
