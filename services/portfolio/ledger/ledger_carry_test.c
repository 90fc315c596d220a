// SPDX-License-Identifier: MIT
// What a split that is imported makes of the lots. That it is what the platform's own split makes
// of them is tested from outside, where one is exported and imported.
#include "ledger/ledger_fixture.h"

#include "ledger/ledger_book.h"

struct expected {
    int64_t quantity;
    int64_t cost;
    int64_t opened_at;
};

static void buy(struct book *book, int64_t quantity, int64_t price, int64_t at)
{
    struct uuid id = uuid_new();
    struct ledger_imported imported = {.kind = LEDGER_KIND_BUY,
                                       .id = id.string,
                                       .reference = id.string,
                                       .ticker = "AAPL",
                                       .note = "",
                                       .quantity = quantity,
                                       .price = price,
                                       .booked_at = at};
    struct error error;

    if (!ledger_import(book, &imported, &error))
        fail_msg("%s", error.message);
}

static void sell(struct book *book, int64_t quantity)
{
    struct uuid id = uuid_new();
    struct ledger_imported imported = {.kind = LEDGER_KIND_SELL,
                                       .id = id.string,
                                       .reference = id.string,
                                       .ticker = "AAPL",
                                       .note = "",
                                       .quantity = quantity,
                                       .price = DOLLAR,
                                       .booked_at = 90};
    struct error error;

    if (!ledger_import(book, &imported, &error))
        fail_msg("%s", error.message);
}

static bool split(struct book *book, int64_t numerator, int64_t denominator, struct error *error)
{
    struct uuid id = uuid_new();
    struct ledger_imported imported = {.kind = LEDGER_KIND_SPLIT,
                                       .id = id.string,
                                       .reference = id.string,
                                       .ticker = "AAPL",
                                       .note = "",
                                       .numerator = numerator,
                                       .denominator = denominator,
                                       .booked_at = 100};

    return ledger_import(book, &imported, error);
}

static void assert_lots(const struct book *book, const struct expected *expected, size_t count)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, "AAPL");
    int64_t quantity = 0;
    int64_t cost = 0;
    size_t found = 0;

    for (size_t i = 0; i < book->lot_count; i++) {
        const struct lot *lot = &book->lots[i];

        if (lot->series != shares.series)
            continue;
        assert_true(found < count);
        assert_int_equal(lot->quantity, expected[found].quantity);
        assert_int_equal(lot->cost, expected[found].cost);
        assert_int_equal(lot->opened_at, expected[found].opened_at);
        assert_true(lot->is_carried);
        quantity += lot->quantity;
        cost += lot->cost;
        assert_int_equal(lot->quantity_after, quantity);
        assert_int_equal(lot->cost_after, cost);
        found++;
    }
    assert_int_equal(found, count);
    assert_int_equal(shares.amount, quantity);
    assert_int_equal(shares.cost_basis_fifo, cost);
    assert_int_equal(shares.sold, 0);
}

static void what_is_left_of_each_lot_is_split_and_keeps_its_cost_and_age(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 2 * SHARE, 30 * DOLLAR, 10);
    buy(book, SHARE, 60 * DOLLAR, 20);
    sell(book, SHARE);
    assert_true(split(book, 3, 1, &error));
    assert_lots(book,
                (struct expected[]){{3 * SHARE, 30 * DOLLAR, 10}, {3 * SHARE, 60 * DOLLAR, 20}}, 2);
    assert_string_equal(book->journals[book->journal_count - 1].note, "3 for 1");
    assert_int_equal(book->journals[book->journal_count - 1].quantity, 4 * SHARE);
    sell(book, 6 * SHARE);
    book_free(&book);
}

static void shares_that_were_bought_since_stay_as_they_are(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, SHARE, 30 * DOLLAR, 10);
    buy(book, SHARE, 10 * DOLLAR, 100);
    assert_true(split(book, 3, 1, &error));
    assert_lots(book, (struct expected[]){{3 * SHARE, 30 * DOLLAR, 10}, {SHARE, 10 * DOLLAR, 100}},
                2);
    book_free(&book);
}

static void shares_are_rounded_down_over_all_lots_and_no_cost_is_lost(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    // 1, 1, 2 and 3 billionths of a share become none, none, 1 and 1 of them.
    buy(book, 1, 1000 * DOLLAR, 40);
    buy(book, 1, 2000 * DOLLAR, 20);
    buy(book, 2, 3000 * DOLLAR, 30);
    buy(book, 3, 4000 * DOLLAR, 10);
    assert_true(split(book, 1, 3, &error));
    assert_lots(book, (struct expected[]){{1, 9, 20}, {1, 12, 10}}, 2);
    book_free(&book);
}

static void all_shares_are_never_rounded_to_none(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 1, 1000 * DOLLAR, 10);
    assert_true(split(book, 1, 10, &error));
    assert_lots(book, (struct expected[]){{1, 1, 10}}, 1);
    assert_int_equal(book->journals[book->journal_count - 1].quantity, 0);
    book_free(&book);
}

static void without_shares_of_before_there_is_nothing_to_split(void **state)
{
    struct book *book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, SHARE, 30 * DOLLAR, 100);
    assert_false(split(book, 3, 1, &error));
    assert_true(error_is(&error, REASON_CONFLICT));
    book_free(&book);
}

static void what_cannot_be_counted_leaves_the_lots_as_they_were(void **state)
{
    struct book *book = book_with(10000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, INT64_MAX / 2, 1, 10);
    assert_false(split(book, 3, 1, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_int_equal(book->lot_count, 1);
    book_free(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_of_each_lot_is_split_and_keeps_its_cost_and_age),
        cmocka_unit_test(shares_that_were_bought_since_stay_as_they_are),
        cmocka_unit_test(shares_are_rounded_down_over_all_lots_and_no_cost_is_lost),
        cmocka_unit_test(all_shares_are_never_rounded_to_none),
        cmocka_unit_test(without_shares_of_before_there_is_nothing_to_split),
        cmocka_unit_test(what_cannot_be_counted_leaves_the_lots_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
