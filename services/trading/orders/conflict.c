// SPDX-License-Identifier: MIT
#include "orders/conflict.h"

#include <string.h>

#include "store/trading_store.h"

// As the statement has it: those that trail meet none.
static bool may_meet(const struct order *order)
{
    return order_is_to_rest(order) && order->type != ORDER_TRAILING_STOP;
}

bool conflict_meets(const struct order *one, const struct order *other)
{
    int64_t one_limit = one->limit_price;
    int64_t other_limit = order_meets_limit(other);
    int64_t buy_limit = one->side == ORDER_BUY ? one_limit : other_limit;
    int64_t sell_limit = one->side == ORDER_BUY ? other_limit : one_limit;

    return one->side != other->side && strcmp(one->portfolio_id, other->portfolio_id) == 0 &&
           strcmp(one->ticker, other->ticker) == 0 && may_meet(one) && may_meet(other) &&
           (buy_limit == 0 || sell_limit == 0 || buy_limit >= sell_limit);
}

bool conflict_refuse_wash(const struct order *order,
                          const char *existing_id,
                          bool has_limit,
                          struct error *error)
{
    const char *side = order->side == ORDER_BUY ? "sell" : "buy";

    error_set(error, REASON_WASH_TRADE,
              "An order to %s %s is open, %s: the two could trade with each other.", side,
              order->ticker,
              has_limit ? "and its limit is within this order's" : "at whatever price there is");
    error_add_number(error, "existing_order_id", "%s", existing_id);
    return false;
}

// Whether the name is taken: not by this very request, which another process may have begun to
// serve a moment ago.
static bool is_name_taken(struct database *database,
                          struct arena *arena,
                          const struct order *order,
                          bool *out_is_taken,
                          struct error *error)
{
    const struct store_filter filter = {
        .user_id = order->user_id,
        .portfolio_id = order->portfolio_id,
        .client_order_id = order->client_order_id,
        .limit = 1,
    };
    struct order *orders = NULL;
    size_t count = 0;

    *out_is_taken = false;
    if (order->client_order_id == NULL)
        return true;
    if (!store_find_by_client_order_id(database, arena, &filter, &orders, &count, error))
        return false;
    *out_is_taken = count > 0 && strcmp(orders[0].request_id, order->request_id) != 0;
    return true;
}

bool conflict_explain_name(struct database *database,
                           struct arena *arena,
                           const struct order *order,
                           struct error *error)
{
    bool is_taken = false;

    if (!is_name_taken(database, arena, order, &is_taken, error))
        return false;
    if (!is_taken)
        return error_set(error, REASON_CONFLICT,
                         "What was in the way of the order has ended meanwhile. Try again.");
    return error_set(error, REASON_CLIENT_ORDER_ID_TAKEN,
                     "There is an order with client_order_id %s in this portfolio already.",
                     order->client_order_id);
}

bool conflict_explain(struct database *database,
                      struct arena *arena,
                      const struct order *order,
                      struct error *error)
{
    char existing_id[UUID_SIZE];
    bool has_limit = false;

    if (!store_find_meeting(database, arena, order, existing_id, &has_limit, error))
        return false;
    if (existing_id[0] != '\0')
        return conflict_refuse_wash(order, existing_id, has_limit, error);
    return conflict_explain_name(database, arena, order, error);
}
