// SPDX-License-Identifier: MIT
#include "actions/corporate_action.h"

#include "clock/exchange_calendar.h"
#include "support/test.h"

#include <string.h>

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static void a_split_divides_prices_and_multiplies_volumes(void **state)
{
    const struct split_ratio seven = {7, 1};

    (void)state;
    assert_int_equal(split_ratio_price(&seven, 645570000), 92224286);
    assert_int_equal(split_ratio_volume(&seven, 12497800), 87484600);
}

static void adjusted_figures_are_rounded_half_to_even_once(void **state)
{
    const struct split_ratio two = {2, 1}, three_for_two = {3, 2}, one_for_two = {1, 2};

    (void)state;
    assert_int_equal(split_ratio_price(&two, 5), 2); // 2.5
    assert_int_equal(split_ratio_price(&two, 7), 4); // 3.5
    assert_int_equal(split_ratio_price(&three_for_two, 100), 67);
    assert_int_equal(split_ratio_volume(&one_for_two, 5), 2);
    assert_int_equal(split_ratio_volume(&one_for_two, 7), 4);
    // A price does not become nothing, and neither leaves its range.
    assert_int_equal(split_ratio_price(&(struct split_ratio){10000, 1}, 1), 1);
    assert_int_equal(split_ratio_price(&(struct split_ratio){1, 10000}, PRICE_MICROS_MAX),
                     PRICE_MICROS_MAX);
    assert_int_equal(split_ratio_volume(&(struct split_ratio){10000, 1}, BAR_VOLUME_MAX * 1000),
                     INT64_MAX);
}

static void only_splits_after_the_bar_and_in_effect_count(void **state)
{
    static const struct split splits[] = {
        {.ticker = "A", .day = 10, .numerator = 2, .denominator = 1},
        {.ticker = "A", .day = 20, .numerator = 3, .denominator = 2},
        {.ticker = "A", .day = 30, .numerator = 1, .denominator = 3}};
    struct split_ratio ratio = split_ratio_of(splits, 3, 9, 30);

    (void)state;
    assert_int_equal(ratio.numerator, 1); // 2 * 3/2 * 1/3
    assert_int_equal(ratio.denominator, 1);
    ratio = split_ratio_of(splits, 3, 10, 29); // the first is in the bar of its ex-date
    assert_int_equal(ratio.numerator, 3);
    assert_int_equal(ratio.denominator, 2);
    ratio = split_ratio_of(splits, 3, 9, 19);
    assert_int_equal(ratio.numerator, 2);
    assert_int_equal(ratio.denominator, 1);
}

static void a_ratio_beyond_exact_numbers_stays_at_what_was_reached(void **state)
{
    struct split splits[6];
    struct split_ratio ratio;

    (void)state;
    for (int i = 0; i < 6; i++)
        splits[i] = (struct split){.day = i, .numerator = 10000, .denominator = 1};
    ratio = split_ratio_of(splits, 6, -1, 5);
    assert_int_equal(ratio.numerator, INT64_C(10000000000000000));
    assert_int_equal(ratio.denominator, 1);
}

static void the_splits_of_a_ticker_are_found_among_others(void **state)
{
    static const struct split splits[] = {{.ticker = "A", .day = 1},
                                          {.ticker = "B", .day = 1},
                                          {.ticker = "B", .day = 2},
                                          {.ticker = "BB", .day = 1}};
    const struct split *first;

    (void)state;
    assert_int_equal(splits_of(splits, 4, "B", &first), 2);
    assert_ptr_equal(first, &splits[1]);
    assert_int_equal(splits_of(splits, 4, "AA", &first), 0);
    assert_int_equal(splits_of(splits, 4, "C", &first), 0);
    assert_int_equal(splits_of(NULL, 0, "A", &first), 0);
}

static const char *refusal(const struct corporate_action *action, struct error *error)
{
    return corporate_action_check(action, HOURS_NEW_YORK, error) ? "" : error->details[0].name;
}

static void an_action_has_what_its_kind_needs_and_nothing_else(void **state)
{
    struct corporate_action split = {
        .kind = ACTION_SPLIT, .ex_day = day_of("2014-06-09"), .numerator = 7, .denominator = 1};
    struct corporate_action dividend = {
        .kind = ACTION_DIVIDEND, .ex_day = day_of("2014-05-08"), .amount_micros = 3290000};
    struct error error;

    (void)state;
    assert_string_equal(refusal(&split, &error), "");
    assert_string_equal(refusal(&dividend, &error), "");
    split.amount_micros = 1;
    assert_string_equal(refusal(&split, &error), "amount");
    split.amount_micros = 0;
    split.denominator = 0;
    assert_string_equal(refusal(&split, &error), "denominator");
    split.denominator = 7;
    assert_string_equal(refusal(&split, &error), "numerator");
    assert_string_equal(error.details[0].value, "7 new shares for 7 old ones change nothing");
    dividend.numerator = 2;
    assert_string_equal(refusal(&dividend, &error), "numerator");
    dividend.numerator = 0;
    dividend.amount_micros = 0;
    assert_string_equal(refusal(&dividend, &error), "amount");
}

static void an_ex_date_is_a_session(void **state)
{
    struct corporate_action split = {.kind = ACTION_SPLIT, .numerator = 2, .denominator = 1};
    struct error error;

    (void)state;
    split.ex_day = day_of("2014-06-07");
    assert_string_equal(refusal(&split, &error), "ex_date");
    assert_string_equal(error.details[0].value, "2014-06-07 is a day without a session");
    assert_true(corporate_action_check(&split, HOURS_AROUND_THE_CLOCK, &error));
    split.ex_day = CALENDAR_FIRST_DAY - 1;
    assert_string_equal(refusal(&split, &error), "ex_date");
    split.ex_day = CALENDAR_LAST_DAY + 1;
    assert_string_equal(refusal(&split, &error), "ex_date");
    assert_int_equal(corporate_action_effective_at(HOURS_NEW_YORK, day_of("2014-06-09")),
                     exchange_calendar_at(day_of("2014-06-09"), CALENDAR_OPEN_MINUTE));
    assert_int_equal(split_halted_from(HOURS_NEW_YORK, day_of("2014-06-09")),
                     exchange_calendar_at(day_of("2014-06-09"), CALENDAR_PRE_MARKET_MINUTE));
    assert_int_equal(split_halted_from(HOURS_AROUND_THE_CLOCK, day_of("2014-06-09")),
                     day_of("2014-06-09") * MICROS_PER_DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_divides_prices_and_multiplies_volumes),
        cmocka_unit_test(adjusted_figures_are_rounded_half_to_even_once),
        cmocka_unit_test(only_splits_after_the_bar_and_in_effect_count),
        cmocka_unit_test(a_ratio_beyond_exact_numbers_stays_at_what_was_reached),
        cmocka_unit_test(the_splits_of_a_ticker_are_found_among_others),
        cmocka_unit_test(an_action_has_what_its_kind_needs_and_nothing_else),
        cmocka_unit_test(an_ex_date_is_a_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
