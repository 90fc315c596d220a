// SPDX-License-Identifier: MIT
#include "database/database.h"
#include "support/test.h"

#include <string.h>

static const char *text_of_decimal(int64_t value, int scale, struct parameter *keep)
{
    *keep = parameter_decimal(value, scale);
    return keep->inline_text;
}

static void decimals_are_written_with_all_their_places(void **state)
{
    struct parameter keep;

    (void)state;
    assert_string_equal(text_of_decimal(12500000, 6, &keep), "12.500000");
    assert_string_equal(text_of_decimal(-1, 9, &keep), "-0.000000001");
    assert_string_equal(text_of_decimal(-7, 0, &keep), "-7");
    assert_string_equal(text_of_decimal(INT64_MIN, 6, &keep), "-9223372036854.775808");
    assert_string_equal(text_of_decimal(INT64_MAX, 18, &keep), "9.223372036854775807");
}

static struct rows one(char **cell)
{
    return (struct rows){.count = 1, .columns = 1, .values = cell};
}

static int64_t read_decimal(const char *text, int scale)
{
    char *cell = (char *)text;
    struct rows rows = one(&cell);

    return rows_decimal(&rows, 0, 0, scale);
}

static void decimals_are_read_at_the_scale_asked_for(void **state)
{
    (void)state;
    assert_int_equal(read_decimal("12.500000", 6), 12500000);
    assert_int_equal(read_decimal("12.5", 6), 12500000);
    assert_int_equal(read_decimal("12.500000000", 6), 12500000);
    assert_int_equal(read_decimal("-0.000000001", 9), -1);
    assert_int_equal(read_decimal("100000", 6), INT64_C(100000000000));
    assert_true(read_decimal("-9223372036854.775808", 6) == INT64_MIN);
    assert_int_equal(read_decimal(NULL, 6), 0);
}

static void times_are_read_to_the_microsecond(void **state)
{
    char *cell = "2014-06-02 13:30:00.000001+00";
    struct rows rows = one(&cell);

    (void)state;
    assert_int_equal(rows_time(&rows, 0, 0), INT64_C(1401715800000001));
}

static void array_elements_are_quoted(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct parameter values[] = {parameter_text("a\"b\\c"), parameter_null(), parameter_int(5),
                                 parameter_text("NULL"), parameter_text("")};
    struct parameter array;

    (void)state;
    assert_true(parameter_array(arena, values, COUNT_OF(values), &array));
    assert_string_equal(array.text, "{\"a\\\"b\\\\c\",NULL,\"5\",\"NULL\",\"\"}");
    assert_true(parameter_array(arena, values, 0, &array));
    assert_string_equal(array.text, "{}");
}

static void an_array_beyond_the_budget_is_refused(void **state)
{
    OWNED(arena) arena = arena_new(16);
    struct parameter value = parameter_text("more than fits into sixteen bytes");
    struct parameter array;

    (void)state;
    assert_false(parameter_array(arena, &value, 1, &array));
    assert_null(array.text);
}

static void an_array_of_texts_is_that_of_their_parameters(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    const char *texts[] = {"a\"b", NULL, ""};
    struct parameter array;
    struct error error;

    (void)state;
    assert_true(parameter_text_array(arena, texts, COUNT_OF(texts), &array, &error));
    assert_string_equal(array.text, "{\"a\\\"b\",NULL,\"\"}");
    assert_true(parameter_text_array(arena, NULL, 0, &array, &error));
    assert_string_equal(array.text, "{}");
}

static void an_array_of_texts_beyond_the_budget_names_how_many(void **state)
{
    const char *texts[] = {"more than fits", "into what there is"};
    struct parameter array;
    struct error error;
    // Too small for the parameters, and for their text alone.
    size_t sizes[] = {16, 3 * sizeof(struct parameter) + 8};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        OWNED(arena) arena = arena_new(sizes[i]);
        assert_false(parameter_text_array(arena, texts, COUNT_OF(texts), &array, &error));
        assert_string_equal(error.reason, "OUT_OF_MEMORY_BUDGET");
        assert_non_null(strstr(error.message, "A list of 2 texts"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_written_with_all_their_places),
        cmocka_unit_test(decimals_are_read_at_the_scale_asked_for),
        cmocka_unit_test(times_are_read_to_the_microsecond),
        cmocka_unit_test(array_elements_are_quoted),
        cmocka_unit_test(an_array_beyond_the_budget_is_refused),
        cmocka_unit_test(an_array_of_texts_is_that_of_their_parameters),
        cmocka_unit_test(an_array_of_texts_beyond_the_budget_names_how_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
