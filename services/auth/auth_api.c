// SPDX-License-Identifier: MIT
#include "bourse/auth/v1/auth_server.h"

#include "accounts/first_portfolio.h"
#include "accounts/user.h"
#include "answer.h"
#include "audit/audit.h"
#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth_methods.h"
#include "money/money.h"
#include "passwords/password.h"
#include "service/idempotency.h"
#include "sessions/credentials.h"

#include <string.h>
#include <strings.h>

// Registering.

struct registering {
    const struct rpc_method *method;
    struct call *call;
    const struct user_record *record;
    Auth__RegisterResponse *response;
    bool replayed;
};

static bool work_register(struct transaction *transaction, void *context, struct error *error)
{
    struct registering *registering = context;
    struct call *call = registering->call;
    // Who registers becomes somebody by it; who is made by an administrator does not act here.
    bool is_made = call->identity.role == ROLE_ADMINISTRATOR;
    struct audit_event event = {
        .action = "user.register",
        .subject = registering->record->username,
        .actor_id = is_made ? NULL : registering->record->id,
        .actor = registering->record->username,
    };

    if (!idempotency_begin(transaction, call, registering->method, &registering->response->base,
                           &registering->replayed, error))
        return false;
    if (registering->replayed)
        return true;
    return answer_user(call->arena, registering->record, &registering->response->user, error) &&
           store_queue_user(transaction, registering->record, error) &&
           audit_done(transaction, call, &event, error) &&
           idempotency_finish(transaction, call, registering->method, &registering->response->base,
                              error);
}

static bool check_registration(const struct auth *auth,
                               const struct call *call,
                               const Auth__RegisterRequest *request,
                               bool without_email,
                               struct error *error)
{
    struct registration registration = {
        .without_email = without_email,
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

// A registration that was done before is answered as it was then, whatever the limit says.
static bool
take_registration(struct auth *auth, struct registering *registering, struct error *error)
{
    struct error other;

    if (throttle_take_registration(auth, registering->call, error))
        return true;
    if (!error_is(error, REASON_TOO_MANY_REQUESTS))
        return false;
    if (idempotency_find(auth->database, registering->call, registering->method,
                         &registering->response->base, &registering->replayed, &other))
        return registering->replayed;
    *error = other;
    return false;
}

static bool register_user(struct auth *auth,
                          const struct rpc_method *method,
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
    unsigned char guard[AUTH_HIDDEN_SIZE];
    struct call guarded = auth_hide_body(auth, call, guard);
    struct registering registering = {
        .method = method, .call = &guarded, .record = &record, .response = response};
    struct error of_portfolio;
    int64_t cash_micros = 0;

    if (record.id == NULL)
        return answer_too_large(error);
    if (!check_registration(auth, call, request, method == &auth_method_register_without_email,
                            error))
        return false;
    if (!take_registration(auth, &registering, error) ||
        (!registering.replayed && request->password != NULL &&
         !credentials_hash(auth, call, request->password, hash, error)))
        return false;
    if (!registering.replayed &&
        !database_transact(auth->database, call->arena, 0, work_register, &registering, error)) {
        store_name_conflict(error);
        return false;
    }
    call->replayed = registering.replayed;
    if (registering.replayed) {
        answer_balance(auth, call, response->user);
    } else if (first_portfolio_open(auth, call, &record, &cash_micros, &of_portfolio)) {
        response->user->has_balance_micros = true;
        response->user->balance_micros = cash_micros;
    } else {
        // The user is there, and the worker goes on from here.
        worker_wake(auth->portfolio_opener);
    }
    return true;
}

bool auth_api_register(struct auth *auth,
                       struct call *call,
                       const Auth__RegisterRequest *request,
                       Auth__RegisterResponse *response,
                       struct error *error)
{
    return register_user(auth, &auth_method_register, call, request, response, error);
}

bool auth_api_register_without_email(struct auth *auth,
                                     struct call *call,
                                     const Auth__RegisterRequest *request,
                                     Auth__RegisterResponse *response,
                                     struct error *error)
{
    return register_user(auth, &auth_method_register_without_email, call, request, response, error);
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
    if (!answer_user(call->arena, record, &response->user, error))
        return false;
    // A key for one portfolio is not told what is in the others.
    if (call->identity.portfolio_id[0] == '\0')
        answer_balance(auth, call, response->user);
    return true;
}

bool auth_api_list_signing_keys(struct auth *auth,
                                struct call *call,
                                const Auth__ListSigningKeysRequest *request,
                                Auth__ListSigningKeysResponse *response,
                                struct error *error)
{
    struct key_list list;

    (void)request;
    if (!store_list_keys(auth->database, call->arena, clock_now_us(&auth->clock), &list, error))
        return false;
    response->keys = arena_allocate(call->arena, (list.count + 1) * sizeof(Auth__SigningKey *));
    if (response->keys == NULL)
        return answer_too_large(error);
    for (size_t i = 0; i < list.count; i++) {
        Auth__SigningKey *key = arena_allocate(call->arena, sizeof *key);
        if (key == NULL)
            return answer_too_large(error);
        auth__signing_key__init(key);
        key->key_id = list.items[i].id;
        key->public_key_pem = list.items[i].public_pem;
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
        return answer_too_large(error);
    for (size_t i = 0; i < list.count; i++) {
        Auth__Revocation *revocation = arena_allocate(call->arena, sizeof *revocation);
        if (revocation == NULL)
            return answer_too_large(error);
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
