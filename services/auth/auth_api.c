// SPDX-License-Identifier: MIT
#include "bourse/auth/v1/auth_server.h"

#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "first_portfolio.h"
#include "money/money.h"
#include "password.h"
#include "service/idempotency.h"
#include "session.h"
#include "user.h"

#include <string.h>
#include <strings.h>

enum { BALANCE_TIMEOUT_MS = 1000 };

static bool too_large(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The request is too large.");
}

static bool make_user(struct arena *arena,
                      const struct user_record *record,
                      Auth__User **out_user,
                      struct error *error)
{
    Auth__User *user = arena_allocate(arena, sizeof *user);

    if (user == NULL)
        return too_large(error);
    auth__user__init(user);
    user->id = record->id;
    user->username = record->username;
    user->email = record->email;
    user->first_name = record->first_name;
    user->last_name = record->last_name;
    user->has_role = true;
    user->role = record->is_administrator ? AUTH__ROLE__ROLE_ADMINISTRATOR : AUTH__ROLE__ROLE_USER;
    user->has_created_at = true;
    user->created_at = record->created_at;
    user->has_is_active = true;
    user->is_active = record->is_active;
    *out_user = user;
    return true;
}

// Fills in the cash over the user's portfolios; it stays absent while that cannot be had.
static void add_balance(struct auth *auth, const struct call *call, Auth__User *user)
{
    Portfolio__GetUserCashRequest request = PORTFOLIO__GET_USER_CASH_REQUEST__INIT;
    Portfolio__GetUserCashResponse *response = NULL;
    struct call asking = *call;
    int64_t latest_us = clock_now_us(&auth->clock) + BALANCE_TIMEOUT_MS * MICROS_PER_MS;
    struct error error;

    if (asking.deadline_us > latest_us)
        asking.deadline_us = latest_us;
    request.user_id = user->id;
    if (!portfolio_client_get_user_cash(auth->portfolio, &asking, &request, &response, &error) ||
        !response->has_cash_micros)
        return;
    user->has_balance_micros = true;
    user->balance_micros = response->cash_micros;
}

// Registering.

struct registering {
    struct call *call;
    const struct user_record *record;
    Auth__RegisterResponse *response;
    bool replayed;
};

static bool work_register(struct transaction *transaction, void *context, struct error *error)
{
    struct registering *registering = context;
    struct call *call = registering->call;

    if (!idempotency_begin(transaction, call, &auth_method_register, &registering->response->base,
                           &registering->replayed, error))
        return false;
    if (registering->replayed)
        return true;
    return make_user(call->arena, registering->record, &registering->response->user, error) &&
           store_queue_user(transaction, registering->record, error) &&
           idempotency_finish(transaction, call, &auth_method_register,
                              &registering->response->base, error);
}

static bool check_registration(const struct auth *auth,
                               const struct call *call,
                               const Auth__RegisterRequest *request,
                               struct error *error)
{
    struct registration registration = {
        .username = request->username,
        .email = request->email,
        .password = request->password,
        .by_administrator = call->identity.role == ROLE_ADMINISTRATOR,
    };
    char most[DECIMAL_SIZE];

    if (!registration_check(&registration, error))
        return false;
    if (request->has_balance_micros && request->balance_micros > auth->maximum_cash_micros) {
        decimal_print(auth->maximum_cash_micros, MONEY_SCALE, 2, most);
        error_add_violation(error, "balance", "must be at most %s", most);
        return false;
    }
    return true;
}

bool auth_api_register(struct auth *auth,
                       struct call *call,
                       const Auth__RegisterRequest *request,
                       Auth__RegisterResponse *response,
                       struct error *error)
{
    struct uuid id = uuid_new();
    char hash[PASSWORD_HASH_SIZE] = "";
    struct user_record record = {
        .id = arena_copy_string(call->arena, id.string),
        .username = request->username,
        .email = request->email,
        .first_name = request->first_name,
        .last_name = request->last_name,
        .password_hash = request->password == NULL ? NULL : hash,
        .is_active = true,
        .created_at = clock_now_us(&auth->clock),
        .has_first_cash = request->has_balance_micros,
        .first_cash_micros = request->balance_micros,
    };
    struct registering registering = {.call = call, .record = &record, .response = response};
    struct error of_portfolio;
    int64_t cash_micros = 0;

    if (record.id == NULL)
        return too_large(error);
    if (!check_registration(auth, call, request, error) ||
        (request->password != NULL && !password_hash(request->password, hash, error)))
        return false;
    if (!database_transact(auth->database, call->arena, 0, work_register, &registering, error)) {
        store_name_conflict(error);
        return false;
    }
    if (registering.replayed) {
        add_balance(auth, call, response->user);
    } else if (first_portfolio_open(auth, call, &record, &cash_micros, &of_portfolio)) {
        response->user->has_balance_micros = true;
        response->user->balance_micros = cash_micros;
    } else {
        // The user is there, and the worker goes on from here.
        worker_wake(auth->portfolio_opener);
    }
    return true;
}

// Sessions.

// What a login and a refresh answer with.
struct pair {
    char *access_token;
    char *refresh_token;
    Auth__User *user;
};

static bool make_pair(struct auth *auth,
                      struct call *call,
                      const struct user_record *record,
                      const char *session_id,
                      const char *refresh_token,
                      struct pair *pair,
                      struct error *error)
{
    struct token_claims claims = {.is_administrator = record->is_administrator};

    memcpy(claims.user_id, record->id, sizeof claims.user_id);
    memcpy(claims.session_id, session_id, sizeof claims.session_id);
    memcpy(claims.username, record->username, strlen(record->username) + 1);
    pair->access_token = arena_allocate(call->arena, TOKEN_MAX);
    pair->refresh_token = arena_copy_string(call->arena, refresh_token);
    if (pair->access_token == NULL || pair->refresh_token == NULL)
        return too_large(error);
    if (!auth_sign(auth, &claims, pair->access_token, error) ||
        !make_user(call->arena, record, &pair->user, error))
        return false;
    add_balance(auth, call, pair->user);
    return true;
}

// The user of that name and password, or NULL. Takes as long for a user that is not there.
static bool find_login(struct auth *auth,
                       struct call *call,
                       const Auth__LoginRequest *request,
                       struct user_record **out_user,
                       struct error *error)
{
    enum user_key key = login_is_email(request->username) ? USER_BY_EMAIL : USER_BY_USERNAME;
    struct user_record *user = NULL;

    if (!store_find_user(auth->database, call->arena, key, request->username, &user, error))
        return false;
    if (!password_verify(user == NULL ? NULL : user->password_hash, request->password) ||
        !user->is_active) {
        metric_add(auth->logins, 1, "refused", NULL);
        return error_set(error, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
    }
    *out_user = user;
    return true;
}

bool auth_api_login(struct auth *auth,
                    struct call *call,
                    const Auth__LoginRequest *request,
                    Auth__LoginResponse *response,
                    struct error *error)
{
    struct random_source random = random_system();
    struct uuid session_id = uuid_new();
    char refresh_token[REFRESH_TOKEN_SIZE];
    char refresh_hash[SHA256_HEX_SIZE];
    char new_hash[PASSWORD_HASH_SIZE];
    struct user_record *user = NULL;
    struct new_session session = {
        .id = session_id.string,
        .refresh_hash = refresh_hash,
        .lifetime_us = auth->session_lifetime_us,
    };
    struct pair pair;

    if (!find_login(auth, call, request, &user, error))
        return false;
    // Costs that were raised since the password was set are taken up now, while it is at hand.
    if (password_needs_rehash(user->password_hash)) {
        if (!password_hash(request->password, new_hash, error))
            return false;
        session.password_hash = new_hash;
    }
    refresh_token_make(&random, refresh_token);
    session.user_id = user->id;
    if (!refresh_token_hash(refresh_token, refresh_hash) ||
        !store_start_session(auth->database, call->arena, &session, error) ||
        !make_pair(auth, call, user, session_id.string, refresh_token, &pair, error))
        return false;
    metric_add(auth->logins, 1, "done", NULL);
    response->access_token = pair.access_token;
    response->token_type = "Bearer";
    response->has_expires_in = true;
    response->expires_in = TOKEN_LIFETIME_SECONDS;
    response->refresh_token = pair.refresh_token;
    response->user = pair.user;
    return true;
}

static void forget_session(struct auth *auth, const char *session_id)
{
    token_verifier_revoke(auth->verifier, session_id,
                          clock_now_us(&auth->clock) + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND);
}

bool auth_api_refresh(struct auth *auth,
                      struct call *call,
                      const Auth__RefreshRequest *request,
                      Auth__RefreshResponse *response,
                      struct error *error)
{
    struct random_source random = random_system();
    char refresh_token[REFRESH_TOKEN_SIZE];
    char hash[SHA256_HEX_SIZE];
    char new_hash[SHA256_HEX_SIZE];
    struct refresh refresh = {
        .hash = hash, .new_hash = new_hash, .lifetime_us = auth->session_lifetime_us};
    struct pair pair;

    refresh_token_make(&random, refresh_token);
    if (!refresh_token_hash(request->refresh_token, hash) ||
        !refresh_token_hash(refresh_token, new_hash))
        return error_set(error, REASON_INVALID_REFRESH_TOKEN, "The refresh token is not valid.");
    if (!store_refresh(auth->database, call->arena, &refresh, error))
        return false;
    if (refresh.outcome == REFRESH_REUSED) {
        // Somebody has a copy: nobody knows who of the two is the thief.
        forget_session(auth, refresh.session_id);
        log_write(LOG_WARNING, "refresh_token_reused", "session", refresh.session_id, "user",
                  refresh.user->id, NULL);
    }
    if (refresh.outcome != REFRESH_DONE)
        return error_set(error, REASON_INVALID_REFRESH_TOKEN, "The refresh token is not valid.");
    if (!make_pair(auth, call, refresh.user, refresh.session_id, refresh_token, &pair, error))
        return false;
    response->access_token = pair.access_token;
    response->token_type = "Bearer";
    response->has_expires_in = true;
    response->expires_in = TOKEN_LIFETIME_SECONDS;
    response->refresh_token = pair.refresh_token;
    response->user = pair.user;
    return true;
}

struct leaving {
    struct call *call;
    Auth__LogoutResponse *response;
};

static bool work_logout(struct transaction *transaction, void *context, struct error *error)
{
    struct leaving *leaving = context;
    struct call *call = leaving->call;
    bool replayed = false;

    if (!idempotency_begin(transaction, call, &auth_method_logout, &leaving->response->base,
                           &replayed, error))
        return false;
    return replayed ||
           (idempotency_finish(transaction, call, &auth_method_logout, &leaving->response->base,
                               error) &&
            store_queue_end(transaction, call->identity.user_id, call->identity.session_id, error));
}

bool auth_api_logout(struct auth *auth,
                     struct call *call,
                     const Auth__LogoutRequest *request,
                     Auth__LogoutResponse *response,
                     struct error *error)
{
    struct leaving leaving = {.call = call, .response = response};

    (void)request;
    if (!database_transact(auth->database, call->arena, 0, work_logout, &leaving, error))
        return false;
    forget_session(auth, call->identity.session_id);
    return true;
}

// Asking.

static bool is_caller(const struct identity *identity, const char *user)
{
    return strcmp(user, "me") == 0 || strcasecmp(user, identity->user_id) == 0 ||
           strcasecmp(user, identity->username) == 0;
}

bool auth_api_get_user(struct auth *auth,
                       struct call *call,
                       const Auth__GetUserRequest *request,
                       Auth__GetUserResponse *response,
                       struct error *error)
{
    bool own = is_caller(&call->identity, request->user);
    const char *wanted = own ? call->identity.user_id : request->user;
    struct user_record *record = NULL;

    // Another user's id is answered exactly as one that is not there.
    if (own || call->identity.role == ROLE_ADMINISTRATOR)
        if (!store_find_user(auth->database, call->arena,
                             uuid_is_valid(wanted) ? USER_BY_ID : USER_BY_USERNAME, wanted, &record,
                             error))
            return false;
    if (record == NULL)
        return error_set(error, REASON_USER_NOT_FOUND, "There is no such user.");
    if (!make_user(call->arena, record, &response->user, error))
        return false;
    add_balance(auth, call, response->user);
    return true;
}

bool auth_api_list_signing_keys(struct auth *auth,
                                struct call *call,
                                const Auth__ListSigningKeysRequest *request,
                                Auth__ListSigningKeysResponse *response,
                                struct error *error)
{
    struct rows rows;

    (void)request;
    if (!store_list_keys(auth->database, call->arena, &rows, error))
        return false;
    response->keys = arena_allocate(call->arena, (rows.count + 1) * sizeof(Auth__SigningKey *));
    if (response->keys == NULL)
        return too_large(error);
    for (size_t i = 0; i < rows.count; i++) {
        Auth__SigningKey *key = arena_allocate(call->arena, sizeof *key);
        if (key == NULL)
            return too_large(error);
        auth__signing_key__init(key);
        key->key_id = rows_text(&rows, i, 0);
        key->public_key_pem = rows_text(&rows, i, 1);
        response->keys[response->n_keys++] = key;
    }
    return true;
}

bool auth_api_list_revocations(struct auth *auth,
                               struct call *call,
                               const Auth__ListRevocationsRequest *request,
                               Auth__ListRevocationsResponse *response,
                               struct error *error)
{
    struct revocation_list list;

    if (!store_list_revocations(auth->database, call->arena,
                                request->has_since ? request->since : 0, &list, error))
        return false;
    response->revocations =
        arena_allocate(call->arena, (list.count + 1) * sizeof(Auth__Revocation *));
    if (response->revocations == NULL)
        return too_large(error);
    for (size_t i = 0; i < list.count; i++) {
        Auth__Revocation *revocation = arena_allocate(call->arena, sizeof *revocation);
        if (revocation == NULL)
            return too_large(error);
        auth__revocation__init(revocation);
        revocation->session_id = list.items[i].session_id;
        revocation->has_revoked_at = true;
        revocation->revoked_at = list.items[i].revoked_at;
        response->revocations[response->n_revocations++] = revocation;
    }
    response->has_as_of = true;
    response->as_of = list.as_of;
    response->has_more = true;
    response->more = list.more;
    return true;
}
