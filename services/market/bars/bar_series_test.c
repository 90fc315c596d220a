// SPDX-License-Identifier: MIT
#include "bars/bar_series.h"

#include "clock/exchange_calendar.h"
#include "support/test.h"

static int64_t at(const char *text)
{
    int64_t time = 0;

    assert_true(timestamp_parse(text_of(text), &time));
    return time;
}

static int64_t start(enum timeframe timeframe, const char *text)
{
    return timeframe_start(timeframe, HOURS_NEW_YORK, at(text));
}

static int64_t end(enum timeframe timeframe, const char *text)
{
    return timeframe_end(timeframe, HOURS_NEW_YORK, at(text));
}

static void bars_of_minutes_begin_where_the_clock_does(void **state)
{
    (void)state;
    assert_int_equal(start(TIMEFRAME_MINUTE, "2014-06-02T13:30:59.9Z"), at("2014-06-02T13:30:00Z"));
    assert_int_equal(start(TIMEFRAME_FIVE_MINUTES, "2014-06-02T13:34:59Z"),
                     at("2014-06-02T13:30:00Z"));
    assert_int_equal(start(TIMEFRAME_QUARTER, "2014-06-02T13:44:59Z"), at("2014-06-02T13:30:00Z"));
    // The first hour of a session is 9:00 in New York, in summer and in winter.
    assert_int_equal(start(TIMEFRAME_HOUR, "2014-06-02T13:30:00Z"), at("2014-06-02T13:00:00Z"));
    assert_int_equal(start(TIMEFRAME_HOUR, "2014-01-02T14:30:00Z"), at("2014-01-02T14:00:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_HOUR, HOURS_NEW_YORK, at("2014-06-02T13:30:00Z")),
                     at("2014-06-02T14:00:00Z"));
}

static void a_week_begins_on_monday_on_both_sides_of_daylight_saving(void **state)
{
    (void)state;
    // Clocks go forward on Sunday 2014-03-09 and back on Sunday 2014-11-02.
    assert_int_equal(start(TIMEFRAME_WEEK, "2014-03-07T20:00:00Z"), at("2014-03-03T14:30:00Z"));
    assert_int_equal(start(TIMEFRAME_WEEK, "2014-03-10T13:30:00Z"), at("2014-03-10T13:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_WEEK, HOURS_NEW_YORK, at("2014-03-03T14:30:00Z")),
                     at("2014-03-10T13:30:00Z"));
    assert_int_equal(start(TIMEFRAME_WEEK, "2014-10-31T13:30:00Z"), at("2014-10-27T13:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_WEEK, HOURS_NEW_YORK, at("2014-10-27T13:30:00Z")),
                     at("2014-11-03T14:30:00Z"));
    // A Monday without a session (Labor Day) has the time that one would have.
    assert_int_equal(start(TIMEFRAME_WEEK, "2014-09-02T13:30:00Z"), at("2014-09-01T13:30:00Z"));
    // Sunday evening in UTC and New York belongs to the week before.
    assert_int_equal(start(TIMEFRAME_WEEK, "2014-06-09T01:00:00Z"), at("2014-06-02T13:30:00Z"));
}

static void a_month_begins_on_the_first_whatever_its_length(void **state)
{
    (void)state;
    assert_int_equal(start(TIMEFRAME_MONTH, "2016-02-29T14:30:00Z"), at("2016-02-01T14:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_MONTH, HOURS_NEW_YORK, at("2016-02-01T14:30:00Z")),
                     at("2016-03-01T14:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_MONTH, HOURS_NEW_YORK, at("2015-02-28T14:30:00Z")),
                     at("2015-03-01T14:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_MONTH, HOURS_NEW_YORK, at("2014-12-31T14:30:00Z")),
                     at("2015-01-01T14:30:00Z"));
    assert_int_equal(timeframe_next(TIMEFRAME_MONTH, HOURS_NEW_YORK, at("2014-03-03T14:30:00Z")),
                     at("2014-04-01T13:30:00Z"));
}

static void a_bar_is_running_until_the_last_close_of_a_session_in_it(void **state)
{
    (void)state;
    assert_int_equal(end(TIMEFRAME_DAY, "2014-06-02T13:30:00Z"), at("2014-06-02T20:00:00Z"));
    // The day after Thanksgiving closes at 13:00, and is the last of its week and month.
    assert_int_equal(end(TIMEFRAME_DAY, "2014-11-28T14:30:00Z"), at("2014-11-28T18:00:00Z"));
    assert_int_equal(end(TIMEFRAME_WEEK, "2014-11-24T14:30:00Z"), at("2014-11-28T18:00:00Z"));
    assert_int_equal(end(TIMEFRAME_MONTH, "2014-11-01T13:30:00Z"), at("2014-11-28T18:00:00Z"));
    // Good Friday: the week ends on Thursday.
    assert_int_equal(end(TIMEFRAME_WEEK, "2014-04-14T13:30:00Z"), at("2014-04-17T20:00:00Z"));
    // A day without a session, of which there is a bar nevertheless.
    assert_int_equal(end(TIMEFRAME_DAY, "2014-06-07T13:30:00Z"), at("2014-06-08T13:30:00Z"));
    assert_int_equal(end(TIMEFRAME_HOUR, "2014-06-02T13:00:00Z"), at("2014-06-02T14:00:00Z"));
}

static void around_the_clock_days_weeks_and_months_are_those_of_utc(void **state)
{
    enum market_hours hours = HOURS_AROUND_THE_CLOCK;

    (void)state;
    assert_int_equal(timeframe_start(TIMEFRAME_DAY, hours, at("2026-07-05T00:00:00Z") - 1),
                     at("2026-07-04T00:00:00Z"));
    assert_int_equal(timeframe_start(TIMEFRAME_WEEK, hours, at("2026-07-05T23:59:59Z")),
                     at("2026-06-29T00:00:00Z"));
    assert_int_equal(timeframe_end(TIMEFRAME_WEEK, hours, at("2026-06-29T00:00:00Z")),
                     at("2026-07-06T00:00:00Z"));
    assert_int_equal(timeframe_start(TIMEFRAME_MONTH, hours, at("2028-02-29T12:00:00Z")),
                     at("2028-02-01T00:00:00Z"));
    assert_int_equal(timeframe_end(TIMEFRAME_MONTH, hours, at("2028-02-01T00:00:00Z")),
                     at("2028-03-01T00:00:00Z"));
    assert_int_equal(bar_day(hours, -1), -1);
}

static const struct timed_bar three[] = {
    {.open_micros = 10, .high_micros = 12, .low_micros = 9, .close_micros = 11, .volume = 5},
    {.open_micros = 11, .high_micros = 15, .low_micros = 10, .close_micros = 14, .volume = 6},
    {.open_micros = 14, .high_micros = 14, .low_micros = 7, .close_micros = 8, .volume = 7},
};

static struct timed_bar minute(size_t index, const char *time)
{
    struct timed_bar bar = three[index];

    bar.at = at(time);
    return bar;
}

static void check_whole(const struct timed_bar *bar)
{
    assert_int_equal(bar->open_micros, 10);
    assert_int_equal(bar->high_micros, 15);
    assert_int_equal(bar->low_micros, 7);
    assert_int_equal(bar->close_micros, 8);
    assert_int_equal(bar->volume, 18);
}

static void a_larger_bar_is_the_same_whichever_way_the_smaller_ones_come(void **state)
{
    static const char *const times[] = {"2014-06-02T13:30:00Z", "2014-06-02T13:31:00Z",
                                        "2014-06-02T13:34:00Z"};
    struct timed_bar bars[2];
    struct bar_series series = {
        .timeframe = TIMEFRAME_FIVE_MINUTES, .hours = HOURS_NEW_YORK, .bars = bars, .max = 2};
    struct timed_bar bar;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        bar = minute(i, times[i]);
        assert_true(bar_series_add(&series, &bar));
    }
    assert_int_equal(series.count, 1);
    check_whole(&bars[0]);
    assert_int_equal(bars[0].at, at("2014-06-02T13:30:00Z"));
    series.count = 0;
    series.is_descending = true;
    for (size_t i = COUNT_OF(times); i-- > 0;) {
        bar = minute(i, times[i]);
        assert_true(bar_series_add(&series, &bar));
    }
    check_whole(&bars[0]);
}

static void a_full_series_takes_the_rest_of_its_last_bar_and_no_further_one(void **state)
{
    struct timed_bar bars[1];
    struct bar_series series = {
        .timeframe = TIMEFRAME_HOUR, .hours = HOURS_NEW_YORK, .bars = bars, .max = 1};
    struct timed_bar one = minute(0, "2014-06-02T13:30:00Z"),
                     two = minute(1, "2014-06-02T13:59:00Z"),
                     next = minute(2, "2014-06-02T14:00:00Z");

    (void)state;
    assert_true(bar_series_add(&series, &one));
    assert_true(bar_series_add(&series, &two));
    assert_false(bar_series_add(&series, &next));
    assert_int_equal(bars[0].volume, 11);
    bar_series_mark(&series, at("2014-06-02T13:59:59Z"));
    assert_true(bars[0].is_running);
    bar_series_mark(&series, at("2014-06-02T14:00:00Z"));
    assert_false(bars[0].is_running);
}

static void volumes_that_do_not_fit_stay_at_the_largest_number(void **state)
{
    struct timed_bar bars[1];
    struct bar_series series = {
        .timeframe = TIMEFRAME_MONTH, .hours = HOURS_NEW_YORK, .bars = bars, .max = 1};
    struct timed_bar bar = minute(0, "2014-06-02T13:30:00Z");

    (void)state;
    bar.volume = INT64_MAX - 1;
    assert_true(bar_series_add(&series, &bar));
    bar.at = at("2014-06-03T13:30:00Z");
    assert_true(bar_series_add(&series, &bar));
    assert_int_equal(bars[0].volume, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_of_minutes_begin_where_the_clock_does),
        cmocka_unit_test(a_week_begins_on_monday_on_both_sides_of_daylight_saving),
        cmocka_unit_test(a_month_begins_on_the_first_whatever_its_length),
        cmocka_unit_test(a_bar_is_running_until_the_last_close_of_a_session_in_it),
        cmocka_unit_test(around_the_clock_days_weeks_and_months_are_those_of_utc),
        cmocka_unit_test(a_larger_bar_is_the_same_whichever_way_the_smaller_ones_come),
        cmocka_unit_test(a_full_series_takes_the_rest_of_its_last_bar_and_no_further_one),
        cmocka_unit_test(volumes_that_do_not_fit_stay_at_the_largest_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
