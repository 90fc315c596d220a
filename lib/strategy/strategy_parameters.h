// SPDX-License-Identifier: MIT
// strategy_parameters: the parameters of one strategy, read and checked by what its kind says.
//
// They are read from a JSON object, and written as one that has all of them. What is wrong is told
// by field, all at once: "parameters.fast" "must be from 1 to 999, not 0".
//
// Threads: one owner. Memory: texts are borrowed from the arena that they were read into.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "strategy/strategy_kind.h"

enum { STRATEGY_SYMBOLS_MAX = 20, STRATEGY_TICKER_SIZE = 16, STRATEGY_JSON_MAX = 8000 };

struct strategy_weight {
    char ticker[STRATEGY_TICKER_SIZE];
    int64_t percent; // in millionths of a percent
};

struct strategy_parameters {
    enum strategy_kind kind;
    int64_t values[STRATEGY_PARAMETER_COUNT]; // of those that are numbers or choices
    const char *enter;                        // of rules; NULL for none
    const char *exit;
    struct strategy_weight weights[STRATEGY_SYMBOLS_MAX];
    size_t weight_count;
};

// Reads the object, or for an empty text what is so unless it is said. Fails with INVALID_REQUEST
// and a violation for each parameter that is unknown to the kind, missing, or against its rule.
MUST_CHECK bool strategy_parameters_read(enum strategy_kind kind,
                                         struct text json,
                                         struct arena *arena,
                                         struct strategy_parameters *out_parameters,
                                         struct error *error);

// The parameter of that name; NULL for none.
const struct strategy_parameter *strategy_parameter_find(enum strategy_kind kind, struct text name);

// Sets one parameter that is a number or a choice from its text. Adds a violation of `field` when
// it cannot be.
MUST_CHECK bool strategy_parameters_set(struct strategy_parameters *parameters,
                                        struct text name,
                                        struct text value,
                                        const char *field,
                                        struct error *error);

// Checks what several parameters, or they and the symbols, must be to each other: fails as above.
MUST_CHECK bool strategy_parameters_check(const struct strategy_parameters *parameters,
                                          const char *const *symbols,
                                          size_t symbol_count,
                                          struct error *error);

// As a JSON object with all parameters that the kind has.
void strategy_parameters_print(const struct strategy_parameters *parameters, struct strbuf *out);

// The kind's rule with the parameters put in.
void strategy_rule_print(const struct strategy_parameters *parameters,
                         const char *pattern,
                         struct strbuf *out);

// The JSON Schema (2020-12) of a kind's parameters.
void strategy_schema_print(enum strategy_kind kind, struct strbuf *out);
