// SPDX-License-Identifier: MIT
// performance: what became of the money of a portfolio over some days, and the figures about it.
//
// Each day is a snapshot, which knows what it began with; so any days that follow on one another
// are a period, and the returns of its parts multiply to its own. Pure: no SQL, no clock. Memory:
// results lie in the arena given. Threads: pure functions.
#pragma once

#include "analytics/analytics.h"
#include "snapshots/snapshot.h"

struct performance_input {
    const struct snapshot *days; // the earliest first; at least one
    size_t count;
    const char *base_day; // the date from which the first day goes on; NULL when it begins there
    int64_t days_per_year;
    const double *benchmark; // returns on the days; NULL for none
    const double *profits;   // of the sales on these days
    size_t profit_count;
    const struct snapshot_gain *gains; // of the days, sorted by day
    size_t gain_count;
    size_t rolling_days; // of the window that is told of each day; 0 for none
};

// Of the last days with a return up to one day.
struct performance_rolling {
    struct analytics_figure total;
    struct analytics_figure volatility;
    struct analytics_figure sharpe_ratio;
};

struct performance_day {
    bool has_return;
    double day_return;
    bool has_growth; // false from a day on that is undefined
    double growth;
    double drawdown;
    double benchmark_growth;
    int64_t invested;
    bool has_rolling; // false where there have not been that many days, or one is undefined
    struct performance_rolling rolling;
};

struct performance_figure {
    const char *name;
    const char *definition;
    struct analytics_figure figure;
    const char *date; // NULL for none
};

struct performance_month {
    int year;
    int month;
    double month_return;
};

struct performance_contribution {
    const char *ticker;
    int64_t gain;
    bool has_contribution;
    double contribution;
};

enum { PERFORMANCE_FIGURES_MAX = 40 };

struct performance {
    int64_t deposits;
    int64_t withdrawals;
    int64_t gain;
    struct performance_day *days; // one for each of the input's
    struct performance_figure figures[PERFORMANCE_FIGURES_MAX];
    size_t figure_count;
    bool has_drawdown;
    struct analytics_drawdown drawdown; // in days with a return; see counted
    size_t *counted;                    // which days these are
    size_t counted_count;
    struct performance_month *months;
    size_t month_count;
    struct performance_contribution *contributions; // the largest gain first
    size_t contribution_count;
};

// Fails with OUT_OF_MEMORY_BUDGET, and with INTERNAL for sums that cannot be counted.
MUST_CHECK bool performance_measure(const struct performance_input *input,
                                    struct arena *arena,
                                    struct performance *out_performance,
                                    struct error *error);

// Dollars as a floating-point number, for figures.
double performance_dollars(int64_t micros);
