// SPDX-License-Identifier: MIT
// auth_api_sessions: logging in and out, and what keeps a login going.
#include "bourse/auth/v1/auth_server.h"

#include "accounts/user.h"
#include "answer.h"
#include "audit/audit.h"
#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "passwords/password.h"
#include "service/idempotency.h"
#include "sessions/credentials.h"
#include "sessions/secret.h"

#include <string.h>
#include <strings.h>

enum { PAGE_DEFAULT = 50 };

// What a login and a refresh answer with.
struct pair {
    char *access_token;
    char *refresh_token;
    Auth__User *user;
};

static bool make_access_token(struct auth *auth,
                              struct call *call,
                              const struct user_record *record,
                              const char *session_id,
                              char **out_token,
                              struct error *error)
{
    struct token_claims claims = {.is_administrator = record->is_administrator,
                                  .scope = TOKEN_SCOPE_ACCOUNT};

    memcpy(claims.user_id, record->id, sizeof claims.user_id);
    memcpy(claims.session_id, session_id, sizeof claims.session_id);
    memcpy(claims.username, record->username, strlen(record->username) + 1);
    *out_token = arena_allocate(call->arena, TOKEN_MAX);
    return *out_token == NULL ? answer_too_large(error)
                              : auth_sign(auth, &claims, *out_token, error);
}

static bool make_pair(struct auth *auth,
                      struct call *call,
                      const struct user_record *record,
                      const char *session_id,
                      const char *refresh_token,
                      struct pair *pair,
                      struct error *error)
{
    pair->refresh_token = arena_copy_string(call->arena, refresh_token);
    if (pair->refresh_token == NULL)
        return answer_too_large(error);
    if (!make_access_token(auth, call, record, session_id, &pair->access_token, error) ||
        !answer_user(call->arena, record, &pair->user, error))
        return false;
    answer_balance(auth, call, pair->user);
    return true;
}

// Logging in.

// The user of that name and password. Takes as long for a user that is not there.
static bool find_login(struct auth *auth,
                       struct call *call,
                       const Auth__LoginRequest *request,
                       struct user_record **out_user,
                       struct login_try *out_try,
                       struct error *error)
{
    enum user_key key = login_is_email(request->username) ? USER_BY_EMAIL : USER_BY_USERNAME;
    struct user_record *user = NULL;
    struct audit_event event = {.action = "session.start"};
    bool is_right = false;

    if (!store_find_user(auth->database, call->arena, key, request->username, &user, error))
        return false;
    // PostgreSQL takes more letters for one another than we count as one name (the Kelvin sign for
    // a k); each way to write a name would be so many guesses more.
    if (user != NULL &&
        strcasecmp(key == USER_BY_EMAIL ? user->email : user->username, request->username) != 0)
        user = NULL;
    if (!throttle_begin_login(auth, call, request->username, user == NULL ? NULL : user->id,
                              out_try, error) ||
        !credentials_match(auth, call, user, request->password, &is_right, error))
        return false;
    if (!is_right) {
        if (!throttle_count_wrong_login(auth, call, out_try, error))
            return false;
        metric_add(auth->logins, 1, "refused", NULL);
        error_set(error, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
        event.subject = user == NULL ? NULL : user->username;
        audit_refused(auth, call, &event, error);
        return false;
    }
    *out_user = user;
    return true;
}

struct starting {
    struct call *call;
    const struct user_record *user;
    struct new_session session;
};

static bool work_login(struct transaction *transaction, void *context, struct error *error)
{
    const struct starting *starting = context;
    const struct user_record *user = starting->user;
    struct audit_event event = {.action = "session.start",
                                .detail = starting->session.device,
                                .actor_id = user->id,
                                .actor = user->username};

    return store_queue_session(transaction, &starting->session, error) &&
           audit_done(transaction, starting->call, &event, error);
}

bool auth_api_login(struct auth *auth,
                    struct call *call,
                    const Auth__LoginRequest *request,
                    Auth__LoginResponse *response,
                    struct error *error)
{
    struct random_source random = random_system();
    struct uuid session_id = uuid_new();
    char secret[SECRET_SIZE];
    char hash[SHA256_HEX_SIZE];
    char new_hash[PASSWORD_HASH_SIZE];
    struct user_record *user = NULL;
    struct login_try login;
    struct starting starting = {
        .call = call,
        .session = {.id = session_id.string,
                    .refresh_hash = request->cookie ? NULL : hash,
                    .cookie_hash = request->cookie ? hash : NULL,
                    .device = request->device,
                    .client_address = call->client_address,
                    .login = &login.keys,
                    .lifetime_us = auth->session_lifetime_us},
    };
    struct pair pair = {0};

    if (!find_login(auth, call, request, &user, &login, error))
        return false;
    starting.user = user;
    starting.session.user_id = user->id;
    starting.session.verified_hash = user->password_hash;
    // Costs that were raised since the password was set are taken up now, while it is at hand.
    if (password_needs_rehash(&auth->hasher, user->password_hash)) {
        if (!credentials_hash(auth, call, request->password, new_hash, error))
            return false;
        starting.session.password_hash = new_hash;
    }
    secret_make(&random, secret);
    if (!secret_hash(secret, hash))
        return error_set(error, REASON_INTERNAL, "A session's secret could not be made.");
    if (!database_transact(auth->database, call->arena, 0, work_login, &starting, error) ||
        !make_pair(auth, call, user, session_id.string, secret, &pair, error))
        return false;
    metric_add(auth->logins, 1, "done", NULL);
    response->access_token = pair.access_token;
    response->token_type = "Bearer";
    response->has_expires_in = true;
    response->expires_in = TOKEN_LIFETIME_SECONDS;
    // Of a session in a cookie this is what the cookie holds; the gateway puts it there.
    response->refresh_token = pair.refresh_token;
    response->user = pair.user;
    return true;
}

// Going on.

struct refreshing {
    struct call *call;
    struct refresh refresh;
};

static bool work_refresh(struct transaction *transaction, void *context, struct error *error)
{
    struct refreshing *refreshing = context;
    struct refresh *refresh = &refreshing->refresh;
    struct audit_event event = {.action = "refresh_token.reuse"};

    if (!store_refresh(transaction, refresh, error))
        return false;
    if (refresh->outcome != REFRESH_REUSED)
        return true;
    // Somebody has a copy: nobody knows who of the two is the thief.
    event.subject = refresh->session_id;
    event.actor_id = refresh->user->id;
    event.actor = refresh->user->username;
    return audit_done(transaction, refreshing->call, &event, error);
}

bool auth_api_refresh(struct auth *auth,
                      struct call *call,
                      const Auth__RefreshRequest *request,
                      Auth__RefreshResponse *response,
                      struct error *error)
{
    struct random_source random = random_system();
    char refresh_token[SECRET_SIZE];
    char hash[SHA256_HEX_SIZE];
    char new_hash[SHA256_HEX_SIZE];
    struct refreshing refreshing = {
        .call = call,
        .refresh = {.hash = hash,
                    .new_hash = new_hash,
                    .lifetime_us = auth->session_lifetime_us,
                    .lifetime_whole_us = auth->session_lifetime_whole_us,
                    .limit = &auth->limits.session_refreshes,
                    .limit_key = auth->mesh_key.bytes},
    };
    struct refresh *refresh = &refreshing.refresh;
    struct pair pair = {0};

    secret_make(&random, refresh_token);
    if (!secret_hash(request->refresh_token, hash) || !secret_hash(refresh_token, new_hash))
        return error_set(error, REASON_INVALID_REFRESH_TOKEN, "The refresh token is not valid.");
    if (!throttle_take_refresh(auth, call, error) ||
        !database_transact(auth->database, call->arena, 0, work_refresh, &refreshing, error))
        return false;
    if (refresh->outcome == REFRESH_PUT_OFF)
        return rate_limit_refuse(refresh->limit, refresh->wait_us, error);
    if (refresh->outcome == REFRESH_REUSED) {
        auth_forget_session(auth, refresh->session_id);
        log_write(LOG_WARNING, "refresh_token_reused", "session", refresh->session_id, "user",
                  refresh->user->id, NULL);
    }
    if (refresh->outcome != REFRESH_DONE)
        return error_set(error, REASON_INVALID_REFRESH_TOKEN, "The refresh token is not valid.");
    if (!make_pair(auth, call, refresh->user, refresh->session_id, refresh_token, &pair, error))
        return false;
    response->access_token = pair.access_token;
    response->token_type = "Bearer";
    response->has_expires_in = true;
    response->expires_in = TOKEN_LIFETIME_SECONDS;
    response->refresh_token = pair.refresh_token;
    response->user = pair.user;
    return true;
}

bool auth_api_exchange_cookie(struct auth *auth,
                              struct call *call,
                              const Auth__ExchangeCookieRequest *request,
                              Auth__ExchangeCookieResponse *response,
                              struct error *error)
{
    char hash[SHA256_HEX_SIZE];
    struct cookie_use use = {.hash = hash,
                             .lifetime_us = auth->session_lifetime_us,
                             .lifetime_whole_us = auth->session_lifetime_whole_us};
    char *token = NULL;

    if (secret_hash(request->cookie, hash) &&
        !store_use_cookie(auth->database, call->arena, &use, error))
        return false;
    if (use.user == NULL)
        return error_set(error, REASON_INVALID_TOKEN, "The session has ended. Log in again.");
    if (!make_access_token(auth, call, use.user, use.session_id, &token, error))
        return false;
    response->access_token = token;
    return true;
}

// Looking at sessions, and ending them.

static bool answer_session(struct call *call,
                           const struct session_record *record,
                           Auth__Session **out_session,
                           struct error *error)
{
    Auth__Session *session = arena_allocate(call->arena, sizeof *session);

    if (session == NULL)
        return answer_too_large(error);
    auth__session__init(session);
    session->id = record->id;
    session->device = record->device;
    session->address = record->client_address;
    session->has_in_cookie = true;
    session->in_cookie = record->is_in_cookie;
    session->has_is_current = true;
    session->is_current = strcmp(record->id, call->identity.session_id) == 0;
    session->has_created_at = true;
    session->created_at = record->created_at;
    session->has_used_at = true;
    session->used_at = record->used_at;
    session->has_expires_at = true;
    session->expires_at = record->expires_at;
    *out_session = session;
    return true;
}

bool auth_api_list_sessions(struct auth *auth,
                            struct call *call,
                            const Auth__ListSessionsRequest *request,
                            Auth__ListSessionsResponse *response,
                            struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct session_record *records = NULL;
    const char *before_id = NULL;
    size_t count = 0;

    if (!answer_read_page_token(request->page_token, &before_id, error) ||
        !store_page_sessions(auth->database, call->arena, call->identity.user_id, before_id,
                             limit + 1, &records, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = records[count - 1].id;
    }
    response->sessions = arena_allocate(call->arena, (count + 1) * sizeof(Auth__Session *));
    if (response->sessions == NULL)
        return answer_too_large(error);
    response->n_sessions = count;
    for (size_t i = 0; i < count; i++)
        if (!answer_session(call, &records[i], &response->sessions[i], error))
            return false;
    return true;
}

struct ending {
    struct call *call;
    const struct rpc_method *method;
    const char *session_id;
    ProtobufCMessage *response;
};

static bool work_end(struct transaction *transaction, void *context, struct error *error)
{
    struct ending *ending = context;
    struct call *call = ending->call;
    struct audit_event event = {.action = "session.end", .subject = ending->session_id};
    bool replayed = false;
    bool found = false;

    if (!idempotency_begin(transaction, call, ending->method, ending->response, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!store_end_session(transaction, call->identity.user_id, ending->session_id, &found, error))
        return false;
    if (!found)
        return error_set(error, REASON_SESSION_NOT_FOUND, "There is no session %s.",
                         ending->session_id);
    return idempotency_finish(transaction, call, ending->method, ending->response, error) &&
           audit_done(transaction, call, &event, error);
}

static bool end_session(struct auth *auth, struct ending *ending, struct error *error)
{
    if (!database_transact(auth->database, ending->call->arena, 0, work_end, ending, error))
        return false;
    auth_forget_session(auth, ending->session_id);
    return true;
}

bool auth_api_end_session(struct auth *auth,
                          struct call *call,
                          const Auth__EndSessionRequest *request,
                          Auth__EndSessionResponse *response,
                          struct error *error)
{
    struct ending ending = {.call = call,
                            .method = &auth_method_end_session,
                            .session_id = request->session_id,
                            .response = &response->base};

    return end_session(auth, &ending, error);
}

bool auth_api_logout(struct auth *auth,
                     struct call *call,
                     const Auth__LogoutRequest *request,
                     Auth__LogoutResponse *response,
                     struct error *error)
{
    struct ending ending = {.call = call,
                            .method = &auth_method_logout,
                            .session_id = call->identity.session_id,
                            .response = &response->base};

    (void)request;
    // Two that leave at once both have left.
    return end_session(auth, &ending, error) || error_is(error, REASON_SESSION_NOT_FOUND);
}
