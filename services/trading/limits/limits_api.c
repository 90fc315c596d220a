// SPDX-License-Identifier: MIT
// limits_api: the limits of portfolios, and the defaults and ceilings of all.
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

// What one set of limits is in its messages, which have the same fields.
struct given {
    bool has_order_value, has_position, has_orders, has_loss;
    int64_t order_value, position, loss;
    uint32_t orders;
    size_t allowed_count, forbidden_count;
    const char **allowed;
    const char **forbidden;
    bool allow_short;
};

#define GIVEN(message)                                                                             \
    {                                                                                              \
        .has_order_value = (message)->has_max_order_value_micros,                                  \
        .has_position = (message)->has_max_position_percent_micros,                                \
        .has_orders = (message)->has_max_orders_per_day,                                           \
        .has_loss = (message)->has_max_daily_loss_micros,                                          \
        .order_value = (message)->max_order_value_micros,                                          \
        .position = (message)->max_position_percent_micros,                                        \
        .loss = (message)->max_daily_loss_micros, .orders = (message)->max_orders_per_day,         \
        .allowed_count = (message)->n_allowed_symbols,                                             \
        .forbidden_count = (message)->n_forbidden_symbols, .allowed = (message)->allowed_symbols,  \
        .forbidden = (message)->forbidden_symbols, .allow_short = (message)->allow_short,          \
    }

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

// Reads limits; `field` is what they are called in the request, "" for the request itself.
static bool read_limits(const struct given *given,
                        const char *field,
                        struct arena *arena,
                        struct trading_limits *out_limits,
                        struct error *error)
{
    char *allowed = arena_allocate(arena, TRADING_LIMITS_LIST_SIZE);
    char *forbidden = arena_allocate(arena, TRADING_LIMITS_LIST_SIZE);
    const char *dot = field[0] == '\0' ? "" : ".";
    char name[ERROR_NAME_SIZE];

    if (allowed == NULL || forbidden == NULL)
        return out_of_budget(error);
    if (given->allow_short) {
        snprintf(name, sizeof(name), "%s%sallow_short", field, dot);
        error_clear(error);
        error_add_violation(error, name, "must be false: short selling is not there yet");
        return false;
    }
    snprintf(name, sizeof(name), "%s%sallowed_symbols", field, dot);
    if (!limit_list_make(given->allowed, given->allowed_count, name, allowed, error))
        return false;
    snprintf(name, sizeof(name), "%s%sforbidden_symbols", field, dot);
    if (!limit_list_make(given->forbidden, given->forbidden_count, name, forbidden, error))
        return false;
    *out_limits = (struct trading_limits){
        .values =
            {
                [LIMIT_ORDER_VALUE] = given->has_order_value ? given->order_value : 0,
                [LIMIT_POSITION_PERCENT] = given->has_position ? given->position : 0,
                [LIMIT_ORDERS_PER_DAY] = given->has_orders ? given->orders : 0,
                [LIMIT_DAILY_LOSS] = given->has_loss ? given->loss : 0,
            },
        .allowed_symbols = allowed,
        .forbidden_symbols = forbidden,
    };
    return true;
}

// Writes limits into a message of either kind, which have the same fields.
#define WRITE_LIMITS(limits, arena, message)                                                       \
    ((message)->has_max_order_value_micros = (limits)->values[LIMIT_ORDER_VALUE] > 0,              \
     (message)->max_order_value_micros = (limits)->values[LIMIT_ORDER_VALUE],                      \
     (message)->has_max_position_percent_micros = (limits)->values[LIMIT_POSITION_PERCENT] > 0,    \
     (message)->max_position_percent_micros = (limits)->values[LIMIT_POSITION_PERCENT],            \
     (message)->has_max_orders_per_day = (limits)->values[LIMIT_ORDERS_PER_DAY] > 0,               \
     (message)->max_orders_per_day = (uint32_t)(limits)->values[LIMIT_ORDERS_PER_DAY],             \
     (message)->has_max_daily_loss_micros = (limits)->values[LIMIT_DAILY_LOSS] > 0,                \
     (message)->max_daily_loss_micros = (limits)->values[LIMIT_DAILY_LOSS],                        \
     (message)->allowed_symbols =                                                                  \
         limit_list_split((limits)->allowed_symbols, (arena), &(message)->n_allowed_symbols),      \
     (message)->forbidden_symbols =                                                                \
         limit_list_split((limits)->forbidden_symbols, (arena), &(message)->n_forbidden_symbols),  \
     (message)->has_allow_short = true,                                                            \
     (message)->allowed_symbols != NULL && (message)->forbidden_symbols != NULL)

static bool say_limits(const struct trading_limits *limits,
                       struct arena *arena,
                       Trading__TradingLimits **out_message,
                       struct error *error)
{
    Trading__TradingLimits *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__trading_limits__init(message);
    if (!WRITE_LIMITS(limits, arena, message))
        return out_of_budget(error);
    *out_message = message;
    return true;
}

static bool say_in_force(const struct limits_in_force *limits,
                         struct arena *arena,
                         Trading__LimitsInForce **out_message,
                         struct error *error)
{
    Trading__LimitsInForce *message = arena_allocate(arena, sizeof(*message));
    struct trading_limits merged;
    bool is_restricted = false;

    if (message == NULL || !limit_merge_symbols(limits, arena, &merged, &is_restricted))
        return out_of_budget(error);
    for (int kind = 0; kind < LIMIT_KIND_COUNT; kind++)
        merged.values[kind] = limit_in_force(limits, (enum limit_kind)kind).value;
    trading__limits_in_force__init(message);
    if (!WRITE_LIMITS(&merged, arena, message))
        return out_of_budget(error);
    message->has_symbols_are_restricted = true;
    message->symbols_are_restricted = is_restricted;
    *out_message = message;
    return true;
}

static bool say_portfolio(const struct limits_in_force *limits,
                          const char *portfolio_id,
                          struct arena *arena,
                          Trading__PortfolioLimits **out_message,
                          struct error *error)
{
    Trading__PortfolioLimits *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__portfolio_limits__init(message);
    message->portfolio_id = portfolio_id;
    message->has_own_source = true;
    message->own_source = limits->own_source == LIMIT_OWN
                              ? TRADING__LIMIT_SOURCE__LIMIT_SOURCE_OWN
                              : TRADING__LIMIT_SOURCE__LIMIT_SOURCE_DEFAULT;
    *out_message = message;
    return say_limits(&limits->own, arena, &message->own, error) &&
           say_limits(&limits->ceiling, arena, &message->ceilings, error) &&
           say_in_force(limits, arena, &message->in_force, error);
}

bool trading_api_get_portfolio_limits(struct trading *trading,
                                      struct call *call,
                                      const Trading__GetPortfolioLimitsRequest *request,
                                      Trading__GetPortfolioLimitsResponse *response,
                                      struct error *error)
{
    struct limits_in_force limits;
    struct trading_limits defaults;
    char user_id[UUID_SIZE];

    return lookup_owner(trading, call, request->portfolio_id, true, user_id, error) &&
           limit_store_load(trading->database, call->arena, request->portfolio_id, &limits,
                            &defaults, error) &&
           say_portfolio(&limits, request->portfolio_id, call->arena, &response->limits, error);
}

// A change of limits, done once by the request's id.
struct change {
    struct call *call;
    const struct rpc_method *method;
    const ProtobufCMessage *request;
    ProtobufCMessage *response;
    const char *subject;
    bool is_noted; // in the audit log
    int64_t now;
    struct trading_limits limits; // those that are set: own, or defaults
    struct trading_limits ceilings;
};

static bool note(struct transaction *transaction, const struct change *change, struct error *error)
{
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = "limits.set",
        .subject = change->subject,
        .method = change->method,
        .request = change->request,
    };

    return !change->is_noted || audit_outbox_add(transaction, &event, 1, error);
}

static bool save(struct transaction *transaction,
                 const struct change *change,
                 enum limit_source kind,
                 struct trading_limits *limits,
                 struct error *error)
{
    struct limit_record record = {.kind = kind};

    if (!limit_store_next_revision(transaction, &limits->revision, error))
        return false;
    snprintf(record.subject, sizeof(record.subject), "%s", change->subject);
    record.limits = *limits;
    return limit_store_save(transaction, &record, change->now, error);
}

static bool set_own(struct transaction *transaction, void *context, struct error *error)
{
    struct change *change = context;
    Trading__SetPortfolioLimitsResponse *response =
        (Trading__SetPortfolioLimitsResponse *)change->response;
    struct limits_in_force limits;
    struct trading_limits defaults;
    bool replayed = false;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    if (!limit_store_lock(transaction, change->subject, &limits, &defaults, error) ||
        !limit_check_ceiling(&change->limits, &limits.ceiling, "", error) ||
        !save(transaction, change, LIMIT_OWN, &change->limits, error))
        return false;
    limits.own = change->limits;
    limits.own_source = LIMIT_OWN;
    return note(transaction, change, error) &&
           say_portfolio(&limits, change->subject, change->call->arena, &response->limits, error) &&
           idempotency_finish(transaction, change->call, change->method, change->response, error);
}

static bool now_of(struct trading *trading, int64_t *out_now, struct error *error)
{
    struct platform_clock clock;

    if (!quotes_clock(trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    *out_now = clock.now;
    return true;
}

bool trading_api_set_portfolio_limits(struct trading *trading,
                                      struct call *call,
                                      const Trading__SetPortfolioLimitsRequest *request,
                                      Trading__SetPortfolioLimitsResponse *response,
                                      struct error *error)
{
    const struct given given = GIVEN(request);
    struct change change = {.call = call,
                            .method = &trading_method_set_portfolio_limits,
                            .request = &request->base,
                            .response = &response->base,
                            .subject = request->portfolio_id};
    char user_id[UUID_SIZE];

    if (!lookup_owner(trading, call, request->portfolio_id, false, user_id, error) ||
        !now_of(trading, &change.now, error) ||
        !read_limits(&given, "", call->arena, &change.limits, error))
        return false;
    change.is_noted = ownership_is_for_another(&call->identity, user_id);
    if (!database_transact(trading->database, call->arena, 0, set_own, &change, error))
        return false;
    limit_follower_follow(trading);
    return true;
}

bool trading_api_get_limits(struct trading *trading,
                            struct call *call,
                            const Trading__GetLimitsRequest *request,
                            Trading__GetLimitsResponse *response,
                            struct error *error)
{
    struct limits_in_force limits;
    struct trading_limits defaults;

    (void)request;
    return limit_store_load(trading->database, call->arena, NULL, &limits, &defaults, error) &&
           say_limits(&defaults, call->arena, &response->defaults, error) &&
           say_limits(&limits.ceiling, call->arena, &response->ceilings, error);
}

static bool set_all(struct transaction *transaction, void *context, struct error *error)
{
    struct change *change = context;
    Trading__SetLimitsResponse *response = (Trading__SetLimitsResponse *)change->response;
    struct limits_in_force before;
    struct trading_limits defaults;
    bool replayed = false;

    if (!idempotency_begin(transaction, change->call, change->method, change->response, &replayed,
                           error))
        return false;
    if (replayed)
        return true;
    return limit_store_lock(transaction, NULL, &before, &defaults, error) &&
           save(transaction, change, LIMIT_DEFAULT, &change->limits, error) &&
           save(transaction, change, LIMIT_CEILING, &change->ceilings, error) &&
           note(transaction, change, error) &&
           say_limits(&change->limits, change->call->arena, &response->defaults, error) &&
           say_limits(&change->ceilings, change->call->arena, &response->ceilings, error) &&
           idempotency_finish(transaction, change->call, change->method, change->response, error);
}

bool trading_api_set_limits(struct trading *trading,
                            struct call *call,
                            const Trading__SetLimitsRequest *request,
                            Trading__SetLimitsResponse *response,
                            struct error *error)
{
    const Trading__TradingLimits none = TRADING__TRADING_LIMITS__INIT;
    const Trading__TradingLimits *defaults = request->defaults == NULL ? &none : request->defaults;
    const Trading__TradingLimits *ceilings = request->ceilings == NULL ? &none : request->ceilings;
    const struct given given_defaults = GIVEN(defaults);
    const struct given given_ceilings = GIVEN(ceilings);
    struct change change = {.call = call,
                            .method = &trading_method_set_limits,
                            .request = &request->base,
                            .response = &response->base,
                            .subject = LIMIT_STORE_ALL,
                            .is_noted = true};

    if (!now_of(trading, &change.now, error) ||
        !read_limits(&given_defaults, "defaults", call->arena, &change.limits, error) ||
        !read_limits(&given_ceilings, "ceilings", call->arena, &change.ceilings, error) ||
        !limit_check_ceiling(&change.limits, &change.ceilings, "defaults", error) ||
        !database_transact(trading->database, call->arena, 0, set_all, &change, error))
        return false;
    limit_follower_follow(trading);
    return true;
}
