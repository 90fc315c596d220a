// SPDX-License-Identifier: MIT
#include "pages/chart_levels.h"

#include "support/test.h"

enum { BUDGET = 64 * 1024, ORDERS_MAX = 8 };
#define DOLLARS(n) ((int64_t)((n)*1000000))
#define SHARES(n) ((int64_t)((n)*1e9))

struct levels {
    struct arena *arena;
    Trading__Order orders[ORDERS_MAX];
    Trading__Order *list[ORDERS_MAX];
    Pages__Chart chart;
};

// A chart from 8 to 12 dollars, and orders of ten shares that wait to buy for 9.
static int start(void **state)
{
    struct levels *levels = allocate(sizeof *levels);

    levels->arena = arena_new(BUDGET);
    pages__chart__init(&levels->chart);
    levels->chart.lowest_micros = DOLLARS(8);
    levels->chart.highest_micros = DOLLARS(12);
    for (size_t i = 0; i < ORDERS_MAX; i++) {
        Trading__Order *order = levels->list[i] = &levels->orders[i];

        trading__order__init(order);
        order->status = TRADING__ORDER_STATUS__ORDER_STATUS_NEW;
        order->side = TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
        order->quantity_nanos = SHARES(10);
        order->limit_price_micros = DOLLARS(9);
    }
    *state = levels;
    return 0;
}

static int stop(void **state)
{
    struct levels *levels = *state;

    arena_free(&levels->arena);
    release(levels);
    return 0;
}

static const Pages__ChartLevel *only_level(struct levels *levels, size_t orders)
{
    assert_true(chart_levels_add(levels->arena, levels->list, orders, NULL, &levels->chart));
    assert_int_equal(levels->chart.n_levels, 1);
    return levels->chart.levels[0];
}

static void a_level_is_at_the_limit_and_says_side_and_quantity(void **state)
{
    const Pages__ChartLevel *level = only_level(*state, 1);

    assert_int_equal(level->price_micros, DOLLARS(9));
    assert_int_equal(level->side, TRADING__ORDER_SIDE__ORDER_SIDE_BUY);
    assert_int_equal(level->quantity_nanos, SHARES(10));
    assert_true(level->has_y_hundredths);
    assert_int_equal(level->y_hundredths, 7500);
}

static void a_level_says_what_is_left_of_an_order(void **state)
{
    struct levels *levels = *state;

    levels->orders[0].filled_quantity_nanos = SHARES(3.5);
    assert_int_equal(only_level(levels, 1)->quantity_nanos, SHARES(6.5));
}

static void a_level_is_at_the_stop_until_that_is_reached(void **state)
{
    struct levels *levels = *state;
    Trading__Order *order = &levels->orders[0];

    order->stop_price_micros = DOLLARS(11);
    assert_int_equal(only_level(levels, 1)->price_micros, DOLLARS(11));
    levels->chart.n_levels = 0;
    order->triggered_at = 1;
    assert_int_equal(only_level(levels, 1)->price_micros, DOLLARS(9));
}

static void what_waits_for_no_price_or_not_yet_or_for_one_that_moves_has_no_level(void **state)
{
    struct levels *levels = *state;

    levels->orders[0].limit_price_micros = 0;
    levels->orders[1].status = TRADING__ORDER_STATUS__ORDER_STATUS_HELD;
    levels->orders[2].stop_price_micros = DOLLARS(10);
    levels->orders[2].trail_price_micros = DOLLARS(1);
    levels->orders[3].stop_price_micros = DOLLARS(10);
    levels->orders[3].trail_percent_micros = DOLLARS(5);
    levels->orders[4].quantity_nanos = SHARES(1);
    assert_int_equal(only_level(levels, 5)->quantity_nanos, SHARES(1));
}

static void a_price_beyond_the_chart_has_no_place_on_it(void **state)
{
    struct levels *levels = *state;

    levels->orders[0].limit_price_micros = DOLLARS(8) - 1;
    assert_false(only_level(levels, 1)->has_y_hundredths);
}

static void what_the_position_has_cost_is_a_level_of_no_side(void **state)
{
    struct levels *levels = *state;
    Portfolio__Position position;

    portfolio__position__init(&position);
    position.average_price_micros = DOLLARS(10);
    assert_true(chart_levels_add(levels->arena, levels->list, 2, &position, &levels->chart));
    assert_int_equal(levels->chart.n_levels, 3);
    assert_false(levels->chart.levels[2]->has_side);
    assert_false(levels->chart.levels[2]->has_quantity_nanos);
    assert_int_equal(levels->chart.levels[2]->y_hundredths, 5000);
}

static void
words_of_levels_that_are_close_stand_below_each_other_as_far_as_there_is_room(void **state)
{
    struct levels *levels = *state;
    const Pages__Chart *chart = &levels->chart;
    int64_t before = INT64_MIN;
    size_t shown = 0;

    levels->orders[1].limit_price_micros = DOLLARS(9.01);
    levels->orders[2].limit_price_micros = DOLLARS(9.02);
    levels->orders[2].side = TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
    assert_true(chart_levels_add(levels->arena, levels->list, ORDERS_MAX, NULL, &levels->chart));
    // The sale's are above its line, the others' below each other below theirs.
    assert_int_equal(chart->levels[2]->label_y_hundredths, 7450 - 350);
    assert_int_equal(chart->levels[1]->label_y_hundredths, 7475 + 350);
    for (size_t i = 0; i < chart->n_levels; i++)
        shown += chart->levels[i]->has_label_y_hundredths ? 1 : 0;
    assert_int_equal(shown, 5);
    for (size_t place = 0; place < shown; place++) {
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < chart->n_levels; i++)
            if (chart->levels[i]->has_label_y_hundredths &&
                chart->levels[i]->label_y_hundredths > before &&
                chart->levels[i]->label_y_hundredths < next)
                next = chart->levels[i]->label_y_hundredths;
        assert_true(place == 0 || next - before >= 700);
        assert_true(next <= 10000);
        before = next;
    }
}

static void exits_are_called_by_what_they_are_for(void **state)
{
    struct levels *levels = *state;

    levels->orders[0].part = TRADING__ORDER_PART__ORDER_PART_TAKE_PROFIT;
    levels->orders[1].part = TRADING__ORDER_PART__ORDER_PART_ENTRY;
    assert_true(chart_levels_add(levels->arena, levels->list, 2, NULL, &levels->chart));
    assert_int_equal(levels->chart.levels[0]->part, TRADING__ORDER_PART__ORDER_PART_TAKE_PROFIT);
    assert_false(levels->chart.levels[1]->has_part);
}

static void a_budget_that_is_spent_is_told(void **state)
{
    struct levels *levels = *state;
    OWNED(arena) small = arena_new(1);

    assert_false(chart_levels_add(small, levels->list, 1, NULL, &levels->chart));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_level_is_at_the_limit_and_says_side_and_quantity, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_level_says_what_is_left_of_an_order, start, stop),
        cmocka_unit_test_setup_teardown(a_level_is_at_the_stop_until_that_is_reached, start, stop),
        cmocka_unit_test_setup_teardown(
            what_waits_for_no_price_or_not_yet_or_for_one_that_moves_has_no_level, start, stop),
        cmocka_unit_test_setup_teardown(a_price_beyond_the_chart_has_no_place_on_it, start, stop),
        cmocka_unit_test_setup_teardown(what_the_position_has_cost_is_a_level_of_no_side, start,
                                        stop),
        cmocka_unit_test_setup_teardown(
            words_of_levels_that_are_close_stand_below_each_other_as_far_as_there_is_room, start,
            stop),
        cmocka_unit_test_setup_teardown(exits_are_called_by_what_they_are_for, start, stop),
        cmocka_unit_test_setup_teardown(a_budget_that_is_spent_is_told, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
