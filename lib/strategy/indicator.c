// SPDX-License-Identifier: MIT
#include "strategy/indicator.h"

#include "money/money.h"

#include <math.h>

// So many bars are computed together where each needs a window: what is summed stays in the cache.
enum { BLOCK = 512 };

static void fill(double *out, size_t count, double value)
{
    for (size_t i = 0; i < count; i++)
        out[i] = value;
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

// Fills what is before the first whole window, and says where that ends.
static size_t begin(double *out, size_t count, size_t period)
{
    size_t first = smaller(count, period - 1);

    fill(out, first, (double)NAN);
    return first;
}

// Sums of the windows that end at `first` and the `count` after it, each from its oldest number on.
static void
sum_windows(const double *in, size_t first, size_t count, size_t period, double *restrict out)
{
    const double *oldest = in + first + 1 - period;

    for (size_t i = 0; i < count; i++)
        out[i] = oldest[i];
    for (size_t age = 1; age < period; age++)
        for (size_t i = 0; i < count; i++)
            out[i] += oldest[i + age];
}

void indicator_sum(const double *in, size_t count, size_t period, double *out)
{
    for (size_t i = begin(out, count, period); i < count; i += BLOCK)
        sum_windows(in, i, smaller(BLOCK, count - i), period, out + i);
}

void indicator_sma(const double *in, size_t count, size_t period, double *out)
{
    indicator_sum(in, count, period, out);
    for (size_t i = 0; i < count; i++)
        out[i] /= (double)period;
}

void indicator_sma_exact(const int64_t *in, size_t count, size_t period, double *out)
{
    double divisor = (double)period * (double)MICROS_PER_UNIT;
    size_t first = begin(out, count, period);
    int64_t sum = 0;

    for (size_t i = 0; i < first; i++)
        sum += in[i];
    for (size_t i = first; i < count; i++) {
        sum += in[i];
        out[i] = (double)sum / divisor;
        sum -= in[i + 1 - period];
    }
}

// It begins anew after what is unknown, and after what is too large for a number.
void indicator_ema(const double *in, size_t count, size_t period, double *out)
{
    double weight = 2.0 / ((double)period + 1.0);
    double value = 0.0;
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        known++;
        if (known < period)
            value += in[i];
        else if (known == period)
            value = (value + in[i]) / (double)period;
        else
            value += weight * (in[i] - value);
        out[i] = known < period ? (double)NAN : value;
        if (!isfinite(value)) {
            out[i] = (double)NAN;
            value = 0.0;
            known = 0;
        }
    }
}

// The squares of the distances of each window from its mean.
static void deviate_windows(const double *in,
                            size_t first,
                            size_t count,
                            size_t period,
                            const double *restrict mean,
                            double *restrict out)
{
    const double *oldest = in + first + 1 - period;

    fill(out, count, 0.0);
    for (size_t age = 0; age < period; age++) {
        for (size_t i = 0; i < count; i++) {
            double distance = oldest[i + age] - mean[i];

            out[i] += distance * distance;
        }
    }
}

// Means and standard deviations of up to BLOCK windows.
static void measure_windows(const double *in,
                            size_t first,
                            size_t count,
                            size_t period,
                            double *restrict mean,
                            double *restrict deviation)
{
    sum_windows(in, first, count, period, mean);
    for (size_t i = 0; i < count; i++)
        mean[i] /= (double)period;
    deviate_windows(in, first, count, period, mean, deviation);
    for (size_t i = 0; i < count; i++)
        deviation[i] = sqrt(deviation[i] / (double)period);
}

void indicator_stdev(const double *in, size_t count, size_t period, double *out)
{
    double mean[BLOCK];

    for (size_t i = begin(out, count, period); i < count; i += BLOCK)
        measure_windows(in, i, smaller(BLOCK, count - i), period, mean, out + i);
}

void indicator_bollinger(
    const double *in, size_t count, size_t period, double deviations, double *out)
{
    double deviation[BLOCK];

    for (size_t i = begin(out, count, period); i < count; i += BLOCK) {
        size_t size = smaller(BLOCK, count - i);

        measure_windows(in, i, size, period, out + i, deviation);
        for (size_t k = 0; k < size; k++)
            out[i + k] += deviations * deviation[k];
    }
}

// The greater of two; unknown when one of them is.
static double greater(double one, double other)
{
    return one > other || isnan(one) ? one : other;
}

// The greatest numbers of the windows, or with a sign of -1 the least. The column is cut into
// pieces of `period`: a window covers the end of one and the beginning of the next, so it is the
// greater of the greatest of the one, seen from its end, and of the other, seen from its beginning.
static void find_extremes(const double *in, size_t count, size_t period, double sign, double *out)
{
    for (size_t start = 0; start < count; start += period) {
        size_t size = smaller(period, count - start);
        double best = (double)-INFINITY;

        for (size_t i = start; i < start + size; i++) {
            best = greater(best, sign * in[i]);
            out[i] = best;
        }
        best = (double)-INFINITY;
        for (size_t back = 1; start > 0 && back < period; back++) {
            best = greater(best, sign * in[start - back]);
            if (period - 1 - back < size)
                out[start + period - 1 - back] = greater(best, out[start + period - 1 - back]);
        }
    }
    for (size_t i = begin(out, count, period); i < count; i++)
        out[i] *= sign;
}

void indicator_highest(const double *in, size_t count, size_t period, double *out)
{
    find_extremes(in, count, period, 1.0, out);
}

void indicator_lowest(const double *in, size_t count, size_t period, double *out)
{
    find_extremes(in, count, period, -1.0, out);
}

void indicator_shift(const double *in, size_t count, size_t distance, double *out)
{
    for (size_t i = count; i-- > distance;)
        out[i] = in[i - distance];
    fill(out, smaller(count, distance), (double)NAN);
}

void indicator_change(const double *in, size_t count, size_t period, double *out)
{
    fill(out, smaller(count, period), (double)NAN);
    for (size_t i = period; i < count; i++)
        out[i] = in[i] - in[i - period];
}

void indicator_roc(const double *in, size_t count, size_t period, double *out)
{
    fill(out, smaller(count, period), (double)NAN);
    for (size_t i = period; i < count; i++)
        out[i] = in[i - period] == 0.0 ? (double)NAN : 100.0 * (in[i] / in[i - period] - 1.0);
}

static double strength(double gain, double loss)
{
    if (loss == 0.0)
        return gain == 0.0 ? 50.0 : 100.0;
    return 100.0 - 100.0 / (1.0 + gain / loss);
}

// The mean of numbers as Wilder has it, with the next of them, the `known`th; before there are
// `period` of them it is their sum.
static double smooth(double mean, double number, size_t known, size_t period)
{
    double share = (double)period;

    if (known < period)
        return mean + number;
    return known == period ? (mean + number) / share : (mean * (share - 1.0) + number) / share;
}

// It begins anew as an exponential average does.
void indicator_rsi(const double *in, size_t count, size_t period, double *out)
{
    double last = (double)NAN;
    double gain = 0.0;
    double loss = 0.0;
    size_t known = 0; // changes

    for (size_t i = 0; i < count; i++) {
        double change = in[i] - last;

        last = in[i];
        known++;
        gain = smooth(gain, change > 0.0 ? change : change * 0.0, known, period);
        loss = smooth(loss, change < 0.0 ? -change : change * 0.0, known, period);
        out[i] = known < period ? (double)NAN : strength(gain, loss);
        if (!isfinite(gain) || !isfinite(loss)) {
            out[i] = (double)NAN;
            gain = loss = 0.0;
            known = 0;
        }
    }
}

static double true_range(double high, double low, double last_close)
{
    return greater(high - low, greater(high - last_close, last_close - low));
}

void indicator_atr(const double *high,
                   const double *low,
                   const double *close,
                   size_t count,
                   size_t period,
                   double *out)
{
    double mean = 0.0;

    fill(out, smaller(count, period), (double)NAN);
    for (size_t i = 1; i < count; i++) {
        mean = smooth(mean, true_range(high[i], low[i], close[i - 1]), i, period);
        if (i >= period)
            out[i] = mean;
    }
}

void indicator_macd(
    const double *in, size_t count, size_t fast, size_t slow, double *slow_out, double *out)
{
    indicator_ema(in, count, slow, slow_out);
    indicator_ema(in, count, fast, out);
    for (size_t i = 0; i < count; i++)
        out[i] -= slow_out[i];
}
