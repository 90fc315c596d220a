// SPDX-License-Identifier: MIT
// Holds that several orders share: what one buys is held for those that are to sell it.
#include "support/test.h"

#include <string.h>

#include "ledger/ledger.h"
#include "money/money.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define PORTFOLIO "00000000-0000-7000-8000-00000000000f"
#define ENTRY "00000000-0000-7000-8000-000000000001"
#define GROUP "00000000-0000-7000-8000-000000000002"
#define EXIT "00000000-0000-7000-8000-000000000003"
#define OTHER "00000000-0000-7000-8000-000000000004"

static struct book *book_with(int64_t cash)
{
    struct book *book = book_new(PORTFOLIO, false);
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = "00000000-0000-7000-8000-0000000000ff",
                                       .amount = cash,
                                       .booked_at = 1};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    return book;
}

static bool reserve(struct book *book,
                    const char *order_id,
                    enum ledger_side side,
                    int64_t quantity,
                    struct error *error)
{
    const struct ledger_reservation reservation = {.order_id = order_id,
                                                   .side = side,
                                                   .ticker = "AAPL",
                                                   .quantity = quantity,
                                                   .amount = 100 * DOLLAR * (quantity / SHARE)};

    return ledger_reserve(book, &reservation, error);
}

// Fills the entry with so many shares, which are held for the group.
static bool buy(struct book *book, int number, int64_t quantity, struct error *error)
{
    char fill_id[UUID_SIZE] = "00000000-0000-7000-8000-000000000010";
    struct ledger_fill fill = {.fill_id = fill_id,
                               .order_id = ENTRY,
                               .shares_hold_id = GROUP,
                               .side = LEDGER_BUY,
                               .ticker = "AAPL",
                               .quantity = quantity,
                               .price = 100 * DOLLAR};

    fill_id[UUID_SIZE - 2] = (char)('0' + number);
    return ledger_fill(book, &fill, error);
}

// Fills an exit from what is held for the group.
static bool sell(struct book *book, const char *order_id, int64_t quantity, struct error *error)
{
    struct ledger_fill fill = {.fill_id = "00000000-0000-7000-8000-000000000020",
                               .order_id = order_id,
                               .hold_id = GROUP,
                               .side = LEDGER_SELL,
                               .ticker = "AAPL",
                               .quantity = quantity,
                               .price = 110 * DOLLAR,
                               .is_final = true};

    return ledger_fill(book, &fill, error);
}

static struct ledger_balance shares_of(const struct book *book)
{
    return book_balance(book, LEDGER_SHARES, "AAPL");
}

// What a sale needs to know of the shares that are there.
static void know_lots(struct book *book)
{
    for (size_t i = 0; i < book->lot_count; i++)
        book->lots_loaded = i + 1;
}

static void what_is_bought_for_a_group_is_held_with_the_step_that_books_it(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, ENTRY, LEDGER_BUY, 5 * SHARE, &error));
    assert_true(buy(book, 1, 2 * SHARE, &error));
    assert_int_equal(shares_of(book).held, 2 * SHARE);
    assert_true(buy(book, 2, 3 * SHARE, &error));
    assert_true(buy(book, 2, 3 * SHARE, &error));
    assert_int_equal(shares_of(book).amount, 5 * SHARE);
    assert_int_equal(shares_of(book).held, 5 * SHARE);
    assert_int_equal(book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).held, 0);
    assert_false(reserve(book, OTHER, LEDGER_SELL, SHARE, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_SHARES));
}

static void either_exit_of_a_group_is_filled_from_its_hold_and_only_one(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, ENTRY, LEDGER_BUY, 5 * SHARE, &error));
    assert_true(buy(book, 1, 5 * SHARE, &error));
    know_lots(book);
    assert_true(sell(book, EXIT, 5 * SHARE, &error));
    assert_int_equal(shares_of(book).amount, 0);
    assert_int_equal(shares_of(book).held, 0);
    assert_string_equal(book->journals[book->journal_count - 1].order_id, EXIT);
    // The same fill changes nothing, and nothing is left for another.
    assert_true(sell(book, EXIT, 5 * SHARE, &error));
    assert_int_equal(book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount, 1050 * DOLLAR);
    assert_false(reserve(book, GROUP, LEDGER_SELL, SHARE, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
}

static void what_is_bought_after_the_group_has_ended_is_free(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, ENTRY, LEDGER_BUY, 5 * SHARE, &error));
    assert_true(buy(book, 1, 2 * SHARE, &error));
    ledger_release(book, GROUP);
    assert_int_equal(shares_of(book).held, 0);
    assert_true(buy(book, 2, 3 * SHARE, &error));
    assert_int_equal(shares_of(book).amount, 5 * SHARE);
    assert_int_equal(shares_of(book).held, 0);
    assert_true(reserve(book, OTHER, LEDGER_SELL, 5 * SHARE, &error));
}

static void shares_are_not_held_where_something_else_is(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, GROUP, LEDGER_BUY, SHARE, &error));
    assert_true(reserve(book, ENTRY, LEDGER_BUY, 5 * SHARE, &error));
    assert_false(buy(book, 1, 5 * SHARE, &error));
    assert_true(error_is(&error, REASON_FILL_MISMATCH));
    assert_int_equal(shares_of(book).amount, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_bought_for_a_group_is_held_with_the_step_that_books_it),
        cmocka_unit_test(either_exit_of_a_group_is_filled_from_its_hold_and_only_one),
        cmocka_unit_test(what_is_bought_after_the_group_has_ended_is_free),
        cmocka_unit_test(shares_are_not_held_where_something_else_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
