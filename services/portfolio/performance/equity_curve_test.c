// SPDX-License-Identifier: MIT
#include "performance/equity_curve.h"

#include "support/test.h"

#define DOLLAR INT64_C(1000000)

enum { BUDGET = 1024 * 1024 };

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

// A day that closes at a time, with so much put in and that worth.
static struct snapshot day_of(int64_t closed_at, int64_t net, int64_t equity)
{
    return (struct snapshot){.closed_at = closed_at,
                             .deposits = net > 0 ? net * DOLLAR : 0,
                             .withdrawals = net < 0 ? -net * DOLLAR : 0,
                             .cash = equity * DOLLAR};
}

// What it was worth when so much had been put in.
static struct equity_point point_of(int64_t at, int64_t equity, int64_t deposited)
{
    return (struct equity_point){at, equity * DOLLAR, deposited * DOLLAR};
}

// What was put in, and all until then.
static struct equity_flow flow_of(int64_t at, int64_t amount, int64_t deposited)
{
    return (struct equity_flow){at, amount * DOLLAR, deposited * DOLLAR};
}

static void assert_curve(void **state,
                         const struct equity_curve_input *input,
                         const int64_t expected[][3],
                         size_t length)
{
    struct equity_curve_point *points = NULL;
    size_t count = 0;
    struct error error;

    assert_true(equity_curve_make(input, *state, &points, &count, &error));
    assert_int_equal(count, length);
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(points[i].at, expected[i][0]);
        assert_int_equal(points[i].equity, expected[i][1] * DOLLAR);
        assert_int_equal(points[i].invested, expected[i][2] * DOLLAR);
    }
}

static void a_day_goes_from_the_close_before_over_its_points_to_now(void **state)
{
    const struct snapshot base = day_of(100, 7, 1000);
    const struct snapshot days[] = {day_of(200, 0, 1030)};
    const struct equity_point points[] = {point_of(90, 1, 0), point_of(100, 2, 0),
                                          point_of(110, 1010, 0), point_of(190, 1020, 0),
                                          point_of(200, 3, 0)};
    const struct equity_curve_input input = {.base = &base,
                                             .days = days,
                                             .count = 1,
                                             .has_present = true,
                                             .points = points,
                                             .point_count = COUNT_OF(points)};

    assert_curve(state, &input,
                 (const int64_t[][3]){
                     {100, 1000, 1000}, {110, 1010, 1000}, {190, 1020, 1000}, {200, 1030, 1000}},
                 4);
}

static void what_is_put_in_and_taken_out_is_no_gain(void **state)
{
    const struct snapshot base = day_of(100, 1000, 1000);
    const struct snapshot days[] = {day_of(200, 300, 1310), day_of(300, 0, 1310),
                                    day_of(400, -100, 1215)};
    const struct equity_point points[] = {point_of(120, 1005, 1000), point_of(150, 1305, 1300),
                                          point_of(350, 1210, 1150)};
    // One before the curve, one at a close, which is of the day after, and one of now.
    struct equity_flow flows[] = {flow_of(50, 1000, 1000), flow_of(150, 300, 1300),
                                  flow_of(300, -150, 1150), flow_of(400, 50, 1200)};
    struct equity_curve_input input = {.base = &base,
                                       .days = days,
                                       .count = 3,
                                       .has_present = true,
                                       .points = points,
                                       .point_count = COUNT_OF(points),
                                       .flows = {flows, COUNT_OF(flows), 0}};

    assert_curve(state, &input,
                 (const int64_t[][3]){{100, 1000, 1000},
                                      {120, 1005, 1000},
                                      {150, 1305, 1300},
                                      {200, 1310, 1300},
                                      {300, 1310, 1300},
                                      {350, 1210, 1150},
                                      {400, 1215, 1200}},
                 7);
}

static void a_portfolio_that_begins_begins_with_what_was_put_in(void **state)
{
    const struct snapshot days[] = {day_of(200, 1500, 1490)};
    const struct equity_point points[] = {point_of(120, 990, 1000), point_of(180, 1495, 1500)};
    struct equity_flow flows[] = {flow_of(110, 1000, 1000), flow_of(150, 500, 1500)};
    const struct equity_curve_input input = {.days = days,
                                             .count = 1,
                                             .points = points,
                                             .point_count = COUNT_OF(points),
                                             .flows = {flows, COUNT_OF(flows), 0}};

    assert_curve(state, &input,
                 (const int64_t[][3]){
                     {110, 1000, 1000}, {120, 990, 1000}, {180, 1495, 1500}, {200, 1490, 1500}},
                 4);
}

static void a_day_whose_deposits_are_not_all_known_has_its_close_alone(void **state)
{
    // Shares that came in with a copy are worth 400 at the close.
    const struct snapshot days[] = {day_of(200, 1400, 1390), day_of(300, 0, 1380)};
    const struct equity_point points[] = {point_of(150, 1395, 1000), point_of(250, 1385, 1000)};
    struct equity_flow flows[] = {flow_of(110, 1000, 1000)};
    const struct equity_curve_input input = {.days = days,
                                             .count = 2,
                                             .points = points,
                                             .point_count = COUNT_OF(points),
                                             .flows = {flows, COUNT_OF(flows), 0}};

    assert_curve(state, &input,
                 (const int64_t[][3]){{200, 1390, 1400}, {250, 1385, 1400}, {300, 1380, 1400}}, 3);
}

static void a_point_that_was_measured_before_what_its_time_says_is_left_out(void **state)
{
    const struct snapshot base = day_of(100, 0, 1000);
    const struct snapshot days[] = {day_of(200, 700, 1710)};
    // At 120 something was put in after the measuring, at 150 during it; the third is right.
    const struct equity_point points[] = {point_of(120, 1001, 0), point_of(150, 1702, 700),
                                          point_of(180, 1705, 700)};
    struct equity_flow flows[] = {flow_of(120, 500, 500), flow_of(155, 200, 700)};
    const struct equity_curve_input input = {.base = &base,
                                             .days = days,
                                             .count = 1,
                                             .points = points,
                                             .point_count = COUNT_OF(points),
                                             .flows = {flows, COUNT_OF(flows), 0}};

    assert_curve(state, &input,
                 (const int64_t[][3]){{100, 1000, 1000}, {180, 1705, 1700}, {200, 1710, 1700}}, 3);
}

static void on_a_clock_that_stands_still_there_is_one_point(void **state)
{
    const struct snapshot days[] = {day_of(110, 1500, 1500)};
    struct equity_flow flows[] = {flow_of(110, 1000, 1000), flow_of(110, 500, 1500)};
    const struct equity_curve_input input = {
        .days = days, .count = 1, .has_present = true, .flows = {flows, COUNT_OF(flows), 0}};

    assert_curve(state, &input, (const int64_t[][3]){{110, 1500, 1500}}, 1);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    struct snapshot base = day_of(100, 0, 1);
    struct snapshot days[] = {day_of(200, 0, 1)};
    const struct equity_curve_input input = {.base = &base, .days = days, .count = 1};
    struct equity_curve_point *points = NULL;
    size_t count = 0;
    struct error error;

    days[0].deposits = INT64_MAX;
    assert_false(equity_curve_make(&input, *state, &points, &count, &error));
    assert_true(error_is(&error, REASON_INTERNAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_goes_from_the_close_before_over_its_points_to_now),
        cmocka_unit_test(what_is_put_in_and_taken_out_is_no_gain),
        cmocka_unit_test(a_portfolio_that_begins_begins_with_what_was_put_in),
        cmocka_unit_test(a_day_whose_deposits_are_not_all_known_has_its_close_alone),
        cmocka_unit_test(a_point_that_was_measured_before_what_its_time_says_is_left_out),
        cmocka_unit_test(on_a_clock_that_stands_still_there_is_one_point),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
