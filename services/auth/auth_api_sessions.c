// SPDX-License-Identifier: MIT
#include "bourse/auth/v1/auth_server.h"

#include "answer.h"
#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "login_guard.h"
#include "password.h"
#include "service/idempotency.h"
#include "session.h"
#include "user.h"

#include <string.h>

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
    struct token_claims claims = {.is_administrator = record->is_administrator,
                                  .scope = TOKEN_SCOPE_ACCOUNT};

    memcpy(claims.user_id, record->id, sizeof claims.user_id);
    memcpy(claims.session_id, session_id, sizeof claims.session_id);
    memcpy(claims.username, record->username, strlen(record->username) + 1);
    pair->access_token = arena_allocate(call->arena, TOKEN_MAX);
    pair->refresh_token = arena_copy_string(call->arena, refresh_token);
    if (pair->access_token == NULL || pair->refresh_token == NULL)
        return answer_too_large(error);
    if (!auth_sign(auth, &claims, pair->access_token, error) ||
        !answer_user(call->arena, record, &pair->user, error))
        return false;
    answer_balance(auth, call, pair->user);
    return true;
}

// Who guesses has to wait, with the right password too: else it would still be found.
static bool check_guesses(struct auth *auth, const char *name, struct error *error)
{
    int64_t seconds = login_guard_wait_seconds(auth->login_guard, name, clock_monotonic_us());

    if (seconds == 0)
        return true;
    metric_add(auth->logins, 1, "put_off", NULL);
    error_set(error, REASON_TOO_MANY_REQUESTS,
              "There were too many wrong logins with this name. Try again in %lld seconds.",
              (long long)seconds);
    error_add_number(error, "retry_after", "%lld", (long long)seconds);
    return false;
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
    bool is_right = false;

    if (!check_guesses(auth, request->username, error) ||
        !store_find_user(auth->database, call->arena, key, request->username, &user, error))
        return false;
    is_right = password_verify(user == NULL ? NULL : user->password_hash, request->password);
    if (user == NULL || !is_right || !user->is_active) {
        login_guard_count_wrong(auth->login_guard, request->username, clock_monotonic_us());
        metric_add(auth->logins, 1, "refused", NULL);
        return error_set(error, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
    }
    login_guard_forget(auth->login_guard, request->username);
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
    struct pair pair = {0};

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
    struct pair pair = {0};

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
