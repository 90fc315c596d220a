// SPDX-License-Identifier: MIT
#include "clock/exchange_calendar.h"

#include "support/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static void assert_time(int64_t us, const char *expected)
{
    char text[TIMESTAMP_SIZE];

    timestamp_print(us, text);
    assert_string_equal(text, expected);
}

static void the_limits_are_the_days_they_say(void **state)
{
    (void)state;
    assert_int_equal(CALENDAR_FIRST_DAY, day_of("1990-01-01"));
    assert_int_equal(CALENDAR_LAST_DAY, day_of("2100-12-31"));
    assert_int_equal(CALENDAR_START_AT, at("1990-01-01T00:00:00Z"));
    assert_int_equal(CALENDAR_END_AT, at("2101-01-01T00:00:00Z"));
}

static void weekends_and_holidays_have_no_session(void **state)
{
    static const char *const closed[] = {
        "2014-06-07", "2014-06-08", // a weekend
        "2006-01-02",               // New Year's Day of 2006 was a Sunday
        "2014-01-20", "2014-02-17", "2014-04-18", "2014-05-26", "2014-07-04",
        "2014-09-01", "2014-11-27", "2014-12-25", "2000-04-21", "2018-03-30",
        "2024-03-29", "2038-04-23", "2022-06-20", "2023-06-19", // Juneteenth, the first on a Sunday
        "2020-07-03", "2021-07-05", // Independence Day on a Saturday, on a Sunday
        "2010-12-24", "2021-12-24", "2022-12-26", "1998-01-19"};
    static const char *const open[] = {
        "2010-12-31", "2021-12-31", // New Year's Day on the Saturday after is not kept
        "1997-01-20",               // before Martin Luther King's day was one
        "2021-06-18",               // before Juneteenth was one
        "2014-11-11", "2014-10-13", "2016-02-12", "2001-09-10", "2001-09-17"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(closed); i++)
        assert_false(exchange_calendar_is_session(day_of(closed[i])));
    for (size_t i = 0; i < COUNT_OF(open); i++)
        assert_true(exchange_calendar_is_session(day_of(open[i])));
}

static void closures_that_no_rule_gives_are_known(void **state)
{
    static const char *const closed[] = {"1994-04-27", "2001-09-11", "2001-09-14",
                                         "2004-06-11", "2007-01-02", "2012-10-29",
                                         "2012-10-30", "2018-12-05", "2025-01-09"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(closed); i++)
        assert_false(exchange_calendar_is_session(day_of(closed[i])));
}

static void some_days_close_early(void **state)
{
    static const struct {
        const char *date;
        int close_minute;
    } days[] = {
        {"2014-11-28", 13 * 60}, {"2014-12-24", 13 * 60}, {"2014-07-03", 13 * 60},
        {"2013-07-03", 13 * 60}, {"2013-07-05", 16 * 60}, {"2002-07-05", 13 * 60},
        {"2002-07-03", 16 * 60}, {"1994-07-01", 16 * 60}, {"1992-12-24", 14 * 60},
        {"1992-11-27", 14 * 60}, {"1999-12-31", 13 * 60}, {"2003-12-26", 13 * 60},
        {"2008-12-26", 16 * 60}, {"2015-07-02", 16 * 60}, {"2025-11-28", 13 * 60},
        {"2014-06-02", 16 * 60}, {"2014-06-07", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++)
        assert_int_equal(exchange_calendar_close_minute(day_of(days[i].date)),
                         days[i].close_minute);
}

static void nine_thirty_in_new_york_follows_daylight_saving(void **state)
{
    static const struct {
        const char *date;
        const char *open;
    } days[] = {
        {"2014-03-07", "2014-03-07T14:30:00Z"}, {"2014-03-10", "2014-03-10T13:30:00Z"},
        {"2014-10-31", "2014-10-31T13:30:00Z"}, {"2014-11-03", "2014-11-03T14:30:00Z"},
        {"2006-03-31", "2006-03-31T14:30:00Z"}, {"2006-04-03", "2006-04-03T13:30:00Z"},
        {"2006-10-27", "2006-10-27T13:30:00Z"}, {"2006-10-30", "2006-10-30T14:30:00Z"},
        {"1990-03-30", "1990-03-30T14:30:00Z"}, {"1990-04-02", "1990-04-02T13:30:00Z"},
        {"2007-03-12", "2007-03-12T13:30:00Z"}, {"2007-11-02", "2007-11-02T13:30:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++)
        assert_time(exchange_calendar_at(day_of(days[i].date), CALENDAR_OPEN_MINUTE), days[i].open);
}

static void the_date_in_new_york_changes_at_its_midnight(void **state)
{
    (void)state;
    assert_int_equal(exchange_calendar_day(at("2014-06-03T03:59:59.999999Z")),
                     day_of("2014-06-02"));
    assert_int_equal(exchange_calendar_day(at("2014-06-03T04:00:00Z")), day_of("2014-06-03"));
    assert_int_equal(exchange_calendar_day(at("2014-01-03T04:59:59.999999Z")),
                     day_of("2014-01-02"));
    assert_int_equal(exchange_calendar_day(at("2014-01-03T05:00:00Z")), day_of("2014-01-03"));
    assert_int_equal(exchange_calendar_day(at("1990-01-01T00:00:00Z")), day_of("1989-12-31"));
}

static void the_session_is_open_from_its_open_until_before_its_close(void **state)
{
    (void)state;
    assert_false(exchange_calendar_is_open(at("2014-06-02T13:29:59.999999Z")));
    assert_true(exchange_calendar_is_open(at("2014-06-02T13:30:00Z")));
    assert_true(exchange_calendar_is_open(at("2014-06-02T19:59:59.999999Z")));
    assert_false(exchange_calendar_is_open(at("2014-06-02T20:00:00Z")));
    assert_false(exchange_calendar_is_open(at("2014-11-28T18:00:00Z")));
    assert_false(exchange_calendar_is_open(at("2014-06-07T15:00:00Z")));
}

static void the_extended_hours_end_at_eight_and_on_early_closes_at_five(void **state)
{
    static const struct {
        const char *at;
        enum exchange_session session;
    } moments[] = {
        {"2014-06-02T07:59:59.999999Z", SESSION_CLOSED},
        {"2014-06-02T08:00:00Z", SESSION_PRE_MARKET},
        {"2014-06-02T13:29:59.999999Z", SESSION_PRE_MARKET},
        {"2014-06-02T13:30:00Z", SESSION_REGULAR},
        {"2014-06-02T19:59:59.999999Z", SESSION_REGULAR},
        {"2014-06-02T20:00:00Z", SESSION_AFTER_HOURS},
        {"2014-06-02T23:59:59.999999Z", SESSION_AFTER_HOURS},
        {"2014-06-03T00:00:00Z", SESSION_CLOSED},
        {"2014-11-28T18:00:00Z", SESSION_AFTER_HOURS},
        {"2014-11-28T21:59:59.999999Z", SESSION_AFTER_HOURS},
        {"2014-11-28T22:00:00Z", SESSION_CLOSED},
        {"2014-07-04T15:00:00Z", SESSION_CLOSED},
        {"2014-06-07T15:00:00Z", SESSION_CLOSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(moments); i++)
        assert_int_equal(exchange_calendar_session(at(moments[i].at)), moments[i].session);
}

static void a_weekday_without_a_session_has_a_name(void **state)
{
    static const struct {
        const char *date;
        const char *name;
    } days[] = {
        {"2014-01-01", "New Year's Day"},
        {"2012-01-02", "New Year's Day"},
        {"2014-01-20", "Martin Luther King, Jr. Day"},
        {"2014-02-17", "Washington's Birthday"},
        {"2014-04-18", "Good Friday"},
        {"2014-05-26", "Memorial Day"},
        {"2022-06-20", "Juneteenth National Independence Day"},
        {"2026-07-03", "Independence Day"},
        {"2014-09-01", "Labor Day"},
        {"2014-11-27", "Thanksgiving Day"},
        {"2021-12-24", "Christmas Day"},
        {"2001-09-13", "Attacks of September 11"},
        {"2012-10-29", "Hurricane Sandy"},
        {"2025-01-09", "Day of Mourning for Jimmy Carter"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++)
        assert_string_equal(exchange_calendar_holiday(day_of(days[i].date)), days[i].name);
    assert_null(exchange_calendar_holiday(day_of("2014-06-02")));
    assert_null(exchange_calendar_holiday(day_of("2014-06-07")));
    // A Saturday's New Year is not kept on the Friday before.
    assert_null(exchange_calendar_holiday(day_of("2021-12-31")));
}

static void the_next_open_and_close_are_strictly_later(void **state)
{
    (void)state;
    assert_time(exchange_calendar_next_open(at("2014-06-02T13:29:59Z")), "2014-06-02T13:30:00Z");
    assert_time(exchange_calendar_next_open(at("2014-06-02T13:30:00Z")), "2014-06-03T13:30:00Z");
    assert_time(exchange_calendar_next_close(at("2014-06-02T13:30:00Z")), "2014-06-02T20:00:00Z");
    assert_time(exchange_calendar_next_close(at("2014-06-02T20:00:00Z")), "2014-06-03T20:00:00Z");
    assert_time(exchange_calendar_next_open(at("2001-09-10T21:00:00Z")), "2001-09-17T13:30:00Z");
    assert_time(exchange_calendar_next_close(at("2014-11-27T21:00:00Z")), "2014-11-28T18:00:00Z");
    assert_time(exchange_calendar_next_open(CALENDAR_START_AT), "1990-01-02T14:30:00Z");
    assert_time(exchange_calendar_next_open(CALENDAR_END_AT), "2101-01-03T14:30:00Z");
}

static void the_previous_close_is_the_last_one_at_or_before(void **state)
{
    (void)state;
    assert_time(exchange_calendar_previous_close(at("2014-06-03T13:30:00Z")),
                "2014-06-02T20:00:00Z");
    assert_time(exchange_calendar_previous_close(at("2014-06-02T20:00:00Z")),
                "2014-06-02T20:00:00Z");
    assert_time(exchange_calendar_previous_close(at("2014-06-02T19:59:59Z")),
                "2014-05-30T20:00:00Z");
    assert_time(exchange_calendar_previous_close(at("2014-12-01T14:00:00Z")),
                "2014-11-28T18:00:00Z");
    assert_int_equal(exchange_calendar_previous_close(CALENDAR_START_AT), CALENDAR_START_AT);
}

static void every_year_has_as_many_sessions_as_it_can(void **state)
{
    (void)state;
    for (int year = 1990; year <= 2100; year++) {
        int64_t first = date_to_days((struct date){year, 1, 1});
        int count = 0;

        for (int64_t day = first; day < date_to_days((struct date){year + 1, 1, 1}); day++)
            count += exchange_calendar_is_session(day);
        assert_in_range(count, 248, 254);
    }
}

// Marks the days for which the price file has a row.
static void read_days(const char *path, unsigned char *has_row)
{
    FILE *file = fopen(path, "r");
    char line[512];
    struct date date;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strlen(line) > 10 && date_parse((struct text){line, 10}, &date))
            has_row[date_to_days(date) - CALENDAR_FIRST_DAY] = 1;
    }
    (void)fclose(file);
}

static void the_sessions_are_the_days_of_real_price_files(void **state)
{
    const char *folder = getenv("BOURSE_TEST_PRICES");
    unsigned char *has_row = allocate(CALENDAR_LAST_DAY - CALENDAR_FIRST_DAY + 1);
    DIR *directory = opendir(folder != NULL ? folder : BOURSE_PRICES_FOLDER);
    size_t files = 0;

    (void)state;
    if (directory == NULL) {
        release(has_row);
        print_message("skipped: there is no folder %s with price files\n", BOURSE_PRICES_FOLDER);
        skip();
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[1024];

        if (strstr(entry->d_name, ".csv") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : BOURSE_PRICES_FOLDER,
                       entry->d_name);
        read_days(path, has_row);
        files++;
    }
    (void)closedir(directory);
    for (int64_t day = day_of("2012-09-04"); files > 0 && day <= day_of("2017-09-01"); day++)
        assert_int_equal(has_row[day - CALENDAR_FIRST_DAY], exchange_calendar_is_session(day));
    release(has_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limits_are_the_days_they_say),
        cmocka_unit_test(weekends_and_holidays_have_no_session),
        cmocka_unit_test(closures_that_no_rule_gives_are_known),
        cmocka_unit_test(some_days_close_early),
        cmocka_unit_test(nine_thirty_in_new_york_follows_daylight_saving),
        cmocka_unit_test(the_date_in_new_york_changes_at_its_midnight),
        cmocka_unit_test(the_session_is_open_from_its_open_until_before_its_close),
        cmocka_unit_test(the_extended_hours_end_at_eight_and_on_early_closes_at_five),
        cmocka_unit_test(a_weekday_without_a_session_has_a_name),
        cmocka_unit_test(the_next_open_and_close_are_strictly_later),
        cmocka_unit_test(the_previous_close_is_the_last_one_at_or_before),
        cmocka_unit_test(every_year_has_as_many_sessions_as_it_can),
        cmocka_unit_test(the_sessions_are_the_days_of_real_price_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
