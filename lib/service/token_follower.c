// SPDX-License-Identifier: MIT
#include "service/token_follower.h"

#include "base/arena.h"
#include "base/digest.h"
#include "bourse/auth/v1/auth_client.h"
#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <string.h>

enum {
    PERIOD_MS = 300,
    TRUST_MS = 60 * 1000,
    CALL_TIMEOUT_MS = 2000,
    // Commits do not become visible in the order of their times, so each question goes back a bit.
    OVERLAP_SECONDS = 5,
    // Keys are asked for this often, so that a new one is known before it signs anything,
    KEYS_PERIOD_SECONDS = 30,
    // and at most this often when tokens name unknown ones: strangers can write what they like.
    KEYS_LEAST_PERIOD_SECONDS = 1,
    // Tokens outlive their session by this at most; the rest is for clocks that differ.
    FORGET_AFTER_SECONDS = TOKEN_LIFETIME_SECONDS + 120,
    PAGES_MAX = 100,
    ARENA_BUDGET = 4 * 1024 * 1024, // two answers' worth
    HEADER_MAX = 512,
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
    atomic_bool wants_keys;
};

static bool keys_are_due(const struct token_follower *follower)
{
    int64_t age_us = clock_monotonic_us() - follower->keys_asked_at_us;

    if (follower->keys_asked_at_us == 0)
        return true;
    if (atomic_load(&follower->wants_keys))
        return age_us >= KEYS_LEAST_PERIOD_SECONDS * MICROS_PER_SECOND;
    return age_us >= KEYS_PERIOD_SECONDS * MICROS_PER_SECOND;
}

static bool ask_for_keys(struct token_follower *follower, struct error *error)
{
    Auth__ListSigningKeysRequest request = AUTH__LIST_SIGNING_KEYS_REQUEST__INIT;
    Auth__ListSigningKeysResponse *response = NULL;
    struct call call = call_start(follower->arena, CALL_TIMEOUT_MS);
    int64_t asked_at_us = clock_monotonic_us();

    atomic_store(&follower->wants_keys, false);
    if (!auth_client_list_signing_keys(follower->auth, &call, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_keys; i++) {
        const Auth__SigningKey *key = response->keys[i];

        if (key->key_id == NULL || key->public_key_pem == NULL)
            return error_set(error, REASON_INTERNAL, "auth sent a signing key without id or key");
        if (!token_verifier_add_key(follower->verifier, key->key_id, key->public_key_pem, error))
            return false;
    }
    if (response->n_keys == 0)
        return error_set(error, REASON_UNAVAILABLE, "auth has no signing key yet");
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

    request.has_since = since > 0;
    request.since = since;
    return auth_client_list_revocations(follower->auth, &call, &request, out_response, error);
}

// Asks for the sessions that ended since the last answer, page by page. Nothing counts as answered
// before the last page has come.
static bool ask_for_revocations(struct token_follower *follower, struct error *error)
{
    int64_t since = follower->as_of - OVERLAP_SECONDS * MICROS_PER_SECOND;
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

bool token_follower_is_ready(const struct token_follower *follower)
{
    return atomic_load(&follower->answered_at_us) != 0;
}

int64_t token_follower_silence_ms(const struct token_follower *follower)
{
    int64_t answered_at_us = atomic_load(&follower->answered_at_us);

    if (answered_at_us == 0)
        return INT64_MAX;
    return (clock_monotonic_us() - answered_at_us) / MICROS_PER_MS;
}

// The `kid` in the token's header, unverified: good for nothing but asking for keys.
static bool read_key_id(const char *token, char out_key_id[TOKEN_KEY_ID_SIZE])
{
    const char *dot = strchr(token, '.');
    char header[HEADER_MAX];
    size_t length = 0;
    json_t *json = NULL;
    const char *key_id = NULL;
    bool fits = false;

    if (dot == NULL || !digest_base64url_decode((struct text){token, (size_t)(dot - token)}, header,
                                                sizeof header, &length))
        return false;
    json = json_loadb(header, length, 0, NULL);
    key_id = json_string_value(json_object_get(json, "kid"));
    fits = key_id != NULL && strlen(key_id) < TOKEN_KEY_ID_SIZE;
    if (fits)
        memcpy(out_key_id, key_id, strlen(key_id) + 1);
    json_decref(json);
    return fits;
}

// A key may be newer than the last question. The token is refused all the same, and the keys are
// asked for on the follower's thread: a caller's must not wait for a stranger's token.
static void ask_for_unknown_key(struct token_follower *follower, const char *access_token)
{
    char key_id[TOKEN_KEY_ID_SIZE];

    if (!read_key_id(access_token, key_id) ||
        token_verifier_knows_key(follower->verifier, key_id) ||
        atomic_exchange(&follower->wants_keys, true))
        return;
    worker_wake(follower->worker);
}

bool token_follower_authenticate(struct token_follower *follower,
                                 const char *access_token,
                                 struct token_claims *out_claims,
                                 struct error *error)
{
    if (token_follower_silence_ms(follower) > follower->trust_ms)
        return error_set(error, REASON_UNAVAILABLE,
                         "Access tokens cannot be checked: the auth service does not answer");
    if (token_verify(follower->verifier, access_token, out_claims, error))
        return true;
    if (error_is(error, REASON_INVALID_TOKEN))
        ask_for_unknown_key(follower, access_token);
    return false;
}
