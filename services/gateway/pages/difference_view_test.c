// SPDX-License-Identifier: MIT
#include "pages/difference_view.h"

#include "support/test.h"

#include <string.h>

enum { BUDGET = 64 * 1024 };

static int start(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int stop(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

static void
assert_shown(struct arena *arena, const char *name, const char *value, const char *expected)
{
    const char *values[] = {value};
    Trading__BacktestDifference difference = TRADING__BACKTEST_DIFFERENCE__INIT;
    Pages__BacktestComparisonDifference *view = NULL;

    difference.name = name;
    difference.values = values;
    difference.n_values = 1;
    view = difference_view_make(arena, &difference);
    assert_non_null(view);
    assert_int_equal(view->n_values, 1);
    assert_string_equal(view->values[0], expected);
}

static void values_are_told_in_words(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, "start", "2024-06-01T00:00:00Z", "Jun 1, 2024");
    assert_shown(arena, "end", "", "–");
    assert_shown(arena, "timeframe", "15Min", "15 minutes");
    assert_shown(arena, "timeframe", "1Day", "1 day");
    assert_shown(arena, "fractional", "true", "yes");
    assert_shown(arena, "cash", "1234567.00", "1,234,567.00");
    assert_shown(arena, "parameters.fast", "20", "20");
    assert_shown(arena, "parameters.sizing", "percent_of_equity", "Percent of equity");
    assert_shown(arena, "kind", "momentum", "Momentum");
    assert_shown(arena, "parameters.enter", "close > sma(close, 5)", "close > sma(close, 5)");
}

static void lists_and_objects_are_told_without_their_brackets(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, "symbols", "[\"AAPL\",\"MSFT\"]", "AAPL, MSFT");
    assert_shown(arena, "symbols", "[]", "");
    assert_shown(arena, "parameters.weights", "{\"AAPL\":\"60\",\"KO\":\"40\"}", "AAPL 60, KO 40");
    assert_shown(arena, "grid",
                 "[{\"parameter\":\"stop_loss_percent\",\"values\":[\"5\",\"10\"]},"
                 "{\"parameter\":\"slow\",\"values\":[\"30\"]}]",
                 "Stop loss percent 5, 10, Slow 30");
}

static void what_cannot_be_read_stays_as_it_is(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, "start", "once", "once");
    assert_shown(arena, "grid", "[{\"parameter\"", "[{\"parameter\"");
    assert_shown(arena, "grid", "[[[[[1]]]]]", "[[[[[1]]]]]");
    assert_shown(arena, "timeframe", "2Eon", "2Eon");
}

static void labels_say_what_the_form_says(void **state)
{
    struct arena *arena = *state;
    static const char *const expected[][2] = {
        {"costs.commission_per_order", "Commission an order"},
        {"parameters.stop_loss_percent", "Stop loss percent"},
        {"start", "From"},
        {"cash", "Cash"},
    };

    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        Trading__BacktestDifference difference = TRADING__BACKTEST_DIFFERENCE__INIT;

        difference.name = expected[i][0];
        assert_string_equal(difference_view_make(arena, &difference)->label, expected[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_told_in_words, start, stop),
        cmocka_unit_test_setup_teardown(lists_and_objects_are_told_without_their_brackets, start,
                                        stop),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_stays_as_it_is, start, stop),
        cmocka_unit_test_setup_teardown(labels_say_what_the_form_says, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
