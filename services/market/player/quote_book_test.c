// SPDX-License-Identifier: MIT
#include "player/quote_book.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

static struct bar bar_of(const char *ticker, int64_t day, int64_t price_micros)
{
    struct bar bar = {.day = day,
                      .open_micros = price_micros,
                      .high_micros = price_micros + 2,
                      .low_micros = price_micros - 1,
                      .close_micros = price_micros + 1};

    (void)snprintf(bar.ticker, sizeof bar.ticker, "%s", ticker);
    return bar;
}

static void entries_are_in_order_whatever_the_order_they_came_in(void **state)
{
    OWNED(quote_book) book = quote_book_new();
    static const char *const tickers[] = {"MSFT", "AAPL", "T", "BRK-A"};
    const struct quote_book_entry *first = NULL;

    (void)state;
    assert_int_equal(quote_book_after(book, "", &first), 0);
    for (size_t i = 0; i < COUNT_OF(tickers); i++) {
        struct bar bar = bar_of(tickers[i], 16000, 100);

        assert_non_null(quote_book_put(book, &bar, PHASE_OPEN, 0, 0));
    }
    assert_int_equal(quote_book_after(book, "", &first), 4);
    assert_string_equal(first[0].quote.ticker, "AAPL");
    assert_string_equal(first[1].quote.ticker, "BRK-A");
    assert_int_equal(quote_book_after(book, "BRK-A", &first), 2);
    assert_string_equal(first[0].quote.ticker, "MSFT");
    assert_int_equal(quote_book_after(book, "B", &first), 3);
    assert_int_equal(quote_book_after(book, "~", &first), 0);
}

static void only_a_difference_is_a_change(void **state)
{
    OWNED(quote_book) book = quote_book_new();
    struct bar bar = bar_of("IBM", 16000, 100);

    (void)state;
    assert_non_null(quote_book_put(book, &bar, PHASE_OPEN, 99, 0));
    assert_null(quote_book_put(book, &bar, PHASE_OPEN, 99, 0));
    assert_non_null(quote_book_put(book, &bar, PHASE_OPEN, 98, 0));
    assert_non_null(quote_book_put(book, &bar, PHASE_CLOSE, 98, 0));
    bar.close_micros++;
    assert_non_null(quote_book_put(book, &bar, PHASE_CLOSE, 98, 0));
}

static void the_previous_close_is_that_of_the_last_earlier_bar(void **state)
{
    OWNED(quote_book) book = quote_book_new();
    struct bar first = bar_of("IBM", 16000, 100), second = bar_of("IBM", 16003, 200);

    (void)state;
    assert_int_equal(quote_book_previous_close(book, &first), 0);
    assert_non_null(quote_book_put(book, &first, PHASE_CLOSE, 0, 0));
    assert_int_equal(quote_book_previous_close(book, &second), 101);
    assert_non_null(quote_book_put(book, &second, PHASE_OPEN, 101, 0));
    assert_int_equal(quote_book_previous_close(book, &second), 101);
}

static void a_full_book_takes_no_further_symbol(void **state)
{
    OWNED(quote_book) book = quote_book_new();
    struct bar bar;
    char ticker[TICKER_SIZE];

    (void)state;
    for (int i = 0; i < QUOTE_BOOK_MAX; i++) {
        (void)snprintf(ticker, sizeof ticker, "T%05d", i);
        bar = bar_of(ticker, 16000, 100);
        assert_non_null(quote_book_put(book, &bar, PHASE_OPEN, 0, 0));
    }
    bar = bar_of("U", 16000, 100);
    assert_null(quote_book_put(book, &bar, PHASE_OPEN, 0, 0));
    assert_int_equal(quote_book_count(book), QUOTE_BOOK_MAX);
}

static void a_quote_without_a_bar_is_put_and_said_to_differ_once(void **state)
{
    OWNED(quote_book) book = quote_book_new();
    struct quote quote = {.ticker = "AAPL", .price_micros = 230, .quoted_at = 1};

    (void)state;
    assert_int_equal(quote_book_put_quote(book, &quote, 16000)->price_micros, 230);
    assert_null(quote_book_put_quote(book, &quote, 16000));
    quote.quoted_at = 2;
    assert_non_null(quote_book_put_quote(book, &quote, 16001));
    assert_int_equal(quote_book_find(book, "AAPL")->day, 16001);
    assert_int_equal(quote_book_count(book), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_without_a_bar_is_put_and_said_to_differ_once),
        cmocka_unit_test(entries_are_in_order_whatever_the_order_they_came_in),
        cmocka_unit_test(only_a_difference_is_a_change),
        cmocka_unit_test(the_previous_close_is_that_of_the_last_earlier_bar),
        cmocka_unit_test(a_full_book_takes_no_further_symbol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
