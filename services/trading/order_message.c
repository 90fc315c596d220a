// SPDX-License-Identifier: MIT
#include "order_message.h"

#include "fill.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Trading__OrderStatus status_of(enum order_status status)
{
    static const Trading__OrderStatus statuses[ORDER_STATUS_COUNT] = {
        [ORDER_PENDING_NEW] = TRADING__ORDER_STATUS__ORDER_STATUS_PENDING_NEW,
        [ORDER_NEW] = TRADING__ORDER_STATUS__ORDER_STATUS_NEW,
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
    message->reason = has_reason ? arena_copy_string(arena, order->reason) : NULL;
    message->reason_message = has_reason ? arena_copy_string(arena, order->reason_message) : NULL;
    if (message->id == NULL || message->client_order_id == NULL || message->portfolio_id == NULL ||
        message->ticker == NULL ||
        (has_reason && (message->reason == NULL || message->reason_message == NULL)))
        return out_of_budget(error);
    message->has_side = true;
    message->side = side_of(order->side);
    message->has_type = true;
    message->type = TRADING__ORDER_TYPE__ORDER_TYPE_MARKET;
    message->has_time_in_force = true;
    message->time_in_force = TRADING__TIME_IN_FORCE__TIME_IN_FORCE_DAY;
    message->has_status = true;
    message->status = status_of(order->status);
    set_amounts(order, message);
    set_times(order, message);
    *out_message = message;
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
    message->model = FILL_MODEL;
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
