// SPDX-License-Identifier: MIT
#include "pages/candle_chart.h"

#include "base/clock.h"
#include "support/test.h"

#include <string.h>

enum { BUDGET = 1024 * 1024, BARS_MAX = 500 };
#define DOLLARS(n) ((int64_t)((n)*1000000))
#define DAYS(n) ((n)*MICROS_PER_DAY)

struct drawing {
    struct arena *arena;
    Market__Bar bars[BARS_MAX];
    Market__Bar *list[BARS_MAX];
    Pages__Chart chart;
};

static int start(void **state)
{
    struct drawing *drawing = allocate(sizeof *drawing);

    drawing->arena = arena_new(BUDGET);
    pages__chart__init(&drawing->chart);
    drawing->chart.bars = drawing->list;
    for (size_t i = 0; i < BARS_MAX; i++) {
        market__bar__init(&drawing->bars[i]);
        drawing->list[i] = &drawing->bars[i];
    }
    *state = drawing;
    return 0;
}

static int stop(void **state)
{
    struct drawing *drawing = *state;

    arena_free(&drawing->arena);
    release(drawing);
    return 0;
}

// The bar of a day, the newest being the last one of `count`.
static void set_bar(struct drawing *drawing, size_t count, size_t day, const double prices[4])
{
    Market__Bar *bar = &drawing->bars[count - 1 - day];

    bar->time = DAYS((int64_t)day);
    bar->open_micros = DOLLARS(prices[0]);
    bar->high_micros = DOLLARS(prices[1]);
    bar->low_micros = DOLLARS(prices[2]);
    bar->close_micros = DOLLARS(prices[3]);
    drawing->chart.n_bars = count;
}

static void set_two_days(struct drawing *drawing)
{
    set_bar(drawing, 2, 0, (double[]){10, 12, 8, 11});
    set_bar(drawing, 2, 1, (double[]){11, 11.5, 9, 9});
    drawing->bars[1].volume = 300;
    drawing->bars[0].volume = 600;
}

static void bars_are_candles_from_the_oldest_on_above_their_volumes(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;

    set_two_days(drawing);
    assert_true(candle_chart_draw(drawing->arena, chart));
    // 12 is the upper edge and 8 the lower one.
    assert_string_equal(chart->rises, "M2500,0V1000M2400,250h200V500h-200z");
    assert_string_equal(chart->falls, "M7500,125V750M7400,250h200V750h-200z");
    assert_string_equal(chart->volumes, "M2400,1000v-500h200V1000zM7400,1000v-1000h200V1000z");
    assert_int_equal(chart->highest_micros, DOLLARS(12));
    assert_int_equal(chart->lowest_micros, DOLLARS(8));
    assert_int_equal(chart->change_micros, DOLLARS(-1));
    assert_int_equal(chart->change_percent_micros, DOLLARS(-10));
}

static void their_closes_are_a_line_for_who_likes_that(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;

    set_two_days(drawing);
    chart->line = true;
    assert_true(candle_chart_draw(drawing->arena, chart));
    assert_string_equal(chart->closes, "M2500,250L7500,750");
    assert_null(chart->rises);
    assert_string_equal(chart->volumes, "M2400,1000v-500h200V1000zM7400,1000v-1000h200V1000z");
}

static void a_bar_alone_and_equal_prices_are_in_the_middle(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;

    set_bar(drawing, 1, 0, (double[]){5, 5, 5, 5});
    assert_true(candle_chart_draw(drawing->arena, chart));
    assert_string_equal(chart->rises, "M5000,500V500M4900,500h200V500h-200z");
    assert_string_equal(chart->falls, "");
    assert_string_equal(chart->volumes, "");
    assert_int_equal(chart->n_prices, 1);
    assert_int_equal(chart->prices[0]->y_hundredths, 5000);
    assert_int_equal(chart->prices[0]->price_micros, DOLLARS(5));
    assert_int_equal(chart->n_times, 1);
    assert_int_equal(chart->times[0]->x_hundredths, 5000);
}

static void without_bars_there_is_nothing(void **state)
{
    struct drawing *drawing = *state;

    assert_true(candle_chart_draw(drawing->arena, &drawing->chart));
    assert_true(candle_chart_mark_price(drawing->arena, DOLLARS(5), &drawing->chart));
    assert_null(drawing->chart.rises);
    assert_null(drawing->chart.now);
    assert_false(drawing->chart.has_highest_micros);
}

static void check_prices(double lowest, double highest, double first, double step, size_t count)
{
    void *state = NULL;
    struct drawing *drawing = NULL;

    start(&state);
    drawing = state;
    set_bar(drawing, 1, 0, (double[]){lowest, highest, lowest, highest});
    assert_true(candle_chart_draw(drawing->arena, &drawing->chart));
    assert_int_equal(drawing->chart.n_prices, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(drawing->chart.prices[i]->price_micros,
                         DOLLARS(first) + (int64_t)i * DOLLARS(step));
    stop(&state);
}

static void prices_beside_it_are_round_and_at_most_six(void **state)
{
    (void)state;
    check_prices(8, 12, 8, 1, 5);
    check_prices(0, 5, 0, 2, 3);
    check_prices(97.13, 131.8, 100, 10, 4);
    check_prices(0.000001, 0.000003, 0.000001, 0.000001, 3);
    check_prices(1000000, 4000000000, 1000000000, 1000000000, 4);
}

static void check_times(int64_t apart_us, const char *expected)
{
    void *state = NULL;
    struct drawing *drawing = NULL;
    const Pages__ChartTime *last = NULL;

    start(&state);
    drawing = state;
    for (size_t i = 0; i < 60; i++)
        drawing->bars[i].time = (int64_t)(60 - i) * apart_us;
    drawing->chart.n_bars = 60;
    assert_true(candle_chart_draw(drawing->arena, &drawing->chart));
    assert_int_equal(drawing->chart.n_times, 6);
    last = drawing->chart.times[5];
    assert_int_equal(drawing->chart.times[0]->x_hundredths, 916); // the 6th of 60
    assert_int_equal(last->x_hundredths, 9250);                   // the 56th
    assert_string_equal(last->has_minute  ? "minute"
                        : last->has_day   ? "day"
                        : last->has_month ? "month"
                                          : "",
                        expected);
    stop(&state);
}

static void times_below_it_say_what_tells_them_apart(void **state)
{
    (void)state;
    check_times(5 * 60 * MICROS_PER_SECOND, "minute");
    check_times(DAYS(1), "day");
    check_times(DAYS(7), "month");
}

static void a_price_beyond_the_box_is_marked_at_its_edge(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;

    set_two_days(drawing);
    assert_true(candle_chart_draw(drawing->arena, chart));
    assert_true(candle_chart_mark_price(drawing->arena, DOLLARS(9), chart));
    assert_int_equal(chart->now->y_hundredths, 7500);
    assert_true(candle_chart_mark_price(drawing->arena, DOLLARS(100), chart));
    assert_int_equal(chart->now->y_hundredths, 0);
    assert_int_equal(chart->now->price_micros, DOLLARS(100));
    assert_true(candle_chart_mark_price(drawing->arena, DOLLARS(1), chart));
    assert_int_equal(chart->now->y_hundredths, 10000);
}

static void fills_are_marked_once_a_bar_and_side(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;
    Portfolio__Transaction fills[4];
    Portfolio__Transaction *list[] = {&fills[0], &fills[1], &fills[2], &fills[3]};
    const int64_t times[] = {DAYS(1) + 1, DAYS(1), DAYS(1) - 1, -DAYS(9)};

    for (size_t i = 0; i < COUNT_OF(fills); i++) {
        portfolio__transaction__init(&fills[i]);
        fills[i].booked_at = times[i];
        fills[i].type = PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY;
    }
    fills[2].type = PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_SELL;
    set_two_days(drawing);
    assert_true(candle_chart_draw(drawing->arena, chart));
    assert_true(candle_chart_mark_fills(drawing->arena, list, COUNT_OF(list), chart));
    assert_int_equal(chart->n_marks, 3);
    assert_true(chart->marks[0]->is_buy);
    assert_int_equal(chart->marks[0]->x_hundredths, 7500);
    assert_int_equal(chart->marks[0]->y_hundredths, 7500); // 9, the lowest of the second day
    assert_false(chart->marks[1]->is_buy);
    assert_int_equal(chart->marks[1]->x_hundredths, 2500);
    assert_int_equal(chart->marks[1]->y_hundredths, 0); // 12, the highest of the first
    assert_true(chart->marks[2]->is_buy);
    assert_int_equal(chart->marks[2]->x_hundredths, 2500);
}

static void as_many_bars_as_there_may_be_fit_the_page(void **state)
{
    struct drawing *drawing = *state;
    Pages__Chart *chart = &drawing->chart;

    for (size_t i = 0; i < BARS_MAX; i++) {
        double price = (double)i;

        set_bar(drawing, BARS_MAX, i, (double[]){price + 1000, price + 1001, price, price + 1000});
        drawing->bars[i].volume = INT64_MAX - (int64_t)i;
    }
    assert_true(candle_chart_draw(drawing->arena, chart));
    assert_in_range(strlen(chart->rises), 10000, 32768);
    assert_in_range(strlen(chart->volumes), 10000, 32768);
    assert_int_equal(chart->rises[strlen(chart->rises) - 1], 'z');
}

static void a_budget_that_is_spent_is_told(void **state)
{
    struct drawing *drawing = *state;
    OWNED(arena) small = arena_new(1);

    set_two_days(drawing);
    assert_false(candle_chart_draw(small, &drawing->chart));
    assert_false(candle_chart_mark_price(small, DOLLARS(9), &drawing->chart));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bars_are_candles_from_the_oldest_on_above_their_volumes,
                                        start, stop),
        cmocka_unit_test_setup_teardown(their_closes_are_a_line_for_who_likes_that, start, stop),
        cmocka_unit_test_setup_teardown(a_bar_alone_and_equal_prices_are_in_the_middle, start,
                                        stop),
        cmocka_unit_test_setup_teardown(without_bars_there_is_nothing, start, stop),
        cmocka_unit_test(prices_beside_it_are_round_and_at_most_six),
        cmocka_unit_test(times_below_it_say_what_tells_them_apart),
        cmocka_unit_test_setup_teardown(a_price_beyond_the_box_is_marked_at_its_edge, start, stop),
        cmocka_unit_test_setup_teardown(fills_are_marked_once_a_bar_and_side, start, stop),
        cmocka_unit_test_setup_teardown(as_many_bars_as_there_may_be_fit_the_page, start, stop),
        cmocka_unit_test_setup_teardown(a_budget_that_is_spent_is_told, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
