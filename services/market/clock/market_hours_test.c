// SPDX-License-Identifier: MIT
#include "clock/market_hours.h"

#include "base/timestamp.h"
#include "clock/exchange_calendar.h"
#include "support/test.h"

static int64_t at(const char *text)
{
    int64_t time = 0;

    assert_true(timestamp_parse(text_of(text), &time));
    return time;
}

static void around_the_clock_every_day_of_utc_is_a_session(void **state)
{
    struct market_session session;

    (void)state;
    assert_true(market_hours_session(HOURS_AROUND_THE_CLOCK, at("2026-07-04T12:00:00Z"), &session));
    assert_int_equal(session.open_at, at("2026-07-04T00:00:00Z"));
    assert_int_equal(session.close_at, at("2026-07-05T00:00:00Z"));
    assert_int_equal(session.next_open_at, session.close_at);
    assert_true(market_hours_is_open(HOURS_AROUND_THE_CLOCK, at("2026-07-04T03:00:00Z")));
    assert_int_equal(market_hours_next_close(HOURS_AROUND_THE_CLOCK, at("2026-07-04T00:00:00Z")),
                     at("2026-07-05T00:00:00Z"));
    assert_int_equal(
        market_hours_previous_close(HOURS_AROUND_THE_CLOCK, at("2026-07-04T23:59:59Z")),
        at("2026-07-04T00:00:00Z"));
    assert_int_equal(market_hours_next_open(HOURS_AROUND_THE_CLOCK, at("2026-07-04T23:59:59Z")),
                     at("2026-07-05T00:00:00Z"));
}

static void in_new_york_the_last_session_is_the_one_that_has_begun(void **state)
{
    struct market_session session;

    (void)state;
    // The Monday after a Friday that was a holiday, a minute before its open.
    assert_true(market_hours_session(HOURS_NEW_YORK, at("2026-07-06T13:29:00Z"), &session));
    assert_int_equal(session.open_at, at("2026-07-02T13:30:00Z"));
    assert_int_equal(session.close_at, at("2026-07-02T20:00:00Z"));
    assert_int_equal(session.next_open_at, at("2026-07-06T13:30:00Z"));
    assert_true(market_hours_session(HOURS_NEW_YORK, at("2026-07-06T13:30:00Z"), &session));
    assert_int_equal(session.open_at, at("2026-07-06T13:30:00Z"));
    assert_false(market_hours_is_open(HOURS_NEW_YORK, at("2026-07-04T15:00:00Z")));
    assert_false(market_hours_session(HOURS_NEW_YORK, CALENDAR_START_AT, &session));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(around_the_clock_every_day_of_utc_is_a_session),
        cmocka_unit_test(in_new_york_the_last_session_is_the_one_that_has_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
