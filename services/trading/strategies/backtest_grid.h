// SPDX-License-Identifier: MIT
// backtest_grid: the combinations of the values that parameters are tried with.
//
// They are counted from 0, the last parameter's values changing first. Pure functions.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"

#include "strategy/strategy_parameters.h"

enum { BACKTEST_RUNS_MAX = 100, BACKTEST_GRID_JSON_MAX = 400 };

// Bars times combinations: what one backtest may be made to do.
#define BACKTEST_WORK_MAX INT64_C(20000000)

struct backtest_grid {
    Trading__BacktestGridParameter *const *parameters;
    size_t count;
};

// How many combinations there are: 1 without parameters; more than BACKTEST_RUNS_MAX for too many.
size_t backtest_grid_count(const struct backtest_grid *grid);

// Checks that each parameter is one of the kind's, named once, and each value one that it may have.
// Fails with INVALID_REQUEST and a violation for each that is not.
MUST_CHECK bool backtest_grid_check(const struct backtest_grid *grid,
                                    const struct strategy_parameters *parameters,
                                    struct error *error);

// Puts the values of a combination into the parameters, and writes them as a JSON object. Fails
// with INVALID_REQUEST when one of them cannot be.
MUST_CHECK bool backtest_grid_apply(const struct backtest_grid *grid,
                                    size_t combination,
                                    struct strategy_parameters *parameters,
                                    struct strbuf *out_json,
                                    struct error *error);
