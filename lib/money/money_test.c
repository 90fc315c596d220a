// SPDX-License-Identifier: MIT
#include "money/money.h"

#include "base/random.h"
#include "support/test.h"

#include <string.h>

__extension__ typedef __int128 wide;

enum { ROUNDS = 20000 };

static void expect(enum decimal_problem problem, const char *text, int scale, int64_t value)
{
    int64_t read = -77;

    assert_int_equal(decimal_parse(text_of(text), scale, &read), problem);
    assert_int_equal(read, problem == DECIMAL_FINE ? value : -77);
    read = -77;
    assert_int_equal(decimal_parse_json(text_of(text), scale, &read), problem);
    assert_int_equal(read, problem == DECIMAL_FINE ? value : -77);
}

static void expect_json(enum decimal_problem problem, const char *text, int scale, int64_t value)
{
    int64_t read = -77;

    assert_int_equal(decimal_parse_json(text_of(text), scale, &read), problem);
    assert_int_equal(read, problem == DECIMAL_FINE ? value : -77);
    assert_int_equal(decimal_parse(text_of(text), scale, &read), DECIMAL_NOT_A_NUMBER);
}

static void expect_print(const char *text, int64_t value, int scale, int least)
{
    char out[DECIMAL_SIZE];

    assert_int_equal(decimal_print(value, scale, least, out), strlen(text));
    assert_string_equal(out, text);
}

static void a_decimal_is_read_exactly(void **state)
{
    (void)state;
    expect(DECIMAL_FINE, "95.108574", 6, 95108574);
    expect(DECIMAL_FINE, "0", 6, 0);
    expect(DECIMAL_FINE, "-0.00", 6, 0);
    expect(DECIMAL_FINE, "-12.5", 6, -12500000);
    expect(DECIMAL_FINE, "0.000000001", 9, 1);
    expect(DECIMAL_FINE, "0.1000000000000000000000000000", 6, 100000);
    expect(DECIMAL_FINE, "00012", 0, 12);
    // The dearest share there has been, and as many of it as an int64 of nanos holds.
    expect(DECIMAL_FINE, "812855.125001", 6, INT64_C(812855125001));
    expect(DECIMAL_FINE, "9223372036.854775807", 9, INT64_MAX);
}

static void what_is_not_plain_digits_is_not_a_number(void **state)
{
    static const char *const texts[] = {"",    "-",   ".",   ".5",    "5.",  "+1",
                                        " 1",  "1 ",  "1,5", "1.2.3", "--1", "0x10",
                                        "NaN", "inf", "1_0", "٣",     "-.1", "1-"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        expect(DECIMAL_NOT_A_NUMBER, texts[i], 6, 0);
    assert_int_equal(decimal_parse((struct text){"1\0", 2}, 6, &(int64_t){0}),
                     DECIMAL_NOT_A_NUMBER);
}

static void digits_beyond_the_scale_are_refused_unless_they_are_zero(void **state)
{
    (void)state;
    expect(DECIMAL_TOO_FINE, "0.1234567891", 9, 0);
    expect(DECIMAL_TOO_FINE, "0.0000001", 6, 0);
    expect(DECIMAL_TOO_FINE, "1.5", 0, 0);
    expect(DECIMAL_FINE, "1.5000000", 1, 15);
}

static void the_limits_of_an_int64_are_met_exactly(void **state)
{
    (void)state;
    expect(DECIMAL_FINE, "9223372036854775807", 0, INT64_MAX);
    expect(DECIMAL_TOO_LARGE, "9223372036854775808", 0, 0);
    expect(DECIMAL_FINE, "-9223372036854775808", 0, INT64_MIN);
    expect(DECIMAL_TOO_LARGE, "-9223372036854775809", 0, 0);
    expect(DECIMAL_FINE, "9223372036854.775807", 6, INT64_MAX);
    expect(DECIMAL_TOO_LARGE, "9223372036854.775808", 6, 0);
    expect(DECIMAL_FINE, "-9223372036854.775808", 6, INT64_MIN);
    expect(DECIMAL_TOO_LARGE, "10", 18, 0);
    expect(DECIMAL_TOO_LARGE, "1000000000000000000000000000000000000000000", 0, 0);
}

static void an_exponent_is_taken_in_json_only(void **state)
{
    (void)state;
    expect_json(DECIMAL_FINE, "1e3", 0, 1000);
    expect_json(DECIMAL_FINE, "1E+3", 6, INT64_C(1000000000));
    expect_json(DECIMAL_FINE, "12.5e-1", 2, 125);
    expect_json(DECIMAL_FINE, "1.2345e2", 2, 12345);
    expect_json(DECIMAL_FINE, "0e999999999999999999999999", 6, 0);
    expect_json(DECIMAL_FINE, "-5e-6", 6, -5);
    expect_json(DECIMAL_TOO_LARGE, "1e309", 6, 0);
    expect_json(DECIMAL_TOO_LARGE, "1e99999999999999999999", 6, 0);
    expect_json(DECIMAL_TOO_FINE, "1e-400", 6, 0);
    expect_json(DECIMAL_TOO_FINE, "1e-99999999999999999999", 6, 0);
    expect_json(DECIMAL_NOT_A_NUMBER, "1e", 6, 0);
    expect_json(DECIMAL_NOT_A_NUMBER, "1e+", 6, 0);
    expect_json(DECIMAL_NOT_A_NUMBER, "1e1.5", 6, 0);
}

static void a_decimal_is_printed_with_no_more_digits_than_needed(void **state)
{
    (void)state;
    expect_print("12.50", 12500000, 6, 2);
    expect_print("12.5", 12500000, 6, 0);
    expect_print("12.500001", 12500001, 6, 2);
    expect_print("0.00", 0, 6, 2);
    expect_print("0", 0, 9, 0);
    expect_print("-0.000000001", -1, 9, 0);
    expect_print("100", INT64_C(100000000000), 9, 0);
    expect_print("-9223372036854775808", INT64_MIN, 0, 0);
    expect_print("-9.223372036854775808", INT64_MIN, 18, 0);
    expect_print("9223372036854.775807", INT64_MAX, 6, 6);
}

// Numbers of every size, not only large ones.
static int64_t any_number(const struct random_source *source)
{
    uint64_t bits = 0;

    random_fill(source, &bits, sizeof bits);
    bits >>= random_below(source, 64);
    return random_below(source, 2) == 0 ? (int64_t)(bits >> 1) : -(int64_t)(bits >> 1);
}

static void what_is_printed_reads_back_as_itself(void **state)
{
    uint64_t seed = 20140602;
    struct random_source source = random_seeded(&seed);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t value = any_number(&source);
        int scale = (int)random_below(&source, 19);
        char out[DECIMAL_SIZE];
        int64_t read = 0;
        size_t length =
            decimal_print(value, scale, (int)random_below(&source, (uint64_t)scale + 1), out);

        assert_int_equal(decimal_parse((struct text){out, length}, scale, &read), DECIMAL_FINE);
        assert_true(read == value);
    }
}

static void halves_go_to_the_even_side_whatever_the_signs(void **state)
{
    static const struct {
        int64_t value, numerator, denominator, result;
    } cases[] = {
        {1, 1, 2, 0},   {3, 1, 2, 2},   {5, 1, 2, 2},   {7, 1, 2, 4},   {-1, 1, 2, 0},
        {-3, 1, 2, -2}, {-5, 1, 2, -2}, {-7, 1, 2, -4}, {3, -1, 2, -2}, {-3, -1, 2, 2},
        {1, 1, 3, 0},   {2, 1, 3, 1},   {-1, 1, 3, 0},  {-2, 1, 3, -1}, {0, 5, 7, 0},
    };
    int64_t result = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(money_scale_half_even(cases[i].value, cases[i].numerator, cases[i].denominator,
                                          &result));
        assert_int_equal(result, cases[i].result);
    }
    // 0.0000005 and 0.0000015 units: prices of one micro and three, half a share.
    assert_true(money_multiply_half_even(1, 500000000, &result));
    assert_int_equal(result, 0);
    assert_true(money_multiply_half_even(3, 500000000, &result));
    assert_int_equal(result, 2);
    assert_true(money_multiply_half_even(-3, 500000000, &result));
    assert_int_equal(result, -2);
    assert_true(money_divide_half_even(1, -2 * NANOS_PER_UNIT, &result));
    assert_int_equal(result, 0);
    assert_true(money_divide_half_even(3, -2 * NANOS_PER_UNIT, &result));
    assert_int_equal(result, -2);
    assert_true(money_divide_half_even(-3, -2 * NANOS_PER_UNIT, &result));
    assert_int_equal(result, 2);
}

static void scaling_down_drops_what_is_less_than_a_unit(void **state)
{
    int64_t result = -77;

    (void)state;
    assert_true(money_scale_down(100, 2, 3, &result));
    assert_int_equal(result, 66);
    assert_true(money_scale_down(-100, 2, 3, &result));
    assert_int_equal(result, -66);
    assert_true(money_scale_down(INT64_MAX, INT64_MAX, INT64_MAX, &result));
    assert_true(result == INT64_MAX);
    assert_true(money_scale_down(INT64_MAX, INT64_MAX - 1, INT64_MAX, &result));
    assert_true(result == INT64_MAX - 1);
    result = -77;
    assert_false(money_scale_down(INT64_MAX, 2, 1, &result));
    assert_int_equal(result, -77);
}

// |exact - rounded| is at most half a unit, and exactly half only beside an even number.
static void expect_half_even(wide numerator, wide denominator, bool fits, int64_t rounded)
{
    wide twice = 0;

    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    if (!fits) {
        assert_true(numerator / denominator >= INT64_MAX || numerator / denominator <= INT64_MIN);
        return;
    }
    twice = (numerator - (wide)rounded * denominator) * 2;
    if (twice < 0)
        twice = -twice;
    assert_true(twice < denominator || (twice == denominator && rounded % 2 == 0));
}

static void products_and_quotients_are_the_nearest_to_the_exact_ones(void **state)
{
    uint64_t seed = 19700101;
    struct random_source source = random_seeded(&seed);

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t one = any_number(&source);
        int64_t other = any_number(&source);
        int64_t third = any_number(&source);
        wide product = (wide)one * other;
        int64_t result = 0;
        bool fits = money_multiply_half_even(one, other, &result);

        expect_half_even(product, NANOS_PER_UNIT, fits, result);
        fits = money_multiply_up(one, other, &result);
        if (fits) {
            assert_true((wide)result * NANOS_PER_UNIT >= product);
            assert_true(((wide)result - 1) * NANOS_PER_UNIT < product);
        } else {
            assert_true(product / NANOS_PER_UNIT >= INT64_MAX ||
                        product / NANOS_PER_UNIT <= INT64_MIN);
        }
        if (other != 0) {
            fits = money_divide_half_even(one, other, &result);
            expect_half_even((wide)one * NANOS_PER_UNIT, other, fits, result);
        }
        if (third > 0) {
            fits = money_scale_half_even(one, other, third, &result);
            expect_half_even(product, third, fits, result);
        }
    }
}

static void what_does_not_fit_is_refused_and_leaves_the_result_alone(void **state)
{
    int64_t result = -77;

    (void)state;
    assert_false(money_multiply_half_even(INT64_MAX, INT64_MAX, &result));
    assert_false(money_multiply_half_even(INT64_MIN, INT64_MAX, &result));
    assert_false(money_multiply_up(INT64_MAX, 2 * NANOS_PER_UNIT, &result));
    assert_false(money_divide_half_even(INT64_MAX, 1, &result));
    assert_false(money_divide_half_even(INT64_MIN, -NANOS_PER_UNIT, &result));
    assert_false(money_scale_half_even(INT64_MIN, -1, 1, &result));
    assert_false(money_add(INT64_MAX, 1, &result));
    assert_false(money_add(INT64_MIN, -1, &result));
    assert_false(money_subtract(INT64_MIN, 1, &result));
    assert_false(money_subtract(0, INT64_MIN, &result));
    assert_int_equal(result, -77);
    assert_true(money_divide_half_even(INT64_MIN, NANOS_PER_UNIT, &result));
    assert_true(result == INT64_MIN);
    assert_true(money_add(INT64_MAX, INT64_MIN, &result));
    assert_int_equal(result, -1);
    assert_true(money_subtract(-1, INT64_MIN, &result));
    assert_true(result == INT64_MAX);
}

static void what_is_held_for_an_order_is_never_less_than_it_costs(void **state)
{
    int64_t cost = 0;

    (void)state;
    assert_true(money_multiply_up(1, 1, &cost));
    assert_int_equal(cost, 1);
    assert_true(money_multiply_up(95108574, 10 * NANOS_PER_UNIT, &cost));
    assert_int_equal(cost, 951085740);
    assert_true(money_multiply_up(-1, 1, &cost));
    assert_int_equal(cost, 0);
    assert_true(money_multiply_up(INT64_C(812855125001), 123456789, &cost));
    assert_int_equal(cost, INT64_C(100352483655));
}

static void an_amount_buys_the_largest_quantity_that_costs_no_more(void **state)
{
    int64_t quantity = 0;
    int64_t cost = 0;

    (void)state;
    assert_true(money_divide_down(100 * MICROS_PER_UNIT, 3 * MICROS_PER_UNIT, &quantity));
    assert_int_equal(quantity, INT64_C(33333333333));
    assert_true(money_multiply_up(3 * MICROS_PER_UNIT, quantity, &cost));
    assert_true(cost <= 100 * MICROS_PER_UNIT);
    assert_true(money_multiply_up(3 * MICROS_PER_UNIT, quantity + 1, &cost));
    assert_true(cost > 100 * MICROS_PER_UNIT);
    assert_true(money_divide_down(1, 2 * NANOS_PER_UNIT, &quantity));
    assert_int_equal(quantity, 0);
    assert_false(money_divide_down(INT64_MAX, 1, &quantity));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_is_read_exactly),
        cmocka_unit_test(what_is_not_plain_digits_is_not_a_number),
        cmocka_unit_test(digits_beyond_the_scale_are_refused_unless_they_are_zero),
        cmocka_unit_test(the_limits_of_an_int64_are_met_exactly),
        cmocka_unit_test(an_exponent_is_taken_in_json_only),
        cmocka_unit_test(a_decimal_is_printed_with_no_more_digits_than_needed),
        cmocka_unit_test(what_is_printed_reads_back_as_itself),
        cmocka_unit_test(halves_go_to_the_even_side_whatever_the_signs),
        cmocka_unit_test(products_and_quotients_are_the_nearest_to_the_exact_ones),
        cmocka_unit_test(scaling_down_drops_what_is_less_than_a_unit),
        cmocka_unit_test(what_does_not_fit_is_refused_and_leaves_the_result_alone),
        cmocka_unit_test(what_is_held_for_an_order_is_never_less_than_it_costs),
        cmocka_unit_test(an_amount_buys_the_largest_quantity_that_costs_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
