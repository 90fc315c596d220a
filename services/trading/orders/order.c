// SPDX-License-Identifier: MIT
#include "orders/order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error_details.h"
#include "money/money.h"

struct status_entry {
    const char *name;
    bool is_open;
};

#define STATUS_AS_ENTRY(name, text, is_open) {text, is_open},
static const struct status_entry statuses[] = {ORDER_STATUSES(STATUS_AS_ENTRY)};
#undef STATUS_AS_ENTRY

#define EVENT_AS_NAME(name, text) text,
static const char *const events[] = {ORDER_EVENTS(EVENT_AS_NAME)};
#undef EVENT_AS_NAME

struct type_entry {
    const char *name;
    bool has_limit;
    bool has_stop;
};

#define TYPE_AS_ENTRY(name, text, has_limit, has_stop, trails) {text, has_limit, has_stop},
static const struct type_entry types[] = {ORDER_TYPES(TYPE_AS_ENTRY)};
#undef TYPE_AS_ENTRY

struct time_in_force_entry {
    const char *name;
    bool rests;
};

#define TIME_IN_FORCE_AS_ENTRY(name, text, rests) {text, rests},
static const struct time_in_force_entry times_in_force[] = {
    ORDER_TIMES_IN_FORCE(TIME_IN_FORCE_AS_ENTRY)};
#undef TIME_IN_FORCE_AS_ENTRY

struct transition {
    enum order_status from;
    enum order_event event;
    enum order_status to;
};

#define TRANSITION_AS_ENTRY(from, event, to) {ORDER_##from, ORDER_EVENT_##event, ORDER_##to},
static const struct transition transitions[] = {ORDER_TRANSITIONS(TRANSITION_AS_ENTRY)};
#undef TRANSITION_AS_ENTRY

const char *order_status_name(enum order_status status)
{
    return statuses[status].name;
}

bool order_status_find(const char *name, enum order_status *out_status)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (strcmp(statuses[i].name, name) == 0) {
            *out_status = (enum order_status)i;
            return true;
        }
    }
    return false;
}

bool order_status_is_open(enum order_status status)
{
    return statuses[status].is_open;
}

const char *order_side_name(enum order_side side)
{
    return side == ORDER_BUY ? "buy" : "sell";
}

const char *order_event_name(enum order_event event)
{
    return events[event];
}

const char *order_type_name(enum order_type type)
{
    return types[type].name;
}

bool order_type_find(const char *name, enum order_type *out_type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out_type = (enum order_type)i;
            return true;
        }
    }
    return false;
}

bool order_type_has_limit(enum order_type type)
{
    return types[type].has_limit;
}

bool order_type_has_stop(enum order_type type)
{
    return types[type].has_stop;
}

const char *order_time_in_force_name(enum order_time_in_force time_in_force)
{
    return times_in_force[time_in_force].name;
}

bool order_time_in_force_find(const char *name, enum order_time_in_force *out_found)
{
    for (size_t i = 0; i < COUNT_OF(times_in_force); i++) {
        if (strcmp(times_in_force[i].name, name) == 0) {
            *out_found = (enum order_time_in_force)i;
            return true;
        }
    }
    return false;
}

bool order_time_in_force_rests(enum order_time_in_force time_in_force)
{
    return times_in_force[time_in_force].rests;
}

bool order_is_in_group(const struct order *order)
{
    return order->order_class != ORDER_CLASS_SIMPLE;
}

bool order_is_parent(const struct order *order)
{
    return order_is_in_group(order) && order->part == order_class_parent(order->order_class);
}

bool order_is_exit(const struct order *order)
{
    return order_is_in_group(order) && order->part != ORDER_PART_ENTRY;
}

int64_t order_meets_limit(const struct order *order)
{
    // The stop-loss sells below the take-profit, so it meets whatever that would.
    return order->order_class == ORDER_CLASS_OCO ? order->other_limit : order->limit_price;
}

const char *order_hold_id(const struct order *order)
{
    return order_is_exit(order) ? order->group_id : order->id;
}

bool order_next(enum order_status from, enum order_event event, enum order_status *out_to)
{
    for (size_t i = 0; i < COUNT_OF(transitions); i++) {
        if (transitions[i].from == from && transitions[i].event == event) {
            *out_to = transitions[i].to;
            return true;
        }
    }
    return false;
}

bool order_apply(struct order *order, enum order_event event, int64_t at)
{
    if (!order_next(order->status, event, &order->status))
        return false;
    order->updated_at = at;
    switch (event) {
    case ORDER_EVENT_RESERVED:
    case ORDER_EVENT_ACTIVATE:
        order->submitted_at = at;
        break;
    case ORDER_EVENT_TRIGGER:
        order->triggered_at = at;
        break;
    case ORDER_EVENT_FILL:
        order->filled_at = at;
        break;
    case ORDER_EVENT_CANCEL:
        order->canceled_at = at;
        break;
    case ORDER_EVENT_EXPIRE:
        order->expired_at = at;
        break;
    default:
        break;
    }
    return true;
}

int64_t order_remaining(const struct order *order)
{
    return order->quantity - order->filled_quantity;
}

bool order_is_booked(const struct order *order)
{
    return order->booked_count == order->fill_count;
}

bool order_rests(const struct order *order)
{
    return order->status == ORDER_NEW || order->status == ORDER_PARTIALLY_FILLED;
}

bool order_goes_by_bars(const struct order *order)
{
    return order->terms.model == FILL_MODEL_BAR && order->time_in_force != ORDER_OPG &&
           order->time_in_force != ORDER_CLS;
}

bool order_is_delayed(const struct order *order)
{
    return order->terms.latency_ms > 0 || order_goes_by_bars(order);
}

bool order_execute(struct order *order, const struct order_execution *execution)
{
    bool is_whole = execution->quantity == order_remaining(order);
    struct order filled = *order;

    if (execution->quantity <= 0 || execution->quantity > order_remaining(order) ||
        !order_apply(&filled, is_whole ? ORDER_EVENT_FILL : ORDER_EVENT_FILL_PART, execution->at) ||
        !product_sum_add(&filled.filled_value, execution->price, execution->quantity) ||
        !money_add(filled.commission, execution->commission, &filled.commission))
        return false;
    filled.filled_quantity += execution->quantity;
    if (!product_sum_divide_half_even(&filled.filled_value, filled.filled_quantity,
                                      &filled.average_fill_price))
        return false;
    filled.fill_count++;
    *order = filled;
    return true;
}

bool order_fill_at(struct order *order,
                   const struct order_execution *execution,
                   struct order_fill *out_fill)
{
    if (!order_execute(order, execution))
        return false;
    *out_fill = (struct order_fill){
        .number = order->fill_count,
        .quantity = execution->quantity,
        .price = execution->price,
        .commission = execution->commission,
        .filled_at = execution->at,
        .quote_at = execution->quote_at,
        .model = order_goes_by_bars(order) ? FILL_MODEL_BAR : FILL_MODEL_QUOTE,
    };
    snprintf(out_fill->id, sizeof(out_fill->id), "%s",
             order_fill_id(order->id, out_fill->number).string);
    return true;
}

bool order_is_decided(const struct order *order)
{
    return order->status == ORDER_PENDING_NEW && order->decided.quantity > 0;
}

bool order_is_to_rest(const struct order *order)
{
    return order->decided.quantity < order->quantity &&
           order_time_in_force_rests(order->time_in_force);
}

struct order_fill order_decided_fill(const struct order *order)
{
    struct order filled = *order;
    struct order_fill fill = {0};

    // What was decided can be counted: it was, when it was decided.
    bool is_filled = order_fill_decided(&filled, &fill);

    assert(is_filled);
    (void)is_filled;
    return fill;
}

bool order_fill_decided(struct order *order, struct order_fill *out_fill)
{
    const struct order_execution execution = {
        .quantity = order->decided.quantity,
        .price = order->decided.price,
        .commission = order->decided.commission,
        .quote_at = order->decided.quote_at,
        .at = order->created_at,
    };
    struct order filled = *order;

    if (!order_is_decided(order) || !order_apply(&filled, ORDER_EVENT_RESERVED, execution.at) ||
        !order_fill_at(&filled, &execution, out_fill))
        return false;
    *order = filled;
    return true;
}

bool order_set_reason(struct order *order, struct arena *arena, const struct error *error)
{
    OWNED(strbuf) details = strbuf_new(ERROR_DETAILS_SIZE);

    snprintf(order->reason, sizeof(order->reason), "%s", error->reason);
    snprintf(order->reason_message, sizeof(order->reason_message), "%s", error->message);
    error_details_print(error, details);
    order->reason_details = arena_copy(arena, details->data, details->length);
    return order->reason_details != NULL;
}

void order_get_reason(const struct order *order, struct error *out_error)
{
    const struct reason_entry *entry = reason_find(order->reason);

    error_clear(out_error);
    out_error->code = entry == NULL ? CODE_FAILED_PRECONDITION : entry->code;
    snprintf(out_error->reason, sizeof(out_error->reason), "%s", order->reason);
    snprintf(out_error->message, sizeof(out_error->message), "%s", order->reason_message);
    error_details_add(out_error, order->reason_details);
}

bool order_refuse_change(const struct order *order, struct error *error)
{
    const char *status = order_status_name(order->status);

    if (order->status == ORDER_REPLACED)
        error_set(error, REASON_ORDER_NOT_OPEN, "The order has been replaced by %s already.",
                  order->replaced_by);
    else if (order_status_is_open(order->status))
        error_set(error, REASON_ORDER_NOT_READY, "The order is in the state %s at this moment.",
                  status);
    else
        error_set(error, REASON_ORDER_NOT_OPEN, "The order is in the final state %s.", status);
    error_add_number(error, "order_status", "%s", status);
    if (order->replaced_by[0] != '\0')
        error_add_number(error, "replaced_by", "%s", order->replaced_by);
    return false;
}

bool order_refuse_for_now(const struct order *order, const char *sentence, struct error *error)
{
    error_set(error, REASON_ORDER_NOT_READY, "%s", sentence);
    error_add_number(error, "order_status", "%s", order_status_name(order->status));
    return false;
}

struct uuid order_fill_id(const char *order_id, int number)
{
    char name[UUID_SIZE + 24];

    snprintf(name, sizeof(name), "fill:%s:%d", order_id, number);
    return uuid_from_name(text_of(name));
}
