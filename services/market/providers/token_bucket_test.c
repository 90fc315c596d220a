// SPDX-License-Identifier: MIT
#include "providers/token_bucket.h"

#include "support/test.h"

#define MINUTE (60 * MICROS_PER_SECOND)
#define START (INT64_C(1600000000) * MICROS_PER_SECOND)

enum { TAKEN_MAX = 4096 };

// Takes whatever there is at each of many moments, and looks at every window of a minute.
static void try_limit(int64_t count, int64_t step_us)
{
    struct token_bucket bucket = token_bucket_of(count, MINUTE);
    static int64_t taken[TAKEN_MAX];
    size_t total = 0;

    for (int64_t now = START; now < START + 5 * MINUTE && total + 256 < TAKEN_MAX; now += step_us) {
        for (int64_t left = token_bucket_available(&bucket, now); left > 0; left--) {
            token_bucket_take(&bucket, 1, now);
            taken[total++] = now;
        }
        assert_true(token_bucket_ready_at(&bucket, now) > now);
    }
    for (size_t first = 0, last = 0; last < total; last++) {
        while (taken[last] - taken[first] >= MINUTE)
            first++;
        if (last - first + 1 > (size_t)count)
            fail_msg("%zu of %lld in a minute", last - first + 1, (long long)count);
    }
    // And nothing of note is left unused: three quarters of what is allowed.
    assert_true(total >= 4 * (size_t)count * 3 / 4);
}

static void no_window_holds_more_than_is_allowed(void **state)
{
    static const int64_t counts[] = {1, 2, 3, 5, 7, 8, 9, 12, 60, 75, 240};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        try_limit(counts[i], 10 * MICROS_PER_MS);
        try_limit(counts[i], 137 * MICROS_PER_MS);
        try_limit(counts[i], 3001 * MICROS_PER_MS);
    }
}

static void a_full_bucket_gives_a_quarter_at_once(void **state)
{
    struct token_bucket bucket = token_bucket_of(60, MINUTE);

    (void)state;
    assert_int_equal(token_bucket_available(&bucket, START), 15);
    token_bucket_take(&bucket, 15, START);
    assert_int_equal(token_bucket_available(&bucket, START), 0);
    assert_int_equal(token_bucket_ready_at(&bucket, START), START + bucket.interval_us);
    assert_int_equal(token_bucket_available(&bucket, START + bucket.interval_us - 1), 0);
    assert_int_equal(token_bucket_available(&bucket, START + bucket.interval_us), 1);
    assert_int_equal(token_bucket_available(&bucket, START + MINUTE), 15);
}

static void no_limit_is_always_available(void **state)
{
    struct token_bucket bucket = token_bucket_of(0, MINUTE);

    (void)state;
    token_bucket_take(&bucket, 1000000, START);
    assert_int_equal(token_bucket_available(&bucket, START), INT64_MAX);
    assert_int_equal(token_bucket_ready_at(&bucket, START), START);
}

static void what_was_taken_is_taken_after_a_restart(void **state)
{
    struct token_bucket before = token_bucket_of(12, MINUTE);
    struct token_bucket after = token_bucket_of(12, MINUTE);

    (void)state;
    token_bucket_take(&before, 3, START);
    token_bucket_resume(&after, before.used_until, START + MICROS_PER_SECOND);
    assert_int_equal(token_bucket_available(&after, START + MICROS_PER_SECOND), 0);
    assert_int_equal(token_bucket_ready_at(&after, START + MICROS_PER_SECOND),
                     token_bucket_ready_at(&before, START + MICROS_PER_SECOND));
}

static void a_clock_that_was_set_back_costs_one_empty_bucket_at_most(void **state)
{
    struct token_bucket bucket = token_bucket_of(12, MINUTE);

    (void)state;
    token_bucket_resume(&bucket, START + 1000 * MINUTE, START);
    assert_int_equal(token_bucket_available(&bucket, START), 0);
    assert_int_equal(token_bucket_ready_at(&bucket, START), START + bucket.interval_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_window_holds_more_than_is_allowed),
        cmocka_unit_test(a_full_bucket_gives_a_quarter_at_once),
        cmocka_unit_test(no_limit_is_always_available),
        cmocka_unit_test(what_was_taken_is_taken_after_a_restart),
        cmocka_unit_test(a_clock_that_was_set_back_costs_one_empty_bucket_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
