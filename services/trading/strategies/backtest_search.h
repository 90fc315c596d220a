// SPDX-License-Identifier: MIT
// backtest_search: the combinations of a grid, each made, checked and run on the same bars.
//
// Threads: one owner. Memory: what is kept lies in `arena`; what one run needs in `figures`, which
// is reset by the next.
#pragma once

#include "strategies/backtest_figures.h"
#include "strategies/backtest_grid.h"

struct backtest_search {
    const struct strategy_parameters *parameters; // what the combinations begin with
    struct backtest_grid grid;
    const struct backtest_symbol *symbols;
    size_t symbol_count;
    int periods_per_year;
    struct strategy_program *program; // of the combination that was made last
    struct rule_workspace *workspace;
    struct backtest_result *result; // of the run that was made last
    struct arena *arena;
    struct arena *figures;
    size_t run_number; // the present run, of `run_count` in all
    size_t run_count;
    // Made by backtest_search_list.
    Trading__BacktestRun **runs;
    size_t warm_up; // bars that any combination needs
};

// Lists all combinations with their parameters, and the problem of each whose parameters break a
// rule together. Fails with INVALID_REQUEST when that is so of all.
MUST_CHECK bool backtest_search_list(struct backtest_search *search, struct error *error);

// Makes the program of a combination that has no problem.
MUST_CHECK bool
backtest_search_make(struct backtest_search *search, size_t combination, struct error *error);

// Runs what was made, and takes its statistics, which lie in `figures`.
MUST_CHECK bool backtest_search_run(struct backtest_search *search,
                                    const struct backtest_settings *settings,
                                    Trading__BacktestStatistics **out_statistics,
                                    struct error *error);

// Runs all combinations, writes into the list what came of each, and leaves the program of the one
// that ends with most, the first of several.
MUST_CHECK bool backtest_search_best(struct backtest_search *search,
                                     const struct backtest_settings *settings,
                                     struct error *error);
