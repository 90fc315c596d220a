// SPDX-License-Identifier: MIT
#include "support/test.h"

#include "base/clock.h"
#include "queue/task_statistics.h"

#define MINUTE_US (60 * MICROS_PER_SECOND)

static void percentiles_are_at_most_a_fifth_too_high(void **state)
{
    struct runtime_histogram histogram = {{0}};
    int64_t value_us = 0;

    (void)state;
    assert_false(runtime_histogram_percentile(&histogram, 50, &value_us));
    for (int64_t ms = 1; ms <= 100; ms++)
        runtime_histogram_add(&histogram, ms * MICROS_PER_MS);
    assert_true(runtime_histogram_percentile(&histogram, 50, &value_us));
    assert_in_range(value_us, 50 * MICROS_PER_MS, 60 * MICROS_PER_MS);
    assert_true(runtime_histogram_percentile(&histogram, 99, &value_us));
    assert_in_range(value_us, 99 * MICROS_PER_MS, 119 * MICROS_PER_MS);
    assert_true(runtime_histogram_percentile(&histogram, 1, &value_us));
    assert_in_range(value_us, 1 * MICROS_PER_MS, 1200);
}

static void what_takes_longer_than_the_last_bucket_is_counted_in_it(void **state)
{
    struct runtime_histogram histogram = {{0}};
    int64_t value_us = 0;

    (void)state;
    runtime_histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.counts[RUNTIME_BUCKETS - 1], 1);
    assert_true(runtime_histogram_percentile(&histogram, 99, &value_us));
    assert_true(value_us > 3600 * MICROS_PER_SECOND);
}

static void attempts_are_counted_in_the_minute_they_end_in(void **state)
{
    struct task_statistics *statistics = task_statistics_new();
    struct task_minute minutes[TASK_MINUTES_MAX];
    int64_t totals[TASK_OUTCOME_COUNT];

    (void)state;
    task_statistics_add(statistics, TASK_COMPLETED, 8000, MINUTE_US - 1);
    task_statistics_add(statistics, TASK_COMPLETED, 8000, MINUTE_US);
    task_statistics_add(statistics, TASK_RETRIED, 0, MINUTE_US + 1);
    task_statistics_add(statistics, TASK_FAILED, 0, 2 * MINUTE_US);
    assert_int_equal(task_statistics_copy(statistics, minutes, totals), 3);
    assert_int_equal(minutes[0].at, 0);
    assert_int_equal(minutes[0].counts[TASK_COMPLETED], 1);
    assert_int_equal(minutes[1].at, MINUTE_US);
    assert_int_equal(minutes[1].counts[TASK_COMPLETED], 1);
    assert_int_equal(minutes[1].counts[TASK_RETRIED], 1);
    assert_int_equal(minutes[2].counts[TASK_FAILED], 1);
    assert_int_equal(totals[TASK_COMPLETED], 2);
    task_statistics_free(&statistics);
}

static void only_minutes_that_are_over_are_forgotten_and_totals_never(void **state)
{
    struct task_statistics *statistics = task_statistics_new();
    struct task_minute minutes[TASK_MINUTES_MAX];
    int64_t totals[TASK_OUTCOME_COUNT];

    (void)state;
    task_statistics_add(statistics, TASK_COMPLETED, 1, 0);
    task_statistics_add(statistics, TASK_COMPLETED, 1, MINUTE_US);
    task_statistics_forget(statistics, 2 * MINUTE_US - 1);
    assert_int_equal(task_statistics_copy(statistics, minutes, totals), 1);
    assert_int_equal(minutes[0].at, MINUTE_US);
    assert_int_equal(totals[TASK_COMPLETED], 2);
    task_statistics_free(&statistics);
}

static void an_hour_without_the_database_is_kept_and_then_the_oldest_minute_goes(void **state)
{
    struct task_statistics *statistics = task_statistics_new();
    struct task_minute minutes[TASK_MINUTES_MAX];
    int64_t totals[TASK_OUTCOME_COUNT];

    (void)state;
    for (int64_t minute = 0; minute <= TASK_MINUTES_MAX; minute++)
        task_statistics_add(statistics, TASK_COMPLETED, 1, minute * MINUTE_US);
    assert_int_equal(task_statistics_copy(statistics, minutes, totals), TASK_MINUTES_MAX);
    assert_int_equal(minutes[0].at, MINUTE_US);
    assert_int_equal(totals[TASK_COMPLETED], TASK_MINUTES_MAX + 1);
    task_statistics_free(&statistics);
}

static void a_clock_that_is_set_back_goes_on_in_the_latest_minute(void **state)
{
    struct task_statistics *statistics = task_statistics_new();
    struct task_minute minutes[TASK_MINUTES_MAX];
    int64_t totals[TASK_OUTCOME_COUNT];

    (void)state;
    task_statistics_add(statistics, TASK_COMPLETED, 1, 5 * MINUTE_US);
    task_statistics_add(statistics, TASK_COMPLETED, 1, 2 * MINUTE_US);
    assert_int_equal(task_statistics_copy(statistics, minutes, totals), 1);
    assert_int_equal(minutes[0].counts[TASK_COMPLETED], 2);
    task_statistics_free(&statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_at_most_a_fifth_too_high),
        cmocka_unit_test(what_takes_longer_than_the_last_bucket_is_counted_in_it),
        cmocka_unit_test(attempts_are_counted_in_the_minute_they_end_in),
        cmocka_unit_test(only_minutes_that_are_over_are_forgotten_and_totals_never),
        cmocka_unit_test(an_hour_without_the_database_is_kept_and_then_the_oldest_minute_goes),
        cmocka_unit_test(a_clock_that_is_set_back_goes_on_in_the_latest_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
