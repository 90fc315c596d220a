// SPDX-License-Identifier: MIT
// strategy_program: a strategy made ready to decide: its rules compiled.
//
// Threads: const once it is made. Memory: a plain struct, large; keep it off the stack.
#pragma once

#include "strategy/strategy_parameters.h"

struct strategy_program {
    struct strategy_parameters parameters;
    bool has_signals;
    bool has_exit; // otherwise it leaves when `enter` is false
    bool has_score;
    struct rule enter; // these two with signals
    struct rule exit;
    struct rule score;
    size_t warm_up; // bars before the first that may be traded on
};

// What a strategy says of a bar at its close. It enters where it is in and was not at the bar
// before; where it leaves it never enters.
enum strategy_signal {
    STRATEGY_IS_IN = 1,  // `enter` is true
    STRATEGY_LEAVES = 2, // `exit` is true
};

// Makes the program of parameters that have been read and checked. Fails with INVALID_REQUEST when
// the rules pass a limit with the parameters in them.
MUST_CHECK bool strategy_program_make(const struct strategy_parameters *parameters,
                                      struct strategy_program *out_program,
                                      struct error *error);

// Writes the signals at all bars of a symbol, by a program that has some, to `out_signals`, which
// has room for as many.
void strategy_program_signals(const struct strategy_program *program,
                              struct bar_columns *series,
                              struct rule_workspace *workspace,
                              uint8_t *out_signals);
