// SPDX-License-Identifier: MIT
// trading_api: looking orders and fills up, and canceling.
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "execution.h"
#include "lookup.h"
#include "matcher.h"
#include "order_message.h"
#include "service/ownership.h"
#include "trading_store.h"

enum { PAGE_DEFAULT = 50, CANCEL_TRIES_MAX = 5 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

// Finds an order that the caller may see; another user's is answered as an unknown one.
static bool find_order(struct trading *trading,
                       struct call *call,
                       const char *order_id,
                       struct order **out_order,
                       struct error *error)
{
    struct order *orders = NULL;
    size_t count = 0;

    if (!store_load_orders(trading->database, call->arena, &order_id, 1, &orders, &count, error))
        return false;
    if (count == 0 ||
        !ownership_may_see(&call->identity, orders[0].user_id, orders[0].portfolio_id))
        return error_set(error, REASON_ORDER_NOT_FOUND, "There is no order %s.", order_id);
    *out_order = &orders[0];
    return true;
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
    };
    struct order *orders = NULL;
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!choose_user(trading, call, request, user_id, error) ||
        !store_page_orders(trading->database, call->arena, &filter, &orders, &count, error))
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
    return true;
}

bool trading_api_get_order(struct trading *trading,
                           struct call *call,
                           const Trading__GetOrderRequest *request,
                           Trading__GetOrderResponse *response,
                           struct error *error)
{
    struct order *order = NULL;

    return find_order(trading, call, request->order_id, &order, error) &&
           order_to_message(order, call->arena, &response->order, error);
}

bool trading_api_list_fills(struct trading *trading,
                            struct call *call,
                            const Trading__ListFillsRequest *request,
                            Trading__ListFillsResponse *response,
                            struct error *error)
{
    struct order *order = NULL;
    struct order_fill *fills = NULL;
    size_t count = 0;

    if (!find_order(trading, call, request->order_id, &order, error) ||
        !store_list_fills(trading->database, call->arena, order->id, &fills, &count, error))
        return false;
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

static bool refuse_cancel(const struct order *order, struct error *error)
{
    error_set(error, REASON_ORDER_NOT_OPEN, "The order is in the final state %s.",
              order_status_name(order->status));
    error_add_number(error, "status", "%s", order_status_name(order->status));
    return false;
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
                                  .traceparent = call->traceparent,
                                  .attempts = 1};
    OWNED(execution) execution = NULL;

    *out_again = false;
    if (!find_order(trading, call, request->order_id, &order, error))
        return false;
    if (order->status == ORDER_CANCELED &&
        strcmp(order->cancel_request_id, call->request_id) == 0) {
        call->replayed = true;
        return true;
    }
    if (!order_status_is_open(order->status))
        return refuse_cancel(order, error);
    item.order = order;
    if (ownership_is_for_another(&call->identity, order->user_id))
        item.audit = &event;
    execution = execution_new(trading);
    execution_run(execution, &item, 1);
    *out_again = item.is_lost;
    // Once it is committed the order is canceled; giving back what it held may take longer.
    if (item.is_saved) {
        matcher_remove(trading->matcher, order->id);
        return true;
    }
    *error = item.error;
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
