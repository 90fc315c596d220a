// SPDX-License-Identifier: MIT
#include "groups/linked_placing.h"

#include <stdio.h>

#include "orders/order_message.h"

enum { NAME_SIZE = 96 };

static void take_terms(const Trading__PlaceOrderRequest *request, struct linked_terms *out_terms)
{
    const Trading__TakeProfit *take_profit = request->take_profit;
    const Trading__StopLoss *stop_loss = request->stop_loss;

    *out_terms = (struct linked_terms){.has_type = request->has_type,
                                       .has_take_profit = take_profit != NULL,
                                       .has_stop_loss = stop_loss != NULL};
    if (take_profit != NULL)
        out_terms->take_profit_price = take_profit->limit_price_micros;
    if (stop_loss != NULL) {
        out_terms->stop_price = stop_loss->stop_price_micros;
        out_terms->stop_limit_price = stop_loss->limit_price_micros;
    }
}

void linked_placing_begin(const Trading__PlaceOrderRequest *request,
                          struct order *order,
                          struct linked_request *out_linked)
{
    *out_linked = (struct linked_request){0};
    take_terms(request, &out_linked->terms);
    order->order_class = order_class_from_message(request->order_class);
    if (!order_is_in_group(order))
        return;
    order->part = order_class_parent(order->order_class);
    snprintf(order->group_id, UUID_SIZE, "%s", uuid_new().string);
    // Of an OCO: the two of them come to rest at once.
    order->other_limit = out_linked->terms.stop_limit_price;
}

bool linked_placing_make_legs(struct order *order,
                              struct linked_request *linked,
                              struct arena *arena,
                              struct error *error)
{
    if (!order_is_in_group(order))
        return true;
    linked->legs = arena_allocate(arena, LINKED_LEGS_MAX * sizeof(*linked->legs));
    if (linked->legs == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
    linked->leg_count = linked_rules_make_legs(order, &linked->terms, linked->legs);
    for (size_t i = 0; i < linked->leg_count; i++) {
        struct order *leg = &linked->legs[i];
        char name[NAME_SIZE];

        snprintf(name, sizeof(name), "leg:%s:%s", order->request_id, order_part_name(leg->part));
        snprintf(leg->request_id, UUID_SIZE, "%s", uuid_from_name(text_of(name)).string);
        snprintf(leg->id, UUID_SIZE, "%s", uuid_new().string);
    }
    return true;
}
