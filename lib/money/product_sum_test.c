// SPDX-License-Identifier: MIT
#include "money/product_sum.h"

#include "base/random.h"
#include "support/test.h"

#include <string.h>

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static void parts_are_worth_what_they_are_to_the_last_digit(void **state)
{
    struct product_sum sum = {0};
    char text[PRODUCT_SUM_SIZE];
    int64_t micros = 0;

    (void)state;
    // 0.333333 * 0.000000001 and 0.000001 * 0.5.
    assert_true(product_sum_add(&sum, 333333, 1));
    assert_true(product_sum_add(&sum, 1, SHARE / 2));
    product_sum_print(&sum, text);
    assert_string_equal(text, "0.000000500333333");
    assert_true(product_sum_up(&sum, &micros));
    assert_int_equal(micros, 1);
}

static void an_average_is_rounded_half_to_even_and_once(void **state)
{
    struct product_sum odd = {0};
    struct product_sum even = {0};
    struct product_sum thirds = {0};
    int64_t price = 0;

    (void)state;
    // 1 at 0.000001 and 1 at 0.000002: 1.5 micros. 1 at 2 and 1 at 3: 2.5.
    assert_true(product_sum_add(&odd, 1, SHARE) && product_sum_add(&odd, 2, SHARE));
    assert_true(product_sum_divide_half_even(&odd, 2 * SHARE, &price));
    assert_int_equal(price, 2);
    assert_true(product_sum_add(&even, 2, SHARE) && product_sum_add(&even, 3, SHARE));
    assert_true(product_sum_divide_half_even(&even, 2 * SHARE, &price));
    assert_int_equal(price, 2);
    // 2 at 100 and 1 at 101: 100.333333 and a third.
    assert_true(product_sum_add(&thirds, 100 * DOLLAR, 2 * SHARE) &&
                product_sum_add(&thirds, 101 * DOLLAR, SHARE));
    assert_true(product_sum_divide_half_even(&thirds, 3 * SHARE, &price));
    assert_int_equal(price, 100333333);
}

static void a_part_of_a_sum_is_rounded_half_to_even(void **state)
{
    struct product_sum sum = {.micros = 25};
    int64_t micros = 0;

    (void)state;
    assert_true(product_sum_scale_half_even(&sum, 1, 10, &micros));
    assert_int_equal(micros, 2);
    sum.rest = 1;
    assert_true(product_sum_scale_half_even(&sum, 1, 10, &micros));
    assert_int_equal(micros, 3);
    sum = (struct product_sum){.micros = INT64_MAX};
    assert_false(product_sum_scale_half_even(&sum, 2, 1, &micros));
}

static void what_does_not_fit_is_not_added(void **state)
{
    struct product_sum sum = {.micros = INT64_MAX, .rest = 5};
    int64_t micros = 7;

    (void)state;
    assert_false(product_sum_add(&sum, 1, SHARE));
    assert_int_equal(sum.micros, INT64_MAX);
    assert_int_equal(sum.rest, 5);
    assert_false(product_sum_up(&sum, &micros));
    assert_int_equal(micros, 7);
}

static void what_is_printed_can_be_read_and_nothing_else(void **state)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "1.5",
                                        "-1.000000000000000",
                                        "1.00000000000000x",
                                        "1.0000000000000000",
                                        "99999999999999999.000000000000000"};
    struct product_sum read;
    char text[PRODUCT_SUM_SIZE];
    uint64_t seed = 11;
    struct random_source random = random_seeded(&seed);

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        struct product_sum sum = {.micros = (int64_t)random_below(&random, INT64_MAX),
                                  .rest = (int64_t)random_below(&random, SHARE)};

        product_sum_print(&sum, text);
        assert_true(product_sum_parse(text, &read));
        assert_int_equal(read.micros, sum.micros);
        assert_int_equal(read.rest, sum.rest);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(product_sum_parse(wrong[i], &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_worth_what_they_are_to_the_last_digit),
        cmocka_unit_test(an_average_is_rounded_half_to_even_and_once),
        cmocka_unit_test(a_part_of_a_sum_is_rounded_half_to_even),
        cmocka_unit_test(what_does_not_fit_is_not_added),
        cmocka_unit_test(what_is_printed_can_be_read_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
