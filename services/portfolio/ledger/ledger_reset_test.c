// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static const char portfolio_id[] = "00000000-0000-4000-8000-000000000001";
static const char request_id[] = "00000000-0000-4000-8000-000000000002";

static struct uuid id_of(const char *kind, int number)
{
    char name[32];

    snprintf(name, sizeof(name), "%s:%d", kind, number);
    return uuid_from_name(text_of(name));
}

static bool
reserve(struct book *book, int order, enum ledger_side side, const char *ticker, int64_t quantity)
{
    struct uuid id = id_of("order", order);
    struct ledger_reservation reservation = {.order_id = id.string,
                                             .side = side,
                                             .ticker = ticker,
                                             .quantity = quantity,
                                             .amount = 1000 * DOLLAR};
    struct error error;

    return ledger_reserve(book, &reservation, &error);
}

static void trade(struct book *book,
                  int order,
                  enum ledger_side side,
                  const char *ticker,
                  int64_t quantity,
                  int64_t price)
{
    struct uuid order_id = id_of("order", order);
    struct uuid fill_id = id_of("fill", order);
    struct ledger_fill fill = {.fill_id = fill_id.string,
                               .order_id = order_id.string,
                               .side = side,
                               .ticker = ticker,
                               .quantity = quantity,
                               .price = price,
                               .is_final = true};
    struct error error;

    assert_true(reserve(book, order, side, ticker, quantity));
    assert_true(ledger_fill(book, &fill, &error));
}

// 5000 USD; 7 of AAPL left of 10, MSFT sold with a profit.
static struct book *book_of_trades(void)
{
    struct book *book = book_new(portfolio_id, false);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT, .reference = portfolio_id, .amount = 5000 * DOLLAR};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    trade(book, 1, LEDGER_BUY, "AAPL", 10 * SHARE, 50 * DOLLAR);
    trade(book, 2, LEDGER_SELL, "AAPL", 3 * SHARE, 60 * DOLLAR);
    trade(book, 3, LEDGER_BUY, "MSFT", SHARE, 100 * DOLLAR);
    trade(book, 4, LEDGER_SELL, "MSFT", SHARE, 150 * DOLLAR);
    return book;
}

static struct ledger_beginning beginning_with(int64_t cash)
{
    return (struct ledger_beginning){.reference = request_id, .cash = cash, .booked_at = 5};
}

static int64_t sum_of(const struct book *book, bool of_money)
{
    int64_t sum = 0;

    for (size_t i = 0; i < book->balance_count; i++) {
        if (ledger_account_is_money(book->balances[i].account) == of_money)
            sum += book->balances[i].amount;
    }
    return sum;
}

static void after_a_reset_there_is_the_cash_and_nothing_else(void **state)
{
    OWNED(book) book = book_of_trades();
    struct ledger_beginning beginning = beginning_with(700 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(ledger_reset(book, &beginning, &error));
    assert_int_equal(book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount, 700 * DOLLAR);
    for (int i = 0; i < 2; i++) {
        const char *ticker = i == 0 ? "AAPL" : "MSFT";
        struct ledger_balance shares = book_balance(book, LEDGER_SHARES, ticker);

        assert_int_equal(shares.amount, 0);
        assert_int_equal(shares.cost_basis, 0);
        assert_int_equal(shares.cost_basis_fifo, 0);
        assert_int_equal(shares.realized_pl, 0);
        assert_int_equal(shares.realized_pl_fifo, 0);
        assert_int_equal(shares.first_series, 2);
        assert_true(shares.changed);
    }
    assert_int_equal(sum_of(book, true), 0);
    assert_int_equal(sum_of(book, false), 0);
}

static void a_reset_sells_what_was_held_at_what_it_has_cost(void **state)
{
    OWNED(book) book = book_of_trades();
    struct ledger_beginning beginning = beginning_with(0);
    const struct sale *sale = NULL;
    struct error error;

    (void)state;
    assert_true(ledger_reset(book, &beginning, &error));
    assert_int_equal(book->sale_count, 3);
    sale = &book->sales[2];
    assert_string_equal(sale->ticker, "AAPL");
    assert_int_equal(sale->quantity, 7 * SHARE);
    assert_int_equal(sale->quantity_after, 10 * SHARE);
    assert_int_equal(sale->cost, 350 * DOLLAR);
    assert_int_equal(sale->proceeds, sale->cost);
}

static void the_movement_of_cash_is_the_last_of_a_reset_and_all_differ(void **state)
{
    OWNED(book) book = book_of_trades();
    struct ledger_beginning beginning = beginning_with(0);
    size_t before = book->journal_count;
    struct error error;

    (void)state;
    assert_true(ledger_reset(book, &beginning, &error));
    assert_int_equal(book->journal_count, before + 3);
    assert_string_equal(book->journals[before + 2].ticker, "");
    assert_int_equal(book->journals[before + 2].lines[0].seq,
                     book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).seq);
    for (size_t i = before; i < before + 3; i++) {
        assert_int_equal(book->journals[i].kind, LEDGER_KIND_RESET);
        assert_int_equal(book->journals[i].lines[0].account, LEDGER_CASH);
        for (size_t j = before; j < i; j++)
            assert_string_not_equal(book->journals[i].id, book->journals[j].id);
    }
}

static void positions_are_reset_by_their_tickers_whatever_the_order_of_the_book(void **state)
{
    static const char *const tickers[] = {"A", "AAPL", "MSFT", "Z"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        OWNED(book) book = book_of_trades();
        struct ledger_beginning beginning = beginning_with(0);
        size_t before = 0;
        struct error error;

        trade(book, 5, LEDGER_BUY, i == 0 ? "A" : "Z", SHARE, DOLLAR);
        trade(book, 6, LEDGER_BUY, i == 0 ? "Z" : "A", SHARE, DOLLAR);
        before = book->journal_count;
        assert_true(ledger_reset(book, &beginning, &error));
        assert_int_equal(book->journal_count, before + COUNT_OF(tickers) + 1);
        for (size_t j = 0; j < COUNT_OF(tickers); j++)
            assert_string_equal(book->journals[before + j].ticker, tickers[j]);
    }
}

static void what_was_reset_before_is_not_reset_again(void **state)
{
    OWNED(book) book = book_of_trades();
    struct ledger_beginning beginning = beginning_with(0);
    size_t before = 0;
    struct error error;

    (void)state;
    assert_true(ledger_reset(book, &beginning, &error));
    before = book->journal_count;
    beginning.reference = portfolio_id;
    assert_true(ledger_reset(book, &beginning, &error));
    assert_int_equal(book->journal_count, before + 1);
    beginning.cash = 1000 * DOLLAR;
    beginning.reference = "00000000-0000-4000-8000-000000000003";
    assert_true(ledger_reset(book, &beginning, &error));
    trade(book, 9, LEDGER_BUY, "AAPL", SHARE, 50 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").series, 2);
}

static void nothing_is_reset_while_an_order_holds_cash_or_shares(void **state)
{
    struct ledger_beginning beginning = beginning_with(0);
    struct error error;

    (void)state;
    for (int i = 0; i < 2; i++) {
        OWNED(book) book = book_of_trades();
        size_t before = book->journal_count;

        assert_true(reserve(book, 10, i == 0 ? LEDGER_BUY : LEDGER_SELL, "AAPL", SHARE));
        assert_false(ledger_reset(book, &beginning, &error));
        assert_true(error_is(&error, REASON_PORTFOLIO_HAS_OPEN_ORDERS));
        assert_string_equal(error.details[0].value, i == 0 ? "1000.00" : "0.00");
        assert_string_equal(error.details[1].value, i == 0 ? "0" : "1");
        assert_int_equal(book->journal_count, before);
        assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").amount, 7 * SHARE);
    }
}

static void a_closed_portfolio_is_not_reset(void **state)
{
    OWNED(book) book = book_of_trades();
    struct ledger_beginning beginning = beginning_with(0);
    struct error error;

    (void)state;
    book->is_closed = true;
    assert_false(ledger_reset(book, &beginning, &error));
    assert_true(error_is(&error, REASON_PORTFOLIO_CLOSED));
}

static void an_opened_position_has_the_costs_of_the_other_and_no_profit(void **state)
{
    OWNED(book) from = book_of_trades();
    OWNED(book) book = book_new(request_id, false);
    struct ledger_beginning beginning = beginning_with(42 * DOLLAR);
    struct ledger_balance position = book_balance(from, LEDGER_SHARES, "AAPL");
    struct error error;

    (void)state;
    position.cost_basis += 3;
    assert_non_null(ledger_open_position(book, &position, &beginning));
    assert_true(ledger_open_cash(book, &beginning, &error));
    position = book_balance(book, LEDGER_SHARES, "AAPL");
    assert_int_equal(position.amount, 7 * SHARE);
    assert_int_equal(position.held, 0);
    assert_int_equal(position.cost_basis, 350 * DOLLAR + 3);
    assert_int_equal(position.cost_basis_fifo, 350 * DOLLAR);
    assert_int_equal(position.realized_pl, 0);
    assert_int_equal(position.sold, 0);
    assert_int_equal(position.series, 1);
    assert_int_equal(book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount, 42 * DOLLAR);
    assert_int_equal(sum_of(book, true), 0);
    assert_int_equal(sum_of(book, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_reset_there_is_the_cash_and_nothing_else),
        cmocka_unit_test(a_reset_sells_what_was_held_at_what_it_has_cost),
        cmocka_unit_test(the_movement_of_cash_is_the_last_of_a_reset_and_all_differ),
        cmocka_unit_test(positions_are_reset_by_their_tickers_whatever_the_order_of_the_book),
        cmocka_unit_test(what_was_reset_before_is_not_reset_again),
        cmocka_unit_test(nothing_is_reset_while_an_order_holds_cash_or_shares),
        cmocka_unit_test(a_closed_portfolio_is_not_reset),
        cmocka_unit_test(an_opened_position_has_the_costs_of_the_other_and_no_profit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
