// SPDX-License-Identifier: MIT
// backtest_comparison: several backtests side by side: what was not asked for in the same way, and
// what 100 in each has become, at the same times.
//
// Threads: pure functions. Memory: all that is made lies in the arena given.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"

#include "base/arena.h"
#include "base/error.h"

enum {
    BACKTESTS_COMPARED_MIN = 2,
    BACKTESTS_COMPARED_MAX = 10,
    BACKTEST_COMPARED_POINTS_MAX = 500,
};

// Takes "id,id,id" apart. Fails with INVALID_REQUEST when one is no id, or there twice, and when
// there are fewer or more than there may be.
MUST_CHECK bool backtest_comparison_ids(const char *ids,
                                        struct arena *arena,
                                        const char ***out_list,
                                        size_t *out_count,
                                        struct error *error);

// Fills in the differences and the curve of backtests that have their curves. Fails with
// OUT_OF_MEMORY_BUDGET and BACKTEST_OVERFLOW.
MUST_CHECK bool backtest_comparison(Trading__Backtest *const *backtests,
                                    size_t count,
                                    struct arena *arena,
                                    Trading__CompareBacktestsResponse *response,
                                    struct error *error);
