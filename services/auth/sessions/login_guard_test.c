// SPDX-License-Identifier: MIT
#include "sessions/login_guard.h"

#include "base/clock.h"
#include "support/test.h"

enum { LONGEST_WAIT = 15 * 60 };

static const int64_t now = 1000000 * MICROS_PER_SECOND;

// A hundred, and fifty, in 15 minutes: a token is worth 9, and 18, seconds.
static const struct login_limits limits = {
    .of_name = {"wrong logins with one name", 100, 900 * MICROS_PER_SECOND, 100},
    .of_address = {"wrong logins from one address", 50, 900 * MICROS_PER_SECOND, 50},
};

static int64_t wait_seconds(const struct login_history *history)
{
    return login_guard_judge(&limits, history).wait_us / MICROS_PER_SECOND;
}

static struct login_history history_of(int64_t wrong, int64_t seconds_ago)
{
    return (struct login_history){
        .now = now, .wrong = wrong, .last_wrong_at = now - seconds_ago * MICROS_PER_SECOND};
}

static void nobody_has_to_wait_at_first(void **state)
{
    struct login_history history = {.now = now};

    (void)state;
    assert_int_equal(wait_seconds(&history), 0);
    history = history_of(LOGIN_WRONG_FREE - 1, 0);
    assert_int_equal(wait_seconds(&history), 0);
}

static void a_name_has_to_wait_at_the_address_of_ten_wrong_logins(void **state)
{
    struct login_history history = history_of(LOGIN_WRONG_FREE, 0);

    (void)state;
    assert_int_equal(wait_seconds(&history), 15);
    assert_null(login_guard_judge(&limits, &history).limit);
    history = history_of(LOGIN_WRONG_FREE, 14);
    assert_int_equal(wait_seconds(&history), 1);
    history = history_of(LOGIN_WRONG_FREE, 15);
    assert_int_equal(wait_seconds(&history), 0);
    // A known place too: who guesses there is no stranger, but guesses.
    history = history_of(LOGIN_WRONG_FREE, 0);
    history.is_from_known_place = true;
    assert_int_equal(wait_seconds(&history), 15);
}

static void each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour(void **state)
{
    static const int64_t waits[] = {15, 30, 60, 120, 240, 480, LONGEST_WAIT, LONGEST_WAIT};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        struct login_history history = history_of(LOGIN_WRONG_FREE + (int64_t)i, 0);

        assert_int_equal(wait_seconds(&history), waits[i]);
    }
    assert_int_equal(
        wait_seconds(&(struct login_history){.now = now, .wrong = INT64_MAX, .last_wrong_at = now}),
        LONGEST_WAIT);
}

static void half_an_hour_ends_the_count(void **state)
{
    struct login_history history = history_of(LOGIN_WRONG_FREE + 20, LOGIN_FORGET_SECONDS - 1);

    (void)state;
    assert_int_equal(login_guard_wrong_max(&history), LOGIN_WRONG_FREE + 21);
    history = history_of(LOGIN_WRONG_FREE + 20, LOGIN_FORGET_SECONDS);
    assert_int_equal(wait_seconds(&history), 0);
    assert_int_equal(login_guard_wrong_max(&history), LOGIN_WRONG_FREE);
}

static void logins_that_were_under_way_do_not_lengthen_the_wait(void **state)
{
    struct login_history history = history_of(3, 1);

    (void)state;
    // However many of them there are, they come to ten together, which is 15 seconds.
    assert_int_equal(login_guard_wrong_max(&history), LOGIN_WRONG_FREE);
    history = history_of(LOGIN_WRONG_FREE, 20);
    assert_int_equal(login_guard_wrong_max(&history), LOGIN_WRONG_FREE + 1);
}

static void too_many_wrong_logins_with_a_name_hold_up_strangers_alone(void **state)
{
    struct login_history history = {.now = now, .name_full_at = now + 900 * MICROS_PER_SECOND};

    (void)state;
    assert_int_equal(wait_seconds(&history), 9);
    assert_ptr_equal(login_guard_judge(&limits, &history).limit, &limits.of_name);
    history.is_from_known_place = true;
    assert_int_equal(wait_seconds(&history), 0);
}

static void too_many_wrong_logins_from_an_address_hold_up_those_unknown_there(void **state)
{
    struct login_history history = {.now = now, .address_full_at = now + 900 * MICROS_PER_SECOND};

    (void)state;
    assert_int_equal(wait_seconds(&history), 18);
    assert_ptr_equal(login_guard_judge(&limits, &history).limit, &limits.of_address);
    history.is_from_known_place = true;
    assert_int_equal(wait_seconds(&history), 0);
}

static void the_longest_wait_is_the_one_that_is_told(void **state)
{
    struct login_history history = history_of(LOGIN_WRONG_FREE, 0);

    (void)state;
    history.name_full_at = now + 910 * MICROS_PER_SECOND;
    assert_int_equal(wait_seconds(&history), 19);
    assert_ptr_equal(login_guard_judge(&limits, &history).limit, &limits.of_name);
    history.name_full_at = now + 900 * MICROS_PER_SECOND;
    assert_int_equal(wait_seconds(&history), 15);
    assert_null(login_guard_judge(&limits, &history).limit);
}

static void a_limit_that_is_switched_off_holds_nobody_up(void **state)
{
    struct login_limits off = limits;
    struct login_history history = {
        .now = now, .name_full_at = INT64_MAX, .address_full_at = INT64_MAX};

    (void)state;
    off.of_name.tokens = 0;
    off.of_address.tokens = 0;
    assert_int_equal(login_guard_judge(&off, &history).wait_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_to_wait_at_first),
        cmocka_unit_test(a_name_has_to_wait_at_the_address_of_ten_wrong_logins),
        cmocka_unit_test(each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour),
        cmocka_unit_test(half_an_hour_ends_the_count),
        cmocka_unit_test(logins_that_were_under_way_do_not_lengthen_the_wait),
        cmocka_unit_test(too_many_wrong_logins_with_a_name_hold_up_strangers_alone),
        cmocka_unit_test(too_many_wrong_logins_from_an_address_hold_up_those_unknown_there),
        cmocka_unit_test(the_longest_wait_is_the_one_that_is_told),
        cmocka_unit_test(a_limit_that_is_switched_off_holds_nobody_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
