// SPDX-License-Identifier: MIT
#include "imports/price_time.h"

#include "clock/exchange_calendar.h"
#include "support/test.h"

#include <stdio.h>

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static struct price_time read_both(const char *date, const char *time)
{
    struct price_time read;
    char reason[BAR_REASON_SIZE] = "";

    if (!price_time_read(text_of(date), text_of(time), &read, reason))
        fail_msg("%s %s: %s", date, time, reason);
    return read;
}

static void assert_moment(const char *date, const char *time, const char *expected)
{
    struct price_time read = read_both(date, time);

    assert_false(read.is_date);
    assert_int_equal(read.at, at(expected));
    assert_int_equal(read.day, exchange_calendar_day(at(expected)));
}

static void assert_day(const char *date, const char *time, const char *expected)
{
    struct price_time read = read_both(date, time);
    char day[DATE_SIZE];

    date_print(date_from_days(read.day), day);
    assert_string_equal(day, expected);
    assert_true(read.is_date);
}

static void assert_unreadable(const char *date, const char *time, const char *expected)
{
    struct price_time read;
    char reason[BAR_REASON_SIZE] = "";

    assert_false(price_time_read(text_of(date), text_of(time), &read, reason));
    assert_string_equal(reason, expected);
}

static void a_time_without_a_zone_is_what_new_yorks_clocks_show(void **state)
{
    (void)state;
    assert_moment("2014-01-02 09:30:00", "", "2014-01-02T14:30:00Z");
    assert_moment("2014-06-02 09:30:00", "", "2014-06-02T13:30:00Z");
    assert_moment("2014-06-02T15:59", "", "2014-06-02T19:59:00Z");
    assert_moment("2014-06-02 09:30:00.000", "", "2014-06-02T13:30:00Z");
    assert_moment("2014-06-02", "09:31", "2014-06-02T13:31:00Z");
    assert_moment("2014-06-02", "09:31:00", "2014-06-02T13:31:00Z");
}

static void a_time_with_a_zone_and_a_number_are_moments(void **state)
{
    (void)state;
    assert_moment("2014-01-02 09:30:00-05:00", "", "2014-01-02T14:30:00Z");
    assert_moment("2014-06-02T13:30:00Z", "", "2014-06-02T13:30:00Z");
    assert_moment("2014-06-02 15:30:00+0200", "", "2014-06-02T13:30:00Z");
    assert_moment("2014-06-02 15:30 +02", "", "2014-06-02T13:30:00Z");
    assert_moment("1401715800", "", "2014-06-02T13:30:00Z");
    assert_moment("1401715800000", "", "2014-06-02T13:30:00Z");
    assert_moment("2014-06-02", "13:30:00Z", "2014-06-02T13:30:00Z");
}

static void midnight_says_no_more_than_the_date(void **state)
{
    (void)state;
    assert_day("2014-06-02", "", "2014-06-02");
    assert_day("2014-06-02 00:00:00", "", "2014-06-02");
    assert_day("2014-06-02 00:00:00-04:00", "", "2014-06-02");
    assert_day("2014-06-02T00:00:00Z", "", "2014-06-02");
    assert_day("2014-06-02T04:00:00Z", "", "2014-06-02");
    assert_day("1401681600", "", "2014-06-02"); // New York's
    assert_day("1401667200", "", "2014-06-02"); // UTC's
    assert_day("1388620800", "", "2014-01-02");
    assert_day("1388620800000", "", "2014-01-02");
    assert_moment("1388620860", "", "2014-01-02T00:01:00Z");
    assert_day("2014-06-02", "00:00", "2014-06-02");
}

static void days_on_which_clocks_are_changed_have_their_session_where_it_belongs(void **state)
{
    (void)state;
    // The Sundays themselves have none; the Mondays after them are an hour off.
    assert_moment("2014-03-07 09:30", "", "2014-03-07T14:30:00Z");
    assert_moment("2014-03-10 09:30", "", "2014-03-10T13:30:00Z");
    assert_moment("2014-10-31 15:59", "", "2014-10-31T19:59:00Z");
    assert_moment("2014-11-03 15:59", "", "2014-11-03T20:59:00Z");
}

static void what_is_no_date_or_time_is_named(void **state)
{
    static const char *const wrong[] = {
        "2014-02-30",
        "02/06/2014",
        "20140602",
        "2014-06-02 9:30",
        "2014-06-02 24:00",
        "2014-06-02 09:60",
        "2014-06-02x",
        "2014-06-02 09:30:00.5",
        "2014-06-02 09:30:00.",
        "2014-06-02 09:30 +1",
        "1401715800.5",
        "-1401715800",
        "631151999",
        "4133980800",
        "2014-06-02 09",
        "2014-06-02 09:30 +15:00",
        "2014-06-02 09:30 EST",
    };
    char expected[BAR_REASON_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        (void)snprintf(expected, sizeof expected, "%s is not a date", wrong[i]);
        assert_unreadable(wrong[i], "", expected);
    }
    assert_unreadable("", "", "date is empty");
    assert_unreadable("2014-06-02", "noon", "2014-06-02 noon is not a date and a time");
    assert_unreadable("2014-06-02 09:30", "09:30",
                      "2014-06-02 09:30 09:30 is not a date and a time");
    assert_unreadable("1401715800", "09:30", "1401715800 09:30 is not a date and a time");
}

static void assert_refused(const char *date, const char *expected)
{
    struct price_time read = read_both(date, "");
    char reason[BAR_REASON_SIZE] = "";

    assert_false(price_time_check_minute(&read, at("2014-07-03T16:30:00Z"), reason));
    assert_string_equal(reason, expected);
}

static void a_minute_begins_within_a_session_that_has_come(void **state)
{
    static const char *const fine[] = {"2014-06-02 09:30", "2014-06-02 15:59", "2014-07-03 12:30",
                                       "2013-11-29 12:59"};
    char reason[BAR_REASON_SIZE] = "";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        struct price_time read = read_both(fine[i], "");

        assert_true(price_time_check_minute(&read, at("2014-07-03T16:30:00Z"), reason));
    }
    assert_refused("2014-06-02 09:29",
                   "2014-06-02 09:29 in New York is outside of the session, 09:30 to 16:00");
    assert_refused("2014-06-02 16:00",
                   "2014-06-02 16:00 in New York is outside of the session, 09:30 to 16:00");
    assert_refused("2013-11-29 13:00",
                   "2013-11-29 13:00 in New York is outside of the session, 09:30 to 13:00");
    assert_refused("2014-06-02T02:00:00Z", "2014-06-01 is a day without a session");
    assert_refused("2014-06-01 10:00", "2014-06-01 is a day without a session");
    assert_refused("2014-06-02 09:30:15",
                   "2014-06-02 09:30:15 in New York does not begin a minute");
    assert_refused("2014-07-03 12:31", "2014-07-03 12:31 in New York is in the future");
    assert_refused("1989-12-29 10:00", "1989-12-29 is before 1990-01-01");
    // In the hour that is skipped, and in the one that comes twice.
    assert_refused("2014-03-09 02:30", "2014-03-09 is a day without a session");
    assert_refused("2013-11-03 01:30", "2013-11-03 is a day without a session");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_without_a_zone_is_what_new_yorks_clocks_show),
        cmocka_unit_test(a_time_with_a_zone_and_a_number_are_moments),
        cmocka_unit_test(midnight_says_no_more_than_the_date),
        cmocka_unit_test(days_on_which_clocks_are_changed_have_their_session_where_it_belongs),
        cmocka_unit_test(what_is_no_date_or_time_is_named),
        cmocka_unit_test(a_minute_begins_within_a_session_that_has_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
