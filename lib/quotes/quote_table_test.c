// SPDX-License-Identifier: MIT
#include "quotes/quote_table.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

static struct quote quote_of(const char *ticker, int64_t price_micros, int64_t quoted_at)
{
    struct quote quote = {.price_micros = price_micros, .quoted_at = quoted_at};

    (void)snprintf(quote.ticker, sizeof quote.ticker, "%s", ticker);
    return quote;
}

static void a_quote_is_found_by_its_ticker_and_no_other(void **state)
{
    OWNED(quote_table) table = quote_table_new();
    struct quote quote = quote_of("IBM", 182500000, 5);

    (void)state;
    assert_null(quote_table_find(table, "IBM"));
    assert_true(quote_table_put(table, &quote));
    assert_int_equal(quote_table_find(table, "IBM")->price_micros, 182500000);
    assert_null(quote_table_find(table, "IB"));
    assert_null(quote_table_find(table, ""));
}

static void a_later_quote_replaces_and_an_older_one_does_not(void **state)
{
    OWNED(quote_table) table = quote_table_new();
    struct quote first = quote_of("IBM", 1, 5);
    struct quote corrected = quote_of("IBM", 2, 5);
    struct quote older = quote_of("IBM", 3, 4);

    (void)state;
    assert_true(quote_table_put(table, &first));
    assert_true(quote_table_put(table, &corrected));
    assert_false(quote_table_put(table, &older));
    assert_int_equal(quote_table_find(table, "IBM")->price_micros, 2);
    assert_int_equal(quote_table_count(table), 1);
}

static void twenty_thousand_symbols_fit_and_no_more(void **state)
{
    OWNED(quote_table) table = quote_table_new();
    struct quote *all;
    struct quote quote;
    char ticker[16];

    (void)state;
    for (int i = 0; i < QUOTE_TABLE_MAX; i++) {
        (void)snprintf(ticker, sizeof ticker, "T%d", i);
        quote = quote_of(ticker, i + 1, 1);
        assert_true(quote_table_put(table, &quote));
    }
    quote = quote_of("ONEMORE", 1, 1);
    assert_false(quote_table_put(table, &quote));
    for (int i = 0; i < QUOTE_TABLE_MAX; i++) {
        (void)snprintf(ticker, sizeof ticker, "T%d", i);
        assert_int_equal(quote_table_find(table, ticker)->price_micros, i + 1);
    }
    all = allocate_array(quote_table_count(table), sizeof *all);
    quote_table_copy(table, all);
    for (size_t i = 0; i < quote_table_count(table); i++)
        assert_int_equal(all[i].ticker[0], 'T');
    release(all);
}

static void a_mark_is_taken_once_and_only_of_what_was_looked_at(void **state)
{
    OWNED(quote_table) table = quote_table_new();
    struct quote quote = quote_of("IBM", 1, 1);
    char tickers[2][16];

    (void)state;
    assert_true(quote_table_put(table, &quote));
    quote = quote_of("KO", 1, 1);
    assert_true(quote_table_put(table, &quote));
    assert_int_equal(quote_table_take_marked(table, tickers, 2), 0);
    quote_table_mark(table, quote_table_find(table, "KO"));
    quote_table_mark(table, quote_table_find(table, "KO"));
    assert_int_equal(quote_table_take_marked(table, tickers, 2), 1);
    assert_string_equal(tickers[0], "KO");
    assert_int_equal(quote_table_take_marked(table, tickers, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_is_found_by_its_ticker_and_no_other),
        cmocka_unit_test(a_later_quote_replaces_and_an_older_one_does_not),
        cmocka_unit_test(twenty_thousand_symbols_fit_and_no_more),
        cmocka_unit_test(a_mark_is_taken_once_and_only_of_what_was_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
