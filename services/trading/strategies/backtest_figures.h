// SPDX-License-Identifier: MIT
// backtest_figures: what came of a backtest in figures and lists, as the API shows it.
//
// Sums of money are exact; ratios and percentages are statistics (lib/analytics). What is not
// defined is absent, and named with the reason. Pure functions.
//
// Memory: the message lies in the arena given.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"

#include "analytics/analytics.h"
#include "strategies/backtest.h"

enum {
    BACKTEST_CURVE_MAX = 500, // points of the curves
    BACKTEST_FINGERPRINT_SIZE = 65,
};

struct backtest_figures_options {
    const struct backtest_settings *settings;
    const struct backtest_result *result;
    const struct bar_columns *benchmark; // NULL for none
    int periods_per_year; // of the bars, when they are longer than a day; otherwise 0
    const struct analytics_figure *efficiency; // of a walk-forward; NULL for none
    const char *plan; // of a walk-forward, for the fingerprint; NULL for none
};

// The statistics alone.
MUST_CHECK bool backtest_statistics(const struct backtest_figures_options *options,
                                    struct arena *arena,
                                    Trading__BacktestStatistics **out_statistics,
                                    struct error *error);

// Fills a message with the statistics, the trades, the orders, the dividends and the curve, and
// with nothing else. Fails with OUT_OF_MEMORY_BUDGET and BACKTEST_OVERFLOW.
MUST_CHECK bool backtest_figures(const struct backtest_figures_options *options,
                                 struct arena *arena,
                                 Trading__Backtest **out_message,
                                 struct error *error);

// What identifies all that went into a backtest: its bars, dividends, parameters and costs, the
// version of the engine, and the plan of a walk-forward.
void backtest_fingerprint(const struct backtest_settings *settings,
                          const struct bar_columns *benchmark,
                          const char *plan,
                          char out[BACKTEST_FINGERPRINT_SIZE]);
