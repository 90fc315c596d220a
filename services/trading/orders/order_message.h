// SPDX-License-Identifier: MIT
// order_message: orders and fills as the messages of the API, and as publications.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"
#include "orders/order.h"
#include "trading.h"

// Market, day and simple for what is not said.
enum order_type order_type_from_message(Trading__OrderType type);
enum order_time_in_force order_time_in_force_from_message(Trading__TimeInForce time_in_force);
enum order_class order_class_from_message(Trading__OrderClass order_class);

MUST_CHECK bool order_to_message(const struct order *order,
                                 struct arena *arena,
                                 Trading__Order **out_message,
                                 struct error *error);

// Shows, within the message of an order, those of `orders` that are legs of its group. They must
// outlive the message.
MUST_CHECK bool legs_to_message(const struct order *order,
                                const struct order *orders,
                                size_t count,
                                struct arena *arena,
                                Trading__Order *message,
                                struct error *error);

MUST_CHECK bool fill_to_message(const struct order *order,
                                const struct order_fill *fill,
                                struct arena *arena,
                                Trading__Fill **out_message,
                                struct error *error);

// Tells who follows the topic "orders" of a change that has been committed. Best effort, as all
// publications are.
void order_publish(struct trading *trading, const struct order *order, struct arena *arena);
