// SPDX-License-Identifier: MIT
// indicator_values: the numbers that a strategy's rules go by at a bar, for those who ask why.
//
// They are the calls in its rules that are numbers, such as "sma(close, 5)", outermost first.
// Threads: one owner. Memory: the text lies in the arena given.
#pragma once

#include "strategy/strategy_program.h"

enum { INDICATOR_VALUES_MAX = 8, INDICATOR_NAME_MAX = 100 };

// "sma(close, 5)=95.110000" lines, at most INDICATOR_VALUES_MAX; "" after the "=" of one that is
// not known yet. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool indicator_values_print(const struct strategy_program *program,
                                       struct bar_columns *series,
                                       size_t bar,
                                       struct rule_workspace *workspace,
                                       struct arena *arena,
                                       const char **out_lines,
                                       struct error *error);
