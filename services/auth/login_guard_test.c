// SPDX-License-Identifier: MIT
#include "login_guard.h"

#include "base/clock.h"
#include "support/test.h"

#include <stdio.h>

enum { FREE = 10, LONGEST_WAIT = 15 * 60, MANY = 100000 };

static const int64_t start_us = 1000 * MICROS_PER_SECOND;

static int start(void **state)
{
    unsigned char key[KEY_SIZE] = {1, 2, 3};

    digest_start();
    *state = login_guard_new(key);
    return 0;
}

static int stop(void **state)
{
    struct login_guard *guard = *state;

    login_guard_free(&guard);
    return 0;
}

static void count_wrong(struct login_guard *guard, const char *name, int times, int64_t now_us)
{
    for (int i = 0; i < times; i++)
        login_guard_count_wrong(guard, name, now_us);
}

static void a_name_has_to_wait_after_ten_wrong_logins_and_no_other_has(void **state)
{
    struct login_guard *guard = *state;

    count_wrong(guard, "ada", FREE - 1, start_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", start_us), 0);
    count_wrong(guard, "Ada", 1, start_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ADA", start_us), 15);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", start_us + MICROS_PER_SECOND / 2), 15);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", start_us + 15 * MICROS_PER_SECOND), 0);
    assert_int_equal(login_guard_wait_seconds(guard, "adb", start_us), 0);
}

static void each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour(void **state)
{
    struct login_guard *guard = *state;
    int64_t now_us = start_us;
    int64_t last = 0;

    count_wrong(guard, "ada", FREE, now_us);
    for (int i = 0; i < 12; i++) {
        int64_t wait = login_guard_wait_seconds(guard, "ada", now_us);

        assert_true(wait == LONGEST_WAIT || wait == 2 * last || last == 0);
        last = wait;
        now_us += wait * MICROS_PER_SECOND;
        login_guard_count_wrong(guard, "ada", now_us);
    }
    assert_int_equal(last, LONGEST_WAIT);
}

static void logins_that_were_under_way_do_not_lengthen_the_wait(void **state)
{
    struct login_guard *guard = *state;

    count_wrong(guard, "ada", FREE + 50, start_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", start_us), 15);
}

static void a_right_login_and_half_an_hour_end_the_count(void **state)
{
    struct login_guard *guard = *state;
    int64_t later_us = start_us + 1800 * MICROS_PER_SECOND;

    count_wrong(guard, "ada", FREE - 1, start_us);
    login_guard_forget(guard, "ADA");
    count_wrong(guard, "ada", FREE - 1, start_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", start_us), 0);
    count_wrong(guard, "ada", FREE - 1, later_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", later_us), 0);
    count_wrong(guard, "ada", 1, later_us);
    assert_int_equal(login_guard_wait_seconds(guard, "ada", later_us), 15);
}

static void more_names_than_fit_push_out_the_oldest_and_nothing_breaks(void **state)
{
    struct login_guard *guard = *state;
    char name[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "name%d", i);
        login_guard_count_wrong(guard, name, start_us + i);
    }
    count_wrong(guard, name, FREE - 1, start_us + MANY);
    assert_int_equal(login_guard_wait_seconds(guard, name, start_us + MANY), 15);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_has_to_wait_after_ten_wrong_logins_and_no_other_has),
        TEST(each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour),
        TEST(logins_that_were_under_way_do_not_lengthen_the_wait),
        TEST(a_right_login_and_half_an_hour_end_the_count),
        TEST(more_names_than_fit_push_out_the_oldest_and_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
