// SPDX-License-Identifier: MIT
#include "strategies/backtest_figures.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "strategies/backtest_grid.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define DAY (INT64_C(86400) * 1000000)
#define FIRST_DAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

enum { BUDGET = 4 * 1024 * 1024, POINTS = 2003 };

// A result whose equity is that, in dollars, a point a day.
struct scene {
    struct arena *arena;
    struct strategy_program *program;
    struct bar_columns *series;
    struct backtest_symbol symbol;
    struct backtest_settings settings;
    struct backtest_result result;
};

static void set_up(struct scene *scene, const int *dollars, size_t count)
{
    *scene = (struct scene){.arena = arena_new(BUDGET),
                            .program = allocate(sizeof(*scene->program)),
                            .series = bar_columns_new()};
    scene->symbol = (struct backtest_symbol){"ACME", scene->series};
    scene->settings = (struct backtest_settings){.program = scene->program,
                                                 .symbols = &scene->symbol,
                                                 .symbol_count = 1,
                                                 .start = FIRST_DAY,
                                                 .cash = 100 * DOLLAR};
    scene->result = (struct backtest_result){.bar_count = count, .point_count = count};
    scene->result.times = allocate_array(count, sizeof(int64_t));
    scene->result.equity = allocate_array(count, sizeof(int64_t));
    for (size_t i = 0; i < count; i++) {
        const struct bar bar = {.time = FIRST_DAY + (int64_t)i * DAY,
                                .values = {DOLLAR, DOLLAR, DOLLAR, DOLLAR, 1}};

        assert_true(bar_columns_add(scene->series, &bar));
        scene->result.times[i] = bar.time;
        scene->result.equity[i] = dollars[i] * DOLLAR;
    }
}

static void tear_down(struct scene *scene)
{
    backtest_result_clear(&scene->result);
    bar_columns_free(&scene->series);
    release(scene->program);
    arena_free(&scene->arena);
}

static const Trading__Backtest *figures_of(struct scene *scene)
{
    const struct backtest_figures_options options = {.settings = &scene->settings,
                                                     .result = &scene->result};
    Trading__Backtest *message = NULL;
    struct error error;

    if (!backtest_figures(&options, scene->arena, &message, &error))
        fail_msg("%s: %s", error.reason, error.message);
    return message;
}

static const char *reason_of(const Trading__BacktestStatistics *statistics, const char *figure)
{
    for (size_t i = 0; i < statistics->n_unknown; i++)
        if (strcmp(statistics->unknown[i]->figure, figure) == 0)
            return statistics->unknown[i]->reason;
    return "";
}

static void the_deepest_fall_has_its_dates(void **state)
{
    static const int dollars[] = {100, 120, 108, 126, 84, 100, 126, 130, 117};
    struct scene scene;
    const Trading__BacktestStatistics *statistics = NULL;

    (void)state;
    set_up(&scene, dollars, COUNT_OF(dollars));
    statistics = figures_of(&scene)->statistics;
    // From 126 to 84; the fall of 10 % before and the one after are none of it.
    assert_int_equal(statistics->max_drawdown_percent_micros, -33333333);
    assert_int_equal(statistics->max_drawdown_peak_at, FIRST_DAY + 3 * DAY);
    assert_int_equal(statistics->max_drawdown_trough_at, FIRST_DAY + 4 * DAY);
    assert_true(statistics->has_max_drawdown_recovered_at);
    assert_int_equal(statistics->max_drawdown_recovered_at, FIRST_DAY + 6 * DAY);
    assert_int_equal(statistics->peak_equity_micros, 130 * DOLLAR);
    assert_int_equal(statistics->return_percent_micros, 17 * DOLLAR);
    tear_down(&scene);
}

static void a_fall_that_is_not_over_has_not_recovered(void **state)
{
    static const int dollars[] = {90, 80, 99};
    struct scene scene;
    const Trading__BacktestStatistics *statistics = NULL;

    (void)state;
    set_up(&scene, dollars, COUNT_OF(dollars));
    statistics = figures_of(&scene)->statistics;
    // The cash of the beginning is a peak, too.
    assert_int_equal(statistics->max_drawdown_percent_micros, -20 * DOLLAR);
    assert_false(statistics->has_max_drawdown_recovered_at);
    tear_down(&scene);
}

static void what_is_not_defined_is_absent_and_says_why(void **state)
{
    static const int dollars[] = {100, 100, 100};
    struct scene scene;
    const Trading__BacktestStatistics *statistics = NULL;

    (void)state;
    set_up(&scene, dollars, COUNT_OF(dollars));
    statistics = figures_of(&scene)->statistics;
    assert_false(statistics->has_sharpe_ratio_micros);
    assert_string_equal(reason_of(statistics, "sharpe_ratio"), "NO_VARIANCE");
    assert_false(statistics->has_win_rate_percent_micros);
    assert_string_equal(reason_of(statistics, "win_rate_percent"), "NO_TRADES");
    assert_string_equal(reason_of(statistics, "profit_factor"), "NO_TRADES");
    assert_string_equal(reason_of(statistics, "beta"), "NO_BENCHMARK");
    assert_string_equal(reason_of(statistics, "annual_return_percent"), "SHORTER_THAN_A_YEAR");
    assert_int_equal(statistics->return_percent_micros, 0);
    assert_true(statistics->has_return_percent_micros);
    tear_down(&scene);
    set_up(&scene, dollars, COUNT_OF(dollars));
    scene.result.closed_count = scene.result.won_count = 1;
    scene.result.won = DOLLAR;
    assert_string_equal(reason_of(figures_of(&scene)->statistics, "profit_factor"), "NO_LOSSES");
    tear_down(&scene);
}

static void a_curve_has_at_most_500_points_and_the_last_one(void **state)
{
    static int dollars[POINTS];
    struct scene scene;
    const Trading__Backtest *message = NULL;

    (void)state;
    for (int i = 0; i < POINTS; i++)
        dollars[i] = i == 1000 ? 5000 : 1000 + i;
    set_up(&scene, dollars, POINTS);
    message = figures_of(&scene);
    assert_int_equal(message->n_curve, BACKTEST_CURVE_MAX);
    assert_int_equal(message->curve[BACKTEST_CURVE_MAX - 1]->equity_micros,
                     dollars[POINTS - 1] * DOLLAR);
    // A peak between two points is one all the same.
    assert_int_equal(message->statistics->peak_equity_micros, 5000 * DOLLAR);
    assert_true(message->curve[BACKTEST_CURVE_MAX - 1]->drawdown_percent_micros < -39 * DOLLAR);
    tear_down(&scene);
}

static void a_fingerprint_tells_what_went_in(void **state)
{
    static const int dollars[] = {100, 101};
    char one[BACKTEST_FINGERPRINT_SIZE];
    char other[BACKTEST_FINGERPRINT_SIZE];
    struct scene scene;

    (void)state;
    set_up(&scene, dollars, COUNT_OF(dollars));
    backtest_fingerprint(&scene.settings, NULL, NULL, one);
    backtest_fingerprint(&scene.settings, NULL, NULL, other);
    assert_string_equal(one, other);
    scene.series->columns[BAR_LOW][1]--;
    backtest_fingerprint(&scene.settings, NULL, NULL, other);
    assert_string_not_equal(one, other);
    scene.series->columns[BAR_LOW][1]++;
    scene.settings.exits_at_close = true;
    backtest_fingerprint(&scene.settings, NULL, NULL, other);
    assert_string_not_equal(one, other);
    scene.settings.exits_at_close = false;
    scene.settings.cash++;
    backtest_fingerprint(&scene.settings, NULL, NULL, other);
    assert_string_not_equal(one, other);
    tear_down(&scene);
}

static void combinations_are_counted_with_the_last_parameter_first(void **state)
{
    static const char *fast[] = {"2", "3"};
    static const char *slow[] = {"10", "20", "30"};
    Trading__BacktestGridParameter one = TRADING__BACKTEST_GRID_PARAMETER__INIT;
    Trading__BacktestGridParameter other = TRADING__BACKTEST_GRID_PARAMETER__INIT;
    Trading__BacktestGridParameter *list[] = {&one, &other};
    const struct backtest_grid grid = {list, 2};
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    one.parameter = "fast";
    one.n_values = COUNT_OF(fast);
    one.values = fast;
    other.parameter = "slow";
    other.n_values = COUNT_OF(slow);
    other.values = slow;
    assert_true(
        strategy_parameters_read(STRATEGY_SMA_CROSS, text_of(""), arena, &parameters, &error));
    assert_true(backtest_grid_check(&grid, &parameters, &error));
    assert_int_equal(backtest_grid_count(&grid), 6);
    for (size_t i = 0; i < 6; i++) {
        OWNED(strbuf) json = strbuf_new(BACKTEST_GRID_JSON_MAX);
        char expected[64];

        snprintf(expected, sizeof(expected), "{\"fast\":\"%s\",\"slow\":\"%s\"}", fast[i / 3],
                 slow[i % 3]);
        assert_true(backtest_grid_apply(&grid, i, &parameters, json, &error));
        assert_string_equal(json->data, expected);
        assert_int_equal(parameters.values[STRATEGY_PARAMETER_FAST], i / 3 == 0 ? 2 : 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deepest_fall_has_its_dates),
        cmocka_unit_test(a_fall_that_is_not_over_has_not_recovered),
        cmocka_unit_test(what_is_not_defined_is_absent_and_says_why),
        cmocka_unit_test(a_curve_has_at_most_500_points_and_the_last_one),
        cmocka_unit_test(a_fingerprint_tells_what_went_in),
        cmocka_unit_test(combinations_are_counted_with_the_last_parameter_first),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
