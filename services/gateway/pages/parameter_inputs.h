// SPDX-License-Identifier: MIT
// parameter_inputs: the inputs of a strategy's parameters, made from the JSON Schema of its kind.
//
// Threads: pure functions. Memory: the arena's.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"
#include "pages/strategy_json.h"

struct parameter_inputs {
    const char *prefix;                   // of the fields' names: "parameters." or "grid."
    const struct strategy_values *values; // what the inputs show; NULL for nothing
    const struct form *form;              // what was typed; NULL for nothing
    const struct error *error;            // what was wrong with it; NULL for nothing
};

// Makes the input of one property. NULL when the arena's budget is spent.
Pages__ParameterInput *parameter_inputs_make(const struct parameter_inputs *inputs,
                                             const struct strategy_property *property,
                                             struct arena *arena);

// Cuts a rule at what a sentence such as "column 18: a number is expected here" says of it. NULL
// when it says nothing of a place, and when the arena's budget is spent.
Pages__RulePlace *
parameter_inputs_find_place(struct arena *arena, const char *rule, const char *sentence);

// A name for people: "Stop loss percent". NULL when the arena's budget is spent.
const char *parameter_inputs_label(struct arena *arena, const char *name);

// A value for people: of a choice its name as above, all else as it is. NULL when the arena's
// budget is spent.
const char *parameter_inputs_value(struct arena *arena, const char *value);
