// SPDX-License-Identifier: MIT
// execution_portfolio: what an execution asks of portfolio, and tells it.
#include "execution/execution_private.h"

#include <string.h>

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "execution/outdated.h"
#include "limits/admission.h"
#include "money/money.h"
#include "service/log.h"

// True for an answer that will be the same whenever one asks again.
static bool is_refusal(const struct error *error)
{
    return !error->outcome_unknown &&
           (error->code == CODE_FAILED_PRECONDITION || error->code == CODE_NOT_FOUND ||
            error->code == CODE_INVALID_ARGUMENT);
}

// Calls of one operation under construction: which item each belongs to.
struct round {
    size_t count;
    size_t item_of[EXECUTION_MAX];
    const ProtobufCMessage *requests[EXECUTION_MAX];
    const struct call *callers[EXECUTION_MAX];
    struct error errors[EXECUTION_MAX];
};

static void round_add(struct round *round,
                      const struct execution *execution,
                      size_t index,
                      const ProtobufCMessage *request)
{
    round->item_of[round->count] = index;
    round->callers[round->count] = execution->items[index].call;
    round->requests[round->count++] = request;
}

static void
round_call(struct round *round, struct execution *execution, const struct rpc_method *method)
{
    if (round->count > 0)
        fan_call(execution->fan, method, round->requests, round->callers, round->count,
                 round->errors);
}

static Portfolio__Side side_of(const struct order *order)
{
    return order->side == ORDER_BUY ? PORTFOLIO__SIDE__SIDE_BUY : PORTFOLIO__SIDE__SIDE_SELL;
}

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

// Whether an item needs a hold first, and of how much with what has been spent of it.
static bool needs_hold(const struct execution_item *item, int64_t *out_amount)
{
    const struct order *order = item->order;
    int64_t cost = 0;

    *out_amount = order->hold_amount;
    if (order->status == ORDER_PENDING_NEW)
        return item->intent == EXECUTE_ADVANCE;
    if (!order_rests(order) || item->intent != EXECUTE_FILL || !order_is_booked(order) ||
        fill_is_covered(order, &item->offer) || !fill_cost(order, &item->offer, &cost))
        return false;
    *out_amount = cost;
    return true;
}

// What has been spent of an order's hold.
static int64_t spent_by(const struct order *order)
{
    int64_t spent = 0;

    // It was counted when the order was filled with it.
    if (!product_sum_up(&order->filled_value, &spent) ||
        !money_add(spent, order->commission, &spent))
        return 0;
    return spent;
}

// What is bought for the exits of a group is held for them, from the moment at which it is booked.
static const char *shares_hold_id(const struct order *order)
{
    return order_is_in_group(order) && order->part == ORDER_PART_ENTRY ? order->group_id : NULL;
}

// The fill that was decided with the intent is booked with the hold.
static bool add_decided(struct execution *execution,
                        struct execution_item *item,
                        Portfolio__ReserveRequest *request)
{
    Portfolio__ReservedFill *fill = arena_allocate(execution->arena, sizeof(*fill));

    if (fill == NULL)
        return out_of_budget(&item->error);
    item->fill = order_decided_fill(item->order);
    portfolio__reserved_fill__init(fill);
    fill->fill_id = item->fill.id;
    fill->has_quantity_nanos = true;
    fill->quantity_nanos = item->fill.quantity;
    fill->has_price_micros = true;
    fill->price_micros = item->fill.price;
    fill->has_commission_micros = true;
    fill->commission_micros = item->fill.commission;
    fill->has_filled_at = true;
    fill->filled_at = item->fill.filled_at;
    fill->has_final = true;
    fill->final = item->fill.quantity == item->order->quantity ||
                  !order_time_in_force_rests(item->order->time_in_force);
    fill->order_id = order_is_exit(item->order) ? item->order->id : NULL;
    fill->shares_hold_id = shares_hold_id(item->order);
    request->fill = fill;
    return true;
}

static void add_reserve(struct round *round, struct execution *execution, size_t index)
{
    struct execution_item *item = &execution->items[index];
    Portfolio__ReserveRequest *request = NULL;
    int64_t amount = 0;

    if (!needs_hold(item, &amount))
        return;
    request = arena_allocate(execution->arena, sizeof(*request));
    if (request == NULL) {
        out_of_budget(&item->error);
        return;
    }
    portfolio__reserve_request__init(request);
    request->order_id = order_hold_id(item->order);
    request->portfolio_id = item->order->portfolio_id;
    request->has_side = true;
    request->side = side_of(item->order);
    request->ticker = item->order->ticker;
    request->has_quantity_nanos = true;
    request->quantity_nanos = order_remaining(item->order);
    request->has_amount_micros = true;
    request->amount_micros = amount - spent_by(item->order);
    if (item->order->status == ORDER_PENDING_NEW && item->order->replaces[0] != '\0')
        request->replaces_order_id = item->order->replaces;
    // Limits are asked when an order is placed, not when its hold is raised.
    if (item->order->status == ORDER_PENDING_NEW)
        admission_tell(execution->trading, item->order, request);
    // One that takes another's place keeps the terms of that.
    request->has_fill_settings_version =
        item->order->status == ORDER_PENDING_NEW && request->replaces_order_id == NULL;
    request->fill_settings_version = (uint64_t)item->order->terms.version;
    if (order_is_decided(item->order) && !add_decided(execution, item, request))
        return;
    round_add(round, execution, index, &request->base);
}

static void reserve_round(struct round *round, struct execution *execution)
{
    if (round->count == 0)
        return;
    round_call(round, execution, &portfolio_method_reserve);
    for (size_t i = 0; i < round->count; i++) {
        struct execution_item *item = &execution->items[round->item_of[i]];
        int64_t amount = 0;

        item->error = round->errors[i];
        item->is_refused = item->error.code != CODE_OK && is_refusal(&item->error);
        if (item->error.code == CODE_OK && needs_hold(item, &amount))
            item->order->hold_amount = amount;
    }
}

static bool is_outdated(const struct execution_item *item)
{
    return item->is_refused && error_is(&item->error, REASON_FILL_SETTINGS_CHANGED);
}

// Has the orders reckoned by their portfolios' present settings that were reckoned by others, and
// asks once more.
static void reserve_outdated(struct round *round, struct execution *execution)
{
    struct outdated_order orders[EXECUTION_MAX];
    size_t of[EXECUTION_MAX];
    size_t count = 0;

    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];

        if (!is_outdated(item))
            continue;
        of[count] = i;
        orders[count++] = (struct outdated_order){.order = item->order};
    }
    if (count == 0)
        return;
    outdated_plan(execution->trading, execution->arena, orders, count);
    round->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct execution_item *item = &execution->items[of[i]];

        item->error = orders[i].error;
        item->is_refused = item->error.code != CODE_OK && is_refusal(&item->error);
        execution->quotes[of[i]] = orders[i].quote;
        item->quote = &execution->quotes[of[i]];
        // What is put back when the rest is not done is what has been committed here.
        execution->before[of[i]] = *item->order;
        if (item->error.code == CODE_OK)
            add_reserve(round, execution, of[i]);
    }
    reserve_round(round, execution);
}

void execution_reserve(struct execution *execution)
{
    struct round *round = arena_allocate(execution->arena, sizeof(*round));

    for (size_t i = 0; i < execution->count; i++) {
        if (round == NULL)
            out_of_budget(&execution->items[i].error);
        else
            add_reserve(round, execution, i);
    }
    if (round == NULL)
        return;
    reserve_round(round, execution);
    reserve_outdated(round, execution);
}

static bool add_fill(struct round *round, struct execution *execution, size_t index)
{
    struct execution_item *item = &execution->items[index];
    Portfolio__ApplyFillRequest *request = arena_allocate(execution->arena, sizeof(*request));

    if (request == NULL)
        return out_of_budget(&item->error);
    portfolio__apply_fill_request__init(request);
    request->fill_id = item->fill.id;
    request->order_id = item->order->id;
    request->hold_id = order_is_exit(item->order) ? order_hold_id(item->order) : NULL;
    request->shares_hold_id = shares_hold_id(item->order);
    request->portfolio_id = item->order->portfolio_id;
    request->has_side = true;
    request->side = side_of(item->order);
    request->ticker = item->order->ticker;
    request->has_quantity_nanos = true;
    request->quantity_nanos = item->fill.quantity;
    request->has_price_micros = true;
    request->price_micros = item->fill.price;
    request->has_commission_micros = true;
    request->commission_micros = item->fill.commission;
    request->has_filled_at = true;
    request->filled_at = item->fill.filled_at;
    request->has_final = true;
    // What exits share ends with its last share, or is given back by whichever has ended it.
    request->final = !order_status_is_open(item->order->status) && !order_is_exit(item->order);
    round_add(round, execution, index, &request->base);
    return true;
}

static bool add_release(struct round *round, struct execution *execution, size_t index)
{
    struct execution_item *item = &execution->items[index];
    Portfolio__ReleaseRequest *request = arena_allocate(execution->arena, sizeof(*request));

    if (request == NULL)
        return out_of_budget(&item->error);
    portfolio__release_request__init(request);
    request->order_id = order_hold_id(item->order);
    request->portfolio_id = item->order->portfolio_id;
    round_add(round, execution, index, &request->base);
    return true;
}

static void finish(struct execution *execution, struct execution_item *item)
{
    struct store_finished task;

    memcpy(task.order_id, item->order->id, UUID_SIZE);
    memcpy(task.portfolio_id, item->order->portfolio_id, UUID_SIZE);
    finished_add(execution->trading->finished, &task);
    item->is_settled = true;
    execution_count(execution, item, TASK_COMPLETED);
}

// Tells portfolio, by one operation, of the items with a fill that is not booked, or of those that
// have ended without being filled wholly.
static void tell(struct execution *execution,
                 const struct rpc_method *method,
                 bool (*add)(struct round *, struct execution *, size_t),
                 bool fills)
{
    // Made for the first item only: it is large, and nearly always there is nothing to tell.
    struct round *round = NULL;

    for (size_t i = 0; i < execution->count; i++) {
        struct execution_item *item = &execution->items[i];
        enum order_status status = item->order->status;
        bool is_meant =
            fills ? item->has_fill
                  : !item->has_fill && (status == ORDER_CANCELED || status == ORDER_EXPIRED);

        if (!is_meant || item->is_lost || item->is_settled)
            continue;
        if (round == NULL)
            round = arena_allocate(execution->arena, sizeof(*round));
        if (round == NULL)
            out_of_budget(&item->error);
        else
            // A failure is in the item's error.
            (void)add(round, execution, i);
    }
    if (round == NULL || round->count == 0)
        return;
    round_call(round, execution, method);
    for (size_t i = 0; i < round->count; i++) {
        struct execution_item *item = &execution->items[round->item_of[i]];

        if (round->errors[i].code == CODE_OK) {
            item->order->booked_count = item->order->fill_count;
            execution->was_told[round->item_of[i]] = fills;
            item->has_fill = false;
            item->is_booked =
                fills && item->order->status == ORDER_FILLED && shares_hold_id(item->order) != NULL;
            if (!item->is_booked && (!fills || item->order->status == ORDER_FILLED))
                finish(execution, item);
            continue;
        }
        item->error = round->errors[i];
        log_write(LOG_WARNING, fills ? "fill_not_booked_yet" : "hold_not_released_yet", "order_id",
                  item->order->id, "reason", item->error.reason, NULL);
    }
}

void execution_tell_fills(struct execution *execution)
{
    tell(execution, &portfolio_method_apply_fill, add_fill, true);
}

void execution_tell_ends(struct execution *execution)
{
    tell(execution, &portfolio_method_release, add_release, false);
}
