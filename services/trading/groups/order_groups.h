// SPDX-License-Identifier: MIT
// order_groups: orders that were placed together, shown within each other.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "orders/order_message.h"

// The message of an order, a parent's with its legs as they are now.
MUST_CHECK bool order_groups_message(struct trading *trading,
                                     const struct order *order,
                                     struct arena *arena,
                                     Trading__Order **out_message,
                                     struct error *error);

// Adds their legs to the messages of those of the orders that are parents, with one statement for
// all.
MUST_CHECK bool order_groups_add_legs(struct trading *trading,
                                      const struct order *orders,
                                      size_t count,
                                      struct arena *arena,
                                      Trading__Order **messages,
                                      struct error *error);
