// SPDX-License-Identifier: MIT
// linked_placing: the orders of a group as a request asks for them.
//
// Threads: any. Memory: what is made lies in the arena given.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"
#include "groups/linked_rules.h"
#include "store/trading_store.h"

// What a request says of a group, beside its parent.
struct linked_request {
    struct linked_terms terms;
    struct order *legs; // NULL before they are made
    size_t leg_count;
};

// Takes the class of an order, and what belongs to it, from the request.
void linked_placing_begin(const Trading__PlaceOrderRequest *request,
                          struct order *order,
                          struct linked_request *out_linked);

// Makes the legs of an order that has been checked and priced. Their request ids follow from the
// order's, so that a repeat of the request makes none.
MUST_CHECK bool linked_placing_make_legs(struct order *order,
                                         struct linked_request *linked,
                                         struct arena *arena,
                                         struct error *error);
