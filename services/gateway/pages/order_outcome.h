// SPDX-License-Identifier: MIT
// order_outcome: what has become of an order that a form has placed, in words.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

// Has the next page say whether the order was filled, and at which price, waits, or was not filled.
void order_outcome_say(struct exchange *exchange, const Trading__Order *order);
