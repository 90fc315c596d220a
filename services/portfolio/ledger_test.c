// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "ledger.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static const char portfolio_id[] = "00000000-0000-4000-8000-000000000001";

static struct uuid id_of(const char *kind, int number)
{
    char name[32];

    snprintf(name, sizeof(name), "%s:%d", kind, number);
    return uuid_from_name(text_of(name));
}

static struct book *book_with(int64_t cash)
{
    struct book *book = book_new(portfolio_id, false);
    struct uuid reference = id_of("deposit", 0);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT, .reference = reference.string, .amount = cash};
    struct error error;

    assert_true(ledger_move_cash(book, &movement, &error));
    return book;
}

static bool reserve(struct book *book,
                    int order,
                    enum ledger_side side,
                    int64_t quantity,
                    int64_t amount,
                    struct error *error)
{
    struct uuid id = id_of("order", order);
    struct ledger_reservation reservation = {.order_id = id.string,
                                             .side = side,
                                             .ticker = "AAPL",
                                             .quantity = quantity,
                                             .amount = amount};

    return ledger_reserve(book, &reservation, error);
}

static bool fill(struct book *book,
                 int order,
                 int number,
                 enum ledger_side side,
                 int64_t quantity,
                 int64_t price,
                 struct error *error)
{
    struct uuid order_id = id_of("order", order);
    struct uuid fill_id = id_of("fill", order * 100 + number);
    struct ledger_fill request = {.fill_id = fill_id.string,
                                  .order_id = order_id.string,
                                  .side = side,
                                  .ticker = "AAPL",
                                  .quantity = quantity,
                                  .price = price};

    return ledger_fill(book, &request, error);
}

static int64_t cash_of(const struct book *book)
{
    return book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount;
}

static int64_t held_of(const struct book *book)
{
    return book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).held;
}

static struct ledger_balance shares_of(const struct book *book)
{
    return book_balance(book, LEDGER_SHARES, "AAPL");
}

static void buy(struct book *book, int order, int64_t quantity, int64_t price)
{
    struct error error;

    assert_true(reserve(book, order, LEDGER_BUY, quantity, price * (quantity / SHARE), &error));
    assert_true(fill(book, order, 1, LEDGER_BUY, quantity, price, &error));
}

static void a_buy_with_exactly_enough_cash_is_held_and_booked(void **state)
{
    OWNED(book) book = book_with(951 * DOLLAR + 100000);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, 10 * SHARE, 951100000, &error));
    assert_int_equal(held_of(book), 951100000);
    assert_true(fill(book, 1, 1, LEDGER_BUY, 10 * SHARE, 95110000, &error));
    assert_int_equal(cash_of(book), 0);
    assert_int_equal(held_of(book), 0);
    assert_int_equal(shares_of(book).amount, 10 * SHARE);
    assert_int_equal(shares_of(book).cost_basis, 951100000);
}

static void a_buy_above_the_buying_power_is_refused_with_the_numbers(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_false(reserve(book, 2, LEDGER_BUY, SHARE, 40 * DOLLAR + 1, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_int_equal(error.detail_count, 2);
    assert_string_equal(error.details[0].name, "required");
    assert_string_equal(error.details[0].value, "40.000001");
    assert_string_equal(error.details[1].name, "available");
    assert_string_equal(error.details[1].value, "40.00");
    assert_int_equal(held_of(book), 60 * DOLLAR);
}

static void a_sell_of_more_than_is_free_is_refused_with_the_numbers(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 1, 10 * SHARE, 95 * DOLLAR);
    assert_true(reserve(book, 2, LEDGER_SELL, 4 * SHARE, 0, &error));
    assert_false(reserve(book, 3, LEDGER_SELL, 7 * SHARE, 0, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_SHARES));
    assert_string_equal(error.details[0].value, "7");
    assert_string_equal(error.details[1].value, "6");
    assert_string_equal(error.details[2].name, "held_for_orders");
    assert_string_equal(error.details[2].value, "4");
    assert_false(reserve(book, 4, LEDGER_SELL, 11 * SHARE, 0, &error));
}

static void a_repeated_reserve_raises_the_hold_and_never_lowers_it(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_int_equal(held_of(book), 60 * DOLLAR);
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
    assert_int_equal(held_of(book), 100 * DOLLAR);
    assert_false(reserve(book, 1, LEDGER_BUY, SHARE, 100 * DOLLAR + 1, &error));
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 10 * DOLLAR, &error));
    assert_int_equal(held_of(book), 100 * DOLLAR);
}

static void nothing_is_held_any_more_after_a_release(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct uuid first = id_of("order", 1);
    struct uuid unseen = id_of("order", 2);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    ledger_release(book, first.string);
    ledger_release(book, first.string);
    assert_int_equal(held_of(book), 0);
    assert_false(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
    ledger_release(book, unseen.string);
    assert_false(reserve(book, 2, LEDGER_BUY, SHARE, 1, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
}

static bool replace(struct book *book, int old, int order, int64_t amount, struct error *error)
{
    struct uuid id = id_of("order", order);
    struct uuid old_id = id_of("order", old);
    struct ledger_reservation reservation = {.order_id = id.string,
                                             .side = LEDGER_BUY,
                                             .ticker = "AAPL",
                                             .quantity = SHARE,
                                             .amount = amount,
                                             .replaces_order_id = old_id.string};

    return ledger_reserve(book, &reservation, error);
}

static void an_order_that_replaces_another_takes_over_its_hold_or_leaves_it(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_false(replace(book, 1, 2, 100 * DOLLAR + 1, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_int_equal(held_of(book), 60 * DOLLAR);
    // More than is free beside the old hold, and all that there is.
    assert_true(replace(book, 1, 3, 100 * DOLLAR, &error));
    assert_int_equal(held_of(book), 100 * DOLLAR);
    assert_true(replace(book, 1, 3, 100 * DOLLAR, &error));
    assert_int_equal(held_of(book), 100 * DOLLAR);
    assert_true(replace(book, 3, 4, 10 * DOLLAR, &error));
    assert_int_equal(held_of(book), 10 * DOLLAR);
    assert_false(fill(book, 1, 1, LEDGER_BUY, SHARE, 10 * DOLLAR, &error));
    assert_true(fill(book, 4, 1, LEDGER_BUY, SHARE, 10 * DOLLAR, &error));
    assert_int_equal(held_of(book), 0);
}

static void an_order_that_was_refused_is_refused_for_ever(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct uuid deposit = id_of("deposit", 1);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT, .reference = deposit.string, .amount = 200 * DOLLAR};
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_false(reserve(book, 2, LEDGER_BUY, SHARE, 150 * DOLLAR, &error));
    assert_false(replace(book, 1, 3, 150 * DOLLAR, &error));
    // Whoever asks once more is told why, with the numbers.
    assert_false(replace(book, 1, 3, 150 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_string_equal(error.details[1].value, "100.00");
    // Also when the cash has come meanwhile; and the old order still has what it holds.
    assert_true(ledger_move_cash(book, &movement, &error));
    assert_false(reserve(book, 2, LEDGER_BUY, SHARE, 150 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
    assert_false(replace(book, 1, 3, 150 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
    assert_int_equal(held_of(book), 60 * DOLLAR);
    // A hold that cannot be raised stays.
    assert_false(reserve(book, 1, LEDGER_BUY, SHARE, 350 * DOLLAR, &error));
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 300 * DOLLAR, &error));
    assert_int_equal(held_of(book), 300 * DOLLAR);
}

static void an_order_that_holds_nothing_cannot_be_replaced(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct error error;

    (void)state;
    assert_false(replace(book, 1, 2, DOLLAR, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, DOLLAR, &error));
    ledger_release(book, id_of("order", 1).string);
    assert_false(replace(book, 1, 2, DOLLAR, &error));
    assert_true(error_is(&error, REASON_ORDER_NOT_OPEN));
    assert_int_equal(held_of(book), 0);
}

static void a_fill_is_booked_once_however_often_it_comes(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 1, 5 * SHARE, 100 * DOLLAR);
    assert_true(fill(book, 1, 1, LEDGER_BUY, 5 * SHARE, 100 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 500 * DOLLAR);
    assert_int_equal(shares_of(book).amount, 5 * SHARE);
    assert_int_equal(book->journal_count, 2);
}

static void a_fill_that_does_not_fit_its_hold_books_nothing(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_false(fill(book, 1, 1, LEDGER_BUY, SHARE, DOLLAR, &error));
    assert_true(error_is(&error, REASON_FILL_MISMATCH));
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 10 * DOLLAR, &error));
    assert_false(fill(book, 1, 1, LEDGER_BUY, SHARE, 10 * DOLLAR + 1, &error));
    assert_false(fill(book, 1, 1, LEDGER_BUY, SHARE + 1, DOLLAR, &error));
    assert_false(fill(book, 1, 1, LEDGER_SELL, SHARE, DOLLAR, &error));
    assert_int_equal(book->journal_count, 1);
    assert_int_equal(cash_of(book), 1000 * DOLLAR);
    assert_int_equal(held_of(book), 10 * DOLLAR);
}

static void the_last_fill_gives_back_what_is_left_of_the_hold(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, 2 * SHARE, 500 * DOLLAR, &error));
    assert_true(fill(book, 1, 1, LEDGER_BUY, SHARE, 100 * DOLLAR, &error));
    assert_int_equal(held_of(book), 400 * DOLLAR);
    assert_true(fill(book, 1, 2, LEDGER_BUY, SHARE, 120 * DOLLAR, &error));
    assert_int_equal(held_of(book), 0);
    assert_int_equal(cash_of(book), 780 * DOLLAR);
}

static void a_sale_takes_its_share_of_the_average_cost(void **state)
{
    OWNED(book) book = book_with(10000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 1, 10 * SHARE, 100 * DOLLAR);
    buy(book, 2, 10 * SHARE, 110 * DOLLAR);
    assert_true(reserve(book, 3, LEDGER_SELL, 5 * SHARE, 0, &error));
    assert_true(fill(book, 3, 1, LEDGER_SELL, 5 * SHARE, 120 * DOLLAR, &error));
    assert_int_equal(shares_of(book).cost_basis, 1575 * DOLLAR);
    assert_int_equal(shares_of(book).realized_pl, 75 * DOLLAR);
    assert_int_equal(shares_of(book).held, 0);
    assert_true(reserve(book, 4, LEDGER_SELL, 15 * SHARE, 0, &error));
    assert_true(fill(book, 4, 1, LEDGER_SELL, 15 * SHARE, 90 * DOLLAR, &error));
    assert_int_equal(shares_of(book).cost_basis, 0);
    assert_int_equal(shares_of(book).amount, 0);
    assert_int_equal(shares_of(book).realized_pl, -150 * DOLLAR);
}

static void sell(struct book *book, int order, int64_t quantity, int64_t price)
{
    struct error error;

    assert_true(reserve(book, order, LEDGER_SELL, quantity, 0, &error));
    assert_true(fill(book, order, 1, LEDGER_SELL, quantity, price, &error));
}

static void a_sale_sells_the_oldest_shares_and_is_told_by_both_methods(void **state)
{
    OWNED(book) book = book_with(100000 * DOLLAR);
    struct ledger_balance shares;

    (void)state;
    buy(book, 1, 100 * SHARE, 95 * DOLLAR);
    buy(book, 2, 200 * SHARE, 105 * DOLLAR);
    buy(book, 3, 100 * SHARE, 107 * DOLLAR);
    sell(book, 4, 150 * SHARE, 110 * DOLLAR);
    shares = shares_of(book);
    assert_int_equal(shares.realized_pl, 1050 * DOLLAR);
    assert_int_equal(shares.realized_pl_fifo, 1750 * DOLLAR);
    assert_int_equal(shares.cost_basis, 25750 * DOLLAR);
    assert_int_equal(shares.cost_basis_fifo, 26450 * DOLLAR);
    assert_int_equal(book->lot_count, 3);
    assert_int_equal(book->sale_count, 1);
    assert_int_equal(book->sales[0].cost, 14750 * DOLLAR);
    assert_int_equal(book->journals[4].realized_pl_fifo, 1750 * DOLLAR);
}

static void a_position_that_is_opened_once_more_numbers_its_shares_anew(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);

    (void)state;
    buy(book, 1, 3 * SHARE, 100 * DOLLAR);
    sell(book, 2, SHARE, 110 * DOLLAR);
    sell(book, 3, 2 * SHARE, 90 * DOLLAR);
    assert_int_equal(shares_of(book).cost_basis_fifo, 0);
    assert_int_equal(shares_of(book).realized_pl_fifo, -10 * DOLLAR);
    buy(book, 4, SHARE, 50 * DOLLAR);
    assert_int_equal(shares_of(book).series, 2);
    assert_int_equal(shares_of(book).sold, 0);
    assert_int_equal(book->lots[1].series, 2);
    assert_int_equal(book->lots[1].quantity_after, SHARE);
    assert_int_equal(shares_of(book).cost_basis_fifo, 50 * DOLLAR);
    assert_int_equal(shares_of(book).realized_pl_fifo, -10 * DOLLAR);
}

static void a_sale_without_its_last_lot_books_nothing_and_says_so(void **state)
{
    OWNED(book) book = book_with(1000 * DOLLAR);
    struct error error;

    (void)state;
    buy(book, 1, SHARE, 100 * DOLLAR);
    buy(book, 2, SHARE, 100 * DOLLAR);
    book->lot_count = 1;
    assert_true(reserve(book, 3, LEDGER_SELL, 2 * SHARE, 0, &error));
    assert_false(fill(book, 3, 1, LEDGER_SELL, 2 * SHARE, 100 * DOLLAR, &error));
    assert_true(book->lacks_lot);
    assert_int_equal(shares_of(book).amount, 2 * SHARE);
    assert_int_equal(shares_of(book).held, 2 * SHARE);
    assert_int_equal(book->sale_count, 0);
}

// Holds for an order of 10 shares and books a fill of so many from the hold.
static bool place(struct book *book,
                  int order,
                  enum ledger_side side,
                  int64_t quantity,
                  int64_t price,
                  struct error *error)
{
    struct uuid order_id = id_of("order", order);
    struct uuid fill_id = id_of("fill", order * 100 + 1);
    struct ledger_reservation reservation = {.order_id = order_id.string,
                                             .side = side,
                                             .ticker = "AAPL",
                                             .quantity = 10 * SHARE,
                                             .amount = 500 * DOLLAR};
    struct ledger_fill request = {.fill_id = fill_id.string,
                                  .order_id = order_id.string,
                                  .side = side,
                                  .ticker = "AAPL",
                                  .quantity = quantity,
                                  .price = price,
                                  .is_final = quantity == 10 * SHARE};

    return ledger_reserve_and_fill(book, &reservation, &request, error);
}

static void an_order_is_held_for_and_filled_in_one_step_and_once(void **state)
{
    OWNED(book) book = book_with(900 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(place(book, 1, LEDGER_BUY, 10 * SHARE, 49 * DOLLAR, &error));
    assert_true(place(book, 1, LEDGER_BUY, 10 * SHARE, 49 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 410 * DOLLAR);
    assert_int_equal(held_of(book), 0);
    assert_int_equal(shares_of(book).amount, 10 * SHARE);
    assert_int_equal(book->holds[0].state, LEDGER_HOLD_DONE);
    assert_false(place(book, 2, LEDGER_BUY, 10 * SHARE, 49 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_false(book->is_half_done);
    assert_true(place(book, 3, LEDGER_SELL, 10 * SHARE, 50 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 910 * DOLLAR);
    assert_int_equal(shares_of(book).amount, 0);
    assert_int_equal(shares_of(book).held, 0);
}

static void a_part_that_is_filled_with_its_hold_leaves_the_rest_held(void **state)
{
    OWNED(book) book = book_with(900 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(place(book, 1, LEDGER_BUY, 4 * SHARE, 50 * DOLLAR, &error));
    assert_int_equal(held_of(book), 300 * DOLLAR);
    assert_int_equal(book->holds[0].quantity, 6 * SHARE);
    assert_true(place(book, 1, LEDGER_BUY, 4 * SHARE, 50 * DOLLAR, &error));
    assert_int_equal(held_of(book), 300 * DOLLAR);
    assert_true(fill(book, 1, 2, LEDGER_BUY, 6 * SHARE, 50 * DOLLAR, &error));
    assert_int_equal(cash_of(book), 400 * DOLLAR);
    assert_int_equal(held_of(book), 0);
}

static void
a_fill_that_does_not_fit_the_hold_it_comes_with_says_that_the_book_is_spoilt(void **state)
{
    OWNED(book) book = book_with(900 * DOLLAR);
    struct error error;

    (void)state;
    assert_false(place(book, 1, LEDGER_BUY, 10 * SHARE, 51 * DOLLAR, &error));
    assert_true(error_is(&error, REASON_FILL_MISMATCH));
    assert_true(book->is_half_done);
}

static void more_than_lots_can_number_is_refused_before_it_is_held(void **state)
{
    OWNED(book) book = book_with(INT64_MAX);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, INT64_MAX / 2, DOLLAR, &error));
    assert_false(reserve(book, 2, LEDGER_BUY, INT64_MAX / 2 + 1, DOLLAR, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_false(reserve(book, 3, LEDGER_BUY, SHARE, INT64_MAX / 2 + 1, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    buy(book, 4, 10 * SHARE, DOLLAR);
    sell(book, 5, 9 * SHARE, DOLLAR);
    // What was sold counts as long as not all is.
    assert_false(reserve(book, 6, LEDGER_BUY, INT64_MAX / 2 - 10 * SHARE + 1, DOLLAR, &error));
    assert_true(reserve(book, 9, LEDGER_BUY, INT64_MAX / 2 - 10 * SHARE, DOLLAR, &error));
    sell(book, 7, SHARE, DOLLAR);
    assert_true(reserve(book, 8, LEDGER_BUY, INT64_MAX / 2, DOLLAR, &error));
}

static void a_withdrawal_cannot_touch_what_is_held(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct uuid reference = id_of("withdrawal", 1);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_WITHDRAWAL, .reference = reference.string, .amount = 40 * DOLLAR + 1};
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    assert_false(ledger_move_cash(book, &movement, &error));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    movement.amount = 40 * DOLLAR;
    assert_true(ledger_move_cash(book, &movement, &error));
    assert_int_equal(cash_of(book), 60 * DOLLAR);
}

static void a_ticker_spelt_like_the_currency_is_not_money(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct uuid order = id_of("order", 1);
    struct uuid fill_id = id_of("fill", 1);
    struct ledger_reservation reservation = {.order_id = order.string,
                                             .side = LEDGER_BUY,
                                             .ticker = "USD",
                                             .quantity = SHARE,
                                             .amount = 50 * DOLLAR};
    struct ledger_fill request = {.fill_id = fill_id.string,
                                  .order_id = order.string,
                                  .side = LEDGER_BUY,
                                  .ticker = "USD",
                                  .quantity = SHARE,
                                  .price = 50 * DOLLAR};
    struct error error;

    (void)state;
    assert_true(ledger_reserve(book, &reservation, &error));
    assert_true(ledger_fill(book, &request, &error));
    assert_int_equal(cash_of(book), 50 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_SHARES, "USD").amount, SHARE);
    assert_int_equal(book_balance(book, LEDGER_MARKET, "USD").amount, 50 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_MARKET_SHARES, "USD").amount, -SHARE);
}

static void a_closed_portfolio_takes_nothing_new(void **state)
{
    OWNED(book) book = book_with(100 * DOLLAR);
    struct uuid reference = id_of("deposit", 2);
    struct ledger_movement movement = {
        .kind = LEDGER_KIND_DEPOSIT, .reference = reference.string, .amount = 1};
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
    book->is_closed = true;
    assert_false(reserve(book, 2, LEDGER_BUY, SHARE, DOLLAR, &error));
    assert_true(error_is(&error, REASON_PORTFOLIO_CLOSED));
    assert_false(ledger_move_cash(book, &movement, &error));
    // What was held before is still booked.
    assert_true(fill(book, 1, 1, LEDGER_BUY, SHARE, 60 * DOLLAR, &error));
}

// What the book should say, kept in the plainest way: one order at a time, no double entry.
enum { ORDERS = 40 };
struct model {
    int64_t cash, shares;
    // The oldest first: what is left of each purchase, one entry a share.
    int64_t queue[ORDERS * 5], first, last, realized_fifo;
    struct {
        enum { UNSEEN, OPEN, OVER } state;
        enum ledger_side side;
        int64_t quantity, amount;
        bool filled;
    } orders[ORDERS];
};

static int64_t model_held(const struct model *model, enum ledger_side side)
{
    int64_t held = 0;

    for (int i = 0; i < ORDERS; i++) {
        if (model->orders[i].state == OPEN && model->orders[i].side == side)
            held += side == LEDGER_BUY ? model->orders[i].amount : model->orders[i].quantity;
    }
    return held;
}

static bool model_reserve(struct model *model, int i, enum ledger_side side, int64_t q, int64_t a)
{
    bool is_open = model->orders[i].state == OPEN;
    int64_t mine = !is_open             ? 0
                   : side == LEDGER_BUY ? model->orders[i].amount
                                        : model->orders[i].quantity;
    if (is_open) {
        q = q > model->orders[i].quantity ? q : model->orders[i].quantity;
        a = a > model->orders[i].amount ? a : model->orders[i].amount;
    }
    int64_t free_cash = model->cash - model_held(model, LEDGER_BUY) + mine;
    int64_t free_shares = model->shares - model_held(model, LEDGER_SELL) + mine;

    if (model->orders[i].state == OVER || (is_open && model->orders[i].side != side) ||
        (side == LEDGER_BUY ? a > free_cash : q > free_shares)) {
        // What was refused at the first time is refused for ever.
        if (!is_open)
            model->orders[i].state = OVER;
        return false;
    }
    model->orders[i].state = OPEN;
    model->orders[i].side = side;
    model->orders[i].quantity = q;
    model->orders[i].amount = side == LEDGER_BUY ? a : 0;
    return true;
}

static bool model_fill(struct model *model, int i, enum ledger_side side, int64_t q, int64_t price)
{
    int64_t cost = q / SHARE * price;

    if (model->orders[i].filled)
        return true;
    if (model->orders[i].state != OPEN || model->orders[i].side != side ||
        q != model->orders[i].quantity || (side == LEDGER_BUY && cost > model->orders[i].amount))
        return false;
    for (int64_t share = 0; share < q / SHARE; share++) {
        if (side == LEDGER_BUY)
            model->queue[model->last++] = price;
        else
            model->realized_fifo += price - model->queue[model->first++];
    }
    model->cash += side == LEDGER_BUY ? -cost : cost;
    model->shares += side == LEDGER_BUY ? q : -q;
    model->orders[i].state = OVER;
    model->orders[i].filled = true;
    return true;
}

static void check_invariants(const struct book *book, const struct model *model)
{
    int64_t money = 0;
    int64_t shares = 0;
    int64_t cost = 0;

    for (int64_t i = model->first; i < model->last; i++)
        cost += model->queue[i];
    assert_int_equal(shares_of(book).cost_basis_fifo, cost);
    assert_int_equal(shares_of(book).realized_pl_fifo, model->realized_fifo);
    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *balance = &book->balances[i];

        if (ledger_account_is_money(balance->account))
            money += balance->amount;
        else
            shares += balance->amount;
        assert_true(balance->held >= 0);
        if (balance->account == LEDGER_CASH || balance->account == LEDGER_SHARES)
            assert_true(balance->held <= balance->amount);
    }
    assert_int_equal(money, 0);
    assert_int_equal(shares, 0);
    assert_int_equal(cash_of(book), model->cash);
    assert_int_equal(held_of(book), model_held(model, LEDGER_BUY));
    assert_int_equal(shares_of(book).amount, model->shares);
    assert_int_equal(shares_of(book).held, model_held(model, LEDGER_SELL));
}

static void check_entries(const struct book *book)
{
    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *balance = &book->balances[i];
        int64_t sum = 0;
        int64_t seq = 0;

        for (size_t j = 0; j < book->journal_count; j++) {
            for (size_t k = 0; k < book->journals[j].line_count; k++) {
                const struct ledger_line *line = &book->journals[j].lines[k];

                if (line->account != balance->account || strcmp(line->asset, balance->asset) != 0)
                    continue;
                sum += line->amount;
                assert_int_equal(line->seq, ++seq);
                assert_int_equal(line->balance_after, sum);
            }
        }
        assert_int_equal(balance->amount, sum);
        assert_int_equal(balance->seq, seq);
    }
}

static void random_step(struct book *book, struct model *model, const struct random_source *random)
{
    int order = (int)random_below(random, ORDERS);
    enum ledger_side side = random_below(random, 2) == 0 ? LEDGER_BUY : LEDGER_SELL;
    int64_t quantity = (int64_t)(random_below(random, 5) + 1) * SHARE;
    int64_t amount = (int64_t)random_below(random, 600) * DOLLAR;
    int64_t price = (int64_t)(random_below(random, 100) + 1) * DOLLAR;
    struct uuid id = id_of("order", order);
    struct error error;

    switch (random_below(random, 5)) {
    case 0:
    case 1:
        assert_int_equal(model_reserve(model, order, side, quantity, amount),
                         reserve(book, order, side, quantity, amount, &error));
        break;
    case 2:
    case 3:
        if (random_below(random, 4) != 0 && model->orders[order].state == OPEN) {
            side = model->orders[order].side;
            quantity = model->orders[order].quantity;
        }
        // A part of an order is another test's; the model knows whole ones.
        if (model->orders[order].state == OPEN && quantity < model->orders[order].quantity)
            break;
        assert_int_equal(model_fill(model, order, side, quantity, price),
                         fill(book, order, 1, side, quantity, price, &error));
        break;
    default:
        model->orders[order].state = OVER;
        ledger_release(book, id.string);
        break;
    }
}

static void random_operations_keep_the_books_right(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t position = seed;
        struct random_source random = random_seeded(&position);
        OWNED(book) book = book_with(2000 * DOLLAR);
        struct model model = {.cash = 2000 * DOLLAR};

        for (int i = 0; i < 150; i++) {
            random_step(book, &model, &random);
            check_invariants(book, &model);
        }
        check_entries(book);
    }
}

static bool fill_part(struct book *book,
                      int number,
                      enum ledger_side side,
                      int64_t quantity,
                      int64_t price,
                      int64_t commission,
                      bool is_final)
{
    struct uuid order_id = id_of("order", side == LEDGER_BUY ? 1 : 2);
    struct uuid fill_id = id_of("part", number);
    struct ledger_fill request = {.fill_id = fill_id.string,
                                  .order_id = order_id.string,
                                  .side = side,
                                  .ticker = "AAPL",
                                  .quantity = quantity,
                                  .price = price,
                                  .commission = commission,
                                  .is_final = is_final};
    struct error error;

    return ledger_fill(book, &request, &error);
}

// 10 shares for at most 1,010 and a commission of 5; 4 at 100 and 6 at 101, with 2 and 3.
static void an_order_that_is_filled_in_parts_keeps_the_rest_of_its_hold(void **state)
{
    struct book *book = book_with(2000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, 10 * SHARE, 1015 * DOLLAR, &error));
    assert_true(fill_part(book, 1, LEDGER_BUY, 4 * SHARE, 100 * DOLLAR, 2 * DOLLAR, false));
    assert_int_equal(cash_of(book), 1598 * DOLLAR);
    assert_int_equal(held_of(book), 613 * DOLLAR);
    // A repeat books nothing.
    assert_true(fill_part(book, 1, LEDGER_BUY, 4 * SHARE, 100 * DOLLAR, 2 * DOLLAR, false));
    assert_int_equal(held_of(book), 613 * DOLLAR);
    assert_true(fill_part(book, 2, LEDGER_BUY, 6 * SHARE, 101 * DOLLAR, 3 * DOLLAR, true));
    assert_int_equal(cash_of(book), 989 * DOLLAR);
    assert_int_equal(held_of(book), 0);
    assert_int_equal(book_balance(book, LEDGER_FEES, LEDGER_CURRENCY).amount, 5 * DOLLAR);
    assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").cost_basis, 1011 * DOLLAR);
    book_free(&book);
}

static void the_last_part_of_an_order_that_ends_gives_back_what_is_left(void **state)
{
    struct book *book = book_with(2000 * DOLLAR);
    struct error error;

    (void)state;
    assert_true(reserve(book, 1, LEDGER_BUY, 10 * SHARE, 1000 * DOLLAR, &error));
    assert_true(fill_part(book, 1, LEDGER_BUY, 4 * SHARE, 100 * DOLLAR, 0, true));
    assert_int_equal(held_of(book), 0);
    assert_false(fill_part(book, 2, LEDGER_BUY, SHARE, 100 * DOLLAR, 0, true));
    assert_true(reserve(book, 2, LEDGER_SELL, 4 * SHARE, 0, &error));
    assert_true(fill_part(book, 3, LEDGER_SELL, SHARE, 110 * DOLLAR, DOLLAR, false));
    assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").held, 3 * SHARE);
    ledger_release(book, id_of("order", 2).string);
    assert_int_equal(book_balance(book, LEDGER_SHARES, "AAPL").held, 0);
    assert_int_equal(cash_of(book), 1709 * DOLLAR);
    book_free(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buy_with_exactly_enough_cash_is_held_and_booked),
        cmocka_unit_test(a_buy_above_the_buying_power_is_refused_with_the_numbers),
        cmocka_unit_test(a_sell_of_more_than_is_free_is_refused_with_the_numbers),
        cmocka_unit_test(a_repeated_reserve_raises_the_hold_and_never_lowers_it),
        cmocka_unit_test(nothing_is_held_any_more_after_a_release),
        cmocka_unit_test(an_order_that_replaces_another_takes_over_its_hold_or_leaves_it),
        cmocka_unit_test(an_order_that_was_refused_is_refused_for_ever),
        cmocka_unit_test(an_order_that_holds_nothing_cannot_be_replaced),
        cmocka_unit_test(a_fill_is_booked_once_however_often_it_comes),
        cmocka_unit_test(a_fill_that_does_not_fit_its_hold_books_nothing),
        cmocka_unit_test(the_last_fill_gives_back_what_is_left_of_the_hold),
        cmocka_unit_test(a_sale_takes_its_share_of_the_average_cost),
        cmocka_unit_test(a_sale_sells_the_oldest_shares_and_is_told_by_both_methods),
        cmocka_unit_test(a_position_that_is_opened_once_more_numbers_its_shares_anew),
        cmocka_unit_test(a_sale_without_its_last_lot_books_nothing_and_says_so),
        cmocka_unit_test(an_order_is_held_for_and_filled_in_one_step_and_once),
        cmocka_unit_test(a_part_that_is_filled_with_its_hold_leaves_the_rest_held),
        cmocka_unit_test(
            a_fill_that_does_not_fit_the_hold_it_comes_with_says_that_the_book_is_spoilt),
        cmocka_unit_test(more_than_lots_can_number_is_refused_before_it_is_held),
        cmocka_unit_test(a_withdrawal_cannot_touch_what_is_held),
        cmocka_unit_test(a_ticker_spelt_like_the_currency_is_not_money),
        cmocka_unit_test(a_closed_portfolio_takes_nothing_new),
        cmocka_unit_test(random_operations_keep_the_books_right),
        cmocka_unit_test(an_order_that_is_filled_in_parts_keeps_the_rest_of_its_hold),
        cmocka_unit_test(the_last_part_of_an_order_that_ends_gives_back_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
