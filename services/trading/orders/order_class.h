// SPDX-License-Identifier: MIT
// order_class: which orders are placed together and depend on each other, as a group.
//
// A bracket is an entry that buys and two legs that sell what it has bought, of which one at most
// is filled; an OTO has one of these legs; an OCO has both, for shares that are there already. The
// parent of a group is its entry, and of an OCO its take-profit.
#pragma once

#include "base/base.h"

// X(NAME, name, has an entry, how many exits: of take-profit and stop-loss).
#define ORDER_CLASSES(X)                                                                           \
    X(SIMPLE, "simple", true, 0)                                                                   \
    X(BRACKET, "bracket", true, 2)                                                                 \
    X(OCO, "oco", false, 2)                                                                        \
    X(OTO, "oto", true, 1)

// X(NAME, name): what an order is in its group.
#define ORDER_PARTS(X)                                                                             \
    X(ENTRY, "entry")                                                                              \
    X(TAKE_PROFIT, "take_profit")                                                                  \
    X(STOP_LOSS, "stop_loss")

#define ORDER_CLASS_AS_ENUM(name, text, has_entry, exits) ORDER_CLASS_##name,
enum order_class { ORDER_CLASSES(ORDER_CLASS_AS_ENUM) ORDER_CLASS_COUNT };
#undef ORDER_CLASS_AS_ENUM

#define ORDER_PART_AS_ENUM(name, text) ORDER_PART_##name,
enum order_part { ORDER_PARTS(ORDER_PART_AS_ENUM) ORDER_PART_COUNT };
#undef ORDER_PART_AS_ENUM

const char *order_class_name(enum order_class order_class);
MUST_CHECK bool order_class_find(const char *name, enum order_class *out_class);
bool order_class_has_entry(enum order_class order_class);
size_t order_class_exits(enum order_class order_class);

const char *order_part_name(enum order_part part);
MUST_CHECK bool order_part_find(const char *name, enum order_part *out_part);

// What the parent of such a group is in it.
enum order_part order_class_parent(enum order_class order_class);
