// SPDX-License-Identifier: MIT
// difference_view: what backtests were asked for otherwise, in words: trading tells the names and
// values of its own JSON, which are for programs.
//
// Threads: pure functions. Memory: the arena's.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// Makes the row of one difference: a label, and for each backtest what it was asked for. NULL when
// the arena's budget is spent.
Pages__BacktestComparisonDifference *
difference_view_make(struct arena *arena, const Trading__BacktestDifference *difference);
