// SPDX-License-Identifier: MIT
#include "providers/circuit_breaker.h"

#include "support/test.h"

#define START (INT64_C(1600000000) * MICROS_PER_SECOND)
#define OPEN_US (BREAKER_OPEN_MS * MICROS_PER_MS)

static void fail_at(struct circuit_breaker *breaker, int64_t now)
{
    assert_true(circuit_breaker_allows(breaker, now));
    circuit_breaker_begin(breaker, now);
    circuit_breaker_fail(breaker, now);
}

static void it_opens_after_so_many_failures_in_a_row(void **state)
{
    struct circuit_breaker breaker = {0};

    (void)state;
    for (int i = 1; i < BREAKER_FAILURES; i++)
        fail_at(&breaker, START);
    circuit_breaker_begin(&breaker, START);
    circuit_breaker_succeed(&breaker);
    for (int i = 1; i < BREAKER_FAILURES; i++)
        fail_at(&breaker, START);
    assert_int_equal(circuit_breaker_state(&breaker, START), BREAKER_CLOSED);
    fail_at(&breaker, START);
    assert_int_equal(circuit_breaker_state(&breaker, START), BREAKER_OPEN);
    assert_false(circuit_breaker_allows(&breaker, START + OPEN_US - 1));
}

static void open_breaker(struct circuit_breaker *breaker)
{
    for (int i = 0; i < BREAKER_FAILURES; i++)
        fail_at(breaker, START);
}

static void half_open_lets_one_call_through(void **state)
{
    struct circuit_breaker breaker = {0};

    (void)state;
    open_breaker(&breaker);
    assert_int_equal(circuit_breaker_state(&breaker, START + OPEN_US), BREAKER_HALF_OPEN);
    assert_true(circuit_breaker_allows(&breaker, START + OPEN_US));
    circuit_breaker_begin(&breaker, START + OPEN_US);
    assert_false(circuit_breaker_allows(&breaker, START + OPEN_US));
    circuit_breaker_succeed(&breaker);
    assert_true(circuit_breaker_allows(&breaker, START + OPEN_US));
    assert_int_equal(circuit_breaker_state(&breaker, START + OPEN_US), BREAKER_CLOSED);
}

static void each_probe_that_fails_doubles_the_pause_up_to_a_limit(void **state)
{
    struct circuit_breaker breaker = {0};
    int64_t now = START, pause = OPEN_US;

    (void)state;
    open_breaker(&breaker);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(breaker.open_until - now, pause);
        now = breaker.open_until;
        fail_at(&breaker, now);
        pause = pause * 2 < BREAKER_OPEN_MS_MAX * MICROS_PER_MS
                    ? pause * 2
                    : BREAKER_OPEN_MS_MAX * MICROS_PER_MS;
    }
    assert_int_equal(pause, BREAKER_OPEN_MS_MAX * MICROS_PER_MS);
}

static void failures_of_calls_that_had_left_before_do_not_prolong_it(void **state)
{
    struct circuit_breaker breaker = {0};
    int64_t until;

    (void)state;
    open_breaker(&breaker);
    until = breaker.open_until;
    circuit_breaker_fail(&breaker, START + MICROS_PER_SECOND);
    assert_int_equal(breaker.open_until, until);
}

static void a_probe_that_says_nothing_leaves_room_for_another(void **state)
{
    struct circuit_breaker breaker = {0};

    (void)state;
    open_breaker(&breaker);
    circuit_breaker_begin(&breaker, START + OPEN_US);
    circuit_breaker_pass(&breaker);
    assert_true(circuit_breaker_allows(&breaker, START + OPEN_US));
    assert_int_equal(circuit_breaker_state(&breaker, START + OPEN_US), BREAKER_HALF_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_after_so_many_failures_in_a_row),
        cmocka_unit_test(half_open_lets_one_call_through),
        cmocka_unit_test(each_probe_that_fails_doubles_the_pause_up_to_a_limit),
        cmocka_unit_test(failures_of_calls_that_had_left_before_do_not_prolong_it),
        cmocka_unit_test(a_probe_that_says_nothing_leaves_room_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
