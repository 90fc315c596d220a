// SPDX-License-Identifier: MIT
// rule: the language in which users say when to buy and sell: an expression over the bars of one
// symbol, such as "close > sma(close, 200) and rsi(close, 2) < 10".
//
// A rule is compiled to a flat list of steps for a stack of columns, and evaluated a whole column
// at a time. There is no loop, no jump, no variable and no memory in it but the stack: what it can
// cost is known when it is compiled, and bounded by the limits below. The value at a bar depends on
// that bar and those before it alone. The language is described in docs/strategies.md.
//
// A truth is 1, 0, or NAN for what is not known yet.
//
// Threads: a compiled rule is const, and may be evaluated by many, each in a workspace of its own.
// Memory: a rule is a plain struct without pointers; what it is evaluated in is the workspace's.
#pragma once

#include "strategy/bar_columns.h"

enum {
    RULE_LENGTH_MAX = 1000,   // characters
    RULE_STEPS_MAX = 256,     // of the program
    RULE_NESTING_MAX = 32,    // levels of brackets, of `not` and of signs
    RULE_DEPTH_MAX = 16,      // columns at a time
    RULE_PERIOD_MAX = 1000,   // bars of one window, or back
    RULE_WARM_UP_MAX = 10000, // bars before the first that may be traded on
    RULE_WORK_MAX = 4000,     // about nanoseconds a bar
};

enum rule_type { RULE_NUMBER, RULE_TRUTH };

struct rule_step {
    unsigned char operation; // enum rule_operation, of rule_step.h
    unsigned char field;     // enum bar_field, of those that read one
    short periods[3];
    double number;
};

struct rule {
    enum rule_type type;
    size_t count;
    size_t depth;   // columns that it needs at a time
    size_t warm_up; // bars before its value is known and has settled
    size_t work;    // a bar
    struct rule_step steps[RULE_STEPS_MAX];
};

enum { RULE_SENTENCE_SIZE = 160 };

// Why a rule was refused, and where: the column is counted in characters, from 1.
struct rule_problem {
    size_t column;
    char sentence[RULE_SENTENCE_SIZE];
};

// Compiles a rule that is to be of that type. False with the first problem there is, and `out_rule`
// is not to be used.
MUST_CHECK bool rule_compile(struct text source,
                             enum rule_type type,
                             struct rule *out_rule,
                             struct rule_problem *out_problem);

// The columns that rules are evaluated in, kept from one to the next: whoever evaluates many rules
// does not pay for fresh memory each time.
struct rule_workspace;

// An empty one. The caller owns it.
struct rule_workspace *rule_workspace_new(void);
void rule_workspace_free(struct rule_workspace **workspace);

// The values of the rule at all bars of the series: as many as it has, in the workspace until that
// is used again.
const double *rule_evaluate(const struct rule *rule,
                            struct bar_columns *series,
                            struct rule_workspace *workspace);
