// SPDX-License-Identifier: MIT
// auth_api_users: what administrators do to users.
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

enum { PAGE_DEFAULT = 50 };

static const char *role_of(const Auth__ListUsersRequest *request)
{
    if (!request->has_role || request->role == AUTH__ROLE__ROLE_UNSPECIFIED)
        return NULL;
    return request->role == AUTH__ROLE__ROLE_ADMINISTRATOR ? "administrator" : "user";
}

bool auth_api_list_users(struct auth *auth,
                         struct call *call,
                         const Auth__ListUsersRequest *request,
                         Auth__ListUsersResponse *response,
                         struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct user_filter filter = {
        .beginning = request->q,
        .role = role_of(request),
        .has_is_active = request->has_is_active,
        .is_active = request->is_active,
        .limit = limit + 1,
    };
    struct user_record *users = NULL;
    size_t count = 0;

    if (!answer_read_page_token(request->page_token, &filter.before_id, error) ||
        !store_page_users(auth->database, call->arena, &filter, &users, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = users[count - 1].id;
    }
    response->users = arena_allocate(call->arena, (count + 1) * sizeof(Auth__User *));
    if (response->users == NULL)
        return answer_too_large(error);
    response->n_users = count;
    // Without balances: each would be a call to the portfolio service.
    for (size_t i = 0; i < count; i++)
        if (!answer_user(call->arena, &users[i], &response->users[i], error))
            return false;
    return true;
}

bool auth_api_count_users(struct auth *auth,
                          struct call *call,
                          const Auth__CountUsersRequest *request,
                          Auth__CountUsersResponse *response,
                          struct error *error)
{
    struct user_counts counts;

    (void)request;
    if (!store_count_users(auth->database, call->arena, &counts, error))
        return false;
    response->has_users = response->has_active = true;
    response->users = (uint64_t)counts.users;
    response->active = (uint64_t)counts.active;
    response->has_administrators = response->has_sessions = true;
    response->administrators = (uint64_t)counts.administrators;
    response->sessions = (uint64_t)counts.sessions;
    return true;
}

// One operation of an administrator's on a user.
struct managing {
    struct call *call; // with its body hidden
    const struct rpc_method *method;
    const char *user; // id or name
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    const char *new_hash; // of a new password; NULL for none
    struct account_end end;
};

// The user's row, locked. Fails with USER_NOT_FOUND, also for an account that has ended.
static bool lock_user(struct transaction *transaction,
                      const struct managing *managing,
                      struct user_record **out_user,
                      struct error *error)
{
    enum user_key key = uuid_is_valid(managing->user) ? USER_BY_ID : USER_BY_USERNAME;

    if (!account_lock_administrators(transaction, error) ||
        !store_lock_user(transaction, key, managing->user, out_user, error))
        return false;
    return (*out_user != NULL && !(*out_user)->is_deleted) ||
           error_set(error, REASON_USER_NOT_FOUND, "There is no such user.");
}

static struct user_change change_of(const struct managing *managing,
                                    const Auth__UpdateUserRequest *request)
{
    return (struct user_change){
        .password_hash = managing->new_hash,
        .has_role = request->has_role,
        .is_administrator = request->role == AUTH__ROLE__ROLE_ADMINISTRATOR,
        .has_is_active = request->has_is_active,
        .is_active = request->is_active,
    };
}

// What the audit log says of the change: "role: user, is_active: false, password: new".
static const char *describe(struct call *call, const struct user_change *change)
{
    const char *role = change->is_administrator ? ", role: administrator" : ", role: user";
    const char *active = change->is_active ? ", is_active: true" : ", is_active: false";
    const char *all = arena_printf(call->arena, "%s%s%s", change->has_role ? role : "",
                                   change->has_is_active ? active : "",
                                   change->password_hash != NULL ? ", password: new" : "");

    return all != NULL && all[0] == ',' ? all + strlen(", ") : all;
}

// Whoever loses what they could do is shut out at once; else it is enough that sessions end. Who is
// given another password may not have been alone with the last one, and keys made with it go too.
// Whoever is let in again trades from then on.
static bool end_what_was(struct transaction *transaction,
                         struct managing *managing,
                         const struct user_record *user,
                         const struct user_change *change,
                         struct error *error)
{
    bool is_shut_out = change->has_is_active && !change->is_active;
    bool is_let_in = change->has_is_active && change->is_active;
    bool loses_role = change->has_role && !change->is_administrator;

    if ((is_shut_out || loses_role) && !account_spare(transaction, user, error))
        return false;
    if (is_let_in && !store_queue_trading_stop_end(transaction, user->id, error))
        return false;
    if (is_shut_out)
        return account_shut_out(transaction, user->id, &managing->end, error);
    return change->password_hash != NULL
               ? account_end_access(transaction, user->id, &managing->end, error)
               : store_end_sessions(transaction, user->id, NULL, &managing->end.sessions, error);
}

static bool check_update(const Auth__UpdateUserRequest *request,
                         const struct user_record *user,
                         struct error *error)
{
    struct password_choice choice = {.field = "new_password",
                                     .password = request->new_password,
                                     .username = user->username,
                                     .email = user->email};

    error_clear(error);
    if (request->has_role && request->role == AUTH__ROLE__ROLE_UNSPECIFIED)
        error_add_violation(error, "role", "must be user or administrator");
    if (!request->has_role && !request->has_is_active && request->new_password == NULL)
        error_add_violation(error, "role", "or is_active or new_password is required");
    return error->code == CODE_OK &&
           (request->new_password == NULL || user_check_password(&choice, error));
}

static bool work_update(struct transaction *transaction, void *context, struct error *error)
{
    struct managing *managing = context;
    struct call *call = managing->call;
    const Auth__UpdateUserRequest *request = (const Auth__UpdateUserRequest *)managing->request;
    Auth__UpdateUserResponse *response = (Auth__UpdateUserResponse *)managing->response;
    struct user_change change = change_of(managing, request);
    struct audit_event event = {.action = "user.change", .detail = describe(call, &change)};
    struct user_record *user = NULL;
    bool replayed = false;

    memset(&managing->end, 0, sizeof managing->end);
    if (!idempotency_begin(transaction, call, managing->method, managing->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!lock_user(transaction, managing, &user, error) || !check_update(request, user, error) ||
        !end_what_was(transaction, managing, user, &change, error) ||
        !store_queue_change(transaction, user->id, &change, error))
        return false;
    event.subject = user->username;
    user->is_administrator = change.has_role ? change.is_administrator : user->is_administrator;
    user->is_active = change.has_is_active ? change.is_active : user->is_active;
    return answer_user(call->arena, user, &response->user, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, managing->method, managing->response, error);
}

bool auth_api_update_user(struct auth *auth,
                          struct call *call,
                          const Auth__UpdateUserRequest *request,
                          Auth__UpdateUserResponse *response,
                          struct error *error)
{
    unsigned char hash[AUTH_HIDDEN_SIZE];
    char new_hash[PASSWORD_HASH_SIZE];
    struct call hidden = auth_hide_body(auth, call, hash);
    struct managing managing = {
        .call = &hidden,
        .method = &auth_method_update_user,
        .user = request->user,
        .request = &request->base,
        .response = &response->base,
        .new_hash = request->new_password == NULL ? NULL : new_hash,
    };

    if (request->new_password != NULL &&
        !credentials_hash(auth, call, request->new_password, new_hash, error))
        return false;
    if (!database_transact(auth->database, call->arena, 0, work_update, &managing, error))
        return false;
    call->replayed = hidden.replayed;
    account_forget(auth, &managing.end);
    answer_balance(auth, call, response->user);
    return true;
}

static bool work_delete(struct transaction *transaction, void *context, struct error *error)
{
    struct managing *managing = context;
    struct call *call = managing->call;
    struct audit_event event = {.action = "user.delete"};
    struct user_record *user = NULL;
    bool replayed = false;

    memset(&managing->end, 0, sizeof managing->end);
    if (!idempotency_begin(transaction, call, managing->method, managing->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!lock_user(transaction, managing, &user, error))
        return false;
    event.subject = user->username;
    return account_delete(transaction, user, &managing->end, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, managing->method, managing->response, error);
}

bool auth_api_delete_user(struct auth *auth,
                          struct call *call,
                          const Auth__DeleteUserRequest *request,
                          Auth__DeleteUserResponse *response,
                          struct error *error)
{
    struct managing managing = {
        .call = call,
        .method = &auth_method_delete_user,
        .user = request->user,
        .request = &request->base,
        .response = &response->base,
    };

    if (!database_transact(auth->database, call->arena, 0, work_delete, &managing, error))
        return false;
    account_forget(auth, &managing.end);
    return true;
}
