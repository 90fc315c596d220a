// SPDX-License-Identifier: MIT
// analytics: what became of money that was invested, by the formulas of its trade.
//
// Here alone Bourse reckons in floating point: these are statistics about money, never money. A
// figure that is not defined for what it is asked about is not known, and says why: never infinity,
// never 0 instead.
//
// Threads: pure functions. Memory: what is given is only read.
#pragma once

#include "base/base.h"

// ANALYTICS_REASONS(X) expands X(name, sentence): why a figure is not known.
// clang-format off
#define ANALYTICS_REASONS(X)                                                                       \
    X(TOO_FEW_DAYS, "There are fewer days with a return than it takes.")                           \
    X(NOTHING_INVESTED, "Nothing was invested.")                                                   \
    X(EQUITY_NOT_POSITIVE, "The worth fell to zero or below, where no return is defined.")         \
    X(SHORTER_THAN_A_YEAR, "The period is shorter than a year: nothing is told of a whole one.")   \
    X(NO_VARIANCE, "The returns are all the same.")                                                \
    X(NO_LOSSES, "There was no loss to compare with.")                                             \
    X(NO_TRADES, "Nothing was sold.")                                                              \
    X(NO_SOLUTION, "No rate of interest explains the payments.")                                   \
    X(MANY_SOLUTIONS, "More than one rate of interest explains the payments.")                     \
    X(NO_GAIN, "There was no gain to compare with.")                                               \
    X(NO_BENCHMARK, "There is no benchmark, or it has no prices.")                                 \
    X(OUT_OF_RANGE, "It is too large to be told.")
// clang-format on

enum analytics_reason {
    ANALYTICS_KNOWN,
#define ANALYTICS_ENUMERATE(name, sentence) ANALYTICS_##name,
    ANALYTICS_REASONS(ANALYTICS_ENUMERATE)
#undef ANALYTICS_ENUMERATE
};

// "TOO_FEW_DAYS" and its sentence; NULL for ANALYTICS_KNOWN.
const char *analytics_reason_name(enum analytics_reason reason);
const char *analytics_reason_sentence(enum analytics_reason reason);

struct analytics_figure {
    enum analytics_reason reason; // ANALYTICS_KNOWN when there is a value
    double value;
};

struct analytics_figure analytics_known(double value); // OUT_OF_RANGE when it is not finite
struct analytics_figure analytics_unknown(enum analytics_reason reason);

// One day of trading: what there was at the close before, what was put in and taken out since, and
// what there was at its close. What is put in is there from the beginning of the day, what is taken
// out leaves at its end.
struct analytics_day {
    double start;
    double deposits;
    double withdrawals;
    double end;
};

// An empty day has nothing invested, and no return: after it a new part of the history begins. One
// that begins or ends at zero or below while something was invested has none that is defined.
enum analytics_day_kind { ANALYTICS_DAY_COUNTED, ANALYTICS_DAY_EMPTY, ANALYTICS_DAY_UNDEFINED };

// (end + withdrawals) / (start + deposits) - 1 of a day that counts.
enum analytics_day_kind analytics_day_return(const struct analytics_day *day, double *out_return);

// What one dollar would have become less that dollar: the days' returns one after the other, so
// that deposits and withdrawals count for nothing. 0 of days that are all empty.
struct analytics_figure analytics_time_weighted(const struct analytics_day *days, size_t count);

// What was gained, in parts of all that was put in: what there was at the beginning, and all
// deposits.
struct analytics_figure analytics_simple(const struct analytics_day *days, size_t count);

// (1 + total)^(365 / days) - 1: what it comes to a year. Not known of less than a year.
struct analytics_figure analytics_annualize(struct analytics_figure total, double calendar_days);

// The functions below take the returns of the days that count, `days_per_year` of which are a year
// (252 on an exchange), and rates that are those of a day.

struct analytics_figure
analytics_volatility(const double *returns, size_t count, double days_per_year);

struct analytics_figure
analytics_sharpe(const double *returns, size_t count, double riskless, double days_per_year);

// All days are in the mean of the squares, those above `least` as 0.
struct analytics_figure
analytics_sortino(const double *returns, size_t count, double least, double days_per_year);

struct analytics_figure analytics_best(const double *returns, size_t count, size_t *out_index);
struct analytics_figure analytics_worst(const double *returns, size_t count, size_t *out_index);

// The returns one after the other, less the dollar that they began with.
struct analytics_figure analytics_total(const double *returns, size_t count);

// The functions below take returns in order, the lowest first: what a day loses at least in that
// part of all days, between two of them in proportion; and the mean of the days that lose no less.
// Fewer days than that part is one of say nothing about it.
struct analytics_figure analytics_value_at_risk(const double *sorted, size_t count, double part);
struct analytics_figure
analytics_expected_shortfall(const double *sorted, size_t count, double part);

// The deepest fall from a peak of what one dollar became. The peak is at the end of that many days,
// 0 being the beginning; so is the trough, and the day on which the peak was reached again.
struct analytics_drawdown {
    double depth; // 0 or negative
    size_t peak;
    size_t trough;
    bool is_recovered;
    size_t recovery;
};
struct analytics_drawdown analytics_maximum_drawdown(const double *returns, size_t count);

// The return of a year in parts of the deepest fall.
struct analytics_figure analytics_calmar(struct analytics_figure annual, double depth);

// How returns go with those of a benchmark on the same days.
struct analytics_figure
analytics_beta(const double *returns, const double *benchmark, size_t count);
struct analytics_figure analytics_alpha(const double *returns,
                                        const double *benchmark,
                                        size_t count,
                                        double riskless,
                                        double days_per_year);
struct analytics_figure
analytics_correlation(const double *returns, const double *benchmark, size_t count);
struct analytics_figure analytics_tracking_error(const double *returns,
                                                 const double *benchmark,
                                                 size_t count,
                                                 double days_per_year);

// Of the profits of sales: how many of them were above 0, and all profits in parts of all losses.
struct analytics_figure analytics_win_rate(const double *profits, size_t count);
struct analytics_figure analytics_profit_factor(const double *profits, size_t count);

// Half of what was bought and sold, in parts of what there was on average.
struct analytics_figure analytics_turnover(double traded, double average_equity);

// Sum of the squares of weights, in parts of their sum: 1 when one is all.
struct analytics_figure analytics_concentration(const double *weights, size_t count);

// What was gained in a window by parameters that were chosen there, and in the one after it by the
// same; returns of both in one unit, whichever.
struct analytics_window {
    double in_sample_return;
    double in_sample_days;
    double out_of_sample_return;
    double out_of_sample_days;
};

// The return of a day out of sample, in parts of that in sample: sums of all windows. NO_GAIN when
// there was none in sample.
struct analytics_figure analytics_walk_forward(const struct analytics_window *windows,
                                               size_t count);

// What was put in (above 0) or taken out (below), so many days before the end.
struct analytics_flow {
    double days;
    double amount;
};

// The rate of interest, for each `unit_days`, at which the payments come to `worth` in the end: the
// root of sum(amount * (1 + rate)^(days / unit_days)) = worth between -0.9999 and 1000. The flows
// may be in any order.
//
// NO_SOLUTION when there is none there, MANY_SOLUTIONS when there is more than one.
struct analytics_figure analytics_money_weighted(const struct analytics_flow *flows,
                                                 size_t count,
                                                 double worth,
                                                 double unit_days);
