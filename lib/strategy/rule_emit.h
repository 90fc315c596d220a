// SPDX-License-Identifier: MIT
// rule_emit: puts steps behind each other and keeps count of what they cost, so that no rule goes
// beyond its limits. For the inside of this library.
#pragma once

#include "strategy/rule_step.h"

struct rule_emitter {
    struct rule *rule;
    size_t stack;                    // columns at this point
    size_t warm_ups[RULE_DEPTH_MAX]; // of each of them
};

// Adds a step. False, with what is too much, when a limit is passed: the sentence alone is set.
MUST_CHECK bool rule_emit(struct rule_emitter *emitter,
                          const struct rule_step *step,
                          struct rule_problem *out_problem);

// Makes an average of the last step, when that reads prices, and takes the period along. False for
// anything else, and nothing is changed.
MUST_CHECK bool rule_emit_exact_average(struct rule_emitter *emitter, short period);
