// SPDX-License-Identifier: MIT
// trading_api: looking orders and fills up, and canceling.
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <limits.h>
#include <string.h>

#include "execution/execution.h"
#include "execution/lookup.h"
#include "groups/order_groups.h"
#include "matcher/matcher.h"
#include "money/money.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "queue/queue.h"
#include "service/idempotency.h"
#include "service/ownership.h"
#include "store/trading_store.h"

enum { PAGE_DEFAULT = 50, CANCEL_TRIES_MAX = 5, TELL_BUDGET = 4 * 1024 * 1024 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool choose_user(struct trading *trading,
                        struct call *call,
                        const Trading__ListOrdersRequest *request,
                        char out_user_id[UUID_SIZE],
                        struct error *error)
{
    const char *user_id = NULL;

    if (!ownership_choose_user(&call->identity, request->user_id, &user_id, error))
        return false;
    if (request->portfolio_id != NULL)
        return lookup_owner(trading, call, request->portfolio_id, true, out_user_id, error);
    memcpy(out_user_id, user_id, UUID_SIZE);
    return true;
}

// The portfolio asked for, or else the only one that the credential is for; NULL for all.
static const char *portfolio_of(const Trading__ListOrdersRequest *request,
                                const struct identity *caller)
{
    if (request->portfolio_id == NULL && caller->portfolio_id[0] != '\0')
        return caller->portfolio_id;
    return request->portfolio_id;
}

static enum store_group group_of(const Trading__ListOrdersRequest *request)
{
    if (!request->has_status || request->status == TRADING__ORDER_GROUP__ORDER_GROUP_OPEN)
        return STORE_OPEN;
    return request->status == TRADING__ORDER_GROUP__ORDER_GROUP_CLOSED ? STORE_CLOSED : STORE_ALL;
}

static const char *side_of(const Trading__ListOrdersRequest *request)
{
    if (!request->has_side || request->side == TRADING__ORDER_SIDE__ORDER_SIDE_UNSPECIFIED)
        return NULL;
    return request->side == TRADING__ORDER_SIDE__ORDER_SIDE_SELL ? "sell" : "buy";
}

bool trading_api_list_orders(struct trading *trading,
                             struct call *call,
                             const Trading__ListOrdersRequest *request,
                             Trading__ListOrdersResponse *response,
                             struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    char user_id[UUID_SIZE];
    struct store_filter filter = {
        .user_id = user_id,
        .portfolio_id = portfolio_of(request, &call->identity),
        .before_id = has_token ? request->page_token : NULL,
        .group = group_of(request),
        .ticker = request->ticker,
        .side = side_of(request),
        .has_start = request->has_start,
        .has_end = request->has_end,
        .start = request->start,
        .end = request->end,
        .limit = limit + 1,
        .is_nested = request->nested && request->client_order_id == NULL,
        .client_order_id = request->client_order_id,
    };
    struct order *orders = NULL;
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!choose_user(trading, call, request, user_id, error) ||
        !(request->client_order_id == NULL ? store_page_orders : store_find_by_client_order_id)(
            trading->database, call->arena, &filter, &orders, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = orders[count - 1].id;
    }
    response->orders = arena_allocate(call->arena, (count + 1) * sizeof(*response->orders));
    if (response->orders == NULL)
        return out_of_budget(error);
    response->n_orders = count;
    for (size_t i = 0; i < count; i++) {
        if (!order_to_message(&orders[i], call->arena, &response->orders[i], error))
            return false;
    }
    return !filter.is_nested ||
           order_groups_add_legs(trading, orders, count, call->arena, response->orders, error);
}

bool trading_api_get_order(struct trading *trading,
                           struct call *call,
                           const Trading__GetOrderRequest *request,
                           Trading__GetOrderResponse *response,
                           struct error *error)
{
    struct order *order = NULL;

    return lookup_order(trading, call, request->order_id, &order, error) &&
           order_groups_message(trading, order, call->arena, &response->order, error);
}

bool trading_api_list_fills(struct trading *trading,
                            struct call *call,
                            const Trading__ListFillsRequest *request,
                            Trading__ListFillsResponse *response,
                            struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct store_fill_page page = {.order_id = request->order_id, .limit = limit + 1};
    struct order *order = NULL;
    struct order_fill *fills = NULL;
    size_t count = 0;
    int64_t after = 0;

    if (has_token && (decimal_parse(text_of(request->page_token), 0, &after) != DECIMAL_FINE ||
                      after < 1 || after > INT_MAX))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    page.after = (int)after;
    if (!lookup_order(trading, call, request->order_id, &order, error) ||
        !store_list_fills(trading->database, call->arena, &page, &fills, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = arena_printf(call->arena, "%d", fills[count - 1].number);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    response->fills = arena_allocate(call->arena, (count + 1) * sizeof(*response->fills));
    if (response->fills == NULL)
        return out_of_budget(error);
    response->n_fills = count;
    for (size_t i = 0; i < count; i++) {
        if (!fill_to_message(order, &fills[i], call->arena, &response->fills[i], error))
            return false;
    }
    return true;
}

// Tries once. `out_again` is set when the order was changed under way by somebody else.
static bool cancel_once(struct trading *trading,
                        struct call *call,
                        const Trading__CancelOrderRequest *request,
                        bool *out_again,
                        struct error *error)
{
    const struct audit_outbox_event event = {
        .call = call,
        .action = "order.cancel",
        .subject = request->order_id,
        .method = &trading_method_cancel_order,
        .request = &request->base,
    };
    struct order *order = NULL;
    struct execution_item item = {.intent = EXECUTE_CANCEL,
                                  .cancel_request_id = call->request_id,
                                  .call = call,
                                  .attempts = 1};
    OWNED(execution) execution = NULL;

    *out_again = false;
    if (!lookup_order(trading, call, request->order_id, &order, error))
        return false;
    if (order->status == ORDER_CANCELED &&
        strcmp(order->cancel_request_id, call->request_id) == 0) {
        call->replayed = true;
        return true;
    }
    if (!order_status_is_open(order->status))
        return order_refuse_change(order, error);
    if (order->status == ORDER_PENDING_REPLACE ||
        (order->status == ORDER_PENDING_NEW && order->replaces[0] != '\0'))
        return order_refuse_for_now(order, "The order is being replaced at this moment.", error);
    item.order = order;
    if (ownership_is_for_another(&call->identity, order->user_id))
        item.audit = &event;
    execution = execution_new(trading);
    execution_run(execution, &item, 1);
    *out_again = item.is_lost;
    // Its fill had been decided already.
    if (item.is_saved && order->status != ORDER_CANCELED)
        return order_refuse_change(order, error);
    // Once it is committed the order is canceled; giving back what it held may take longer.
    if (item.is_saved) {
        matcher_remove(trading->matcher, order->id);
        return true;
    }
    *error = item.error;
    if (order_is_decided(order))
        order_refuse_for_now(order, "The order is being filled at this moment.", error);
    if (item.is_lost)
        error_set(error, REASON_CONFLICT, "The order is being changed. Try again.");
    return false;
}

bool trading_api_cancel_order(struct trading *trading,
                              struct call *call,
                              const Trading__CancelOrderRequest *request,
                              Trading__CancelOrderResponse *response,
                              struct error *error)
{
    bool again = true;
    bool done = false;

    (void)response;
    for (int i = 0; i < CANCEL_TRIES_MAX && again; i++)
        done = cancel_once(trading, call, request, &again, error);
    return done;
}

// The cancellation of all orders of a portfolio, in one transaction.
struct canceling {
    struct trading *trading;
    struct call *call;
    const Trading__CancelOrdersRequest *request;
    Trading__CancelOrdersResponse *response;
    int64_t at;
    bool is_for_another;
    struct store_canceled canceled;
};

static bool cancel_all_work(struct transaction *transaction, void *context, struct error *error)
{
    struct canceling *canceling = context;
    const char *portfolio_id = canceling->request->portfolio_id;
    const struct audit_outbox_event event = {
        .call = canceling->call,
        .action = "order.cancel_all",
        .subject = portfolio_id,
        .method = &trading_method_cancel_orders,
        .request = &canceling->request->base,
    };
    struct order_events events;
    bool replayed = false;

    canceling->canceled.count = 0;
    if (!idempotency_begin(transaction, canceling->call, &trading_method_cancel_orders,
                           &canceling->response->base, &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!store_cancel_resting(transaction, portfolio_id, canceling->call->request_id, canceling->at,
                              &canceling->canceled, error))
        return false;
    canceling->response->has_canceled = true;
    canceling->response->canceled = (uint32_t)canceling->canceled.count;
    canceling->response->has_still_open = true;
    canceling->response->still_open = (uint32_t)canceling->canceled.still_open;
    if (canceling->is_for_another && !audit_outbox_add(transaction, &event, 1, error))
        return false;
    if (!order_events_start(&events, transaction, canceling->canceled.count, error))
        return false;
    for (size_t i = 0; i < canceling->canceled.count; i++)
        order_events_add(&events, canceling->canceled.orders[i].order_id, portfolio_id);
    return idempotency_finish(transaction, canceling->call, &trading_method_cancel_orders,
                              &canceling->response->base, error) &&
           order_events_note(&events, transaction, error);
}

// Tells followers and the matcher of orders that have been canceled. Best effort: the matcher finds
// out by itself.
static void tell_canceled(struct canceling *canceling)
{
    struct trading *trading = canceling->trading;
    const char *ids[STORE_BATCH_MAX];

    for (size_t from = 0; from < canceling->canceled.count; from += STORE_BATCH_MAX) {
        size_t left = canceling->canceled.count - from;
        size_t count = left < STORE_BATCH_MAX ? left : STORE_BATCH_MAX;
        OWNED(arena) arena = arena_new(TELL_BUDGET);
        struct order *orders = NULL;
        size_t found = 0;
        struct error error;

        for (size_t i = 0; i < count; i++) {
            ids[i] = canceling->canceled.orders[from + i].order_id;
            matcher_remove(trading->matcher, ids[i]);
        }
        if (!store_load_orders(trading->database, arena, ids, count, &orders, &found, &error))
            return;
        for (size_t i = 0; i < found; i++)
            order_publish(trading, &orders[i], arena);
    }
}

bool trading_api_cancel_orders(struct trading *trading,
                               struct call *call,
                               const Trading__CancelOrdersRequest *request,
                               Trading__CancelOrdersResponse *response,
                               struct error *error)
{
    struct canceling canceling = {
        .trading = trading, .call = call, .request = request, .response = response};
    struct platform_clock clock;
    char user_id[UUID_SIZE];

    if (!lookup_owner(trading, call, request->portfolio_id, true, user_id, error))
        return false;
    if (!quotes_clock(trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    canceling.at = clock.now;
    canceling.is_for_another = ownership_is_for_another(&call->identity, user_id);
    if (!database_transact(trading->database, call->arena, 0, cancel_all_work, &canceling, error))
        return false;
    queue_wake(trading->queue);
    tell_canceled(&canceling);
    return true;
}
