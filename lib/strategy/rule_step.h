// SPDX-License-Identifier: MIT
// rule_step: what a step of a compiled rule does, and which functions the language has. For the
// inside of this library.
#pragma once

#include "strategy/rule.h"

// X(NAME, columns that it takes). Each leaves one.
#define RULE_OPERATIONS(X)                                                                         \
    X(FIELD, 0)                                                                                    \
    X(CONSTANT, 0)                                                                                 \
    X(SMA_OF_FIELD, 0) /* of prices, exactly */                                                    \
    X(ATR, 0)                                                                                      \
    X(NEGATE, 1)                                                                                   \
    X(NOT, 1)                                                                                      \
    X(ABS, 1)                                                                                      \
    X(SQRT, 1)                                                                                     \
    X(SHIFT, 1)                                                                                    \
    X(SMA, 1)                                                                                      \
    X(EMA, 1)                                                                                      \
    X(SUM, 1)                                                                                      \
    X(STDEV, 1)                                                                                    \
    X(HIGHEST, 1)                                                                                  \
    X(LOWEST, 1)                                                                                   \
    X(CHANGE, 1)                                                                                   \
    X(ROC, 1)                                                                                      \
    X(RSI, 1)                                                                                      \
    X(MACD, 1)                                                                                     \
    X(MACD_SIGNAL, 1)                                                                              \
    X(BOLLINGER, 1)                                                                                \
    X(ADD, 2)                                                                                      \
    X(SUBTRACT, 2)                                                                                 \
    X(MULTIPLY, 2)                                                                                 \
    X(DIVIDE, 2)                                                                                   \
    X(MINIMUM, 2)                                                                                  \
    X(MAXIMUM, 2)                                                                                  \
    X(BELOW, 2)                                                                                    \
    X(AT_MOST, 2)                                                                                  \
    X(ABOVE, 2)                                                                                    \
    X(AT_LEAST, 2)                                                                                 \
    X(CROSS_ABOVE, 2)                                                                              \
    X(CROSS_BELOW, 2)                                                                              \
    X(AND, 2)                                                                                      \
    X(OR, 2)

#define RULE_OPERATION_AS_ENUM(name, takes) RULE_##name,
enum rule_operation { RULE_OPERATIONS(RULE_OPERATION_AS_ENUM) RULE_OPERATION_COUNT };
#undef RULE_OPERATION_AS_ENUM

// How many columns the operation takes from the stack.
size_t rule_operation_takes(enum rule_operation operation);

// Whether it needs a column of its own while it works, beside what it takes and leaves.
bool rule_operation_needs_room(enum rule_operation operation);

// A function of the language. What it is given, in order: 'x' a number, 'n' a whole number that is
// written out, from 1 to RULE_PERIOD_MAX; 'k' a number that is written out.
struct rule_function {
    const char *name;
    const char *parameters;
    enum rule_operation operation;
    enum rule_type type;
    double sign; // of `k`
};

// NULL for none of that name.
const struct rule_function *rule_function_find(struct text name);
