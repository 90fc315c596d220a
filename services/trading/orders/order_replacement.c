// SPDX-License-Identifier: MIT
#include "orders/order_replacement.h"

#include <stdio.h>
#include <string.h>

#include "fills/fill.h"
#include "money/money.h"
#include "orders/order_rules.h"

static bool changes_nothing(const struct order *old, const struct order *order)
{
    return order_remaining(old) == order->quantity && old->limit_price == order->limit_price &&
           old->stop_price == order->stop_price && old->trail_price == order->trail_price &&
           old->trail_percent == order->trail_percent &&
           old->time_in_force == order->time_in_force && order->client_order_id == NULL;
}

static void
check_stop(const struct order *old, const struct order_change *change, struct error *error)
{
    if (change->stop_price == 0)
        return;
    if (!order_type_has_stop(old->type))
        error_add_violation(error, "stop_price", "must not be given for an order of type %s",
                            order_type_name(old->type));
    else if (old->triggered_at != 0)
        error_add_violation(error, "stop_price", "has been reached already");
}

static void
check_trail(const struct order *old, const struct order_change *change, struct error *error)
{
    if (change->trail_price != 0 && old->trail_price == 0)
        error_add_violation(error, "trail_price", "must not be given: the order has none");
    if (change->trail_percent != 0 && old->trail_percent == 0)
        error_add_violation(error, "trail_percent", "must not be given: the order has none");
}

// What is asked for counts what the old order was filled with.
static void
check_quantity(const struct order *old, const struct order_change *change, struct error *error)
{
    char filled[DECIMAL_SIZE];

    if (old->notional > 0 && change->quantity != 0)
        error_add_violation(error, "quantity", "of an order by notional cannot be changed");
    if (change->quantity == 0 || change->quantity > old->filled_quantity)
        return;
    decimal_print(old->filled_quantity, QUANTITY_SCALE, 0, filled);
    error_add_violation(error, "quantity", "must be more than the %s that have been filled",
                        filled);
}

static bool
check_change(const struct order *old, const struct order_change *change, struct error *error)
{
    error_clear(error);
    check_quantity(old, change, error);
    if (change->limit_price != 0 && !order_type_has_limit(old->type))
        error_add_violation(error, "limit_price", "must not be given for an order of type %s",
                            order_type_name(old->type));
    check_stop(old, change, error);
    check_trail(old, change, error);
    if (change->has_time_in_force && change->time_in_force != old->time_in_force &&
        change->time_in_force != ORDER_DAY && change->time_in_force != ORDER_GTC)
        error_add_violation(error, "time_in_force", "must be day or gtc");
    return error->code == CODE_OK;
}

static int64_t chosen(int64_t new_value, int64_t old_value)
{
    return new_value == 0 ? old_value : new_value;
}

static struct order begin(const struct order *old, const struct order_change *change, int64_t now)
{
    struct order order = {
        .client_order_id = change->client_order_id,
        .order_class = old->order_class,
        .part = old->part,
        .side = old->side,
        .type = old->type,
        .time_in_force = change->has_time_in_force ? change->time_in_force : old->time_in_force,
        .extended_hours = old->extended_hours,
        .quantity = chosen(change->quantity, old->quantity) - old->filled_quantity,
        .notional = old->notional,
        .limit_price = chosen(change->limit_price, old->limit_price),
        .stop_price = chosen(change->stop_price, old->stop_price),
        .trail_price = chosen(change->trail_price, old->trail_price),
        .trail_percent = chosen(change->trail_percent, old->trail_percent),
        .high_water = old->high_water,
        .status = order_is_exit(old) ? ORDER_HELD : ORDER_PENDING_NEW,
        .created_at = now,
        .updated_at = now,
        .starts_at = old->starts_at > now ? old->starts_at : now,
        .expires_at = old->expires_at,
        .triggered_at = old->triggered_at,
        .looked_at = now,
        .terms = old->terms,
    };

    memcpy(order.group_id, old->group_id, UUID_SIZE);
    memcpy(order.portfolio_id, old->portfolio_id, UUID_SIZE);
    memcpy(order.user_id, old->user_id, UUID_SIZE);
    memcpy(order.ticker, old->ticker, sizeof(order.ticker));
    memcpy(order.replaces, old->id, UUID_SIZE);
    return order;
}

// The stop of one that trails follows its high water at the new distance.
static void trail_anew(struct order *order)
{
    int64_t high_water = order->high_water;

    if (order->type != ORDER_TRAILING_STOP)
        return;
    order->high_water = 0;
    (void)fill_trail(order, high_water);
}

// The rules of placing, as far as they concern what the user has said: a stop that follows is not
// of the user's making.
static bool check_order(const struct order *order, struct error *error)
{
    struct order said = *order;

    if (said.type == ORDER_TRAILING_STOP)
        said.stop_price = 0;
    if (said.notional > 0)
        said.quantity = 0;
    return order_rules_check(&said, error);
}

static bool check_reached(const struct order *order, const struct quote *quote, struct error *error)
{
    char text[DECIMAL_SIZE];

    error_clear(error);
    if (!fill_is_triggered(order, quote->price_micros))
        return true;
    decimal_print(quote->price_micros, MONEY_SCALE, 2, text);
    error_add_violation(error,
                        order->type != ORDER_TRAILING_STOP ? "stop_price"
                        : order->trail_price > 0           ? "trail_price"
                                                           : "trail_percent",
                        "would be reached already: the current price is %s", text);
    error_add_number(error, "market_price", "%s", text);
    return false;
}

bool order_replacement_make(const struct order *old,
                            const struct order_change *change,
                            const struct quote *quote,
                            const struct platform_clock *clock,
                            struct order *out_order,
                            struct error *error)
{
    struct order order = begin(old, change, clock->now);

    if (!check_change(old, change, error))
        return false;
    if (changes_nothing(old, &order)) {
        error_add_violation(error, "quantity", "nothing of the order is different");
        return false;
    }
    trail_anew(&order);
    if (!check_order(&order, error) || !check_reached(&order, quote, error))
        return false;
    if (order.time_in_force != old->time_in_force && !order_rules_schedule(&order, clock, error))
        return false;
    *out_order = order;
    return true;
}
