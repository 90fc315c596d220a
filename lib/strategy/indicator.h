// SPDX-License-Identifier: MIT
// indicator: what is computed from columns of numbers, a column at a time.
//
// Each writes `count` numbers to `out`; out[i] depends on in[0] to in[i] alone. What is not known
// yet is NAN, and so is what is computed from it; what goes on for ever (ema, rsi, macd) begins
// anew with the next numbers that are known. `out` may be the same column as the last input, unless
// it is said otherwise. The definitions are in docs/strategies.md. A window is summed anew for each
// bar and from its oldest number on, so that the sum depends on nothing else: a running sum would
// carry along the rounding of all that has left it, and differ by where it began.
//
// The same bits on every machine: no function of the mathematical library but sqrt and fabs, which
// are exact, and no contraction of products (see CMakeLists.txt).
//
// Threads, memory: pure functions over the caller's columns.
#pragma once

#include "base/base.h"

// Means of the last `period`. Not in place.
void indicator_sma(const double *in, size_t count, size_t period, double *out);

// The same of prices in micros, in dollars: summed exactly, so that two averages of prices that do
// not move are equal. Period times price must be below 2^63.
void indicator_sma_exact(const int64_t *in, size_t count, size_t period, double *out);

// Sums of the last `period`. Not in place.
void indicator_sum(const double *in, size_t count, size_t period, double *out);

void indicator_ema(const double *in, size_t count, size_t period, double *out);

// Standard deviations of the last `period`, as of a whole population. Not in place.
void indicator_stdev(const double *in, size_t count, size_t period, double *out);

// Not in place.
void indicator_highest(const double *in, size_t count, size_t period, double *out);
void indicator_lowest(const double *in, size_t count, size_t period, double *out);

// What was there `distance` bars before. In place, too.
void indicator_shift(const double *in, size_t count, size_t distance, double *out);

// in - in[period], and 100 * (in / in[period] - 1). Not in place.
void indicator_change(const double *in, size_t count, size_t period, double *out);
void indicator_roc(const double *in, size_t count, size_t period, double *out);

void indicator_rsi(const double *in, size_t count, size_t period, double *out);

void indicator_atr(const double *high,
                   const double *low,
                   const double *close,
                   size_t count,
                   size_t period,
                   double *out);

// `slow_out` is room for another column. In place, too.
void indicator_macd(
    const double *in, size_t count, size_t fast, size_t slow, double *slow_out, double *out);

// The mean of the last `period` plus `deviations` of them, which may be negative. Not in place.
void indicator_bollinger(
    const double *in, size_t count, size_t period, double deviations, double *out);
