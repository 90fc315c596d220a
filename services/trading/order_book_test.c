// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "order_book.h"

static struct order order_number(int number, const char *ticker)
{
    struct order order = {.quantity = 1, .created_at = number, .expires_at = 1000 + number};

    snprintf(order.id, sizeof(order.id), "00000000-0000-7000-8000-%012d", number);
    snprintf(order.ticker, sizeof(order.ticker), "%s", ticker);
    return order;
}

static void orders_of_a_ticker_come_in_the_order_of_their_creation(void **state)
{
    OWNED(order_book) book = order_book_new();
    const int numbers[] = {3, 1, 4, 2};
    int expected = 1;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct order order = order_number(numbers[i], "AAPL");

        order_book_add(book, &order);
        order_book_add(book, &order);
    }
    assert_int_equal(order_book_count(book), 4);
    for (struct resting *at = order_book_first(book, "AAPL"); at != NULL; at = at->next_of_ticker)
        assert_int_equal(at->created_at, expected++);
    assert_int_equal(expected, 5);
    assert_null(order_book_first(book, "MSFT"));
}

static void a_removed_order_is_found_no_more(void **state)
{
    OWNED(order_book) book = order_book_new();

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct order order = order_number(i, i % 2 == 0 ? "AAPL" : "MSFT");

        order_book_add(book, &order);
    }
    for (int i = 0; i < 5000; i += 3) {
        struct order order = order_number(i, "");

        order_book_remove(book, order.id);
        order_book_remove(book, order.id);
        assert_null(order_book_find(book, order.id));
    }
    assert_int_equal(order_book_count(book), 3333);
    assert_int_equal(order_book_first(book, "AAPL")->created_at, 2);
    assert_int_equal(order_book_first(book, "MSFT")->created_at, 1);
}

static void count_visit(void *context, struct resting *order)
{
    int *count = context;

    order->is_matched = true;
    (*count)++;
}

static void the_expired_are_named_once_and_the_next_expiry_is_known(void **state)
{
    OWNED(order_book) book = order_book_new();
    int count = 0;

    (void)state;
    assert_int_equal(order_book_next_expiry(book), INT64_MAX);
    for (int i = 0; i < 10; i++) {
        struct order order = order_number(i, "AAPL");

        order_book_add(book, &order);
    }
    assert_int_equal(order_book_next_expiry(book), 1000);
    order_book_each_expired(book, 1004, count_visit, &count);
    assert_int_equal(count, 5);
    assert_int_equal(order_book_next_expiry(book), 1005);
    order_book_each_expired(book, 1004, count_visit, &count);
    assert_int_equal(count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_a_ticker_come_in_the_order_of_their_creation),
        cmocka_unit_test(a_removed_order_is_found_no_more),
        cmocka_unit_test(the_expired_are_named_once_and_the_next_expiry_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
