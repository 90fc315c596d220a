// SPDX-License-Identifier: MIT
// replacing: an order takes the place of another one.
//
//     the old one    new -> pending_replace ------------------> replaced | new
//     the new one           pending_new ---Reserve, replacing-> new ...  | rejected
//
// One transaction commits that the old order waits and that the new one is there. While it waits it
// is not filled. Then portfolio moves the hold from one to the other, in a step of its own that is
// done or refused as a whole; and one transaction says what has become of both. A death in between
// leaves the new order's task, whose lease runs out: every step has the same effect when it is
// repeated.
//
// Threads: any.
#pragma once

#include "orders/order.h"
#include "trading.h"

// Once it is known what has become of a new order: lets the matcher forget the old one, or take it
// up again. Best effort: the matcher finds out by itself within minutes.
void replacing_settle(struct trading *trading, struct arena *arena, const struct order *order);
