// SPDX-License-Identifier: MIT
// figures_view: the statistics of backtests as people read them: each with what it is called,
// how it looks, what it means, and which of several is the best.
//
// Threads: pure functions. Memory: the arena given.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// How many figures there are; they are known by their numbers from 0.
size_t figures_view_count(void);

// One figure: its value, or the reason why there is none, or neither when it was not asked for.
// NULL when the arena's budget is spent.
Pages__BacktestFigureView *
figures_view_make(struct arena *arena, size_t index, const Trading__BacktestStatistics *statistics);

// Whether one of several completed backtests is the best by that figure: none is better, and one at
// least is worse. Of many figures one cannot say.
bool figures_view_is_best(size_t index,
                          Trading__Backtest *const *backtests,
                          size_t count,
                          size_t which);
