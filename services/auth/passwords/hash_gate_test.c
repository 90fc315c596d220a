// SPDX-License-Identifier: MIT
#include "passwords/hash_gate.h"

#include "base/clock.h"
#include "support/wait.h"

#include <pthread.h>
#include <sys/sysinfo.h>

enum { CALLERS = 6, FAR_MS = 20000, NEAR_MS = 50 };

// One that goes in, notes when it was its turn, and comes out again.
struct caller {
    struct hash_gate *gate;
    size_t *turns; // taken so far, guarded by the gate of one place
    size_t turn;   // its own, from 1
    bool got_in;
    struct error error;
    pthread_t thread;
};

static int64_t in_ms(int64_t ms)
{
    struct clock real = clock_real();

    return clock_now_us(&real) + ms * MICROS_PER_MS;
}

static void *go_through(void *context)
{
    struct caller *caller = context;

    caller->got_in = hash_gate_enter(caller->gate, in_ms(FAR_MS), &caller->error);
    if (!caller->got_in)
        return NULL;
    caller->turn = ++*caller->turns;
    hash_gate_leave(caller->gate);
    return NULL;
}

static void wait_until_so_many_wait(struct hash_gate *gate, size_t waiting)
{
    assert_true_within(FAR_MS, hash_gate_count(gate).waiting == waiting);
}

static void who_came_first_goes_first(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(1);
    struct caller callers[CALLERS];
    size_t turns = 0;
    struct error error;

    (void)state;
    assert_true(hash_gate_enter(gate, in_ms(FAR_MS), &error));
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.gate = gate, .turns = &turns};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, go_through, &callers[i]), 0);
        wait_until_so_many_wait(gate, i + 1);
    }
    assert_int_equal(turns, 0);
    assert_int_equal(hash_gate_count(gate).inside, 1);
    hash_gate_leave(gate);
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_true(callers[i].got_in);
        assert_int_equal(callers[i].turn, i + 1);
    }
    assert_int_equal(hash_gate_count(gate).inside, 0);
    assert_int_equal(hash_gate_count(gate).waiting, 0);
}

static void so_many_get_in_and_no_more(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(3);
    struct error error;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_true(hash_gate_enter(gate, in_ms(FAR_MS), &error));
    assert_false(hash_gate_enter(gate, in_ms(NEAR_MS), &error));
    assert_int_equal(hash_gate_count(gate).inside, 3);
    hash_gate_leave(gate);
    assert_true(hash_gate_enter(gate, in_ms(FAR_MS), &error));
    for (size_t i = 0; i < 3; i++)
        hash_gate_leave(gate);
    assert_int_equal(hash_gate_count(gate).inside, 0);
}

static void nobody_waits_past_the_deadline(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(1);
    int64_t from_us = clock_monotonic_us();
    struct error error;

    (void)state;
    assert_true(hash_gate_enter(gate, in_ms(FAR_MS), &error));
    assert_false(hash_gate_enter(gate, in_ms(NEAR_MS), &error));
    assert_true(error_is(&error, REASON_DEADLINE_EXCEEDED));
    assert_true(clock_monotonic_us() - from_us < FAR_MS * MICROS_PER_MS);
    assert_int_equal(hash_gate_count(gate).late, 1);
    assert_int_equal(hash_gate_count(gate).waiting, 0);
    hash_gate_leave(gate);
}

static void who_gives_up_in_the_middle_leaves_the_others_in_order(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(1);
    struct caller callers[2];
    size_t turns = 0;
    struct error error;

    (void)state;
    assert_true(hash_gate_enter(gate, in_ms(FAR_MS), &error));
    for (size_t i = 0; i < 2; i++) {
        callers[i] = (struct caller){.gate = gate, .turns = &turns};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, go_through, &callers[i]), 0);
        wait_until_so_many_wait(gate, i + 1);
        // Behind each of them one that is in a hurry.
        assert_false(hash_gate_enter(gate, in_ms(NEAR_MS), &error));
    }
    hash_gate_leave(gate);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].turn, i + 1);
    }
    assert_int_equal(hash_gate_count(gate).late, 2);
    assert_int_equal(hash_gate_count(gate).inside, 0);
}

static void who_is_late_does_not_get_in_even_when_there_is_a_place(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(1);
    struct error error;

    (void)state;
    assert_false(hash_gate_enter(gate, in_ms(-1), &error));
    assert_true(error_is(&error, REASON_DEADLINE_EXCEEDED));
    assert_int_equal(hash_gate_count(gate).inside, 0);
}

static void without_a_number_half_of_the_cores_may_be_used(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(0);
    size_t cores = (size_t)get_nprocs();

    (void)state;
    assert_int_equal(hash_gate_count(gate).places, cores > 1 ? cores / 2 : 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_came_first_goes_first),
        cmocka_unit_test(so_many_get_in_and_no_more),
        cmocka_unit_test(nobody_waits_past_the_deadline),
        cmocka_unit_test(who_gives_up_in_the_middle_leaves_the_others_in_order),
        cmocka_unit_test(who_is_late_does_not_get_in_even_when_there_is_a_place),
        cmocka_unit_test(without_a_number_half_of_the_cores_may_be_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
