// SPDX-License-Identifier: MIT
#include "auth.h"

#include "accounts/first_portfolio.h"
#include "accounts/trading_stop.h"
#include "auth_store.h"
#include "keys/signing_key.h"
#include "keys/signing_keys.h"
#include "passwords/hash_gate.h"
#include "service/idempotency.h"

enum {
    FOLLOW_EVERY_MS = 300,
    // Commits do not become visible in the order of their times; see token_follower.c.
    OVERLAP_MS = 60 * 1000,
    OPEN_EVERY_MS = 500,
    STOP_EVERY_MS = 500,
    PRUNE_EVERY_MS = 60 * 1000,
    ROTATE_EVERY_MS = 60 * 1000,
    FOLLOW_BUDGET = 4 * 1024 * 1024,
    PRUNE_BUDGET = 256 * 1024,
    FIRST_TRIES = 20,
    FIRST_TRY_PAUSE_MS = 500,
};

void auth_forget_session(struct auth *auth, const char *session_id)
{
    token_verifier_revoke(auth->verifier, session_id,
                          clock_now_us(&auth->clock) + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND);
}

void auth_forget_sessions(struct auth *auth, const struct rows *ids)
{
    for (size_t i = 0; i < ids->count; i++)
        auth_forget_session(auth, rows_text(ids, i, 0));
}

struct call auth_hide_body(const struct auth *auth,
                           const struct call *call,
                           unsigned char out_hash[AUTH_HIDDEN_SIZE])
{
    struct call hidden = *call;
    unsigned char *other = out_hash + KEYED_HASH_SIZE;

    digest_keyed(call->body, auth->mesh_key.bytes, out_hash);
    hidden.body = (struct text){(const char *)out_hash, KEYED_HASH_SIZE};
    if (auth->mesh_key.has_second) {
        digest_keyed(call->body, auth->mesh_key.second, other);
        hidden.other_body = (struct text){(const char *)other, KEYED_HASH_SIZE};
    }
    return hidden;
}

bool auth_make_hasher(const struct service *service,
                      struct password_hasher *out_hasher,
                      struct error *error)
{
    struct password_costs costs = {
        .memory_kib = service_int(service, "password-memory-kib"),
        .passes = service_int(service, "password-passes"),
    };

    return password_hasher_make(&costs, out_hasher, error);
}

bool auth_sign(struct auth *auth,
               const struct token_claims *claims,
               char out_token[TOKEN_MAX],
               struct error *error)
{
    return signing_keys_sign(auth->signing_keys, claims, out_token, error);
}

// Learns what other replicas did: the keys they made and the sessions they ended.
static bool follow(struct auth *auth, struct error *error)
{
    OWNED(arena) arena = arena_new(FOLLOW_BUDGET);
    struct revocation_list list = {.more = true};
    int64_t since = auth->revocations_as_of - OVERLAP_MS * MICROS_PER_MS;
    int64_t as_of = 0;

    if (!signing_keys_follow(auth->signing_keys, arena, error))
        return false;
    while (list.more) {
        int64_t last = since;
        if (!store_list_revocations(auth->database, arena, since < 0 ? 0 : since, &list, error))
            return false;
        as_of = as_of == 0 ? list.as_of : as_of;
        for (size_t i = 0; i < list.count; i++) {
            last = list.items[i].revoked_at;
            token_verifier_revoke(auth->verifier, list.items[i].session_id,
                                  last + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND);
        }
        // Thousands of sessions that ended in one microsecond would go on for ever.
        if (list.more && last == since)
            return error_set(error, REASON_INTERNAL, "The list of ended sessions does not end.");
        since = last;
        arena_reset(arena);
    }
    auth->revocations_as_of = as_of;
    return true;
}

static bool follow_again(void *context)
{
    struct error error;

    // A database that is away is told of by the service itself, once.
    if (!follow(context, &error) && error.code != CODE_UNAVAILABLE)
        log_write(LOG_ERROR, "sessions_not_followed", "reason", error.reason, "message",
                  error.message, NULL);
    return false;
}

static bool prune(void *context)
{
    struct auth *auth = context;
    OWNED(arena) arena = arena_new(PRUNE_BUDGET);
    bool more = idempotency_prune(auth->database, arena);

    more = store_prune_sessions(auth->database, arena) || more;
    more = store_prune_logins(auth->database, arena) || more;
    more = store_prune_audit(auth->database, arena, auth->audit_days) || more;
    return rate_limit_prune(auth->database, arena) || more;
}

// Replaces the signing key when it is old, and clears away those that have ended.
static bool rotate_key(void *context)
{
    struct auth *auth = context;
    OWNED(arena) arena = arena_new(PRUNE_BUDGET);
    struct signing_key_rotation rotation = {.now_us = clock_now_us(&auth->clock),
                                            .least_age_us = auth->signing_key_age_us};
    struct error error;

    if (!signing_key_rotate(auth->database, arena, &rotation, &error)) {
        if (error.code != CODE_UNAVAILABLE)
            log_write(LOG_ERROR, "signing_key_not_rotated", "reason", error.reason, "message",
                      error.message, NULL);
    } else if (rotation.made) {
        log_write(LOG_INFO, "signing_key_announced", "key", rotation.newest, NULL);
    }
    return false;
}

// Gets the signing keys and the ended sessions. The database was there a moment ago; should it be
// away just now, it is waited for a little.
static bool prepare_tokens(struct auth *auth, struct error *error)
{
    for (int i = 1;; i++) {
        OWNED(arena) arena = arena_new(PRUNE_BUDGET);
        bool done = signing_keys_prepare(auth->signing_keys, arena, error) && follow(auth, error);
        if (done || error->code != CODE_UNAVAILABLE || i == FIRST_TRIES)
            return done;
        clock_sleep_until_us(clock_monotonic_us() + FIRST_TRY_PAUSE_MS * MICROS_PER_MS);
    }
}

void auth_update_metrics(void *context)
{
    struct auth *auth = context;
    struct hash_gate_numbers numbers = hash_gate_count(auth->hash_gate);

    metric_set(auth->hashing, (int64_t)numbers.inside, NULL, NULL);
    metric_set(auth->waiting_to_hash, (int64_t)numbers.waiting, NULL, NULL);
    metric_set(auth->late_to_hash, (int64_t)numbers.late, NULL, NULL);
}

static void make_metrics(struct auth *auth, struct metrics *metrics)
{
    auth->logins = metrics_counter(metrics, "bourse_auth_logins_total",
                                   "Logins by outcome: done, refused or put off.", "outcome", NULL);
    auth->hashing = metrics_gauge(metrics, "bourse_auth_hashing",
                                  "Passwords that are being hashed.", NULL, NULL);
    auth->waiting_to_hash = metrics_gauge(metrics, "bourse_auth_hashing_waiting",
                                          "Calls that wait for their turn to hash.", NULL, NULL);
    auth->late_to_hash =
        metrics_counter(metrics, "bourse_auth_hashing_late_total",
                        "Calls whose deadline came before their turn to hash.", NULL, NULL);
}

bool auth_new(const struct auth_options *options, struct auth **out_auth, struct error *error)
{
    OWNED(auth) auth = allocate(sizeof *auth);

    auth->database = options->database;
    auth->history = options->history;
    auth->portfolio = options->portfolio;
    auth->trading = options->trading;
    auth->verifier = options->verifier;
    auth->clock = options->clock;
    auth->session_lifetime_us = options->session_lifetime_us < options->session_lifetime_whole_us
                                    ? options->session_lifetime_us
                                    : options->session_lifetime_whole_us;
    auth->session_lifetime_whole_us = options->session_lifetime_whole_us;
    auth->maximum_cash_micros = options->maximum_cash_micros;
    auth->mesh_key = options->mesh_key;
    auth->hasher = options->hasher;
    auth->hash_gate = hash_gate_new(options->hashing_threads);
    auth->signing_key_age_us =
        options->signing_key_age_us == 0 ? SIGNING_KEY_NEVER : options->signing_key_age_us;
    auth->signing_keys = signing_keys_new(&(const struct signing_keys_options){
        .database = auth->database, .verifier = auth->verifier, .clock = auth->clock});
    auth->limits = options->limits;
    auth->audit_days = options->audit_days;
    make_metrics(auth, options->metrics);
    if (!prepare_tokens(auth, error))
        return false;
    auth->follower = worker_new("sessions", FOLLOW_EVERY_MS, follow_again, auth);
    auth->portfolio_opener =
        worker_new("portfolios", OPEN_EVERY_MS, first_portfolio_open_all, auth);
    auth->trading_stopper = worker_new("trading", STOP_EVERY_MS, trading_stop_all, auth);
    auth->pruner = worker_new("prune", PRUNE_EVERY_MS, prune, auth);
    auth->key_rotator = worker_new("keys", ROTATE_EVERY_MS, rotate_key, auth);
    *out_auth = auth;
    auth = NULL;
    return true;
}

void auth_free(struct auth **auth)
{
    if (*auth == NULL)
        return;
    atomic_store(&(*auth)->stopping, true);
    worker_free(&(*auth)->follower);
    worker_free(&(*auth)->portfolio_opener);
    worker_free(&(*auth)->trading_stopper);
    worker_free(&(*auth)->pruner);
    worker_free(&(*auth)->key_rotator);
    signing_keys_free(&(*auth)->signing_keys);
    hash_gate_free(&(*auth)->hash_gate);
    release(*auth);
    *auth = NULL;
}
