// SPDX-License-Identifier: MIT
#include "strategies/walk_forward.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define DAY (INT64_C(86400) * 1000000)
#define FIRST_DAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

enum { BUDGET = 16 * 1024 * 1024, DAYS = 120 };

// Prices that wander: the same on every machine.
static void add_bars(struct bar_columns *series, size_t count, uint64_t seed)
{
    int64_t price = 100 * DOLLAR;

    for (size_t i = series->count; i < count; i++) {
        struct bar bar = {.time = FIRST_DAY + (int64_t)i * DAY};

        bar.values[BAR_OPEN] = price;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        price += ((int64_t)(seed >> 40) % 400 - 200) * (DOLLAR / 100);
        price = price < 10 * DOLLAR ? 10 * DOLLAR : price;
        bar.values[BAR_CLOSE] = price;
        bar.values[BAR_HIGH] = price > bar.values[BAR_OPEN] ? price : bar.values[BAR_OPEN];
        bar.values[BAR_LOW] = price < bar.values[BAR_OPEN] ? price : bar.values[BAR_OPEN];
        bar.values[BAR_VOLUME] = 1000;
        assert_true(bar_columns_add(series, &bar));
    }
}

struct scene {
    struct arena *arena;
    struct arena *figures;
    struct rule_workspace *workspace;
    struct strategy_program *program;
    struct strategy_parameters parameters;
    struct backtest_result scratch;
    struct backtest_symbol symbols[3]; // the first one unless a test sets them all up
    struct backtest_settings settings;
    Trading__BacktestGridParameter fast;
    Trading__BacktestGridParameter *grid[1];
    Trading__BacktestWalkForward plan;
    struct backtest_search search;
    struct walk_forward walk;
    struct walk_forward_outcome outcome;
    struct error error;
};

static void set_up(struct scene *scene)
{
    static const char *values[] = {"2", "5", "9"};

    memset(scene, 0, sizeof(*scene));
    scene->arena = arena_new(BUDGET);
    scene->figures = arena_new(BUDGET);
    scene->workspace = rule_workspace_new();
    scene->program = allocate(sizeof(*scene->program));
    assert_true(strategy_parameters_read(STRATEGY_SMA_CROSS, text_of("{\"slow\": 10, \"fast\": 2}"),
                                         scene->arena, &scene->parameters, &scene->error));
    scene->symbols[0] = (struct backtest_symbol){"ACME", bar_columns_new()};
    trading__backtest_grid_parameter__init(&scene->fast);
    scene->fast.parameter = "fast";
    scene->fast.n_values = COUNT_OF(values);
    scene->fast.values = values;
    scene->grid[0] = &scene->fast;
    trading__backtest_walk_forward__init(&scene->plan);
    scene->plan.has_in_sample_days = scene->plan.has_out_of_sample_days = true;
    scene->plan.in_sample_days = 40;
    scene->plan.out_of_sample_days = 20;
    scene->settings = (struct backtest_settings){.program = scene->program,
                                                 .symbols = scene->symbols,
                                                 .symbol_count = 1,
                                                 .start = FIRST_DAY,
                                                 .cash = 10000 * DOLLAR};
    scene->search = (struct backtest_search){.parameters = &scene->parameters,
                                             .grid = {scene->grid, 1},
                                             .symbols = scene->symbols,
                                             .symbol_count = 1,
                                             .program = scene->program,
                                             .workspace = scene->workspace,
                                             .result = &scene->scratch,
                                             .arena = scene->arena,
                                             .figures = scene->figures};
    scene->walk = (struct walk_forward){.plan = &scene->plan,
                                        .search = &scene->search,
                                        .settings = &scene->settings,
                                        .timeframe = "1Day",
                                        .end = FIRST_DAY + DAYS * DAY};
}

static void tear_down(struct scene *scene)
{
    backtest_result_clear(&scene->outcome.result);
    backtest_result_clear(&scene->scratch);
    for (size_t i = 0; i < COUNT_OF(scene->symbols); i++)
        bar_columns_free(&scene->symbols[i].series);
    release(scene->program);
    rule_workspace_free(&scene->workspace);
    arena_free(&scene->figures);
    arena_free(&scene->arena);
}

static bool run(struct scene *scene)
{
    return backtest_search_list(&scene->search, &scene->error) &&
           walk_forward_run(&scene->walk, &scene->outcome, &scene->error);
}

static void must_run(struct scene *scene)
{
    if (!run(scene))
        fail_msg("%s: %s %s", scene->error.reason, scene->error.details[0].name,
                 scene->error.details[0].value);
}

static void must_refuse(struct scene *scene, const char *field, const char *sentence)
{
    assert_false(run(scene));
    assert_string_equal(scene->error.reason, "INVALID_REQUEST");
    assert_string_equal(scene->error.details[0].name, field);
    assert_string_equal(scene->error.details[0].value, sentence);
}

static void windows_follow_each_other_from_the_start_to_the_last_bar(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    add_bars(scene.symbols[0].series, DAYS - 5, 1);
    scene.walk.end = FIRST_DAY + (DAYS - 5) * DAY;
    must_run(&scene);
    assert_int_equal(scene.outcome.window_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const Trading__BacktestWindow *window = scene.outcome.windows[i];

        assert_int_equal(window->in_sample->start, FIRST_DAY + (int64_t)i * 20 * DAY);
        assert_int_equal(window->in_sample->end, FIRST_DAY + (int64_t)(i * 20 + 40) * DAY);
        assert_int_equal(window->in_sample->bars, 40);
        assert_int_equal(window->out_of_sample->start, window->in_sample->end);
        assert_int_equal(window->out_of_sample->bars, i < 3 ? 20 : 15);
    }
    assert_int_equal(scene.outcome.result.point_count, 75);
    assert_int_equal(scene.outcome.result.times[0], FIRST_DAY + 40 * DAY);
    assert_int_equal(scene.outcome.first_at, FIRST_DAY + 40 * DAY);
    tear_down(&scene);
}

static void anchored_windows_all_begin_at_the_start(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    scene.plan.has_anchored = scene.plan.anchored = true;
    add_bars(scene.symbols[0].series, DAYS, 1);
    must_run(&scene);
    assert_int_equal(scene.outcome.windows[3]->in_sample->start, FIRST_DAY);
    assert_int_equal(scene.outcome.windows[3]->in_sample->bars, 100);
    assert_int_equal(scene.outcome.windows[3]->out_of_sample->bars, 20);
    tear_down(&scene);
}

// What each window in sample and out of sample comes to when it is backtested by itself.
static int64_t
equity_alone(struct scene *scene, size_t fast, int64_t from, int64_t to, int64_t cash)
{
    struct backtest_symbol symbols[COUNT_OF(scene->symbols)] = {{0}};
    struct backtest_settings settings = scene->settings;
    int64_t equity = 0;

    for (size_t i = 0; i < settings.symbol_count; i++) {
        struct bar_columns *whole = scene->symbols[i].series;
        size_t first = bar_columns_find(whole, from);

        symbols[i].ticker = scene->symbols[i].ticker;
        symbols[i].series =
            bar_columns_copy(whole, first > 9 ? first - 9 : 0, bar_columns_find(whole, to));
    }
    settings.symbols = symbols;
    settings.start = from;
    settings.cash = cash;
    assert_true(backtest_search_make(&scene->search, fast, &scene->error));
    assert_true(backtest_run(&settings, scene->workspace, &scene->scratch, &scene->error));
    equity = scene->scratch.equity[scene->scratch.point_count - 1];
    for (size_t i = 0; i < settings.symbol_count; i++)
        bar_columns_free(&symbols[i].series);
    return equity;
}

// What each window in sample and out of sample comes to is what it comes to by itself.
static void assert_windows_are_as_alone(struct scene *scene)
{
    int64_t cash = 10000 * DOLLAR;

    for (size_t i = 0; i < scene->outcome.window_count; i++) {
        const Trading__BacktestWindow *window = scene->outcome.windows[i];
        const Trading__BacktestSample *in = window->in_sample;
        const Trading__BacktestSample *out = window->out_of_sample;
        size_t best = 0;
        int64_t most = 0;

        for (size_t k = 0; k < 3; k++) {
            int64_t equity = equity_alone(scene, k, in->start, in->end, 10000 * DOLLAR);

            best = equity > most ? k : best;
            most = equity > most ? equity : most;
        }
        assert_int_equal(in->final_equity_micros, most);
        assert_string_equal(window->parameters, scene->search.runs[best]->parameters);
        cash = equity_alone(scene, best, out->start, out->end, cash);
        assert_int_equal(out->final_equity_micros, cash);
    }
    assert_int_equal(scene->outcome.result.equity[scene->outcome.result.point_count - 1], cash);
    assert_true(cash != 10000 * DOLLAR);
}

static void the_best_in_sample_is_traded_with_out_of_sample_and_the_cash_goes_on(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    scene.plan.has_objective = true;
    scene.plan.objective = TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_RETURN_PERCENT;
    add_bars(scene.symbols[0].series, DAYS, 5);
    must_run(&scene);
    assert_windows_are_as_alone(&scene);
    tear_down(&scene);
}

// One of them begins late, and one has bars on every other day only.
static void several_symbols_share_windows_cash_and_choice(void **state)
{
    struct scene scene;
    struct bar_columns *sparse = NULL;

    (void)state;
    set_up(&scene);
    scene.plan.has_objective = true;
    scene.plan.objective = TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_RETURN_PERCENT;
    add_bars(scene.symbols[0].series, DAYS, 5);
    scene.symbols[1] = (struct backtest_symbol){"LATE", bar_columns_new()};
    add_bars(scene.symbols[1].series, DAYS, 11);
    scene.symbols[2] = (struct backtest_symbol){"RARE", bar_columns_new()};
    sparse = bar_columns_new();
    add_bars(sparse, DAYS, 13);
    for (size_t i = 0; i < sparse->count; i += 2) {
        struct bar bar = {.time = sparse->times[i]};

        for (size_t k = 0; k < BAR_FIELD_COUNT; k++)
            bar.values[k] = sparse->columns[k][i];
        assert_true(bar_columns_add(scene.symbols[2].series, &bar));
    }
    bar_columns_free(&sparse);
    sparse = bar_columns_copy(scene.symbols[1].series, 70, DAYS);
    bar_columns_free(&scene.symbols[1].series);
    scene.symbols[1].series = sparse;
    scene.settings.symbol_count = scene.search.symbol_count = 3;
    must_run(&scene);
    assert_int_equal(scene.outcome.windows[0]->in_sample->bars, 40 + 20);
    assert_int_equal(scene.outcome.windows[3]->out_of_sample->bars, 20 + 20 + 10);
    assert_windows_are_as_alone(&scene);
    tear_down(&scene);
}

static void a_windows_efficiency_is_its_return_of_a_day_in_parts_of_that_in_sample(void **state)
{
    struct scene scene;
    size_t known = 0;

    (void)state;
    set_up(&scene);
    scene.plan.has_objective = true;
    scene.plan.objective = TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_RETURN_PERCENT;
    // The last window out of sample is of 15 days instead of 20.
    add_bars(scene.symbols[0].series, DAYS - 5, 5);
    scene.walk.end = FIRST_DAY + (DAYS - 5) * DAY;
    must_run(&scene);
    for (size_t i = 0; i < scene.outcome.window_count; i++) {
        const Trading__BacktestWindow *window = scene.outcome.windows[i];
        double in = (double)window->in_sample->return_percent_micros / 40.0;
        double out = (double)window->out_of_sample->return_percent_micros / (i < 3 ? 20.0 : 15.0);

        assert_int_equal(window->has_efficiency_percent_micros, in > 0.0);
        known += window->has_efficiency_percent_micros ? 1 : 0;
        if (window->has_efficiency_percent_micros)
            assert_true(fabs((double)window->efficiency_percent_micros - out / in * 1e8) < 1.0);
    }
    assert_true(known > 1);
    tear_down(&scene);
}

static void nothing_is_known_before_its_time(void **state)
{
    struct scene one;
    struct scene other;

    (void)state;
    set_up(&one);
    set_up(&other);
    add_bars(one.symbols[0].series, DAYS, 3);
    // The same to the end of the second window in sample, and another story from there.
    add_bars(other.symbols[0].series, 60, 3);
    add_bars(other.symbols[0].series, DAYS, 99);
    must_run(&one);
    must_run(&other);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(one.outcome.windows[i]->parameters,
                            other.outcome.windows[i]->parameters);
        assert_memory_equal(&one.outcome.windows[i]->in_sample->objective_micros,
                            &other.outcome.windows[i]->in_sample->objective_micros,
                            sizeof(int64_t));
        assert_int_equal(one.outcome.windows[i]->in_sample->final_equity_micros,
                         other.outcome.windows[i]->in_sample->final_equity_micros);
    }
    // The first window out of sample is over before the stories part.
    assert_memory_equal(one.outcome.result.equity, other.outcome.result.equity,
                        20 * sizeof(int64_t));
    assert_true(
        memcmp(one.outcome.result.equity, other.outcome.result.equity, 80 * sizeof(int64_t)) != 0);
    tear_down(&one);
    tear_down(&other);
}

static void twice_comes_to_the_same(void **state)
{
    struct scene one;
    struct scene other;

    (void)state;
    set_up(&one);
    set_up(&other);
    add_bars(one.symbols[0].series, DAYS, 7);
    add_bars(other.symbols[0].series, DAYS, 7);
    must_run(&one);
    must_run(&other);
    assert_int_equal(one.outcome.result.point_count, other.outcome.result.point_count);
    assert_memory_equal(one.outcome.result.equity, other.outcome.result.equity,
                        one.outcome.result.point_count * sizeof(int64_t));
    tear_down(&one);
    tear_down(&other);
}

// Says to stop when it is asked for the so many-th time.
struct patience {
    size_t asked;
    size_t most;
};

static bool goes_on(void *context, int64_t progress_micros)
{
    struct patience *patience = context;

    (void)progress_micros;
    return ++patience->asked <= patience->most;
}

static void one_that_is_stopped_anywhere_comes_to_the_same_when_it_is_begun_anew(void **state)
{
    struct scene undisturbed;
    struct patience patience = {.most = SIZE_MAX};

    (void)state;
    set_up(&undisturbed);
    add_bars(undisturbed.symbols[0].series, DAYS, 7);
    undisturbed.settings.goes_on = goes_on;
    undisturbed.settings.context = &patience;
    must_run(&undisturbed);
    // Of windows however short, each run in it is asked about: 4 times 3 in sample and one out of
    // it.
    assert_int_equal(patience.asked, 16);
    for (size_t most = 0; most < 16; most++) {
        struct scene scene;
        struct patience short_of_it = {.most = most};

        set_up(&scene);
        add_bars(scene.symbols[0].series, DAYS, 7);
        scene.settings.goes_on = goes_on;
        scene.settings.context = &short_of_it;
        assert_false(run(&scene));
        assert_string_equal(scene.error.reason, "BACKTEST_CANCELED");
        backtest_result_clear(&scene.outcome.result);
        memset(&scene.outcome, 0, sizeof(scene.outcome));
        scene.settings.goes_on = NULL;
        must_run(&scene);
        assert_int_equal(scene.outcome.result.point_count, undisturbed.outcome.result.point_count);
        assert_memory_equal(scene.outcome.result.equity, undisturbed.outcome.result.equity,
                            scene.outcome.result.point_count * sizeof(int64_t));
        tear_down(&scene);
    }
    tear_down(&undisturbed);
}

static void a_window_without_bars_is_passed_over_and_says_so(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    add_bars(scene.symbols[0].series, 60, 1);
    must_run(&scene);
    assert_null(scene.outcome.windows[0]->problem);
    assert_string_equal(scene.outcome.windows[1]->problem, "There are no bars out of sample.");
    assert_string_equal(scene.outcome.windows[3]->problem, "There are no bars in sample.");
    assert_int_equal(scene.outcome.result.point_count, 20);
    tear_down(&scene);
}

static void what_cannot_be_is_refused_with_the_numbers(void **state)
{
    struct scene scene;

    (void)state;
    set_up(&scene);
    add_bars(scene.symbols[0].series, DAYS, 1);
    scene.plan.has_step_days = true;
    scene.plan.step_days = 19;
    must_refuse(&scene, "walk_forward.step_days",
                "must be out_of_sample_days at least, and 19 is less than 20");
    scene.plan.has_step_days = false;
    scene.plan.in_sample_days = 120;
    must_refuse(&scene, "walk_forward.in_sample_days",
                "leaves no day out of sample: from start to end there are 120");
    scene.plan.in_sample_days = 20;
    scene.plan.out_of_sample_days = 1;
    must_run(&scene);
    assert_int_equal(scene.outcome.window_count, 100);
    scene.plan.in_sample_days = 19;
    must_refuse(&scene, "walk_forward", "makes more than 100 windows");
    scene.plan.in_sample_days = 20;
    scene.plan.has_objective = true;
    scene.plan.objective = TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_CALMAR_RATIO;
    must_refuse(&scene, "walk_forward.in_sample_days",
                "must be 366 at least for calmar_ratio, which is of a year, not 20");
    scene.search.grid.count = 0;
    scene.plan.has_objective = false;
    assert_false(walk_forward_check(&scene.plan, 0, FIRST_DAY, scene.walk.end, &scene.error));
    assert_string_equal(scene.error.details[0].name, "grid");
    tear_down(&scene);
}

static void more_work_than_there_may_be_is_refused(void **state)
{
    enum { MANY = 160000 };
    struct scene scene;

    (void)state;
    set_up(&scene);
    for (size_t i = 0; i < MANY; i++) {
        const struct bar bar = {.time = FIRST_DAY + (int64_t)i * DAY / 1000,
                                .values = {DOLLAR, DOLLAR, DOLLAR, DOLLAR, 1}};

        assert_true(bar_columns_add(scene.symbols[0].series, &bar));
    }
    // 60 windows of 100,000 to 159,000 bars, three times, and of 1000 with 9 of warm-up afterwards.
    scene.plan.has_anchored = scene.plan.anchored = true;
    scene.plan.in_sample_days = 100;
    scene.plan.out_of_sample_days = 1;
    scene.walk.end = FIRST_DAY + MANY * DAY / 1000;
    must_refuse(&scene, "walk_forward",
                "makes 60 windows times 3 combinations of 23370540 bars in all, and 20000000 bars "
                "may be run");
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_follow_each_other_from_the_start_to_the_last_bar),
        cmocka_unit_test(anchored_windows_all_begin_at_the_start),
        cmocka_unit_test(the_best_in_sample_is_traded_with_out_of_sample_and_the_cash_goes_on),
        cmocka_unit_test(several_symbols_share_windows_cash_and_choice),
        cmocka_unit_test(a_windows_efficiency_is_its_return_of_a_day_in_parts_of_that_in_sample),
        cmocka_unit_test(nothing_is_known_before_its_time),
        cmocka_unit_test(twice_comes_to_the_same),
        cmocka_unit_test(one_that_is_stopped_anywhere_comes_to_the_same_when_it_is_begun_anew),
        cmocka_unit_test(a_window_without_bars_is_passed_over_and_says_so),
        cmocka_unit_test(what_cannot_be_is_refused_with_the_numbers),
        cmocka_unit_test(more_work_than_there_may_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
