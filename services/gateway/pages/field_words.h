// SPDX-License-Identifier: MIT
// field_words: the fields of the API as the pages' forms call them.
//
// The services' sentences name the fields of the REST API, which is right for programs: "grid must
// have parameters for walk_forward to choose from". Who reads a page knows these by their labels,
// and times as the pages have them.
//
// Threads: pure functions. Memory: the arena's; NULL when its budget is spent.
#pragma once

#include "base/arena.h"

// X(name in the API, label). Those that sentences name; the test compares them with the templates.
#define FIELD_WORDS(X)                                                                             \
    X("allowed_symbols", "Symbols that alone may be bought")                                       \
    X("commission_maximum", "Commission at most")                                                  \
    X("commission_minimum", "Commission at least")                                                 \
    X("current_password", "Present password")                                                      \
    X("display_name", "Name that the others see")                                                  \
    X("end", "To")                                                                                 \
    X("first_day", "First day")                                                                    \
    X("forbidden_symbols", "Symbols that may not be bought")                                       \
    X("grid", "Try several values")                                                                \
    X("in_sample_days", "Days in sample")                                                          \
    X("last_day", "Last day")                                                                      \
    X("limit_price", "Limit price")                                                                \
    X("max_daily_loss", "Loss a day")                                                              \
    X("max_order_value", "An order is worth at most")                                              \
    X("max_orders_per_day", "Orders a day")                                                        \
    X("max_position_percent", "A position is at most, in percent")                                 \
    X("new_password", "New password")                                                              \
    X("out_of_sample_days", "Days out of sample")                                                  \
    X("start", "From")                                                                             \
    X("step_days", "Goes on by, in days")                                                          \
    X("stop_loss", "Stop loss at")                                                                 \
    X("stop_price", "Stop price")                                                                  \
    X("take_profit", "Take profit at")                                                             \
    X("time_in_force", "Lasts")                                                                    \
    X("trail_percent", "Behind the best price, in percent")                                        \
    X("trail_price", "Behind the best price")                                                      \
    X("walk_forward", "Walk forward")

// A sentence in which these are called by their labels, in quotes, and times are as on pages. Of
// those whose name is a word as others are nothing is changed.
const char *field_words_say(struct arena *arena, const char *sentence);

// What a violation of `field` ("walk_forward", "grid[0].values") says, as a sentence.
const char *
field_words_say_violation(struct arena *arena, const char *field, const char *violation);
