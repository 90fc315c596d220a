// SPDX-License-Identifier: MIT
#include "portfolios/portfolio_page_token.h"

#include "support/test.h"

#define ID "0191e0aa-0000-7000-8000-000000000001"

static void a_token_is_read_as_it_was_written(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    int64_t created_at = 0;
    int64_t sequence = 0;
    const char *id = NULL;
    struct error error;

    (void)state;
    assert_true(
        portfolio_page_token_read(portfolio_page_token_write(arena, INT64_C(1800000000000001), ID),
                                  &created_at, &id, &error));
    assert_int_equal(created_at, INT64_C(1800000000000001));
    assert_string_equal(id, ID);
    assert_true(
        movement_page_token_read(movement_page_token_write(arena, INT64_MAX), &sequence, &error));
    assert_int_equal(sequence, INT64_MAX);
}

static void without_a_token_it_is_the_first_page(void **state)
{
    int64_t created_at = -1;
    int64_t sequence = -1;
    const char *id = NULL;
    struct error error;

    (void)state;
    assert_true(portfolio_page_token_read("", &created_at, &id, &error));
    assert_true(portfolio_page_token_read(NULL, &created_at, &id, &error));
    assert_true(movement_page_token_read("", &sequence, &error));
    assert_true(movement_page_token_read(NULL, &sequence, &error));
    assert_int_equal(created_at, -1);
    assert_int_equal(sequence, -1);
    assert_null(id);
}

static void a_token_of_nobody_is_refused(void **state)
{
    static const char *const portfolios[] = {"x",
                                             "." ID,
                                             "5",
                                             "5." ID "x",
                                             "-5." ID,
                                             "+5." ID,
                                             " 5." ID,
                                             "250000000000000001." ID,
                                             "99999999999999999999." ID};
    static const char *const movements[] = {"0", "-1", "+1", " 1", "1x", "9223372036854775808"};
    int64_t number = 0;
    const char *id = NULL;
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(portfolios); i++) {
        assert_false(portfolio_page_token_read(portfolios[i], &number, &id, &error));
        assert_string_equal(error.reason, "INVALID_PAGE_TOKEN");
    }
    for (size_t i = 0; i < COUNT_OF(movements); i++) {
        assert_false(movement_page_token_read(movements[i], &number, &error));
        assert_string_equal(error.reason, "INVALID_PAGE_TOKEN");
    }
}

static void a_token_of_lots_is_read_as_it_was_written(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct lot_position position = {
        .is_closed = true, .ticker = "BRK.B", .series = 7, .quantity_after = INT64_MAX};
    struct lot_position read = {.series = -1};
    struct error error;

    (void)state;
    assert_true(lot_page_token_read(NULL, &read, &error));
    assert_true(lot_page_token_read("", &read, &error));
    assert_int_equal(read.series, -1);
    assert_true(lot_page_token_read(lot_page_token_write(arena, &position), &read, &error));
    assert_true(read.is_closed);
    assert_string_equal(read.ticker, "BRK.B");
    assert_int_equal(read.series, 7);
    assert_true(read.quantity_after == INT64_MAX);
}

static void a_token_of_lots_of_nobody_is_refused(void **state)
{
    static const char *const tokens[] = {"x.1.1.AAPL",
                                         "o",
                                         "o.",
                                         "o.1",
                                         "o.1.1",
                                         "o1.1.A",
                                         "o.-1.1.",
                                         "o.2147483648.1.A",
                                         "c.1.-1.A",
                                         "c.1. 1.",
                                         "c..1.A",
                                         "c.1.9223372036854775808.A",
                                         "c.1.1.AAAAAAAAAAAAAAAA"};
    struct lot_position position = {0};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        assert_false(lot_page_token_read(tokens[i], &position, &error));
        assert_string_equal(error.reason, "INVALID_PAGE_TOKEN");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_as_it_was_written),
        cmocka_unit_test(without_a_token_it_is_the_first_page),
        cmocka_unit_test(a_token_of_nobody_is_refused),
        cmocka_unit_test(a_token_of_lots_is_read_as_it_was_written),
        cmocka_unit_test(a_token_of_lots_of_nobody_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
