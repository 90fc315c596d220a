// SPDX-License-Identifier: MIT
#include "service/token_follower.h"

#include "base/arena.h"
#include "bourse/auth/v1/auth_client.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum {
    PERIOD_MS = 300,
    TRUST_MS = 60 * 1000,
    CALL_TIMEOUT_MS = 2000,
    // Commits do not become visible in the order of their times, and a disk that hangs can hold one
    // back for many seconds: so each question goes back further than a transaction may last.
    OVERLAP_SECONDS = 60,
    // A new key is known before it signs anything, for it is announced longer than this before; and
    // one that was taken away is refused this soon.
    KEYS_PERIOD_SECONDS = 1,
    // Tokens outlive their session by this at most; the rest is for clocks that differ.
    FORGET_AFTER_SECONDS = TOKEN_LIFETIME_SECONDS + 120,
    PAGES_MAX = 1000,               // more sessions than a database can end in that time
    ARENA_BUDGET = 4 * 1024 * 1024, // two answers' worth
};

struct token_follower {
    struct rpc_client *auth;
    struct token_verifier *verifier;
    int64_t trust_ms;
    struct worker *worker;
    // Of the worker's thread alone.
    struct arena *arena;
    int64_t as_of;            // auth's time of the last whole list; 0 before the first
    int64_t keys_asked_at_us; // monotonic; 0 before the first
    bool is_silent;           // said so in the log
    // Shared with callers.
    _Atomic int64_t answered_at_us; // monotonic; 0 before the first whole answer
};

static bool keys_are_due(const struct token_follower *follower)
{
    int64_t age_us = clock_monotonic_us() - follower->keys_asked_at_us;

    return follower->keys_asked_at_us == 0 || age_us >= KEYS_PERIOD_SECONDS * MICROS_PER_SECOND;
}

static bool set_keys(struct token_follower *follower,
                     const Auth__ListSigningKeysResponse *response,
                     struct error *error)
{
    struct token_announced_key keys[TOKEN_KEYS_MAX];

    if (response->n_keys > COUNT_OF(keys))
        return error_set(error, REASON_INTERNAL, "auth sent more than %d signing keys",
                         TOKEN_KEYS_MAX);
    for (size_t i = 0; i < response->n_keys; i++) {
        const Auth__SigningKey *key = response->keys[i];

        if (key->key_id == NULL || key->public_key_pem == NULL)
            return error_set(error, REASON_INTERNAL, "auth sent a signing key without id or key");
        keys[i] = (struct token_announced_key){key->key_id, key->public_key_pem};
    }
    return token_verifier_set_keys(follower->verifier, keys, response->n_keys, error);
}

static bool ask_for_keys(struct token_follower *follower, struct error *error)
{
    Auth__ListSigningKeysRequest request = AUTH__LIST_SIGNING_KEYS_REQUEST__INIT;
    Auth__ListSigningKeysResponse *response = NULL;
    struct call call = call_start(follower->arena, CALL_TIMEOUT_MS);
    int64_t asked_at_us = clock_monotonic_us();

    if (!auth_client_list_signing_keys(follower->auth, &call, &request, &response, error))
        return false;
    if (response->n_keys == 0)
        return error_set(error, REASON_UNAVAILABLE, "auth has no signing key yet");
    if (!set_keys(follower, response, error))
        return false;
    follower->keys_asked_at_us = asked_at_us;
    return true;
}

static bool ask_for_one_page(struct token_follower *follower,
                             int64_t since,
                             Auth__ListRevocationsResponse **out_response,
                             struct error *error)
{
    Auth__ListRevocationsRequest request = AUTH__LIST_REVOCATIONS_REQUEST__INIT;
    struct call call = call_start(follower->arena, CALL_TIMEOUT_MS);

    request.has_since = true;
    request.since = since;
    return auth_client_list_revocations(follower->auth, &call, &request, out_response, error);
}

// From when on ended sessions matter: since the last answer or, before the first, as long as a
// token may live. Whoever starts must not have to read what nobody needs any more.
static int64_t first_since(const struct token_follower *follower)
{
    struct clock clock = clock_real();
    int64_t as_of = follower->as_of;

    if (as_of == 0)
        as_of = clock_now_us(&clock) - FORGET_AFTER_SECONDS * MICROS_PER_SECOND;
    return as_of - OVERLAP_SECONDS * MICROS_PER_SECOND;
}

// Asks for the sessions that ended since the last answer, page by page. Nothing counts as answered
// before the last page has come.
static bool ask_for_revocations(struct token_follower *follower, struct error *error)
{
    int64_t since = first_since(follower);
    int64_t as_of = 0;

    for (int page = 0; page < PAGES_MAX; page++) {
        Auth__ListRevocationsResponse *response = NULL;
        int64_t last = since;

        arena_reset(follower->arena);
        if (!ask_for_one_page(follower, since, &response, error))
            return false;
        as_of = page == 0 ? response->as_of : as_of;
        for (size_t i = 0; i < response->n_revocations; i++) {
            const Auth__Revocation *revocation = response->revocations[i];

            if (revocation->session_id == NULL)
                return error_set(error, REASON_INTERNAL, "auth sent an ended session without id");
            last = revocation->revoked_at;
            token_verifier_revoke(follower->verifier, revocation->session_id,
                                  last + FORGET_AFTER_SECONDS * MICROS_PER_SECOND);
        }
        if (!response->more) {
            follower->as_of = as_of;
            return true;
        }
        if (last <= since)
            break;
        since = last;
    }
    return error_set(error, REASON_INTERNAL, "auth's list of ended sessions does not end");
}

static void note_silence(struct token_follower *follower, const struct error *error)
{
    if (!follower->is_silent)
        log_write(LOG_WARNING, "auth_silent", "reason", error->reason, "message", error->message,
                  NULL);
    follower->is_silent = true;
}

static void note_answer(struct token_follower *follower)
{
    if (follower->is_silent)
        log_write(LOG_INFO, "auth_answers", NULL);
    follower->is_silent = false;
    atomic_store(&follower->answered_at_us, clock_monotonic_us());
}

static bool follow(void *context)
{
    struct token_follower *follower = context;
    struct error error;

    arena_reset(follower->arena);
    if (keys_are_due(follower) && !ask_for_keys(follower, &error))
        note_silence(follower, &error);
    else if (!ask_for_revocations(follower, &error))
        note_silence(follower, &error);
    else
        note_answer(follower);
    return false;
}

struct token_follower *token_follower_new(const struct token_follower_options *options)
{
    struct token_follower *follower = allocate(sizeof *follower);

    follower->auth = options->auth;
    follower->verifier = options->verifier;
    follower->trust_ms = options->trust_ms != 0 ? options->trust_ms : TRUST_MS;
    follower->arena = arena_new(ARENA_BUDGET);
    follower->worker = worker_new(
        "tokens", options->period_ms != 0 ? options->period_ms : PERIOD_MS, follow, follower);
    return follower;
}

void token_follower_free(struct token_follower **follower)
{
    if (*follower == NULL)
        return;
    worker_free(&(*follower)->worker);
    arena_free(&(*follower)->arena);
    release(*follower);
    *follower = NULL;
}

int64_t token_follower_silence_ms(const struct token_follower *follower)
{
    int64_t answered_at_us = atomic_load(&follower->answered_at_us);

    if (answered_at_us == 0)
        return INT64_MAX;
    return (clock_monotonic_us() - answered_at_us) / MICROS_PER_MS;
}

static bool check_silence(const struct token_follower *follower, struct error *error)
{
    if (token_follower_silence_ms(follower) <= follower->trust_ms)
        return true;
    return error_set(error, REASON_UNAVAILABLE,
                     "Access tokens cannot be checked: the auth service does not answer");
}

bool token_follower_authenticate(struct token_follower *follower,
                                 const char *access_token,
                                 struct token_claims *out_claims,
                                 struct error *error)
{
    return check_silence(follower, error) &&
           token_verify(follower->verifier, access_token, out_claims, error);
}

bool token_follower_list_keys(struct token_follower *follower,
                              struct token_web_key out_keys[TOKEN_KEYS_MAX],
                              size_t *out_count,
                              struct error *error)
{
    if (!check_silence(follower, error))
        return false;
    *out_count = token_verifier_list_keys(follower->verifier, out_keys);
    return true;
}
