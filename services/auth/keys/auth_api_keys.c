// SPDX-License-Identifier: MIT
// auth_api_keys: API keys, which programs send with each request instead of logging in. The gateway
// exchanges one for a short-lived access token, so that services know but one kind of credential.
#include "bourse/auth/v1/auth_server.h"

#include "answer.h"
#include "audit/audit.h"
#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "service/idempotency.h"
#include "sessions/secret.h"

#include <string.h>

enum { PAGE_DEFAULT = 50 };

static bool answer_key(struct arena *arena,
                       const struct api_key_record *record,
                       Auth__ApiKey **out_key,
                       struct error *error)
{
    Auth__ApiKey *key = arena_allocate(arena, sizeof *key);

    if (key == NULL)
        return answer_too_large(error);
    auth__api_key__init(key);
    key->id = record->id;
    key->name = record->name;
    key->has_scope = true;
    key->scope = record->may_trade ? AUTH__API_KEY_SCOPE__API_KEY_SCOPE_TRADE
                                   : AUTH__API_KEY_SCOPE__API_KEY_SCOPE_READ;
    key->portfolio_id = record->portfolio_id;
    key->has_created_at = true;
    key->created_at = record->created_at;
    key->has_last_used_at = record->is_used;
    key->last_used_at = record->last_used_at;
    key->has_expires_at = record->has_expiry;
    key->expires_at = record->expires_at;
    *out_key = key;
    return true;
}

bool auth_api_list_api_keys(struct auth *auth,
                            struct call *call,
                            const Auth__ListApiKeysRequest *request,
                            Auth__ListApiKeysResponse *response,
                            struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct api_key_record *keys = NULL;
    const char *before_id = NULL;
    size_t count = 0;

    if (!answer_read_page_token(request->page_token, &before_id, error) ||
        !store_page_api_keys(auth->database, call->arena, call->identity.user_id, before_id,
                             limit + 1, &keys, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = keys[count - 1].id;
    }
    response->api_keys = arena_allocate(call->arena, (count + 1) * sizeof(Auth__ApiKey *));
    if (response->api_keys == NULL)
        return answer_too_large(error);
    response->n_api_keys = count;
    for (size_t i = 0; i < count; i++)
        if (!answer_key(call->arena, &keys[i], &response->api_keys[i], error))
            return false;
    return true;
}

// Making one.

static bool
check_key(const struct auth *auth, const Auth__CreateApiKeyRequest *request, struct error *error)
{
    error_clear(error);
    if (request->scope == AUTH__API_KEY_SCOPE__API_KEY_SCOPE_UNSPECIFIED)
        error_add_violation(error, "scope", "must be read or trade");
    if (request->has_expires_at && request->expires_at <= clock_now_us(&auth->clock))
        error_add_violation(error, "expires_at", "must be in the future");
    return error->code == CODE_OK;
}

// The portfolio must be the caller's own, and open.
static bool
check_portfolio(struct auth *auth, struct call *call, const char *portfolio_id, struct error *error)
{
    Portfolio__GetPortfolioOwnerRequest request = PORTFOLIO__GET_PORTFOLIO_OWNER_REQUEST__INIT;
    Portfolio__GetPortfolioOwnerResponse *response = NULL;

    if (portfolio_id == NULL)
        return true;
    request.portfolio_id = portfolio_id;
    if (!portfolio_client_get_portfolio_owner(auth->portfolio, call, &request, &response, error))
        return false;
    return (response->user_id != NULL && !response->is_closed &&
            strcmp(response->user_id, call->identity.user_id) == 0) ||
           error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.", portfolio_id);
}

struct creating {
    struct auth *auth;
    struct call *call;
    const struct api_key_record *key;
    Auth__CreateApiKeyResponse *response;
};

static bool work_create(struct transaction *transaction, void *context, struct error *error)
{
    const struct creating *creating = context;
    const struct api_key_record *key = creating->key;
    struct call *call = creating->call;
    struct audit_event event = {.action = "api_key.create", .subject = key->id};
    struct user_record *user = NULL;
    bool replayed = false;

    event.detail =
        arena_printf(transaction_arena(transaction), "%s %s", key->may_trade ? "trade" : "read",
                     key->portfolio_id != NULL ? key->portfolio_id : "");
    if (!idempotency_begin(transaction, call, &auth_method_create_api_key,
                           &creating->response->base, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!throttle_take_api_key(creating->auth, transaction, call, error) ||
        !store_lock_user(transaction, USER_BY_ID, key->user_id, &user, error))
        return false;
    if (user == NULL || !user->is_active)
        return error_set(error, REASON_USER_NOT_FOUND, "There is no such user.");
    // What is kept for a repeat does not hold the secret.
    return store_insert_api_key(transaction, key, error) &&
           answer_key(call->arena, key, &creating->response->api_key, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, &auth_method_create_api_key,
                              &creating->response->base, error);
}

bool auth_api_create_api_key(struct auth *auth,
                             struct call *call,
                             const Auth__CreateApiKeyRequest *request,
                             Auth__CreateApiKeyResponse *response,
                             struct error *error)
{
    struct random_source random = random_system();
    struct uuid id = uuid_new();
    char *secret = arena_allocate(call->arena, SECRET_SIZE);
    char hash[SHA256_HEX_SIZE];
    struct api_key_record key = {
        .user_id = call->identity.user_id,
        .id = arena_copy_string(call->arena, id.string),
        .name = request->name,
        .may_trade = request->scope == AUTH__API_KEY_SCOPE__API_KEY_SCOPE_TRADE,
        .portfolio_id = request->portfolio_id,
        .secret_hash = hash,
        .created_at = clock_now_us(&auth->clock),
        .has_expiry = request->has_expires_at,
        .expires_at = request->expires_at,
    };
    struct creating creating = {auth, call, &key, response};

    if (secret == NULL || key.id == NULL)
        return answer_too_large(error);
    secret_make(&random, secret);
    if (!secret_hash(secret, hash))
        return error_set(error, REASON_INTERNAL, "An API key's secret could not be made.");
    if (!check_key(auth, request, error) ||
        !check_portfolio(auth, call, request->portfolio_id, error) ||
        !database_transact(auth->database, call->arena, 0, work_create, &creating, error))
        return false;
    if (!call->replayed)
        response->api_key->secret = secret;
    return true;
}

// Deleting one.

struct deleting {
    struct call *call;
    const char *id;
    Auth__DeleteApiKeyResponse *response;
};

static bool work_delete(struct transaction *transaction, void *context, struct error *error)
{
    const struct deleting *deleting = context;
    struct call *call = deleting->call;
    struct audit_event event = {.action = "api_key.delete", .subject = deleting->id};
    bool replayed = false;
    bool found = false;

    if (!idempotency_begin(transaction, call, &auth_method_delete_api_key,
                           &deleting->response->base, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!store_delete_api_key(transaction, call->identity.user_id, deleting->id, &found, error))
        return false;
    if (!found)
        return error_set(error, REASON_API_KEY_NOT_FOUND, "There is no API key %s.", deleting->id);
    return audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, &auth_method_delete_api_key,
                              &deleting->response->base, error);
}

bool auth_api_delete_api_key(struct auth *auth,
                             struct call *call,
                             const Auth__DeleteApiKeyRequest *request,
                             Auth__DeleteApiKeyResponse *response,
                             struct error *error)
{
    struct deleting deleting = {call, request->api_key_id, response};

    if (!database_transact(auth->database, call->arena, 0, work_delete, &deleting, error))
        return false;
    auth_forget_session(auth, request->api_key_id);
    return true;
}

// Using one.

static struct token_claims claims_of(const struct api_key_record *key,
                                     const struct user_record *user)
{
    struct token_claims claims = {
        .scope = key->may_trade ? TOKEN_SCOPE_TRADE : TOKEN_SCOPE_READ,
        .expires_at = key->has_expiry ? key->expires_at : 0,
    };

    memcpy(claims.user_id, user->id, UUID_SIZE);
    memcpy(claims.session_id, key->id, UUID_SIZE);
    memcpy(claims.username, user->username, strlen(user->username) + 1);
    if (key->portfolio_id != NULL)
        memcpy(claims.portfolio_id, key->portfolio_id, UUID_SIZE);
    return claims;
}

bool auth_api_exchange_api_key(struct auth *auth,
                               struct call *call,
                               const Auth__ExchangeApiKeyRequest *request,
                               Auth__ExchangeApiKeyResponse *response,
                               struct error *error)
{
    char hash[SHA256_HEX_SIZE];
    char *token = arena_allocate(call->arena, TOKEN_MAX);
    struct api_key_record key = {0};
    struct user_record *user = NULL;
    struct token_claims claims;

    if (token == NULL)
        return answer_too_large(error);
    if (uuid_is_valid(request->api_key_id) && secret_hash(request->secret, hash) &&
        !store_use_api_key(auth->database, call->arena, request->api_key_id, hash, &key, &user,
                           error))
        return false;
    if (user == NULL)
        return error_set(error, REASON_INVALID_API_KEY, "The API key is not valid.");
    claims = claims_of(&key, user);
    if (!auth_sign(auth, &claims, token, error))
        return false;
    response->access_token = token;
    return true;
}
