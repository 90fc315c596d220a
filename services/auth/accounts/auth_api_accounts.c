// SPDX-License-Identifier: MIT
// auth_api_accounts: what people change about themselves.
#include "bourse/auth/v1/auth_server.h"

#include "accounts/account.h"
#include "accounts/user.h"
#include "answer.h"
#include "audit/audit.h"
#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "passwords/password.h"
#include "service/idempotency.h"
#include "sessions/credentials.h"

#include <string.h>
#include <strings.h>

// One operation of the caller's on their own account.
struct changing {
    struct auth *auth;
    struct call *call; // with its body hidden
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    const char *new_password; // NULL for none
    char new_hash[PASSWORD_HASH_SIZE];
    struct account_end end;
    const char *action;     // for the audit log
    const char *password;   // the present one, as it was given; NULL for not given
    struct login_try login; // of that one
};

// Runs `work` in a transaction, for operations that may ask for the password: the guesses are
// counted as at a login.
static bool
change(struct changing *changing,
       bool (*work)(struct transaction *transaction, void *context, struct error *error),
       struct error *error)
{
    struct auth *auth = changing->auth;
    struct call *call = changing->call;
    struct audit_event refused = {.action = changing->action};
    struct error uncounted;

    if (changing->password != NULL &&
        !throttle_begin_login(auth, call, call->identity.username, call->identity.user_id,
                              &changing->login, error))
        return false;
    // Only now: who has to wait is not worth the work.
    if (changing->new_password != NULL &&
        !credentials_hash(auth, call, changing->new_password, changing->new_hash, error))
        return false;
    if (database_transact(auth->database, call->arena, 0, work, changing, error))
        return true;
    if (error_is(error, REASON_WRONG_PASSWORD)) {
        audit_refused(auth, call, &refused, error);
        if (!throttle_count_wrong_login(auth, call, &changing->login, &uncounted))
            *error = uncounted;
    }
    return false;
}

// The caller's row, locked. Fails with USER_NOT_FOUND when the account has just ended.
static bool lock_caller(struct transaction *transaction,
                        const struct call *call,
                        struct user_record **out_user,
                        struct error *error)
{
    if (!store_lock_user(transaction, USER_BY_ID, call->identity.user_id, out_user, error))
        return false;
    return (*out_user != NULL && (*out_user)->is_active) ||
           error_set(error, REASON_USER_NOT_FOUND, "There is no such user.");
}

static bool is_new_email(const struct user_record *user, const char *email)
{
    return email != NULL && (user->email == NULL || strcasecmp(user->email, email) != 0);
}

static const char *changed(const char *now, const char *new_one)
{
    if (new_one == NULL)
        return now;
    return new_one[0] == '\0' ? NULL : new_one;
}

static bool require_password(struct transaction *transaction,
                             struct changing *changing,
                             const struct user_record *user,
                             struct error *error)
{
    if (changing->password != NULL)
        return credentials_require(changing->auth, changing->call, user, changing->password,
                                   error) &&
               store_queue_right_login(transaction, user->id, &changing->login.keys, error);
    error_clear(error);
    error_add_violation(error, "current_password", "is needed to change the e-mail address");
    return false;
}

static bool work_profile(struct transaction *transaction, void *context, struct error *error)
{
    struct changing *changing = context;
    struct call *call = changing->call;
    const Auth__UpdateProfileRequest *request =
        (const Auth__UpdateProfileRequest *)changing->request;
    Auth__UpdateProfileResponse *response = (Auth__UpdateProfileResponse *)changing->response;
    struct user_change change = {.email = request->email,
                                 .first_name = request->first_name,
                                 .last_name = request->last_name};
    struct audit_event event = {.action = changing->action};
    struct user_record *user = NULL;
    bool replayed = false;

    if (!idempotency_begin(transaction, call, changing->method, changing->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!lock_caller(transaction, call, &user, error) ||
        (is_new_email(user, request->email) &&
         !require_password(transaction, changing, user, error)))
        return false;
    event.detail = is_new_email(user, request->email) ? "email" : NULL;
    user->email = changed(user->email, request->email);
    user->first_name = changed(user->first_name, request->first_name);
    user->last_name = changed(user->last_name, request->last_name);
    return answer_user(call->arena, user, &response->user, error) &&
           store_queue_change(transaction, user->id, &change, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, changing->method, changing->response, error);
}

bool auth_api_update_profile(struct auth *auth,
                             struct call *call,
                             const Auth__UpdateProfileRequest *request,
                             Auth__UpdateProfileResponse *response,
                             struct error *error)
{
    unsigned char hash[AUTH_HIDDEN_SIZE];
    struct call hidden = auth_hide_body(auth, call, hash);
    struct changing changing = {
        .auth = auth,
        .call = &hidden,
        .method = &auth_method_update_profile,
        .action = "profile.change",
        .password = request->current_password,
        .request = &request->base,
        .response = &response->base,
    };

    error_clear(error);
    if (request->email != NULL && !user_check_email(request->email, error))
        return false;
    if (!change(&changing, work_profile, error)) {
        store_name_conflict(error);
        return false;
    }
    call->replayed = hidden.replayed;
    answer_balance(auth, call, response->user);
    return true;
}

static bool work_password(struct transaction *transaction, void *context, struct error *error)
{
    struct changing *changing = context;
    struct call *call = changing->call;
    const Auth__ChangePasswordRequest *request =
        (const Auth__ChangePasswordRequest *)changing->request;
    struct user_change change = {.password_hash = changing->new_hash};
    struct audit_event event = {.action = changing->action};
    struct user_record *user = NULL;
    bool replayed = false;

    memset(&changing->end, 0, sizeof changing->end);
    if (!idempotency_begin(transaction, call, changing->method, changing->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!lock_caller(transaction, call, &user, error))
        return false;
    return require_password(transaction, changing, user, error) &&
           user_check_password(&(struct password_choice){.field = "new_password",
                                                         .password = request->new_password,
                                                         .username = user->username,
                                                         .email = user->email},
                               error) &&
           store_queue_change(transaction, user->id, &change, error) &&
           store_end_sessions(transaction, user->id, call->identity.session_id,
                              &changing->end.sessions, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, changing->method, changing->response, error);
}

bool auth_api_change_password(struct auth *auth,
                              struct call *call,
                              const Auth__ChangePasswordRequest *request,
                              Auth__ChangePasswordResponse *response,
                              struct error *error)
{
    unsigned char hash[AUTH_HIDDEN_SIZE];
    struct call hidden = auth_hide_body(auth, call, hash);
    struct changing changing = {
        .auth = auth,
        .call = &hidden,
        .method = &auth_method_change_password,
        .action = "password.change",
        .password = request->current_password,
        .request = &request->base,
        .response = &response->base,
        .new_password = request->new_password,
    };

    if (strcmp(request->current_password, request->new_password) == 0) {
        error_clear(error);
        error_add_violation(error, "new_password", "must be another than the present one");
        return false;
    }
    if (!change(&changing, work_password, error))
        return false;
    call->replayed = hidden.replayed;
    account_forget(auth, &changing.end);
    return true;
}

static bool work_delete(struct transaction *transaction, void *context, struct error *error)
{
    struct changing *changing = context;
    struct call *call = changing->call;
    struct audit_event event = {.action = changing->action};
    struct user_record *user = NULL;
    bool replayed = false;

    memset(&changing->end, 0, sizeof changing->end);
    if (!idempotency_begin(transaction, call, changing->method, changing->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!lock_caller(transaction, call, &user, error))
        return false;
    // The lock that keeps the last administrator is one for all, and the password takes its time.
    return require_password(transaction, changing, user, error) &&
           (!user->is_administrator || account_lock_administrators(transaction, error)) &&
           account_delete(transaction, user, &changing->end, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, changing->method, changing->response, error);
}

bool auth_api_delete_account(struct auth *auth,
                             struct call *call,
                             const Auth__DeleteAccountRequest *request,
                             Auth__DeleteAccountResponse *response,
                             struct error *error)
{
    unsigned char hash[AUTH_HIDDEN_SIZE];
    struct call hidden = auth_hide_body(auth, call, hash);
    struct changing changing = {
        .auth = auth,
        .call = &hidden,
        .method = &auth_method_delete_account,
        .action = "user.delete",
        .password = request->password,
        .request = &request->base,
        .response = &response->base,
    };

    if (!change(&changing, work_delete, error))
        return false;
    call->replayed = hidden.replayed;
    account_forget(auth, &changing.end);
    return true;
}
