// SPDX-License-Identifier: MIT
#include "execution/execution_decision.h"

#include <stdio.h>

#include "fills/commission.h"
#include "limits/limit_registry.h"
#include "money/money.h"
#include "service/log.h"

enum {
    UNAVAILABLE_RETRY_MS = 1000,
    RETRY_FIRST_MS = 100,
    RETRY_MAX_MS = 60 * 1000,
};

static bool is_unavailable(const struct error *error)
{
    return error->outcome_unknown || error->code == CODE_UNAVAILABLE ||
           error->code == CODE_DEADLINE_EXCEEDED || error->code == CODE_RESOURCE_EXHAUSTED;
}

static int64_t retry_after(const struct execution_item *item)
{
    int64_t delay = RETRY_FIRST_MS;

    if (is_unavailable(&item->error))
        return UNAVAILABLE_RETRY_MS;
    for (int64_t i = 1; i < item->attempts && delay < RETRY_MAX_MS; i++)
        delay *= 2;
    return delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS;
}

void execution_try_later(const struct execution_item *item, struct store_change *change)
{
    bool is_hopeless = item->attempts >= EXECUTION_ATTEMPTS_MAX && !is_unavailable(&item->error);

    if (is_hopeless)
        log_write(LOG_ERROR, "task_given_up", "order_id", item->order->id, "status",
                  order_status_name(item->order->status), "message", item->error.message, NULL);
    change->task = is_hopeless ? STORE_TASK_FAILED : STORE_TASK_PENDING;
    change->run_after_ms = retry_after(item);
    change->task_error = item->error.message;
}

void execution_rest(struct store_change *change)
{
    change->task = STORE_TASK_PENDING;
    change->run_after_ms = STORE_NEVER;
}

// The order is changed in memory, and its task goes on: a step with portfolio follows.
static void go_on(struct store_change *change)
{
    change->changes_order = true;
    change->task = STORE_TASK_ACTIVE;
    change->run_after_ms = STORE_LEASE_MS;
}

static bool refuse(struct execution *execution,
                   struct execution_item *item,
                   enum order_event event,
                   int64_t now,
                   struct store_change *change)
{
    change->changes_order = true;
    change->task = STORE_TASK_COMPLETED;
    return order_set_reason(item->order, execution->arena, &item->error) &&
           order_apply(item->order, event, now);
}

// Ends an order that does not rest after a part of it was filled.
static bool cancel_rest(struct execution *execution, struct order *order, int64_t at)
{
    char filled[DECIMAL_SIZE];
    char quantity[DECIMAL_SIZE];
    struct error reason;

    decimal_print(order->filled_quantity, QUANTITY_SCALE, 0, filled);
    decimal_print(order->quantity, QUANTITY_SCALE, 0, quantity);
    error_set(&reason, REASON_NOT_FILLED_AT_ONCE, "%s of %s shares of %s could be filled at once.",
              filled, quantity, order->ticker);
    error_add_number(&reason, "filled_quantity", "%s", filled);
    return order_set_reason(order, execution->arena, &reason) &&
           order_apply(order, ORDER_EVENT_CANCEL, at);
}

// Whether the order can be filled now, at the quote it was looked at with. That may have ended
// while portfolio was asked, and an order that waited for portfolio longer may have come to cost
// more than it holds. Then it rests: the matcher finds its first quote and has the hold raised. One
// that does not rest takes the quote of this moment, whichever it is.
static bool can_fill(struct execution *execution,
                     const struct execution_item *item,
                     const struct platform_clock *clock,
                     struct quote *out_quote,
                     struct fill_offer *out_offer)
{
    return item->quote != NULL &&
           quotes_get(execution->trading->quotes, item->order->ticker, out_quote) &&
           (out_quote->quoted_at == item->quote->quoted_at ||
            !order_time_in_force_rests(item->order->time_in_force)) &&
           fill_decide(item->order, out_quote, clock, out_offer) &&
           fill_is_covered(item->order, out_offer);
}

// Fills an order. What is left of one that does not rest is canceled in the same step.
static bool fill(struct execution *execution,
                 struct execution_item *item,
                 const struct fill_offer *offer,
                 int64_t quote_at,
                 int64_t at)
{
    struct order *order = item->order;
    struct order_execution made = {
        .quantity = offer->quantity, .price = offer->price, .quote_at = quote_at, .at = at};

    if (!commission_of_fill(order, offer->quantity, offer->price, &made.commission) ||
        !order_fill_at(order, &made, &item->fill))
        return false;
    item->has_fill = true;
    return order->status == ORDER_FILLED || order_time_in_force_rests(order->time_in_force) ||
           cancel_rest(execution, order, at);
}

// Ends an order that neither rests nor is filled, for the reason in the item's error; what was held
// is given back.
static bool end_unfilled(struct execution *execution,
                         struct execution_item *item,
                         int64_t now,
                         struct store_change *change)
{
    if (!refuse(execution, item, ORDER_EVENT_CANCEL, now, change))
        return false;
    error_clear(&item->error);
    go_on(change);
    return true;
}

// An order whose fill portfolio has booked with the hold.
static bool decide_decided(struct execution *execution,
                           struct execution_item *item,
                           struct store_change *change)
{
    struct order *order = item->order;

    change->fill = &item->fill;
    change->task = STORE_TASK_COMPLETED;
    if (!order_fill_decided(order, &item->fill))
        return false;
    order->booked_count = order->fill_count;
    if (order->status == ORDER_FILLED)
        return true;
    // What was left of the hold has been given back with the fill.
    if (!order_time_in_force_rests(order->time_in_force))
        return cancel_rest(execution, order, order->created_at);
    execution_rest(change);
    return true;
}

static bool decide_pending(struct execution *execution,
                           struct execution_item *item,
                           const struct platform_clock *clock,
                           struct store_change *change)
{
    struct order *order = item->order;
    struct quote quote;
    struct fill_offer offer;

    if (item->is_refused)
        return refuse(execution, item, ORDER_EVENT_REFUSED, clock->now, change);
    if (item->error.code != CODE_OK) {
        execution_try_later(item, change);
        return true;
    }
    change->changes_order = true;
    if (order_is_decided(order))
        return decide_decided(execution, item, change);
    if (!order_apply(order, ORDER_EVENT_RESERVED, clock->now))
        return false;
    // Trading was halted while the order was on its way.
    if (limit_registry_is_halted(execution->trading->limit_registry, order->portfolio_id,
                                 order->user_id, &item->error))
        return end_unfilled(execution, item, clock->now, change);
    if (!can_fill(execution, item, clock, &quote, &offer)) {
        if (!order_time_in_force_rests(order->time_in_force) && !order_is_delayed(order)) {
            error_set(&item->error, REASON_NOT_FILLED_AT_ONCE,
                      "%s could not be filled at once within the order's prices.", order->ticker);
            return end_unfilled(execution, item, clock->now, change);
        }
        execution_rest(change);
        return true;
    }
    // The task has been taken a moment ago; its lease goes on.
    change->task = STORE_TASK_UNCHANGED;
    change->fill = &item->fill;
    order->volume_seen = quote.volume;
    order->looked_at = quote.quoted_at > order->looked_at ? quote.quoted_at : order->looked_at;
    return fill(execution, item, &offer, quote.quoted_at, clock->now);
}

static void take_terms(const struct execution_item *item)
{
    struct order *order = item->order;

    order->high_water = item->high_water;
    order->stop_price = item->stop_price;
    order->looked_at = item->looked_at;
    order->volume_seen = item->volume_seen;
    if (order->triggered_at == 0)
        order->triggered_at = item->triggered_at;
}

static bool decide_fill(struct execution *execution,
                        struct execution_item *item,
                        int64_t now,
                        struct store_change *change)
{
    if (item->is_refused) {
        // What was held is given back, so the task goes on.
        bool done = refuse(execution, item, ORDER_EVENT_CANCEL, now, change);

        go_on(change);
        return done;
    }
    if (item->error.code != CODE_OK)
        return false;
    go_on(change);
    change->fill = &item->fill;
    take_terms(item);
    return fill(execution, item, &item->offer, item->quote_at, item->at);
}

bool execution_decide(struct execution *execution,
                      struct execution_item *item,
                      const struct platform_clock *clock,
                      struct store_change *change)
{
    struct order *order = item->order;

    *change = (struct store_change){.order = order, .from = order->status};
    switch (item->intent) {
    case EXECUTE_FILL:
        return order_rests(order) && order_is_booked(order) &&
               decide_fill(execution, item, clock->now, change);
    case EXECUTE_TRIGGER:
        change->changes_order = true;
        change->task = STORE_TASK_UNCHANGED;
        take_terms(item);
        return order_apply(order, ORDER_EVENT_TRIGGER, item->at);
    case EXECUTE_EXPIRE:
        go_on(change);
        return order_apply(order, ORDER_EVENT_EXPIRE, order->expires_at);
    case EXECUTE_CANCEL:
        go_on(change);
        if (item->cancel_request_id != NULL)
            snprintf(order->cancel_request_id, UUID_SIZE, "%s", item->cancel_request_id);
        return (item->cancel_reason == NULL ||
                order_set_reason(order, execution->arena, item->cancel_reason)) &&
               order_apply(order, ORDER_EVENT_CANCEL, clock->now);
    case EXECUTE_ADVANCE:
        break;
    }
    if (order->status == ORDER_PENDING_NEW)
        return decide_pending(execution, item, clock, change);
    if (order_rests(order) || order->status == ORDER_HELD) {
        execution_rest(change);
        // Otherwise its fill is booked first.
        return order_is_booked(order);
    }
    change->task = STORE_TASK_COMPLETED;
    return order->status == ORDER_REJECTED ||
           (order->status == ORDER_FILLED && order_is_booked(order));
}
