// SPDX-License-Identifier: MIT
#include "competitions/competition.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "support/test.h"

#define HOUR_US (INT64_C(3600) * MICROS_PER_SECOND)

static int64_t at(const char *time)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(time), &us));
    return us;
}

static struct session session_of(const char *day)
{
    int64_t midnight = at(day);
    struct session session = {.open = midnight + 14 * HOUR_US, .close = midnight + 20 * HOUR_US};

    snprintf(session.day, sizeof(session.day), "%s", day);
    return session;
}

// Thursday, Friday, Monday, Tuesday.
static struct session week[4];
static const struct session_list sessions = {.sessions = week, .count = COUNT_OF(week)};

static int make_week(void **state)
{
    static const char *const days[] = {"2014-06-05", "2014-06-06", "2014-06-09", "2014-06-10"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(week); i++)
        week[i] = session_of(days[i]);
    return 0;
}

static void assert_scheduled(const char *first,
                             const char *last,
                             const char *now,
                             const char *starts_at,
                             const char *ends_at)
{
    int64_t starts = 0;
    int64_t ends = 0;
    struct error error;

    assert_true(competition_schedule(first, last, &sessions, at(now), &starts, &ends, &error));
    assert_int_equal(starts, at(starts_at));
    assert_int_equal(ends, at(ends_at));
}

static void it_begins_at_the_first_open_and_ends_at_the_last_close(void **state)
{
    (void)state;
    assert_scheduled("2014-06-06", "2014-06-09", "2014-06-05T15:00:00Z", "2014-06-06T14:00:00Z",
                     "2014-06-09T20:00:00Z");
}

static void days_without_trading_are_left_out_at_both_ends(void **state)
{
    (void)state;
    assert_scheduled("2014-06-07", "2014-06-10", "2014-06-05T15:00:00Z", "2014-06-09T14:00:00Z",
                     "2014-06-10T20:00:00Z");
    assert_scheduled("2014-06-05", "2014-06-08", "2014-06-05T13:00:00Z", "2014-06-05T14:00:00Z",
                     "2014-06-06T20:00:00Z");
}

static void it_begins_at_once_without_a_first_day_and_on_one_that_has_opened(void **state)
{
    (void)state;
    assert_scheduled(NULL, "2014-06-06", "2014-06-05T15:00:00Z", "2014-06-05T15:00:00Z",
                     "2014-06-06T20:00:00Z");
    assert_scheduled(NULL, "2014-06-06", "2014-06-05T02:00:00Z", "2014-06-05T02:00:00Z",
                     "2014-06-06T20:00:00Z");
    assert_scheduled("2014-06-05", "2014-06-05", "2014-06-05T15:00:00Z", "2014-06-05T15:00:00Z",
                     "2014-06-05T20:00:00Z");
}

static void assert_refused(const char *first, const char *last, const char *field, const char *rule)
{
    int64_t starts = 0;
    int64_t ends = 0;
    struct error error;

    assert_false(competition_schedule(first, last, &sessions, at("2014-06-05T15:00:00Z"), &starts,
                                      &ends, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_string_equal(error.details[0].name, field);
    assert_string_equal(error.details[0].value, rule);
}

static void dates_that_are_over_too_far_or_without_trading_are_refused_with_the_rule(void **state)
{
    static const char over[] = "must not be before 2014-06-05, the day of trading that closes next";

    (void)state;
    assert_refused("2014-06-04", "2014-06-09", "first_day", over);
    assert_refused(NULL, "2014-06-04", "last_day", over);
    assert_refused("2014-06-09", "2014-06-06", "last_day", "must not be before first_day");
    assert_refused("2014-06-07", "2014-06-08", "last_day",
                   "must leave a day of trading from first_day on");
    assert_refused("2014-06-11", "2014-06-12", "last_day",
                   "must leave a day of trading from first_day on");
    assert_refused(NULL, "2015-06-06", "last_day",
                   "must be within 366 days from now, before 2015-06-06");
}

static void a_calendar_that_is_over_has_no_day_for_it(void **state)
{
    const struct session_list none = {.count = 0};
    int64_t starts = 0;
    int64_t ends = 0;
    struct error error;

    (void)state;
    assert_false(competition_schedule(NULL, "2014-06-05", &none, 0, &starts, &ends, &error));
    assert_string_equal(error.details[0].name, "last_day");
}

static const struct competition running = {.starts_at = 100, .ends_at = 200, .players = 3};

static void it_runs_from_its_start_until_before_its_end(void **state)
{
    (void)state;
    assert_int_equal(competition_state_at(&running, 99), COMPETITION_UPCOMING);
    assert_int_equal(competition_state_at(&running, 100), COMPETITION_RUNNING);
    assert_int_equal(competition_state_at(&running, 199), COMPETITION_RUNNING);
    assert_int_equal(competition_state_at(&running, 200), COMPETITION_ENDED);
}

static void one_joins_once_until_the_end_while_there_is_room(void **state)
{
    struct competition competition = running;
    struct error error;

    (void)state;
    assert_true(competition_check_join(&competition, 0, &error));
    assert_true(competition_check_join(&competition, 199, &error));
    assert_false(competition_check_join(&competition, 200, &error));
    assert_true(error_is(&error, REASON_COMPETITION_ENDED));
    competition.players = COMPETITION_PLAYERS_MAX;
    assert_false(competition_check_join(&competition, 0, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_string_equal(error.details[0].value, "1000");
    assert_string_equal(error.details[1].value, "1000");
    competition.display_name = "Ada";
    assert_false(competition_check_join(&competition, 0, &error));
    assert_true(error_is(&error, REASON_ALREADY_JOINED));
}

static void only_a_portfolio_that_competes_is_kept_from_cash_and_only_until_the_end(void **state)
{
    struct portfolio_record record = {.competes_until = 200};
    struct error error;

    (void)state;
    assert_true(competition_leaves_free(&record, 100, &error));
    snprintf(record.competition_id, UUID_SIZE, "%s", "0191e0aa-0000-7000-8000-000000000001");
    assert_false(competition_leaves_free(&record, 199, &error));
    assert_true(error_is(&error, REASON_IN_COMPETITION));
    assert_string_equal(error.details[0].name, "ends_at");
    assert_true(competition_leaves_free(&record, 200, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_at_the_first_open_and_ends_at_the_last_close),
        cmocka_unit_test(days_without_trading_are_left_out_at_both_ends),
        cmocka_unit_test(it_begins_at_once_without_a_first_day_and_on_one_that_has_opened),
        cmocka_unit_test(dates_that_are_over_too_far_or_without_trading_are_refused_with_the_rule),
        cmocka_unit_test(a_calendar_that_is_over_has_no_day_for_it),
        cmocka_unit_test(it_runs_from_its_start_until_before_its_end),
        cmocka_unit_test(one_joins_once_until_the_end_while_there_is_room),
        cmocka_unit_test(only_a_portfolio_that_competes_is_kept_from_cash_and_only_until_the_end),
    };

    return cmocka_run_group_tests(tests, make_week, NULL);
}
