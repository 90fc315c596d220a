// SPDX-License-Identifier: MIT
#include "pages/figures_view.h"

#include "support/test.h"

#include <string.h>

enum { COMPARED = 3, BUDGET = 64 * 1024 };

struct fixture {
    struct arena *arena;
    Trading__BacktestStatistics statistics[COMPARED];
    Trading__Backtest backtests[COMPARED];
    Trading__Backtest *list[COMPARED];
};

static int start(void **state)
{
    static struct fixture fixture;

    fixture.arena = arena_new(BUDGET);
    for (size_t i = 0; i < COMPARED; i++) {
        trading__backtest_statistics__init(&fixture.statistics[i]);
        trading__backtest__init(&fixture.backtests[i]);
        fixture.backtests[i].statistics = &fixture.statistics[i];
        fixture.list[i] = &fixture.backtests[i];
    }
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    arena_free(&((struct fixture *)*state)->arena);
    return 0;
}

static size_t index_of(struct fixture *f, const char *label)
{
    for (size_t i = 0; i < figures_view_count(); i++)
        if (strcmp(figures_view_make(f->arena, i, &f->statistics[0])->label, label) == 0)
            return i;
    fail_msg("there is no figure %s", label);
    return 0;
}

static void assert_best(struct fixture *f, const char *label, const bool *best)
{
    for (size_t i = 0; i < COMPARED; i++)
        assert_int_equal(figures_view_is_best(index_of(f, label), f->list, COMPARED, i), best[i]);
}

static void set_return(struct fixture *f, size_t index, int64_t value)
{
    f->statistics[index].has_return_percent_micros = true;
    f->statistics[index].return_percent_micros = value;
}

static void the_highest_return_is_the_best_and_so_are_two_alike(void **state)
{
    struct fixture *f = *state;

    set_return(f, 0, -5);
    set_return(f, 1, 7);
    assert_best(f, "Return", (bool[]){false, true, false});
    set_return(f, 2, 7);
    assert_best(f, "Return", (bool[]){false, true, true});
}

static void of_what_is_alike_or_there_once_none_is_the_best(void **state)
{
    struct fixture *f = *state;

    set_return(f, 1, 7);
    assert_best(f, "Return", (bool[]){false, false, false});
    set_return(f, 0, 7);
    set_return(f, 2, 7);
    assert_best(f, "Return", (bool[]){false, false, false});
}

static void the_lowest_volatility_and_the_least_drawdown_are_the_best(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COMPARED; i++) {
        f->statistics[i].has_volatility_percent_micros = true;
        f->statistics[i].volatility_percent_micros = 10 + (int64_t)i;
        f->statistics[i].has_max_drawdown_percent_micros = true;
        f->statistics[i].max_drawdown_percent_micros = -10 - (int64_t)i;
    }
    assert_best(f, "Volatility a year", (bool[]){true, false, false});
    assert_best(f, "Deepest drawdown", (bool[]){true, false, false});
}

static void more_orders_are_neither_better_nor_worse(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COMPARED; i++) {
        f->statistics[i].has_orders = true;
        f->statistics[i].orders = i;
    }
    assert_best(f, "Orders", (bool[]){false, false, false});
}

// As on the page of a portfolio's performance.
static void turnover_is_in_percent(void **state)
{
    struct fixture *f = *state;
    Pages__BacktestFigureView *view = NULL;

    f->statistics[0].has_turnover_micros = true;
    f->statistics[0].turnover_micros = 2922000;
    view = figures_view_make(f->arena, index_of(f, "Turnover"), &f->statistics[0]);
    assert_true(view->has_share_micros);
    assert_int_equal(view->share_micros, 292200000);
    assert_false(view->has_number_micros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_highest_return_is_the_best_and_so_are_two_alike, start,
                                        stop),
        cmocka_unit_test_setup_teardown(of_what_is_alike_or_there_once_none_is_the_best, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_lowest_volatility_and_the_least_drawdown_are_the_best,
                                        start, stop),
        cmocka_unit_test_setup_teardown(more_orders_are_neither_better_nor_worse, start, stop),
        cmocka_unit_test_setup_teardown(turnover_is_in_percent, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
