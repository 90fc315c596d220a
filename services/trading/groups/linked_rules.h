// SPDX-License-Identifier: MIT
// linked_rules: what orders that are placed together must and must not say, and what becomes of
// what they say: a parent and its legs.
//
// Every rule that is broken is a violation with the field's name; docs/orders.md has them in words.
// Money is in micros, quantities in nanos, times are platform time. Pure functions.
#pragma once

#include "orders/order.h"
#include "quotes/quotes.h"

enum { LINKED_LEGS_MAX = 2 };

// The least distance between the prices of a group.
#define LINKED_DISTANCE_MIN (MICROS_PER_UNIT / 100)

// What a request says of the exits beside the order itself.
struct linked_terms {
    bool has_type; // the order's type was given
    bool has_take_profit;
    bool has_stop_loss;
    int64_t take_profit_price;
    int64_t stop_price;
    int64_t stop_limit_price; // 0 for none
};

// Checks an order, and with it what its class asks for: all that order_rules_check does, too. Of an
// OCO it makes the take-profit, which is its parent. Fails with INVALID_REQUEST and all violations.
MUST_CHECK bool
linked_rules_check(struct order *order, const struct linked_terms *terms, struct error *error);

// Compares the prices of a group that has been checked with the price of this moment. Fails with
// INVALID_REQUEST (base_price). An order that is in no group passes.
MUST_CHECK bool linked_rules_price(const struct order *parent,
                                   const struct linked_terms *terms,
                                   const struct quote *quote,
                                   struct error *error);

// Makes the legs of a parent, held until they have something to sell, but for their ids. Returns
// how many there are.
size_t linked_rules_make_legs(const struct order *parent,
                              const struct linked_terms *terms,
                              struct order out_legs[LINKED_LEGS_MAX]);

// Checks an order that takes the place of one in a group, beside the group's other orders that are
// open: only its prices may be others, and they must keep their distances. Fails with
// INVALID_REQUEST and all violations. An order that is in no group passes.
MUST_CHECK bool linked_rules_check_replacement(const struct order *old,
                                               const struct order *order,
                                               const struct order *const *others,
                                               size_t other_count,
                                               const struct quote *quote,
                                               struct error *error);
