// SPDX-License-Identifier: MIT
#include "runs/run_timing.h"

#include "support/test.h"

#define SECOND MICROS_PER_SECOND
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define TODAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

// New York in June: from 13:30 to 20:00 UTC.
static struct platform_clock in_new_york(int64_t now)
{
    int64_t day = now - now % DAY;
    int64_t opens = day + 13 * HOUR + 30 * MINUTE;
    int64_t closes = day + 20 * HOUR;
    bool is_before = now < opens;
    bool is_after = now >= closes;

    return (struct platform_clock){
        .now = now,
        .is_open = !is_before && !is_after,
        .next_open = is_before ? opens : opens + DAY,
        .next_close = is_after ? closes + DAY : closes,
        .previous_close = is_after ? closes : closes - DAY,
    };
}

static struct platform_clock around_the_clock(int64_t now)
{
    int64_t day = now - now % DAY;

    return (struct platform_clock){
        .now = now,
        .is_open = true,
        .next_open = day + DAY,
        .next_close = day + DAY,
        .previous_close = day,
    };
}

static bool may(const char *timeframe, int64_t bar_at, struct platform_clock clock)
{
    return run_may_trade(timeframe, bar_at, &clock);
}

static void a_bar_of_a_day_is_traded_on_until_a_minute_after_the_next_open(void **state)
{
    int64_t bar = TODAY + 13 * HOUR + 30 * MINUTE;
    int64_t next_open = bar + DAY;

    (void)state;
    assert_true(may("1Day", bar, in_new_york(TODAY + 20 * HOUR)));
    assert_true(may("1Day", bar, in_new_york(next_open - 1)));
    assert_true(may("1Day", bar, in_new_york(next_open + MINUTE)));
    assert_false(may("1Day", bar, in_new_york(next_open + MINUTE + 1)));
    // A day later it is not the latest any more, whatever the hour.
    assert_false(may("1Day", bar, in_new_york(TODAY + DAY + 21 * HOUR)));
    assert_true(may("1Week", bar, in_new_york(TODAY + 4 * DAY + 21 * HOUR)));
    assert_false(may("1Week", bar, in_new_york(TODAY + 7 * DAY + 21 * HOUR)));
}

static void
a_bar_of_a_market_that_never_closes_is_traded_on_for_a_minute_after_its_end(void **state)
{
    (void)state;
    assert_true(may("1Day", TODAY, around_the_clock(TODAY + DAY)));
    assert_true(may("1Day", TODAY, around_the_clock(TODAY + DAY + MINUTE)));
    assert_false(may("1Day", TODAY, around_the_clock(TODAY + DAY + MINUTE + 1)));
    assert_true(may("5Min", TODAY + HOUR, around_the_clock(TODAY + HOUR + 6 * MINUTE)));
    assert_false(may("5Min", TODAY + HOUR, around_the_clock(TODAY + HOUR + 6 * MINUTE + 1)));
    assert_true(may("1Min", TODAY + DAY - MINUTE, around_the_clock(TODAY + DAY + MINUTE)));
}

static void the_last_minutes_of_a_session_wait_for_the_next_one(void **state)
{
    int64_t last = TODAY + 20 * HOUR - 5 * MINUTE;

    (void)state;
    assert_true(may("5Min", last, in_new_york(TODAY + DAY + 12 * HOUR)));
    assert_true(may("5Min", last, in_new_york(TODAY + DAY + 13 * HOUR + 31 * MINUTE)));
    assert_false(may("5Min", last, in_new_york(TODAY + DAY + 13 * HOUR + 32 * MINUTE)));
    // One before it was to be followed while the session was on.
    assert_false(may("5Min", last - 5 * MINUTE, in_new_york(TODAY + 21 * HOUR)));
}

static void bars_are_looked_for_when_one_may_have_ended(void **state)
{
    struct platform_clock clock = in_new_york(TODAY + 15 * HOUR + 17 * MINUTE + 3 * SECOND);

    (void)state;
    assert_int_equal(run_boundary("1Min", &clock), TODAY + 15 * HOUR + 17 * MINUTE);
    assert_int_equal(run_boundary("5Min", &clock), TODAY + 15 * HOUR + 15 * MINUTE);
    assert_int_equal(run_boundary("1Hour", &clock), TODAY + 15 * HOUR);
    assert_int_equal(run_boundary("1Day", &clock), TODAY - 4 * HOUR);
    assert_int_equal(run_boundary("1Month", &clock), TODAY - 4 * HOUR);
}

static void a_look_ends_where_more_bars_may_have_begun_than_it_takes_in(void **state)
{
    int64_t end = TODAY + RUN_LOOK_MAX * MINUTE;

    (void)state;
    assert_int_equal(run_look_end("1Min", TODAY, TODAY + MINUTE), TODAY + MINUTE);
    assert_int_equal(run_look_end("1Min", TODAY, end), end);
    assert_int_equal(run_look_end("1Min", TODAY, end + MINUTE), end);
    // One that has begun in the middle of a minute ends with a whole one, and comes further.
    assert_int_equal(run_look_end("1Min", TODAY + 1, end + DAY), end);
    assert_int_equal(run_look_end("1Min", TODAY + MINUTE - 1, end + DAY), end);
    assert_int_equal(run_look_end("5Min", TODAY, end + MINUTE), end + MINUTE);
    assert_int_equal(run_look_end("1Day", TODAY, TODAY + 3650 * DAY), TODAY + 3650 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_of_a_day_is_traded_on_until_a_minute_after_the_next_open),
        cmocka_unit_test(
            a_bar_of_a_market_that_never_closes_is_traded_on_for_a_minute_after_its_end),
        cmocka_unit_test(the_last_minutes_of_a_session_wait_for_the_next_one),
        cmocka_unit_test(bars_are_looked_for_when_one_may_have_ended),
        cmocka_unit_test(a_look_ends_where_more_bars_may_have_begun_than_it_takes_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
