// SPDX-License-Identifier: MIT
// trading_halts_api: stopping trading in a portfolio, of a user, or for all, and letting it go on.
//
// An owner's halt and one by an administrator are two: each is lifted by itself, and trading goes
// on when there is none.
#include "bourse/auth/v1/auth_client.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <stdio.h>
#include <string.h>

#include "execution/lookup.h"
#include "limits/limit_follower.h"
#include "limits/limit_store.h"
#include "service/audit_outbox.h"
#include "service/idempotency.h"
#include "service/ownership.h"

enum { ASK_MS = 2000 }; // for an answer of auth

// What all nine answers have.
struct answer {
    protobuf_c_boolean *has_is_halted;
    protobuf_c_boolean *is_halted;
    size_t *count;
    Trading__TradingHalt ***halts;
};

#define ANSWER(response)                                                                           \
    {                                                                                              \
        &(response)->has_is_halted, &(response)->is_halted, &(response)->n_halts,                  \
            &(response)->halts                                                                     \
    }

// One operation: whose halts it shows, and what it does to one of them.
struct operation {
    struct trading *trading;
    struct call *call;
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    struct answer answer;
    const char *portfolio_id; // whose halts are shown; NULL for none
    const char *user_id;
    const char *action; // in the audit log; NULL for nothing to be changed
    bool is_noted;      // there
    bool resumes;
    bool resumes_both; // that of an administrator and that of the owner
    struct halt_record halt;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Trading__HaltScope scope_of(enum halt_scope scope)
{
    static const Trading__HaltScope scopes[HALT_SCOPE_COUNT] = {
        [HALT_PORTFOLIO] = TRADING__HALT_SCOPE__HALT_SCOPE_PORTFOLIO,
        [HALT_USER] = TRADING__HALT_SCOPE__HALT_SCOPE_USER,
        [HALT_PLATFORM] = TRADING__HALT_SCOPE__HALT_SCOPE_PLATFORM,
    };

    return scopes[scope];
}

static bool
say_halt(const struct halt_record *halt, struct arena *arena, Trading__TradingHalt **out_message)
{
    Trading__TradingHalt *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return false;
    trading__trading_halt__init(message);
    message->has_scope = true;
    message->scope = scope_of(halt->scope);
    message->has_halted_by = true;
    message->halted_by = halt->by == HALT_BY_OWNER ? TRADING__HALTED_BY__HALTED_BY_OWNER
                                                   : TRADING__HALTED_BY__HALTED_BY_ADMINISTRATOR;
    message->has_halted_at = true;
    message->halted_at = halt->at;
    message->note = halt->note;
    message->has_cancels_orders = true;
    message->cancels_orders = halt->cancels_orders;
    *out_message = message;
    return true;
}

static bool
say(struct transaction *transaction, const struct operation *operation, struct error *error)
{
    const struct answer *answer = &operation->answer;
    struct arena *arena = operation->call->arena;
    struct halt_record *halts = NULL;
    Trading__TradingHalt **messages = NULL;
    size_t count = 0;

    if (!limit_store_load_halts(transaction, operation->portfolio_id, operation->user_id, &halts,
                                &count, error))
        return false;
    messages = arena_allocate(arena, (count + 1) * sizeof(*messages));
    for (size_t i = 0; messages != NULL && i < count; i++)
        if (!say_halt(&halts[i], arena, &messages[i]))
            return out_of_budget(error);
    if (messages == NULL)
        return out_of_budget(error);
    *answer->has_is_halted = true;
    *answer->is_halted = count > 0;
    *answer->count = count;
    *answer->halts = messages;
    return true;
}

static bool
note(struct transaction *transaction, const struct operation *operation, struct error *error)
{
    const struct audit_outbox_event event = {
        .call = operation->call,
        .action = operation->action,
        .subject = operation->halt.subject,
        .method = operation->method,
        .request = operation->request,
    };

    return !operation->is_noted || audit_outbox_add(transaction, &event, 1, error);
}

// Ends the owner's halt of a portfolio; an administrator's call ends that of administrators, too.
static bool
resume(struct transaction *transaction, struct operation *operation, struct error *error)
{
    struct halt_record owners = operation->halt;

    owners.by = HALT_BY_OWNER;
    if (!limit_store_resume(transaction, &operation->halt, error))
        return false;
    return !operation->resumes_both ||
           (limit_store_next_revision(transaction, &owners.revision, error) &&
            limit_store_resume(transaction, &owners, error));
}

static bool
change(struct transaction *transaction, struct operation *operation, struct error *error)
{
    bool replayed = false;

    if (!idempotency_begin(transaction, operation->call, operation->method, operation->response,
                           &replayed, error))
        return false;
    if (replayed)
        return true;
    return limit_store_next_revision(transaction, &operation->halt.revision, error) &&
           (operation->resumes ? resume(transaction, operation, error)
                               : limit_store_halt(transaction, &operation->halt, error)) &&
           note(transaction, operation, error) && say(transaction, operation, error) &&
           idempotency_finish(transaction, operation->call, operation->method, operation->response,
                              error);
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct operation *operation = context;

    return operation->action == NULL ? say(transaction, operation, error)
                                     : change(transaction, operation, error);
}

static bool run(struct operation *operation, struct error *error)
{
    struct trading *trading = operation->trading;
    struct platform_clock clock;

    if (!quotes_clock(trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    operation->halt.at = clock.now;
    if (!database_transact(trading->database, operation->call->arena, 0, work, operation, error))
        return false;
    if (operation->action != NULL)
        limit_follower_follow(trading);
    return true;
}

// The operations of a portfolio.
static bool run_portfolio(struct operation *operation,
                          const char *portfolio_id,
                          bool closed_too,
                          struct error *error)
{
    char user_id[UUID_SIZE];
    bool is_for_another = false;

    if (!lookup_owner(operation->trading, operation->call, portfolio_id, closed_too, user_id,
                      error))
        return false;
    is_for_another = ownership_is_for_another(&operation->call->identity, user_id);
    operation->portfolio_id = portfolio_id;
    operation->user_id = user_id;
    operation->is_noted = is_for_another;
    operation->resumes_both = is_for_another;
    operation->halt.scope = HALT_PORTFOLIO;
    operation->halt.by = is_for_another ? HALT_BY_ADMINISTRATOR : HALT_BY_OWNER;
    snprintf(operation->halt.subject, UUID_SIZE, "%s", portfolio_id);
    return run(operation, error);
}

// Those of administrators: of a user, or for all.
static bool run_wide(struct operation *operation,
                     enum halt_scope scope,
                     const char *user_id,
                     struct error *error)
{
    operation->user_id = user_id;
    operation->is_noted = true;
    operation->halt.scope = scope;
    operation->halt.by = HALT_BY_ADMINISTRATOR;
    snprintf(operation->halt.subject, UUID_SIZE, "%s", user_id == NULL ? LIMIT_STORE_ALL : user_id);
    return run(operation, error);
}

#define OPERATION(name)                                                                            \
    {                                                                                              \
        .trading = trading, .call = call, .method = &trading_method_##name,                        \
        .request = &request->base, .response = &response->base, .answer = ANSWER(response),        \
    }

bool trading_api_get_trading_halt(struct trading *trading,
                                  struct call *call,
                                  const Trading__GetTradingHaltRequest *request,
                                  Trading__GetTradingHaltResponse *response,
                                  struct error *error)
{
    struct operation operation = OPERATION(get_trading_halt);

    return run_portfolio(&operation, request->portfolio_id, true, error);
}

bool trading_api_halt_trading(struct trading *trading,
                              struct call *call,
                              const Trading__HaltTradingRequest *request,
                              Trading__HaltTradingResponse *response,
                              struct error *error)
{
    struct operation operation = OPERATION(halt_trading);

    operation.action = "trading.halt";
    operation.halt.note = request->note;
    operation.halt.cancels_orders = request->cancel_orders;
    return run_portfolio(&operation, request->portfolio_id, false, error);
}

bool trading_api_resume_trading(struct trading *trading,
                                struct call *call,
                                const Trading__ResumeTradingRequest *request,
                                Trading__ResumeTradingResponse *response,
                                struct error *error)
{
    struct operation operation = OPERATION(resume_trading);

    operation.action = "trading.resume";
    operation.resumes = true;
    return run_portfolio(&operation, request->portfolio_id, true, error);
}

bool trading_api_get_user_trading_halt(struct trading *trading,
                                       struct call *call,
                                       const Trading__GetUserTradingHaltRequest *request,
                                       Trading__GetUserTradingHaltResponse *response,
                                       struct error *error)
{
    struct operation operation = OPERATION(get_user_trading_halt);

    return run_wide(&operation, HALT_USER, request->user_id, error);
}

// Whether there is such a user. While auth cannot be asked there is: that somebody is stopped does
// not wait for it, and a halt of nobody does no harm.
static bool check_user(const struct trading *trading,
                       const struct call *call,
                       const char *user_id,
                       struct error *error)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    Auth__GetUserResponse *response = NULL;
    struct clock real = clock_real();
    struct call asking = *call;
    int64_t latest_us = clock_now_us(&real) + ASK_MS * MICROS_PER_MS;
    struct error refusal;

    if (asking.deadline_us > latest_us)
        asking.deadline_us = latest_us;
    request.user = user_id;
    if (auth_client_get_user(trading->auth_client, &asking, &request, &response, &refusal) ||
        !error_is(&refusal, REASON_USER_NOT_FOUND))
        return true;
    *error = refusal;
    return false;
}

bool trading_api_halt_user_trading(struct trading *trading,
                                   struct call *call,
                                   const Trading__HaltUserTradingRequest *request,
                                   Trading__HaltUserTradingResponse *response,
                                   struct error *error)
{
    struct operation operation = OPERATION(halt_user_trading);

    operation.action = "trading.halt";
    operation.halt.note = request->note;
    operation.halt.cancels_orders = request->cancel_orders;
    return check_user(trading, call, request->user_id, error) &&
           run_wide(&operation, HALT_USER, request->user_id, error);
}

bool trading_api_resume_user_trading(struct trading *trading,
                                     struct call *call,
                                     const Trading__ResumeUserTradingRequest *request,
                                     Trading__ResumeUserTradingResponse *response,
                                     struct error *error)
{
    struct operation operation = OPERATION(resume_user_trading);

    operation.action = "trading.resume";
    operation.resumes = true;
    return run_wide(&operation, HALT_USER, request->user_id, error);
}

bool trading_api_get_platform_trading_halt(struct trading *trading,
                                           struct call *call,
                                           const Trading__GetPlatformTradingHaltRequest *request,
                                           Trading__GetPlatformTradingHaltResponse *response,
                                           struct error *error)
{
    struct operation operation = OPERATION(get_platform_trading_halt);

    return run_wide(&operation, HALT_PLATFORM, NULL, error);
}

bool trading_api_halt_platform_trading(struct trading *trading,
                                       struct call *call,
                                       const Trading__HaltPlatformTradingRequest *request,
                                       Trading__HaltPlatformTradingResponse *response,
                                       struct error *error)
{
    struct operation operation = OPERATION(halt_platform_trading);

    operation.action = "trading.halt";
    operation.halt.note = request->note;
    operation.halt.cancels_orders = request->cancel_orders;
    return run_wide(&operation, HALT_PLATFORM, NULL, error);
}

bool trading_api_resume_platform_trading(struct trading *trading,
                                         struct call *call,
                                         const Trading__ResumePlatformTradingRequest *request,
                                         Trading__ResumePlatformTradingResponse *response,
                                         struct error *error)
{
    struct operation operation = OPERATION(resume_platform_trading);

    operation.action = "trading.resume";
    operation.resumes = true;
    return run_wide(&operation, HALT_PLATFORM, NULL, error);
}
