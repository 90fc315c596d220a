// SPDX-License-Identifier: MIT
#include "support/test.h"

#include "quote_change.h"

static void a_change_is_counted_from_the_previous_close(void **state)
{
    const struct quote quote = {.price_micros = 95110000, .previous_close_micros = 95030000};
    struct quote_change change;

    (void)state;
    assert_true(quote_change(&quote, &change));
    assert_int_equal(change.change_micros, 80000);
    assert_true(change.has_percent);
    assert_int_equal(change.percent_micros, 84200); // 0.08418... %
}

static void a_fall_is_negative(void **state)
{
    const struct quote quote = {.price_micros = 1000000, .previous_close_micros = 4000000};
    struct quote_change change;

    (void)state;
    assert_true(quote_change(&quote, &change));
    assert_int_equal(change.change_micros, -3000000);
    assert_int_equal(change.percent_micros, -75000000);
}

static void without_a_previous_close_there_is_no_change(void **state)
{
    const struct quote quote = {.price_micros = 1000000};
    struct quote_change change;

    (void)state;
    assert_false(quote_change(&quote, &change));
}

static void a_percentage_that_does_not_fit_is_left_out(void **state)
{
    const struct quote quote = {.price_micros = INT64_MAX, .previous_close_micros = 1};
    struct quote_change change;

    (void)state;
    assert_true(quote_change(&quote, &change));
    assert_int_equal(change.change_micros, INT64_MAX - 1);
    assert_false(change.has_percent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_counted_from_the_previous_close),
        cmocka_unit_test(a_fall_is_negative),
        cmocka_unit_test(without_a_previous_close_there_is_no_change),
        cmocka_unit_test(a_percentage_that_does_not_fit_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
