// SPDX-License-Identifier: MIT
// Movements that were made elsewhere. That lots, costs and profits are those of our own trades is
// tested from outside, against a second implementation.
#include "ledger/ledger_fixture.h"

#include "ledger/ledger_book.h"

static bool import(
    struct book *book, enum ledger_kind kind, int64_t quantity, int64_t amount, struct error *error)
{
    bool is_trade = kind == LEDGER_KIND_BUY || kind == LEDGER_KIND_SELL;
    struct uuid id = uuid_new();
    struct uuid reference = uuid_new();
    struct ledger_imported imported = {
        .kind = kind,
        .id = id.string,
        .reference = reference.string,
        .ticker = is_trade || kind == LEDGER_KIND_DIVIDEND ? "AAPL" : "",
        .note = "from elsewhere",
        .quantity = quantity,
        .price = is_trade ? amount : 0,
        .commission = is_trade ? DOLLAR : 0,
        .amount = is_trade ? 0 : amount,
        .booked_at = 5,
    };

    return ledger_import(book, &imported, error);
}

static void each_kind_moves_cash_and_its_other_account(void **state)
{
    struct book *book = book_new(uuid_new().string, false);
    struct error error;

    (void)state;
    assert_true(import(book, LEDGER_KIND_DEPOSIT, 0, 1000 * DOLLAR, &error));
    assert_true(import(book, LEDGER_KIND_BUY, 2 * SHARE, 100 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 799 * DOLLAR);
    assert_true(import(book, LEDGER_KIND_DIVIDEND, 0, 5 * DOLLAR, &error));
    assert_true(import(book, LEDGER_KIND_FEE, 0, 4 * DOLLAR, &error));
    assert_true(import(book, LEDGER_KIND_SELL, SHARE, 120 * DOLLAR, &error));
    assert_true(import(book, LEDGER_KIND_WITHDRAWAL, 0, 19 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 900 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_EXTERNAL, LEDGER_CURRENCY).amount, -981 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_FEES, LEDGER_CURRENCY).amount, 6 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_MARKET, LEDGER_CURRENCY).amount, 75 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").amount, SHARE);
    assert_int_equal(book->journal_count, 6);
    assert_int_equal(book->journals[1].order_id[0], '\0');
    assert_int_equal(book->journals[1].booked_at, 5);
    book_free(&book);
}

static void what_is_held_for_orders_is_not_taken(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 400 * DOLLAR, &error));
    assert_false(import(book, LEDGER_KIND_WITHDRAWAL, 0, 600 * DOLLAR + 1, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_false(import(book, LEDGER_KIND_FEE, 0, 600 * DOLLAR + 1, &error));
    assert_false(import(book, LEDGER_KIND_BUY, SHARE, 599 * DOLLAR + 1, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_int_equal(cash_of(book), 1000 * DOLLAR);
    assert_true(import(book, LEDGER_KIND_BUY, SHARE, 599 * DOLLAR, &error));
    assert_int_equal(book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).held, 400 * DOLLAR);
    assert_true(reserve(book, 2, LEDGER_SELL, SHARE / 2, 0, &error));
    assert_false(import(book, LEDGER_KIND_SELL, SHARE / 2 + 1, 100 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_SHARES));
    assert_true(import(book, LEDGER_KIND_SELL, SHARE / 2, 100 * DOLLAR, &error));
    book_free(&book);
}

static void a_sale_whose_commission_is_more_than_it_brings_takes_cash_that_is_there(void **state)
{
    struct book *book = book_with(100 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(import(book, LEDGER_KIND_BUY, SHARE, 99 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 0);
    assert_false(import(book, LEDGER_KIND_SELL, SHARE, DOLLAR - 1, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_true(import(book, LEDGER_KIND_SELL, SHARE, DOLLAR, &error));
    assert_int_equal(cash_of(book), 0);
    book_free(&book);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_false(import(book, LEDGER_KIND_DEPOSIT, 0, INT64_MAX - 5, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_false(import(book, LEDGER_KIND_BUY, INT64_MAX, INT64_MAX, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_int_equal(cash_of(book), 1000 * DOLLAR);
    book_free(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_moves_cash_and_its_other_account),
        cmocka_unit_test(what_is_held_for_orders_is_not_taken),
        cmocka_unit_test(a_sale_whose_commission_is_more_than_it_brings_takes_cash_that_is_there),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
