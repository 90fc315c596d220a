// SPDX-License-Identifier: MIT
#include "runs/run.h"

#include <string.h>

#include "base/clock.h"
#include "money/money.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define SHARE NANOS_PER_UNIT
#define DAY (INT64_C(86400) * MICROS_PER_SECOND)
#define MINUTE (60 * MICROS_PER_SECOND)
#define RUN_ID "01a20149-ed18-7326-b9e3-3bbb4042cf14"

static struct run *run_of(int64_t cash)
{
    static const char *tickers[] = {"ACME", "OTHER"};
    struct run *run = allocate(sizeof(*run));

    run->id = RUN_ID;
    run->tickers = tickers;
    run->symbol_count = 2;
    run->cash = run->equity = run->day_equity = cash;
    return run;
}

static void an_order_has_one_name_and_one_request_whoever_places_it(void **state)
{
    char name[RUN_NAME_SIZE];
    char other[RUN_NAME_SIZE];

    (void)state;
    run_order_name(RUN_ID, 16223 * DAY, "ACME", name);
    assert_string_equal(name, "strategy-" RUN_ID "-1401667200-ACME");
    assert_string_equal(run_order_request(name).string, run_order_request(name).string);
    run_order_name(RUN_ID, 16223 * DAY, "OTHER", other);
    assert_string_not_equal(run_order_request(name).string, run_order_request(other).string);
    run_order_name(RUN_ID, 16223 * DAY + MINUTE, "ACME", other);
    assert_string_not_equal(name, other);
}

static void an_account_is_what_the_fills_of_its_orders_have_made_of_its_cash(void **state)
{
    struct run *run = run_of(1000 * DOLLAR);
    struct run_order buy = {.symbol = 1,
                            .side = ORDER_BUY,
                            .cause = BACKTEST_ENTRY,
                            .quantity = 4 * SHARE,
                            .average_price = 101 * DOLLAR};
    struct run_order sell = {.symbol = 1, .side = ORDER_SELL, .cause = BACKTEST_EXIT};
    struct error error;

    (void)state;
    run->positions[1].high_water = 500 * DOLLAR; // of a position of before
    assert_true(run_take_fill(run, &buy, &(struct run_fill){SHARE, 100 * DOLLAR, DOLLAR}, &error));
    assert_int_equal(run->cash, 899 * DOLLAR);
    assert_int_equal(run->positions[1].high_water, 0);
    run->positions[1].high_water = 102 * DOLLAR;
    assert_true(run_take_fill(run, &buy, &(struct run_fill){3 * SHARE, 101 * DOLLAR, 0}, &error));
    assert_int_equal(run->cash, 596 * DOLLAR);
    assert_int_equal(run->positions[1].quantity, 4 * SHARE);
    assert_int_equal(run->positions[1].entry_price, 101 * DOLLAR);
    assert_int_equal(run->positions[1].high_water, 102 * DOLLAR);
    assert_int_equal(buy.fills, 2);
    assert_true(
        run_take_fill(run, &sell, &(struct run_fill){4 * SHARE, 110 * DOLLAR, 2 * DOLLAR}, &error));
    assert_int_equal(run->cash, 1034 * DOLLAR);
    assert_int_equal(run->positions[1].quantity, 0);
    run->cash = INT64_MAX - 1;
    assert_false(run_take_fill(run, &sell, &(struct run_fill){SHARE, 110 * DOLLAR, 0}, &error));
    assert_string_equal(error.reason, "BACKTEST_OVERFLOW");
    release(run);
}

static void what_a_day_has_lost_counts_from_the_last_bar_of_the_day_before(void **state)
{
    struct run *run = run_of(1000 * DOLLAR);

    (void)state;
    run->day = 16222;
    run->max_daily_loss = 50 * DOLLAR;
    run_take_equity(run, 16222 * DAY + 15 * MINUTE, 970 * DOLLAR);
    assert_int_equal(run_daily_loss(run), 30 * DOLLAR);
    assert_false(run_may_not_buy(run));
    run_take_equity(run, 16222 * DAY + 16 * MINUTE, 950 * DOLLAR);
    assert_true(run_may_not_buy(run));
    run_take_equity(run, 16222 * DAY + 17 * MINUTE, 951 * DOLLAR);
    assert_false(run_may_not_buy(run));
    // The next day begins with what there was at its end.
    run_take_equity(run, 16223 * DAY, 940 * DOLLAR);
    assert_int_equal(run_daily_loss(run), 11 * DOLLAR);
    assert_false(run_may_not_buy(run));
    run->max_daily_loss = 0;
    run_take_equity(run, 16223 * DAY + MINUTE, 1 * DOLLAR);
    assert_false(run_may_not_buy(run));
    release(run);
}

static void a_decision_is_given_the_open_orders_with_what_is_left_of_them(void **state)
{
    struct run *run = run_of(1000 * DOLLAR);
    struct decision *decision = allocate(sizeof(*decision));

    (void)state;
    run->open_count = 3;
    run->orders[0] = (struct run_order){.name = "a",
                                        .side = ORDER_BUY,
                                        .quantity = 4 * SHARE,
                                        .filled_quantity = SHARE,
                                        .hold_amount = 400 * DOLLAR};
    run->orders[1] = (struct run_order){.name = "b", .is_settled = true};
    run->orders[2] = (struct run_order){.name = "c", .is_to_cancel = true};
    run_give(run, decision);
    assert_int_equal(decision->open_count, 1);
    assert_int_equal(decision->open[0].quantity, 3 * SHARE);
    assert_int_equal(decision->open[0].hold_amount, 300 * DOLLAR);
    decision->open[0].is_canceled = true;
    decision->positions[1].target = 7;
    run_take(run, decision);
    assert_true(run->orders[0].is_to_cancel);
    assert_false(run->orders[1].is_to_cancel);
    assert_int_equal(run->positions[1].target, 7);
    release(decision);
    release(run);
}

static void indicators_forget_the_first_bars_only_when_there_are_too_many(void **state)
{
    struct run *run = run_of(DOLLAR);
    struct bar_columns *series = bar_columns_new();

    (void)state;
    run->window_at = 10 * MINUTE;
    for (int i = 0; i < RUN_WINDOW_MAX + 10; i++)
        assert_true(bar_columns_add(series, &(struct bar){.time = i * MINUTE}));
    assert_int_equal(run_window(run, series), 10 * MINUTE);
    assert_true(bar_columns_add(series, &(struct bar){.time = (RUN_WINDOW_MAX + 10) * MINUTE}));
    assert_int_equal(run_window(run, series), (RUN_WINDOW_MAX + 11 - RUN_WINDOW_KEPT) * MINUTE);
    bar_columns_free(&series);
    release(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_has_one_name_and_one_request_whoever_places_it),
        cmocka_unit_test(an_account_is_what_the_fills_of_its_orders_have_made_of_its_cash),
        cmocka_unit_test(what_a_day_has_lost_counts_from_the_last_bar_of_the_day_before),
        cmocka_unit_test(a_decision_is_given_the_open_orders_with_what_is_left_of_them),
        cmocka_unit_test(indicators_forget_the_first_bars_only_when_there_are_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
