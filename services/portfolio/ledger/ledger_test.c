// SPDX-License-Identifier: MIT
#include "ledger/ledger_fixture.h"

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
    assert_string_equal(error.details[3].name, "existing_quantity");
    assert_string_equal(error.details[3].value, "10");
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
        cmocka_unit_test(an_order_that_is_filled_in_parts_keeps_the_rest_of_its_hold),
        cmocka_unit_test(the_last_part_of_an_order_that_ends_gives_back_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
