// SPDX-License-Identifier: MIT
// walk_forward: a grid tried in one window, its best combination traded with in the window after
// it, and both moved on.
//
// A run is given the bars of its window and of the warm-up before it, and no later one: so nothing
// can be known before its time. Each window begins in cash, with what the one before it ended with.
// The same input gives the same result, to the bit. Pure functions, without SQL, RPC or clock.
//
// Memory: windows lie in the search's arena; the result is the caller's.
#pragma once

#include "strategies/backtest_search.h"

enum { WALK_FORWARD_WINDOWS_MAX = 100 };

// How many windows there are from `start` to before `end`; more than WALK_FORWARD_WINDOWS_MAX for
// too many.
size_t walk_forward_count(const Trading__BacktestWalkForward *plan, int64_t start, int64_t end);

// Checks that the plan has something to choose from, windows that do not overlap, and from 1 to
// WALK_FORWARD_WINDOWS_MAX of them. Fails with INVALID_REQUEST.
MUST_CHECK bool walk_forward_check(const Trading__BacktestWalkForward *plan,
                                   size_t grid_count,
                                   int64_t start,
                                   int64_t end,
                                   struct error *error);

struct walk_forward {
    const Trading__BacktestWalkForward *plan;
    // Its combinations have been listed; the symbols are those of `settings`.
    struct backtest_search *search;
    const struct backtest_settings *settings; // of all, with all bars
    const char *timeframe;
    int64_t end; // the first moment that is in no window any more
};

struct walk_forward_outcome {
    Trading__BacktestWindow **windows;
    size_t window_count;
    int64_t first_at;              // where the first one out of sample begins
    struct backtest_result result; // those out of sample, one after the other
    struct analytics_figure efficiency;
};

// Runs it. `outcome` is empty, and has to be cleared by backtest_result_clear of its result, also
// on failure. Fails as backtest_run does, and with INVALID_REQUEST when it is more work than
// BACKTEST_WORK_MAX, or no window can be run.
MUST_CHECK bool walk_forward_run(const struct walk_forward *walk,
                                 struct walk_forward_outcome *outcome,
                                 struct error *error);
