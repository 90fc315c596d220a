// SPDX-License-Identifier: MIT
#include "orders/order_message.h"

#include <string.h>

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Trading__OrderStatus status_of(enum order_status status)
{
    static const Trading__OrderStatus statuses[ORDER_STATUS_COUNT] = {
        [ORDER_PENDING_NEW] = TRADING__ORDER_STATUS__ORDER_STATUS_PENDING_NEW,
        [ORDER_HELD] = TRADING__ORDER_STATUS__ORDER_STATUS_HELD,
        [ORDER_NEW] = TRADING__ORDER_STATUS__ORDER_STATUS_NEW,
        [ORDER_PARTIALLY_FILLED] = TRADING__ORDER_STATUS__ORDER_STATUS_PARTIALLY_FILLED,
        [ORDER_PENDING_REPLACE] = TRADING__ORDER_STATUS__ORDER_STATUS_PENDING_REPLACE,
        [ORDER_REPLACED] = TRADING__ORDER_STATUS__ORDER_STATUS_REPLACED,
        [ORDER_FILLED] = TRADING__ORDER_STATUS__ORDER_STATUS_FILLED,
        [ORDER_CANCELED] = TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED,
        [ORDER_EXPIRED] = TRADING__ORDER_STATUS__ORDER_STATUS_EXPIRED,
        [ORDER_REJECTED] = TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED,
    };

    return statuses[status];
}

static Trading__OrderSide side_of(enum order_side side)
{
    return side == ORDER_BUY ? TRADING__ORDER_SIDE__ORDER_SIDE_BUY
                             : TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
}

static Trading__OrderType type_of(enum order_type type)
{
    static const Trading__OrderType types[ORDER_TYPE_COUNT] = {
        [ORDER_MARKET] = TRADING__ORDER_TYPE__ORDER_TYPE_MARKET,
        [ORDER_LIMIT] = TRADING__ORDER_TYPE__ORDER_TYPE_LIMIT,
        [ORDER_STOP] = TRADING__ORDER_TYPE__ORDER_TYPE_STOP,
        [ORDER_STOP_LIMIT] = TRADING__ORDER_TYPE__ORDER_TYPE_STOP_LIMIT,
        [ORDER_TRAILING_STOP] = TRADING__ORDER_TYPE__ORDER_TYPE_TRAILING_STOP,
    };

    return types[type];
}

static Trading__TimeInForce time_in_force_of(enum order_time_in_force time_in_force)
{
    static const Trading__TimeInForce times[ORDER_TIME_IN_FORCE_COUNT] = {
        [ORDER_DAY] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_DAY,
        [ORDER_GTC] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_GTC,
        [ORDER_IOC] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_IOC,
        [ORDER_FOK] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_FOK,
        [ORDER_OPG] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_OPG,
        [ORDER_CLS] = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_CLS,
    };

    return times[time_in_force];
}

enum order_type order_type_from_message(Trading__OrderType type)
{
    for (int known = 0; known < ORDER_TYPE_COUNT; known++) {
        if (type_of((enum order_type)known) == type)
            return (enum order_type)known;
    }
    return ORDER_MARKET;
}

enum order_time_in_force order_time_in_force_from_message(Trading__TimeInForce time_in_force)
{
    for (int known = 0; known < ORDER_TIME_IN_FORCE_COUNT; known++) {
        if (time_in_force_of((enum order_time_in_force)known) == time_in_force)
            return (enum order_time_in_force)known;
    }
    return ORDER_DAY;
}

static Trading__OrderClass class_of(enum order_class order_class)
{
    static const Trading__OrderClass classes[ORDER_CLASS_COUNT] = {
        [ORDER_CLASS_SIMPLE] = TRADING__ORDER_CLASS__ORDER_CLASS_SIMPLE,
        [ORDER_CLASS_BRACKET] = TRADING__ORDER_CLASS__ORDER_CLASS_BRACKET,
        [ORDER_CLASS_OCO] = TRADING__ORDER_CLASS__ORDER_CLASS_OCO,
        [ORDER_CLASS_OTO] = TRADING__ORDER_CLASS__ORDER_CLASS_OTO,
    };

    return classes[order_class];
}

static Trading__OrderPart part_of(enum order_part part)
{
    static const Trading__OrderPart parts[ORDER_PART_COUNT] = {
        [ORDER_PART_ENTRY] = TRADING__ORDER_PART__ORDER_PART_ENTRY,
        [ORDER_PART_TAKE_PROFIT] = TRADING__ORDER_PART__ORDER_PART_TAKE_PROFIT,
        [ORDER_PART_STOP_LOSS] = TRADING__ORDER_PART__ORDER_PART_STOP_LOSS,
    };

    return parts[part];
}

enum order_class order_class_from_message(Trading__OrderClass order_class)
{
    for (int known = 0; known < ORDER_CLASS_COUNT; known++) {
        if (class_of((enum order_class)known) == order_class)
            return (enum order_class)known;
    }
    return ORDER_CLASS_SIMPLE;
}

static void set_prices(const struct order *order, Trading__Order *message)
{
    message->has_notional_micros = order->notional != 0;
    message->notional_micros = order->notional;
    message->has_limit_price_micros = order->limit_price != 0;
    message->limit_price_micros = order->limit_price;
    message->has_stop_price_micros = order->stop_price != 0;
    message->stop_price_micros = order->stop_price;
    message->has_trail_price_micros = order->trail_price != 0;
    message->trail_price_micros = order->trail_price;
    message->has_trail_percent_micros = order->trail_percent != 0;
    message->trail_percent_micros = order->trail_percent;
    message->has_high_water_micros = order->high_water != 0;
    message->high_water_micros = order->high_water;
}

static void set_times(const struct order *order, Trading__Order *message)
{
    message->has_created_at = true;
    message->created_at = order->created_at;
    message->has_submitted_at = order->submitted_at != 0;
    message->submitted_at = order->submitted_at;
    message->has_filled_at = order->filled_at != 0;
    message->filled_at = order->filled_at;
    message->has_canceled_at = order->canceled_at != 0;
    message->canceled_at = order->canceled_at;
    message->has_expired_at = order->expired_at != 0;
    message->expired_at = order->expired_at;
    message->has_updated_at = true;
    message->updated_at = order->updated_at;
    message->has_triggered_at = order->triggered_at != 0;
    message->triggered_at = order->triggered_at;
    message->has_expires_at = true;
    message->expires_at = order->expires_at;
}

static void set_amounts(const struct order *order, Trading__Order *message)
{
    message->has_quantity_nanos = true;
    message->quantity_nanos = order->quantity;
    message->has_filled_quantity_nanos = true;
    message->filled_quantity_nanos = order->filled_quantity;
    message->has_average_fill_price_micros = order->filled_quantity > 0;
    message->average_fill_price_micros = order->average_fill_price;
    message->has_commission_micros = true;
    message->commission_micros = order->commission;
}

static void set_group(const struct order *order, Trading__Order *message)
{
    message->has_order_class = true;
    message->order_class = class_of(order->order_class);
    message->has_part = order_is_in_group(order);
    if (message->has_part)
        message->part = part_of(order->part);
}

// NULL for none.
static const char *copy_id(struct arena *arena, const char *id)
{
    return id[0] == '\0' ? NULL : arena_copy_string(arena, id);
}

bool order_to_message(const struct order *order,
                      struct arena *arena,
                      Trading__Order **out_message,
                      struct error *error)
{
    Trading__Order *message = arena_allocate(arena, sizeof(*message));
    bool has_reason = order->reason[0] != '\0';

    if (message == NULL)
        return out_of_budget(error);
    trading__order__init(message);
    message->id = arena_copy_string(arena, order->id);
    // An order without a name of the client's is known by its id.
    message->client_order_id = arena_copy_string(
        arena, order->client_order_id == NULL ? order->id : order->client_order_id);
    message->portfolio_id = arena_copy_string(arena, order->portfolio_id);
    message->ticker = arena_copy_string(arena, order->ticker);
    message->replaces = copy_id(arena, order->replaces);
    message->replaced_by = copy_id(arena, order->replaced_by);
    message->group_id = copy_id(arena, order->group_id);
    message->reason = has_reason ? arena_copy_string(arena, order->reason) : NULL;
    message->reason_message = has_reason ? arena_copy_string(arena, order->reason_message) : NULL;
    if (message->id == NULL || message->client_order_id == NULL || message->portfolio_id == NULL ||
        message->ticker == NULL || (order->replaces[0] != '\0' && message->replaces == NULL) ||
        (order->replaced_by[0] != '\0' && message->replaced_by == NULL) ||
        (order->group_id[0] != '\0' && message->group_id == NULL) ||
        (has_reason && (message->reason == NULL || message->reason_message == NULL)))
        return out_of_budget(error);
    message->has_side = true;
    message->side = side_of(order->side);
    message->has_type = true;
    message->type = type_of(order->type);
    message->has_time_in_force = true;
    message->time_in_force = time_in_force_of(order->time_in_force);
    message->has_extended_hours = order->extended_hours;
    message->extended_hours = order->extended_hours;
    message->has_status = true;
    message->status = status_of(order->status);
    set_group(order, message);
    set_amounts(order, message);
    set_prices(order, message);
    set_times(order, message);
    *out_message = message;
    return true;
}

static void set_leg_times(const struct order *order, Trading__OrderLeg *leg)
{
    leg->has_created_at = true;
    leg->created_at = order->created_at;
    leg->has_submitted_at = order->submitted_at != 0;
    leg->submitted_at = order->submitted_at;
    leg->has_filled_at = order->filled_at != 0;
    leg->filled_at = order->filled_at;
    leg->has_canceled_at = order->canceled_at != 0;
    leg->canceled_at = order->canceled_at;
    leg->has_expired_at = order->expired_at != 0;
    leg->expired_at = order->expired_at;
    leg->has_updated_at = true;
    leg->updated_at = order->updated_at;
    leg->has_triggered_at = order->triggered_at != 0;
    leg->triggered_at = order->triggered_at;
}

static void set_leg(const struct order *order, Trading__OrderLeg *leg)
{
    trading__order_leg__init(leg);
    leg->id = order->id;
    leg->client_order_id = order->client_order_id == NULL ? order->id : order->client_order_id;
    leg->has_part = true;
    leg->part = part_of(order->part);
    leg->has_side = true;
    leg->side = side_of(order->side);
    leg->has_type = true;
    leg->type = type_of(order->type);
    leg->has_quantity_nanos = true;
    leg->quantity_nanos = order->quantity;
    leg->has_filled_quantity_nanos = true;
    leg->filled_quantity_nanos = order->filled_quantity;
    leg->has_limit_price_micros = order->limit_price != 0;
    leg->limit_price_micros = order->limit_price;
    leg->has_stop_price_micros = order->stop_price != 0;
    leg->stop_price_micros = order->stop_price;
    leg->has_average_fill_price_micros = order->filled_quantity > 0;
    leg->average_fill_price_micros = order->average_fill_price;
    leg->has_status = true;
    leg->status = status_of(order->status);
    leg->reason = order->reason[0] == '\0' ? NULL : order->reason;
    leg->reason_message = order->reason[0] == '\0' ? NULL : order->reason_message;
    leg->replaces = order->replaces[0] == '\0' ? NULL : order->replaces;
    set_leg_times(order, leg);
}

bool legs_to_message(const struct order *order,
                     const struct order *orders,
                     size_t count,
                     struct arena *arena,
                     Trading__Order *message,
                     struct error *error)
{
    Trading__OrderLeg *legs = arena_allocate(arena, (count + 1) * sizeof(*legs));
    size_t leg_count = 0;

    message->legs = arena_allocate(arena, (count + 1) * sizeof(*message->legs));
    if (legs == NULL || message->legs == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(orders[i].group_id, order->group_id) != 0 || order_is_parent(&orders[i]))
            continue;
        set_leg(&orders[i], &legs[leg_count]);
        message->legs[leg_count] = &legs[leg_count];
        leg_count++;
    }
    message->n_legs = leg_count;
    return true;
}

bool fill_to_message(const struct order *order,
                     const struct order_fill *fill,
                     struct arena *arena,
                     Trading__Fill **out_message,
                     struct error *error)
{
    Trading__Fill *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__fill__init(message);
    message->id = arena_copy_string(arena, fill->id);
    message->order_id = arena_copy_string(arena, order->id);
    message->portfolio_id = arena_copy_string(arena, order->portfolio_id);
    message->ticker = arena_copy_string(arena, order->ticker);
    if (message->id == NULL || message->order_id == NULL || message->portfolio_id == NULL ||
        message->ticker == NULL)
        return out_of_budget(error);
    message->has_side = true;
    message->side = side_of(order->side);
    message->has_quantity_nanos = true;
    message->quantity_nanos = fill->quantity;
    message->has_price_micros = true;
    message->price_micros = fill->price;
    message->has_commission_micros = true;
    message->commission_micros = fill->commission;
    message->has_filled_at = true;
    message->filled_at = fill->filled_at;
    message->has_quote_at = true;
    message->quote_at = fill->quote_at;
    message->model = fill_model_name(fill->model);
    *out_message = message;
    return true;
}

void order_publish(struct trading *trading, const struct order *order, struct arena *arena)
{
    Trading__OrderEvent event = TRADING__ORDER_EVENT__INIT;
    Trading__Order *message = NULL;
    struct text packed;
    struct error error;

    // No publisher: a test without followers.
    if (trading->publisher == NULL)
        return;
    event.user_id = order->user_id;
    // Only for want of memory; whoever misses the event sees the gap with the next one.
    if (!order_to_message(order, arena, &message, &error))
        return;
    event.order = message;
    if (message_pack(&event.base, arena, &packed, &error))
        rpc_publish(trading->publisher, "orders", packed);
}
