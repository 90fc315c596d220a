// SPDX-License-Identifier: MIT
#include "analytics.h"

#include <math.h>

// Returns whose deviation is less than this part of the largest are the same but for rounding.
#define SAME 1e-12

// What was counted exactly and differs by less than this part was rounded, and is the same.
#define ROUNDED 1e-15

#define DAYS_OF_A_YEAR 365.0

static const char *const reason_names[] = {[ANALYTICS_KNOWN] = NULL,
#define ANALYTICS_NAME(name, sentence) [ANALYTICS_##name] = #name,
                                           ANALYTICS_REASONS(ANALYTICS_NAME)
#undef ANALYTICS_NAME
};

static const char *const reason_sentences[] = {[ANALYTICS_KNOWN] = NULL,
#define ANALYTICS_SENTENCE(name, sentence) [ANALYTICS_##name] = (sentence),
                                               ANALYTICS_REASONS(ANALYTICS_SENTENCE)
#undef ANALYTICS_SENTENCE
};

const char *analytics_reason_name(enum analytics_reason reason)
{
    return reason_names[reason];
}

const char *analytics_reason_sentence(enum analytics_reason reason)
{
    return reason_sentences[reason];
}

struct analytics_figure analytics_known(double value)
{
    return isfinite(value) ? (struct analytics_figure){ANALYTICS_KNOWN, value}
                           : analytics_unknown(ANALYTICS_OUT_OF_RANGE);
}

struct analytics_figure analytics_unknown(enum analytics_reason reason)
{
    return (struct analytics_figure){reason, 0};
}

enum analytics_day_kind analytics_day_return(const struct analytics_day *day, double *out_return)
{
    double invested = day->start + day->deposits;
    double worth = day->end + day->withdrawals;

    if (invested == 0 && worth == 0)
        return ANALYTICS_DAY_EMPTY;
    if (invested <= 0 || worth <= 0)
        return ANALYTICS_DAY_UNDEFINED;
    *out_return = fabs(worth - invested) <= ROUNDED * invested ? 0 : worth / invested - 1;
    return ANALYTICS_DAY_COUNTED;
}

struct analytics_figure analytics_time_weighted(const struct analytics_day *days, size_t count)
{
    double growth = 1;

    if (count == 0)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    for (size_t i = 0; i < count; i++) {
        double day_return = 0;

        if (analytics_day_return(&days[i], &day_return) == ANALYTICS_DAY_UNDEFINED)
            return analytics_unknown(ANALYTICS_EQUITY_NOT_POSITIVE);
        growth *= 1 + day_return;
    }
    return analytics_known(growth - 1);
}

struct analytics_figure analytics_simple(const struct analytics_day *days, size_t count)
{
    double invested = 0;
    double withdrawn = 0;

    if (count == 0)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    invested = days[0].start;
    for (size_t i = 0; i < count; i++) {
        invested += days[i].deposits;
        withdrawn += days[i].withdrawals;
    }
    if (invested <= 0)
        return analytics_unknown(ANALYTICS_NOTHING_INVESTED);
    return analytics_known((days[count - 1].end + withdrawn - invested) / invested);
}

struct analytics_figure analytics_annualize(struct analytics_figure total, double calendar_days)
{
    if (total.reason != ANALYTICS_KNOWN)
        return total;
    if (calendar_days < DAYS_OF_A_YEAR)
        return analytics_unknown(ANALYTICS_SHORTER_THAN_A_YEAR);
    return analytics_known(pow(1 + total.value, DAYS_OF_A_YEAR / calendar_days) - 1);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double largest_of(const double *values, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(values[i]));
    return largest;
}

// Of a sample, which is what days are.
static double covariance_of(const double *ones, const double *others, size_t count)
{
    double mean_one = mean_of(ones, count);
    double mean_other = mean_of(others, count);
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (ones[i] - mean_one) * (others[i] - mean_other);
    return sum / (double)(count - 1);
}

// 0 for values that are the same but for rounding.
static double deviation_of(const double *values, size_t count)
{
    double deviation = sqrt(covariance_of(values, values, count));

    return deviation <= SAME * largest_of(values, count) ? 0 : deviation;
}

struct analytics_figure
analytics_volatility(const double *returns, size_t count, double days_per_year)
{
    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    return analytics_known(deviation_of(returns, count) * sqrt(days_per_year));
}

struct analytics_figure
analytics_sharpe(const double *returns, size_t count, double riskless, double days_per_year)
{
    double deviation = 0;

    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    deviation = deviation_of(returns, count);
    if (deviation == 0)
        return analytics_unknown(ANALYTICS_NO_VARIANCE);
    return analytics_known((mean_of(returns, count) - riskless) / deviation * sqrt(days_per_year));
}

struct analytics_figure
analytics_sortino(const double *returns, size_t count, double least, double days_per_year)
{
    double squares = 0;

    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    for (size_t i = 0; i < count; i++) {
        double below = fmin(returns[i] - least, 0);

        squares += below * below;
    }
    if (squares == 0)
        return analytics_unknown(ANALYTICS_NO_LOSSES);
    return analytics_known((mean_of(returns, count) - least) * days_per_year /
                           (sqrt(squares / (double)count) * sqrt(days_per_year)));
}

static struct analytics_figure
extreme(const double *returns, size_t count, double sign, size_t *out_index)
{
    size_t index = 0;

    if (count == 0)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    for (size_t i = 1; i < count; i++) {
        if (sign * returns[i] > sign * returns[index])
            index = i;
    }
    *out_index = index;
    return analytics_known(returns[index]);
}

struct analytics_figure analytics_best(const double *returns, size_t count, size_t *out_index)
{
    return extreme(returns, count, 1, out_index);
}

struct analytics_figure analytics_worst(const double *returns, size_t count, size_t *out_index)
{
    return extreme(returns, count, -1, out_index);
}

struct analytics_figure analytics_total(const double *returns, size_t count)
{
    double growth = 1;

    if (count == 0)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    for (size_t i = 0; i < count; i++)
        growth *= 1 + returns[i];
    return analytics_known(growth - 1);
}

struct analytics_figure analytics_value_at_risk(const double *sorted, size_t count, double part)
{
    double place = 0;
    size_t below = 0;

    if ((double)count * part < 1)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    place = part * (double)(count - 1);
    below = (size_t)place;
    if (below + 1 >= count)
        return analytics_known(sorted[count - 1]);
    return analytics_known(sorted[below] +
                           (place - (double)below) * (sorted[below + 1] - sorted[below]));
}

struct analytics_figure
analytics_expected_shortfall(const double *sorted, size_t count, double part)
{
    struct analytics_figure limit = analytics_value_at_risk(sorted, count, part);
    size_t below = 0;

    if (limit.reason != ANALYTICS_KNOWN)
        return limit;
    while (below < count && sorted[below] <= limit.value)
        below++;
    return analytics_known(mean_of(sorted, below));
}

struct analytics_drawdown analytics_maximum_drawdown(const double *returns, size_t count)
{
    struct analytics_drawdown deepest = {0};
    double growth = 1;
    double peak = 1;
    double peak_of_deepest = 1;
    size_t peak_at = 0;

    for (size_t i = 0; i < count; i++) {
        growth *= 1 + returns[i];
        if (growth >= peak) {
            peak = growth;
            peak_at = i + 1;
        }
        if (growth / peak - 1 < deepest.depth) {
            deepest = (struct analytics_drawdown){
                .depth = growth / peak - 1, .peak = peak_at, .trough = i + 1};
            peak_of_deepest = peak;
        }
        if (deepest.depth < 0 && !deepest.is_recovered && growth >= peak_of_deepest) {
            deepest.is_recovered = true;
            deepest.recovery = i + 1;
        }
    }
    return deepest;
}

struct analytics_figure analytics_calmar(struct analytics_figure annual, double depth)
{
    if (annual.reason != ANALYTICS_KNOWN)
        return annual;
    if (depth == 0)
        return analytics_unknown(ANALYTICS_NO_LOSSES);
    return analytics_known(annual.value / fabs(depth));
}

struct analytics_figure analytics_beta(const double *returns, const double *benchmark, size_t count)
{
    double deviation = 0;

    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    deviation = deviation_of(benchmark, count);
    if (deviation == 0)
        return analytics_unknown(ANALYTICS_NO_VARIANCE);
    return analytics_known(covariance_of(returns, benchmark, count) / (deviation * deviation));
}

struct analytics_figure analytics_alpha(const double *returns,
                                        const double *benchmark,
                                        size_t count,
                                        double riskless,
                                        double days_per_year)
{
    struct analytics_figure beta = analytics_beta(returns, benchmark, count);
    double daily = 0;

    if (beta.reason != ANALYTICS_KNOWN)
        return beta;
    daily =
        mean_of(returns, count) - riskless - beta.value * (mean_of(benchmark, count) - riskless);
    return analytics_known(pow(1 + daily, days_per_year) - 1);
}

struct analytics_figure
analytics_correlation(const double *returns, const double *benchmark, size_t count)
{
    double deviations = 0;

    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    deviations = deviation_of(returns, count) * deviation_of(benchmark, count);
    if (deviations == 0)
        return analytics_unknown(ANALYTICS_NO_VARIANCE);
    return analytics_known(
        fmax(-1, fmin(1, covariance_of(returns, benchmark, count) / deviations)));
}

struct analytics_figure analytics_tracking_error(const double *returns,
                                                 const double *benchmark,
                                                 size_t count,
                                                 double days_per_year)
{
    double mean = 0;
    double squares = 0;

    if (count < 2)
        return analytics_unknown(ANALYTICS_TOO_FEW_DAYS);
    for (size_t i = 0; i < count; i++)
        mean += (returns[i] - benchmark[i]) / (double)count;
    for (size_t i = 0; i < count; i++) {
        double apart = returns[i] - benchmark[i] - mean;

        squares += apart * apart;
    }
    return analytics_known(sqrt(squares / (double)(count - 1)) * sqrt(days_per_year));
}

struct analytics_figure analytics_win_rate(const double *profits, size_t count)
{
    size_t wins = 0;

    if (count == 0)
        return analytics_unknown(ANALYTICS_NO_TRADES);
    for (size_t i = 0; i < count; i++)
        wins += profits[i] > 0;
    return analytics_known((double)wins / (double)count);
}

struct analytics_figure analytics_profit_factor(const double *profits, size_t count)
{
    double won = 0;
    double lost = 0;

    if (count == 0)
        return analytics_unknown(ANALYTICS_NO_TRADES);
    for (size_t i = 0; i < count; i++) {
        won += fmax(profits[i], 0);
        lost -= fmin(profits[i], 0);
    }
    if (lost == 0)
        return analytics_unknown(ANALYTICS_NO_LOSSES);
    return analytics_known(won / lost);
}

struct analytics_figure analytics_turnover(double traded, double average_equity)
{
    if (average_equity <= 0)
        return analytics_unknown(ANALYTICS_NOTHING_INVESTED);
    return analytics_known(traded / 2 / average_equity);
}

struct analytics_figure analytics_concentration(const double *weights, size_t count)
{
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < count; i++) {
        sum += weights[i];
        squares += weights[i] * weights[i];
    }
    if (sum <= 0)
        return analytics_unknown(ANALYTICS_NOTHING_INVESTED);
    return analytics_known(squares / (sum * sum));
}

struct analytics_figure analytics_walk_forward(const struct analytics_window *windows, size_t count)
{
    struct analytics_window all = {0};

    for (size_t i = 0; i < count; i++) {
        all.in_sample_return += windows[i].in_sample_return;
        all.in_sample_days += windows[i].in_sample_days;
        all.out_of_sample_return += windows[i].out_of_sample_return;
        all.out_of_sample_days += windows[i].out_of_sample_days;
    }
    if (!(all.in_sample_return > 0.0) || !(all.out_of_sample_days > 0.0))
        return analytics_unknown(ANALYTICS_NO_GAIN);
    return analytics_known(all.out_of_sample_return / all.out_of_sample_days /
                           (all.in_sample_return / all.in_sample_days));
}
