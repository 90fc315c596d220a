// SPDX-License-Identifier: MIT
#include "providers/history_fit.h"

#include "support/test.h"

enum { TODAY = 1100, DAYS_MAX = 16 };

static const struct split four_for_one = {
    .ticker = "S", .day = 1004, .numerator = 4, .denominator = 1};

static struct provider_bar bar_of(int64_t day, int64_t close_micros)
{
    return (struct provider_bar){.day = day,
                                 .open_micros = close_micros,
                                 .high_micros = close_micros + 4,
                                 .low_micros = close_micros - 4,
                                 .close_micros = close_micros,
                                 .volume = 400};
}

// Days from 1000 on, at one price and from the day of the split on at another one.
static size_t make_days(struct provider_bar bars[DAYS_MAX],
                        size_t count,
                        int64_t before_micros,
                        int64_t after_micros)
{
    for (size_t i = 0; i < count; i++) {
        int64_t day = 1000 + (int64_t)i;

        bars[i] = bar_of(day, day < four_for_one.day ? before_micros : after_micros);
    }
    return count;
}

static struct history_fit_options options_of(const struct known_day *known, size_t count)
{
    return (struct history_fit_options){.splits = &four_for_one,
                                        .split_count = 1,
                                        .known = known,
                                        .known_count = count,
                                        .today = TODAY,
                                        .is_adjusted = true};
}

static void prices_and_volumes_are_put_back_to_what_they_were_before_a_split(void **state)
{
    struct provider_bar bars[2] = {bar_of(1003, 1000000), bar_of(1004, 1000000)};

    (void)state;
    history_put_back(bars, 2, &four_for_one, 1, 1003); // it was not reckoned with
    assert_int_equal(bars[0].close_micros, 1000000);
    history_put_back(bars, 2, &four_for_one, 1, 1004);
    assert_int_equal(bars[0].open_micros, 4000000);
    assert_int_equal(bars[0].high_micros, 4000016);
    assert_int_equal(bars[0].low_micros, 3999984);
    assert_int_equal(bars[0].close_micros, 4000000);
    assert_int_equal(bars[0].volume, 100);
    assert_int_equal(bars[1].close_micros, 1000000); // of the split's day itself
    assert_int_equal(bars[1].volume, 400);
}

static void what_is_put_back_stays_within_the_limits_of_bars(void **state)
{
    const struct split splits[2] = {
        {.day = 1001, .numerator = 10000, .denominator = 1},
        {.day = 1002, .numerator = 1, .denominator = 10000},
    };
    struct provider_bar large = bar_of(1000, PRICE_MICROS_MAX - 4);
    struct provider_bar small = bar_of(1001, 5);

    (void)state;
    history_put_back(&large, 1, splits, 1, TODAY);
    assert_int_equal(large.high_micros, PRICE_MICROS_MAX);
    assert_int_equal(large.close_micros, PRICE_MICROS_MAX);
    small.volume = BAR_VOLUME_MAX;
    history_put_back(&small, 1, splits, 2, TODAY);
    assert_int_equal(small.low_micros, 1);
    assert_int_equal(small.volume, BAR_VOLUME_MAX);
}

static void days_after_those_known_are_taken_across_a_split(void **state)
{
    const struct known_day known[] = {{1000, 4000000}, {1001, 4000000}};
    const struct history_fit_options options = options_of(known, 2);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 6, 1000000, 1000000); // adjusted, as all have it
    struct history_fit fit;

    (void)state;
    history_fit(&options, bars, &count, &fit);
    assert_true(fit.fits);
    assert_true(fit.continues);
    assert_int_equal(fit.adjusted_through, TODAY);
    assert_int_equal(count, 4);
    assert_int_equal(bars[0].day, 1002);
    assert_int_equal(bars[0].close_micros, 4000000);
    assert_int_equal(bars[1].close_micros, 4000000);
    assert_int_equal(bars[2].day, 1004);
    assert_int_equal(bars[2].close_micros, 1000000);
}

static void a_provider_that_has_not_reckoned_with_a_split_yet_is_noticed(void **state)
{
    const struct known_day known[] = {{1000, 4000000}, {1001, 4000000}};
    const struct history_fit_options options = options_of(known, 2);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 4, 4000000, 1000000);
    struct history_fit fit;

    (void)state;
    history_fit(&options, bars, &count, &fit);
    assert_true(fit.fits);
    assert_int_equal(fit.adjusted_through, 1003);
    assert_int_equal(count, 2);
    assert_int_equal(bars[0].close_micros, 4000000);
}

static void nothing_is_taken_after_a_split_that_is_not_known(void **state)
{
    const struct known_day known[] = {{1000, 4000000}, {1001, 4000000}};
    struct history_fit_options options = options_of(known, 2);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 6, 1000000, 1000000);
    struct history_fit fit;

    (void)state;
    options.split_count = 0;
    history_fit(&options, bars, &count, &fit);
    assert_false(fit.fits);
    assert_false(fit.continues);
    assert_int_equal(count, 0);
}

static void days_as_traded_are_taken_as_they_are(void **state)
{
    const struct known_day known[] = {{1000, 4000000}, {1001, 4000000}};
    struct history_fit_options options = options_of(known, 2);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 6, 4000000, 1000000);
    struct history_fit fit;

    (void)state;
    options.is_adjusted = false;
    history_fit(&options, bars, &count, &fit);
    assert_true(fit.fits);
    assert_int_equal(count, 4);
    assert_int_equal(bars[0].close_micros, 4000000);
    assert_int_equal(bars[0].volume, 400);
    assert_int_equal(bars[2].close_micros, 1000000);
}

static void gaps_are_filled_and_nothing_before_the_first_day(void **state)
{
    const struct known_day known[] = {{1001, 4000000}, {1003, 4000000}, {1007, 1000000}};
    const struct history_fit_options options = options_of(known, 3);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 8, 1000000, 1000000);
    struct history_fit fit;

    (void)state;
    history_fit(&options, bars, &count, &fit);
    assert_true(fit.fits);
    assert_int_equal(count, 4);
    assert_int_equal(bars[0].day, 1002);
    assert_int_equal(bars[1].day, 1004);
    assert_int_equal(bars[2].day, 1005);
    assert_int_equal(bars[3].day, 1006);
}

static void a_gap_is_left_when_either_side_has_another_price(void **state)
{
    const struct known_day known[] = {
        {1000, 7000000}, {1002, 4000000}, {1004, 1000000}, {1006, 2000000}, {1007, 1000000}};
    const struct history_fit_options options = options_of(known, 5);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 9, 1000000, 1000000);
    struct history_fit fit;

    (void)state;
    history_fit(&options, bars, &count, &fit);
    assert_false(fit.fits);
    assert_true(fit.continues); // the last day is the same in both
    assert_int_equal(count, 2);
    assert_int_equal(bars[0].day, 1003);
    assert_int_equal(bars[1].day, 1008);
}

static void days_without_any_in_common_are_left(void **state)
{
    const struct known_day known[] = {{900, 4000000}};
    const struct history_fit_options options = options_of(known, 1);
    struct provider_bar bars[DAYS_MAX];
    size_t count = make_days(bars, 3, 1000000, 1000000);
    struct history_fit fit;

    (void)state;
    history_fit(&options, bars, &count, &fit);
    assert_false(fit.continues);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_and_volumes_are_put_back_to_what_they_were_before_a_split),
        cmocka_unit_test(what_is_put_back_stays_within_the_limits_of_bars),
        cmocka_unit_test(days_after_those_known_are_taken_across_a_split),
        cmocka_unit_test(a_provider_that_has_not_reckoned_with_a_split_yet_is_noticed),
        cmocka_unit_test(nothing_is_taken_after_a_split_that_is_not_known),
        cmocka_unit_test(days_as_traded_are_taken_as_they_are),
        cmocka_unit_test(gaps_are_filled_and_nothing_before_the_first_day),
        cmocka_unit_test(a_gap_is_left_when_either_side_has_another_price),
        cmocka_unit_test(days_without_any_in_common_are_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
