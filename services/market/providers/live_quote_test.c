// SPDX-License-Identifier: MIT
#include "providers/live_quote.h"

#include "base/timestamp.h"

#include "support/test.h"

#define AGE (120 * MICROS_PER_SECOND)
#define REFRESH (15 * MICROS_PER_SECOND)

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

// 2021-07-30 is a Friday; the session is from 13:30 to 20:00 UTC.
static void a_price_of_the_session_holds_for_its_age(void **state)
{
    (void)state;
    assert_int_equal(
        live_quote_valid_until(at("2021-07-30T15:00:00Z"), at("2021-07-30T15:00:05Z"), AGE),
        at("2021-07-30T15:02:00Z"));
    assert_int_equal(
        live_quote_valid_until(at("2021-07-30T19:59:59Z"), at("2021-07-30T19:59:59Z"), AGE),
        at("2021-07-30T20:01:59Z"));
}

static void the_last_price_of_a_session_holds_until_the_next_opens(void **state)
{
    (void)state;
    assert_int_equal(
        live_quote_valid_until(at("2021-07-30T20:00:01Z"), at("2021-07-31T12:00:00Z"), AGE),
        at("2021-08-02T13:30:00Z"));
    assert_int_equal(
        live_quote_valid_until(at("2021-07-30T17:00:00Z"), at("2021-07-30T20:30:00Z"), AGE),
        at("2021-08-02T13:30:00Z"));
}

static void a_price_of_an_earlier_session_is_stale_at_once(void **state)
{
    (void)state;
    assert_int_equal(
        live_quote_valid_until(at("2021-07-29T20:00:00Z"), at("2021-07-31T12:00:00Z"), AGE),
        at("2021-07-29T20:02:00Z"));
    assert_int_equal(
        live_quote_valid_until(at("2021-07-29T20:00:00Z"), at("2021-07-30T14:00:00Z"), AGE),
        at("2021-07-29T20:02:00Z"));
}

static void it_is_asked_again_within_a_session_and_once_after_it(void **state)
{
    (void)state;
    assert_int_equal(live_quote_next_at(at("2021-07-30T15:00:00Z"), REFRESH),
                     at("2021-07-30T15:00:15Z"));
    assert_int_equal(live_quote_next_at(at("2021-07-30T20:00:00Z"), REFRESH),
                     at("2021-07-30T20:20:00Z"));
    assert_int_equal(live_quote_next_at(at("2021-07-30T20:20:00Z"), REFRESH),
                     at("2021-08-02T13:30:00Z"));
    assert_int_equal(live_quote_next_at(at("2021-07-31T12:00:00Z"), REFRESH),
                     at("2021-08-02T13:30:00Z"));
    assert_int_equal(live_quote_next_at(at("2021-07-30T08:00:00Z"), REFRESH),
                     at("2021-07-30T13:30:00Z"));
}

static void a_leap_is_more_than_so_many_percent_either_way(void **state)
{
    (void)state;
    assert_false(live_quote_leaps(120000000, 100000000, 20));
    assert_true(live_quote_leaps(120000001, 100000000, 20));
    assert_false(live_quote_leaps(80000000, 100000000, 20));
    assert_true(live_quote_leaps(79999999, 100000000, 20));
    assert_false(live_quote_leaps(1, 0, 20));
    assert_true(live_quote_leaps(PRICE_MICROS_MAX, 1, 20));
}

static void a_leap_is_confirmed_by_a_price_beside_it(void **state)
{
    (void)state;
    assert_true(live_quote_confirms(105000000, 100000000));
    assert_false(live_quote_confirms(105000001, 100000000));
    assert_false(live_quote_confirms(50000000, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_of_the_session_holds_for_its_age),
        cmocka_unit_test(the_last_price_of_a_session_holds_until_the_next_opens),
        cmocka_unit_test(a_price_of_an_earlier_session_is_stale_at_once),
        cmocka_unit_test(it_is_asked_again_within_a_session_and_once_after_it),
        cmocka_unit_test(a_leap_is_more_than_so_many_percent_either_way),
        cmocka_unit_test(a_leap_is_confirmed_by_a_price_beside_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
