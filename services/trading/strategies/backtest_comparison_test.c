// SPDX-License-Identifier: MIT
#include "strategies/backtest_comparison.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)

enum { BUDGET = 4 * 1024 * 1024, POINTS_MAX = 600 };

#define ID(digit) "0195d3a0-0000-7000-8000-00000000000" digit

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new(BUDGET);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

// A backtest whose equity is that, in dollars, at the times from `first` on.
static Trading__Backtest *
backtest_of(const char *parameters, int64_t first, const int *dollars, size_t count)
{
    Trading__Backtest *backtest = arena_allocate(arena, sizeof(*backtest));
    Trading__BacktestPoint *points = arena_allocate(arena, POINTS_MAX * sizeof(*points));

    assert_non_null(backtest);
    assert_non_null(points);
    trading__backtest__init(backtest);
    backtest->parameters = parameters;
    backtest->curve = arena_allocate(arena, POINTS_MAX * sizeof(*backtest->curve));
    backtest->n_curve = count;
    for (size_t i = 0; i < count; i++) {
        trading__backtest_point__init(&points[i]);
        points[i].time = first + (int64_t)i;
        points[i].equity_micros = dollars[i] * DOLLAR;
        backtest->curve[i] = &points[i];
    }
    return backtest;
}

static Trading__CompareBacktestsResponse compare(Trading__Backtest *const *backtests, size_t count)
{
    Trading__CompareBacktestsResponse response = TRADING__COMPARE_BACKTESTS_RESPONSE__INIT;
    struct error error;

    if (!backtest_comparison(backtests, count, arena, &response, &error))
        fail_msg("%s: %s", error.reason, error.message);
    return response;
}

static void curves_begin_with_a_hundred_at_their_first_common_time(void **state)
{
    static const int one[] = {100, 200, 220, 240};
    static const int other[] = {50, 55, 45, 90};
    Trading__Backtest *backtests[] = {backtest_of("{}", 1, one, 4), backtest_of("{}", 2, other, 4)};
    Trading__CompareBacktestsResponse response;

    (void)state;
    backtests[1]->curve[0]->has_benchmark_micros = backtests[1]->curve[1]->has_benchmark_micros =
        true;
    backtests[1]->curve[0]->benchmark_micros = 10 * DOLLAR;
    backtests[1]->curve[1]->benchmark_micros = 11 * DOLLAR;
    response = compare(backtests, 2);
    // From 2 to 4: 200, 220 and 240; 50, 55 and 45.
    assert_int_equal(response.n_curve, 3);
    assert_int_equal(response.curve[0]->time, 2);
    assert_int_equal(response.curve[0]->equity_micros[0], 100 * DOLLAR);
    assert_int_equal(response.curve[0]->equity_micros[1], 100 * DOLLAR);
    assert_int_equal(response.curve[1]->equity_micros[0], 110 * DOLLAR);
    assert_int_equal(response.curve[2]->equity_micros[0], 120 * DOLLAR);
    assert_int_equal(response.curve[2]->equity_micros[1], 90 * DOLLAR);
    assert_int_equal(response.curve[1]->benchmark_micros, 110 * DOLLAR);
}

static void curves_without_a_common_time_are_empty(void **state)
{
    static const int dollars[] = {100, 200};
    Trading__Backtest *backtests[] = {backtest_of("{}", 1, dollars, 2),
                                      backtest_of("{}", 3, dollars, 2)};

    (void)state;
    assert_int_equal(compare(backtests, 2).n_curve, 0);
}

static void a_curve_has_500_points_at_most_with_both_ends(void **state)
{
    static int dollars[POINTS_MAX];
    Trading__Backtest *backtests[2];
    Trading__CompareBacktestsResponse response;

    (void)state;
    for (int i = 0; i < POINTS_MAX; i++)
        dollars[i] = 100 + i;
    backtests[0] = backtest_of("{}", 0, dollars, POINTS_MAX);
    backtests[1] = backtest_of("{}", 0, dollars, POINTS_MAX);
    response = compare(backtests, 2);
    assert_int_equal(response.n_curve, BACKTEST_COMPARED_POINTS_MAX);
    assert_int_equal(response.curve[0]->time, 0);
    assert_int_equal(response.curve[BACKTEST_COMPARED_POINTS_MAX - 1]->time, POINTS_MAX - 1);
}

static void only_what_differs_is_told(void **state)
{
    static const int dollars[] = {100, 200};
    Trading__Backtest *backtests[] = {
        backtest_of("{\"fast\":5,\"slow\":20,\"sizing\":\"cash\"}", 1, dollars, 2),
        backtest_of("{\"fast\":7,\"slow\":20,\"period\":3}", 1, dollars, 2)};
    Trading__CompareBacktestsResponse response;

    (void)state;
    backtests[0]->benchmark = "ACME";
    response = compare(backtests, 2);
    assert_int_equal(response.n_differences, 4);
    assert_string_equal(response.differences[0]->name, "parameters.fast");
    assert_string_equal(response.differences[0]->values[0], "5");
    assert_string_equal(response.differences[0]->values[1], "7");
    assert_string_equal(response.differences[1]->name, "parameters.sizing");
    assert_string_equal(response.differences[1]->values[0], "cash");
    assert_string_equal(response.differences[1]->values[1], "");
    assert_string_equal(response.differences[2]->name, "benchmark");
    assert_string_equal(response.differences[3]->name, "parameters.period");
}

static void another_end_is_told_only_where_the_curves_end_otherwise(void **state)
{
    static const int dollars[] = {100, 200, 300};
    Trading__Backtest *backtests[] = {backtest_of("{}", 1, dollars, 3),
                                      backtest_of("{}", 1, dollars, 3)};
    Trading__CompareBacktestsResponse response;

    (void)state;
    backtests[0]->has_end = backtests[1]->has_end = true;
    backtests[0]->end = 7;
    backtests[1]->end = 8;
    assert_int_equal(compare(backtests, 2).n_differences, 0);
    backtests[1]->n_curve = 2;
    response = compare(backtests, 2);
    assert_int_equal(response.n_differences, 1);
    assert_string_equal(response.differences[0]->name, "end");
}

static void assert_refused(const char *ids, const char *sentence)
{
    const char **list = NULL;
    size_t count = 0;
    struct error error;

    assert_false(backtest_comparison_ids(ids, arena, &list, &count, &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_string_equal(error.details[0].name, "ids");
    assert_string_equal(error.details[0].value, sentence);
}

static void from_two_to_ten_are_compared_each_once(void **state)
{
    static const char ten[] = ID("0") "," ID("1") "," ID("2") "," ID("3") "," ID("4") "," ID(
        "5") "," ID("6") "," ID("7") "," ID("8") "," ID("9");
    char eleven[sizeof(ten) + 40];
    const char **list = NULL;
    size_t count = 0;
    struct error error;

    (void)state;
    assert_true(backtest_comparison_ids(ten, arena, &list, &count, &error));
    assert_int_equal(count, 10);
    assert_string_equal(list[9], ID("9"));
    snprintf(eleven, sizeof(eleven), "%s,%s", ten, ID("a"));
    assert_refused(eleven, "must be from 2 to 10 backtests, not 11");
    assert_refused(ID("0"), "must be from 2 to 10 backtests, not 1");
    assert_refused(ID("0") "," ID("0"), "has " ID("0") " twice");
    assert_refused(ID("0") ",", "has , which is no id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_begin_with_a_hundred_at_their_first_common_time),
        cmocka_unit_test(curves_without_a_common_time_are_empty),
        cmocka_unit_test(a_curve_has_500_points_at_most_with_both_ends),
        cmocka_unit_test(only_what_differs_is_told),
        cmocka_unit_test(another_end_is_told_only_where_the_curves_end_otherwise),
        cmocka_unit_test(from_two_to_ten_are_compared_each_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
