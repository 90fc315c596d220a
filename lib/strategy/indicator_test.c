// SPDX-License-Identifier: MIT
#include "strategy/indicator.h"

#include <math.h>
#include <string.h>

#include "support/test.h"

enum { COUNT = 1500 };

// Prices that go up and down and stand still at times; the same on every run.
static void make_prices(double *out, size_t count, double start)
{
    uint64_t state = 88172645463325252U;
    double price = start;

    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if (i % 50 < 40)
            price += (double)(int64_t)(state % 2001) / 1000.0 - 1.0;
        price = price < 1.0 ? 1.0 : price;
        out[i] = floor(price * 100.0) / 100.0;
    }
}

static void assert_near(double value, double expected, double tolerance, size_t at)
{
    if (isnan(expected) ? isnan(value) : fabs(value - expected) <= tolerance)
        return;
    fail_msg("at %zu: %.12f, and %.12f is expected", at, value, expected);
}

// What a window is by its definition, from its numbers, oldest first.
static double mean_of(const double *window, size_t period)
{
    long double sum = 0.0L;

    for (size_t i = 0; i < period; i++)
        sum += window[i];
    return (double)(sum / (long double)period);
}

static double deviation_of(const double *window, size_t period)
{
    long double mean = mean_of(window, period);
    long double sum = 0.0L;

    for (size_t i = 0; i < period; i++)
        sum += (window[i] - mean) * (window[i] - mean);
    return sqrt((double)(sum / (long double)period));
}

static double highest_of(const double *window, size_t period)
{
    double best = window[0];

    for (size_t i = 1; i < period; i++)
        best = window[i] > best ? window[i] : best;
    return best;
}

static double lowest_of(const double *window, size_t period)
{
    double best = window[0];

    for (size_t i = 1; i < period; i++)
        best = window[i] < best ? window[i] : best;
    return best;
}

static double sum_of(const double *window, size_t period)
{
    return mean_of(window, period) * (double)period;
}

static void what_looks_at_a_window_is_what_its_definition_says(void **state)
{
    static const struct {
        void (*compute)(const double *in, size_t count, size_t period, double *out);
        double (*define)(const double *window, size_t period);
        double tolerance;
    } cases[] = {
        {indicator_sma, mean_of, 1e-9},        {indicator_sum, sum_of, 1e-7},
        {indicator_stdev, deviation_of, 1e-9}, {indicator_highest, highest_of, 0.0},
        {indicator_lowest, lowest_of, 0.0},
    };
    static const size_t periods[] = {1, 2, 3, 7, 50, 511, 512, 513, 1000, 1499, 1500, 1501, 3000};
    static double in[COUNT];
    static double out[COUNT];

    (void)state;
    make_prices(in, COUNT, 50.0);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        for (size_t p = 0; p < COUNT_OF(periods); p++) {
            cases[c].compute(in, COUNT, periods[p], out);
            for (size_t i = 0; i < COUNT; i++) {
                double expected = i + 1 < periods[p]
                                      ? (double)NAN
                                      : cases[c].define(in + i + 1 - periods[p], periods[p]);

                assert_near(out[i], expected, cases[c].tolerance, i);
            }
        }
    }
}

static void averages_of_prices_that_stand_still_are_equal(void **state)
{
    static int64_t in[COUNT];
    static double fast[COUNT];
    static double slow[COUNT];

    (void)state;
    // They move at first, so that a running sum would have something to forget.
    for (size_t i = 0; i < COUNT; i++)
        in[i] = i < 500 ? (int64_t)(i * i % 977) * 333333 + 1 : INT64_C(100100001);
    indicator_sma_exact(in, COUNT, 7, fast);
    indicator_sma_exact(in, COUNT, 300, slow);
    for (size_t i = 800; i < COUNT; i++)
        assert_true(fast[i] == slow[i] && fast[i] == 100.100001);
    assert_true(isnan(slow[298]) && !isnan(slow[299]));
}

static void an_exact_average_holds_the_largest_prices_and_periods(void **state)
{
    static int64_t in[COUNT];
    static double out[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        in[i] = INT64_C(1000000000000000);
    indicator_sma_exact(in, COUNT, 1000, out);
    assert_true(out[COUNT - 1] == 1e9);
}

static void an_exponential_average_begins_with_a_mean(void **state)
{
    const double in[] = {22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24,
                         22.29, 22.15, 22.39, 22.38, 22.61, 23.36, 24.05, 23.75, 23.83};
    // A published example of ten days, rounded to two decimals there.
    const double expected[] = {22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13};
    double out[COUNT_OF(in)];

    (void)state;
    indicator_ema(in, COUNT_OF(in), 10, out);
    for (size_t i = 0; i < 9; i++)
        assert_true(isnan(out[i]));
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_near(out[i + 9], expected[i], 0.0051, i);
    // And by its definition, to the last digits.
    for (size_t i = 10; i < COUNT_OF(in); i++)
        assert_near(out[i], in[i] * 2.0 / 11.0 + out[i - 1] * 9.0 / 11.0, 1e-12, i);
}

static void strength_is_as_wilder_has_it(void **state)
{
    const double in[] = {44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955,
                         45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140, 46.2820,
                         46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122};
    // A published example of fourteen days, rounded to two decimals there.
    const double expected[] = {70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93};
    double out[COUNT_OF(in)];

    (void)state;
    indicator_rsi(in, COUNT_OF(in), 14, out);
    for (size_t i = 0; i < 14; i++)
        assert_true(isnan(out[i]));
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_near(out[i + 14], expected[i], 0.0051, i);
}

static void strength_without_losses_is_100_and_without_any_change_50(void **state)
{
    const double rising[] = {1.0, 2.0, 3.0, 4.0};
    const double standing[] = {5.0, 5.0, 5.0, 5.0};
    const double falling[] = {4.0, 3.0, 2.0, 1.0};
    double out[4];

    (void)state;
    indicator_rsi(rising, 4, 3, out);
    assert_true(out[3] == 100.0);
    indicator_rsi(standing, 4, 3, out);
    assert_true(out[3] == 50.0);
    indicator_rsi(falling, 4, 3, out);
    assert_true(out[3] == 0.0);
}

static void a_true_range_reaches_to_the_close_before(void **state)
{
    const double high[] = {10.0, 12.0, 11.0, 15.0};
    const double low[] = {9.0, 11.0, 8.0, 14.0};
    const double close[] = {9.5, 11.5, 8.5, 14.5};
    double out[4];

    (void)state;
    indicator_atr(high, low, close, 4, 2, out);
    // Ranges: 12 - 9.5, 11.5 - 8, 15 - 8.5.
    assert_true(isnan(out[0]) && isnan(out[1]));
    assert_near(out[2], (2.5 + 3.5) / 2.0, 1e-12, 2);
    assert_near(out[3], (3.0 + 6.5) / 2.0, 1e-12, 3);
}

static void bands_lie_around_the_mean(void **state)
{
    static double in[COUNT];
    static double upper[COUNT];
    static double lower[COUNT];

    (void)state;
    make_prices(in, COUNT, 80.0);
    indicator_bollinger(in, COUNT, 20, 2.0, upper);
    indicator_bollinger(in, COUNT, 20, -2.5, lower);
    assert_true(isnan(upper[18]));
    for (size_t i = 19; i < COUNT; i++) {
        double mean = mean_of(in + i - 19, 20);
        double deviation = deviation_of(in + i - 19, 20);

        assert_near(upper[i], mean + 2.0 * deviation, 1e-9, i);
        assert_near(lower[i], mean - 2.5 * deviation, 1e-9, i);
    }
}

static void changes_look_back(void **state)
{
    const double in[] = {100.0, 110.0, 99.0, 0.0, 5.0};
    double out[5];

    (void)state;
    indicator_change(in, 5, 2, out);
    assert_true(isnan(out[1]) && out[2] == -1.0 && out[3] == -110.0);
    indicator_roc(in, 5, 1, out);
    assert_true(isnan(out[0]));
    assert_near(out[1], 10.0, 1e-12, 1);
    assert_near(out[2], -10.0, 1e-12, 2);
    assert_true(isnan(out[4])); // nothing is a percentage of 0
    indicator_shift(in, 5, 2, out);
    assert_true(isnan(out[1]) && out[2] == 100.0 && out[4] == 99.0);
    indicator_shift(in, 5, 9, out);
    assert_true(isnan(out[4]));
}

static void macd_is_what_lies_between_two_averages(void **state)
{
    static double in[COUNT];
    static double fast[COUNT];
    static double slow[COUNT];
    static double room[COUNT];

    (void)state;
    make_prices(in, COUNT, 30.0);
    indicator_ema(in, COUNT, 12, fast);
    indicator_ema(in, COUNT, 26, slow);
    indicator_macd(in, COUNT, 12, 26, room, in);
    assert_true(isnan(in[24]) && !isnan(in[25]));
    for (size_t i = 25; i < COUNT; i++)
        assert_true(in[i] == fast[i] - slow[i]);
}

static void an_average_of_what_is_not_known_begins_when_it_is(void **state)
{
    const double in[] = {(double)NAN, (double)NAN, 1.0, 2.0, 3.0, 4.0};
    double out[6];

    (void)state;
    indicator_ema(in, 6, 2, out);
    assert_true(isnan(out[2]) && out[3] == 1.5);
    indicator_sma(in, 6, 2, out);
    assert_true(isnan(out[2]) && out[3] == 1.5);
    indicator_rsi(in, 6, 2, out);
    assert_true(isnan(out[3]) && out[4] == 100.0);
    indicator_highest(in, 6, 2, out);
    assert_true(isnan(out[1]) && isnan(out[2]) && out[3] == 2.0);
}

// What has a memory, by itself and as the signal of a MACD has it.
static void signal_of(const double *in, size_t count, size_t period, double *out)
{
    double room[COUNT];

    indicator_macd(in, count, period, 2 * period, room, out);
    indicator_ema(out, count, period, out);
}

static void what_is_unknown_in_between_is_forgotten(void **state)
{
    static void (*const compute[])(const double *, size_t, size_t,
                                   double *) = {indicator_ema, indicator_rsi, signal_of};
    static const double unknown[] = {(double)NAN, (double)INFINITY, (double)-INFINITY};
    enum { AT = 700 };
    static double in[COUNT];
    static double out[COUNT];
    static double anew[COUNT];

    (void)state;
    for (size_t c = 0; c < COUNT_OF(compute); c++) {
        for (size_t u = 0; u < COUNT_OF(unknown); u++) {
            make_prices(in, COUNT, 40.0);
            in[AT] = unknown[u];
            compute[c](in, COUNT, 9, out);
            compute[c](in + AT + 1, COUNT - AT - 1, 9, anew);
            assert_true(!isnan(out[AT - 1]) && isnan(out[AT]) && !isnan(out[COUNT - 1]));
            for (size_t i = AT + 1; i < COUNT; i++)
                assert_near(out[i], anew[i - AT - 1], 0.0, i);
        }
    }
}

static void an_average_of_what_is_too_large_begins_anew(void **state)
{
    const double in[] = {1e308, 1e308, 1e308, 1.0, 2.0, 3.0, 4.0};
    double out[COUNT_OF(in)];

    (void)state;
    indicator_ema(in, COUNT_OF(in), 3, out);
    assert_true(isnan(out[1]) && isnan(out[2]) && isnan(out[3]) && out[4] == 1e308 / 3.0);
}

static void nothing_is_computed_of_nothing(void **state)
{
    double nothing = 1.0;

    (void)state;
    indicator_ema(&nothing, 0, 5, &nothing);
    indicator_rsi(&nothing, 0, 5, &nothing);
    indicator_sum(&nothing, 0, 5, &nothing);
    indicator_highest(&nothing, 0, 5, &nothing);
    indicator_atr(&nothing, &nothing, &nothing, 0, 5, &nothing);
    assert_true(nothing == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_looks_at_a_window_is_what_its_definition_says),
        cmocka_unit_test(averages_of_prices_that_stand_still_are_equal),
        cmocka_unit_test(an_exact_average_holds_the_largest_prices_and_periods),
        cmocka_unit_test(an_exponential_average_begins_with_a_mean),
        cmocka_unit_test(strength_is_as_wilder_has_it),
        cmocka_unit_test(strength_without_losses_is_100_and_without_any_change_50),
        cmocka_unit_test(a_true_range_reaches_to_the_close_before),
        cmocka_unit_test(bands_lie_around_the_mean),
        cmocka_unit_test(changes_look_back),
        cmocka_unit_test(macd_is_what_lies_between_two_averages),
        cmocka_unit_test(an_average_of_what_is_not_known_begins_when_it_is),
        cmocka_unit_test(what_is_unknown_in_between_is_forgotten),
        cmocka_unit_test(an_average_of_what_is_too_large_begins_anew),
        cmocka_unit_test(nothing_is_computed_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
