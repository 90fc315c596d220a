// SPDX-License-Identifier: MIT
#include "ledger/exposure.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define USD MICROS_PER_UNIT
#define SHARE NANOS_PER_UNIT
#define PORTFOLIO "0195d3a0-0000-7000-8000-000000000001"
#define ORDER "0195d3a0-0000-7000-8000-00000000000a"
#define OTHER "0195d3a0-0000-7000-8000-00000000000b"
#define THIRD "0195d3a0-0000-7000-8000-00000000000c"

static bool hundred(void *context, const char *ticker, struct quote *out_quote)
{
    (void)context;
    *out_quote = (struct quote){.price_micros = 100 * USD};
    return strcmp(ticker, "DARK") != 0;
}

static void
add_balance(struct book *book, enum ledger_account account, const char *asset, int64_t amount)
{
    struct ledger_balance balance = {.account = account, .amount = amount};

    snprintf(balance.asset, sizeof(balance.asset), "%s", asset);
    book_add_balance(book, &balance);
}

static void add_hold(struct book *book,
                     const char *order_id,
                     enum ledger_side side,
                     const char *ticker,
                     int64_t amount)
{
    struct ledger_hold hold = {
        .side = side, .amount = amount, .quantity = SHARE, .state = LEDGER_HOLD_ACTIVE};

    snprintf(hold.order_id, sizeof(hold.order_id), "%s", order_id);
    snprintf(hold.ticker, sizeof(hold.ticker), "%s", ticker);
    book_add_hold(book, &hold);
}

// 5000.00 in cash, 30 ACME and 20 OTHER at 100.00.
static struct book *book_of_ten_thousand(void)
{
    struct book *book = book_new(PORTFOLIO, false);

    add_balance(book, LEDGER_CASH, LEDGER_CURRENCY, 5000 * USD);
    add_balance(book, LEDGER_EXTERNAL, LEDGER_CURRENCY, -9000 * USD);
    add_balance(book, LEDGER_SHARES, "ACME", 30 * SHARE);
    add_balance(book, LEDGER_SHARES, "OTHER", 20 * SHARE);
    add_balance(book, LEDGER_SHARES, "GONE", 0);
    add_balance(book, LEDGER_MARKET_SHARES, "ACME", -30 * SHARE);
    return book;
}

static const char *number_of(const struct error *error, const char *name)
{
    for (size_t i = 0; i < error->detail_count; i++)
        if (strcmp(error->details[i].name, name) == 0)
            return error->details[i].value;
    return "";
}

static void equity_is_the_cash_and_all_positions_at_their_prices(void **state)
{
    OWNED(book) book = book_of_ten_thousand();
    struct error error;
    int64_t equity = 0;

    (void)state;
    assert_true(exposure_equity(book, hundred, NULL, &equity, &error));
    assert_int_equal(equity, 10000 * USD);
    add_balance(book, LEDGER_SHARES, "DARK", SHARE);
    assert_false(exposure_equity(book, hundred, NULL, &equity, &error));
    assert_true(error_is(&error, REASON_NO_PRICE));
    assert_non_null(strstr(error.message, "DARK"));
}

static bool
check(const struct book *book, int64_t amount, const char *replaces, struct error *error)
{
    const struct exposure_limits limits = {.max_position_percent = 40 * USD,
                                           .position_set_by = "own"};
    const struct ledger_reservation reservation = {.order_id = ORDER,
                                                   .ticker = "ACME",
                                                   .quantity = SHARE,
                                                   .amount = amount,
                                                   .replaces_order_id = replaces};

    return exposure_check_position(book, &reservation, &limits, 10000 * USD, 100 * USD, error);
}

static void a_position_may_be_exactly_its_share_with_all_that_is_open_to_be_bought(void **state)
{
    OWNED(book) book = book_of_ten_thousand();
    struct error error;

    (void)state;
    assert_true(check(book, 1000 * USD, NULL, &error));
    assert_false(check(book, 1000 * USD + 1, NULL, &error));
    assert_string_equal(number_of(&error, "maximum"), "40");
    assert_string_equal(number_of(&error, "position_value"), "4000.000001");
    add_hold(book, OTHER, LEDGER_BUY, "ACME", 400 * USD);
    add_hold(book, THIRD, LEDGER_BUY, "OTHER", 3000 * USD);
    assert_true(check(book, 600 * USD, NULL, &error));
    assert_false(check(book, 601 * USD, NULL, &error));
    assert_string_equal(number_of(&error, "position_percent"), "40.01");
    // What it replaces, and what it holds itself already, does not count beside it.
    assert_true(check(book, 1000 * USD, OTHER, &error));
    add_hold(book, ORDER, LEDGER_BUY, "ACME", 600 * USD);
    assert_true(check(book, 600 * USD, NULL, &error));
    book->holds[0].state = LEDGER_HOLD_RELEASED;
    assert_true(check(book, 1000 * USD, NULL, &error));
}

static void the_loss_is_what_was_there_and_came_in_less_what_is_there(void **state)
{
    static const struct {
        int64_t began_with, external, equity;
        const char *loss; // NULL: less than the limit
    } cases[] = {
        {10000, -9000, 10000, NULL},
        {10000, -9000, 9501, NULL},
        {10000, -9000, 9500, "500.00"},
        {10000, -9000, 8000, "2000.00"}, // 1000 more have been deposited since:
        {10000, -8000, 10501, NULL},
        {10000, -8000, 10500, "500.00"}, // or withdrawn:
        {10000, -10000, 8501, NULL},
        {10000, -10000, 8500, "500.00"}, // opened today:
        {0, 0, 8501, NULL},
        {0, 0, 8500, "500.00"},
    };
    const struct exposure_limits limits = {.max_daily_loss = 500 * USD, .loss_set_by = "ceiling"};
    OWNED(book) book = book_of_ten_thousand();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct exposure_day day = {cases[i].began_with * USD, cases[i].external * USD};
        struct error error;
        bool may = exposure_check_loss(book, &limits, &day, cases[i].equity * USD, &error);

        assert_int_equal(may, cases[i].loss == NULL);
        if (cases[i].loss == NULL)
            continue;
        assert_string_equal(number_of(&error, "daily_loss"), cases[i].loss);
        assert_string_equal(number_of(&error, "maximum"), "500.00");
        assert_string_equal(number_of(&error, "set_by"), "ceiling");
    }
}

static void the_price_before_is_the_previous_close_once_the_session_is_on(void **state)
{
    struct quote quote = {.price_micros = 90, .previous_close_micros = 105, .quoted_at = 1000};

    (void)state;
    assert_int_equal(exposure_price_before(&quote, 1000, true), 105);
    assert_int_equal(exposure_price_before(&quote, 1001, true), 90);
    assert_int_equal(exposure_price_before(&quote, 500, false), 90);
    quote.previous_close_micros = 0;
    assert_int_equal(exposure_price_before(&quote, 1000, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equity_is_the_cash_and_all_positions_at_their_prices),
        cmocka_unit_test(a_position_may_be_exactly_its_share_with_all_that_is_open_to_be_bought),
        cmocka_unit_test(the_loss_is_what_was_there_and_came_in_less_what_is_there),
        cmocka_unit_test(the_price_before_is_the_previous_close_once_the_session_is_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
