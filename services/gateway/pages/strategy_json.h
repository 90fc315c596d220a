// SPDX-License-Identifier: MIT
// strategy_json: the JSON that strategies bring with them, as pages need it: the JSON Schema of a
// kind's parameters, the parameters of one strategy, and these again from what was typed.
//
// Of schemas it knows what trading writes, no more. Threads: pure functions. Memory: the arena's.
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "pages/form.h"

enum {
    STRATEGY_PROPERTIES_MAX = 32,
    STRATEGY_CHOICES_MAX = 16,
    STRATEGY_VALUES_MAX = 64,
};

// What begins the names of the parameters' fields in a form.
#define STRATEGY_PARAMETERS_PREFIX "parameters."

enum strategy_property_type {
    STRATEGY_PROPERTY_WHOLE,
    STRATEGY_PROPERTY_DECIMAL,
    STRATEGY_PROPERTY_CHOICE,
    STRATEGY_PROPERTY_RULE,
    STRATEGY_PROPERTY_WEIGHTS, // percentages by ticker, typed as "AAPL 60, MSFT 40"
};

struct strategy_property {
    const char *name;
    const char *description; // as the following: NULL for none
    const char *unless_said;
    const char *minimum;
    const char *maximum;
    const char *choices[STRATEGY_CHOICES_MAX];
    size_t choice_count;
    enum strategy_property_type type;
    bool is_required;
};

struct strategy_properties {
    struct strategy_property items[STRATEGY_PROPERTIES_MAX];
    size_t count;
};

// Reads a kind's schema. Fails with INTERNAL when it is none, or has more than there is room for.
MUST_CHECK bool strategy_json_read_schema(struct text schema,
                                          struct arena *arena,
                                          struct strategy_properties *out_properties,
                                          struct error *error);

struct strategy_value {
    const char *name;
    const char *text; // what is within a value is "AAPL 60, MSFT 40"
};

struct strategy_values {
    struct strategy_value items[STRATEGY_VALUES_MAX];
    size_t count;
};

// Reads an object of values. Fails as above.
MUST_CHECK bool strategy_json_read_values(struct text json,
                                          struct arena *arena,
                                          struct strategy_values *out_values,
                                          struct error *error);

// NULL for a name that is not among them.
const char *strategy_json_find(const struct strategy_values *values, const char *name);

// Writes an object of what the form has for these properties; what was left empty is not said.
void strategy_json_print(const struct strategy_properties *properties,
                         const struct form *form,
                         struct strbuf *out);
