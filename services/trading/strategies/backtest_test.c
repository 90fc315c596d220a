// SPDX-License-Identifier: MIT
#include "strategies/backtest.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define SHARE NANOS_PER_UNIT
#define DAY (INT64_C(86400) * 1000000)
#define FIRST_DAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

enum { BUDGET = 1024 * 1024, CENTS = 4 };

// A bar as its open, high, low and close in cents.
static struct bar_columns *series_of(const int (*cents)[CENTS], size_t count)
{
    struct bar_columns *series = bar_columns_new();

    for (size_t i = 0; i < count; i++) {
        struct bar bar = {.time = FIRST_DAY + (int64_t)i * DAY};

        for (int field = 0; field < CENTS; field++)
            bar.values[field] = cents[i][field] * (DOLLAR / 100);
        bar.values[BAR_VOLUME] = 1000;
        assert_true(bar_columns_add(series, &bar));
    }
    return series;
}

struct run {
    struct arena *arena;
    struct strategy_program *program;
    struct backtest_symbol symbols[3];
    struct backtest_settings settings;
    struct rule_workspace *workspace;
    struct backtest_result result;
    struct error error;
};

static void prepare(struct run *run, const char *kind, const char *json)
{
    struct strategy_parameters parameters;
    enum strategy_kind found = STRATEGY_KIND_COUNT;

    memset(run, 0, sizeof(*run));
    run->arena = arena_new(BUDGET);
    run->workspace = rule_workspace_new();
    run->program = allocate(sizeof(*run->program));
    assert_true(strategy_kind_find(text_of(kind), &found));
    if (!strategy_parameters_read(found, text_of(json), run->arena, &parameters, &run->error))
        fail_msg("%s: %s", run->error.details[0].name, run->error.details[0].value);
    assert_true(strategy_program_make(&parameters, run->program, &run->error));
    run->settings = (struct backtest_settings){
        .program = run->program,
        .symbols = run->symbols,
        .start = FIRST_DAY,
        .cash = 10000 * DOLLAR,
    };
}

static void add_symbol(struct run *run, const char *ticker, const int (*cents)[CENTS], size_t count)
{
    run->symbols[run->settings.symbol_count++] =
        (struct backtest_symbol){ticker, series_of(cents, count)};
}

static void finish(struct run *run)
{
    if (!backtest_run(&run->settings, run->workspace, &run->result, &run->error))
        fail_msg("%s: %s", run->error.reason, run->error.message);
}

static void end(struct run *run)
{
    backtest_result_clear(&run->result);
    for (size_t i = 0; i < run->settings.symbol_count; i++)
        bar_columns_free(&run->symbols[i].series);
    release(run->program);
    rule_workspace_free(&run->workspace);
    arena_free(&run->arena);
}

static const struct backtest_order *order_at(const struct run *run, size_t index)
{
    assert_true(index < run->result.orders_listed);
    return &run->result.orders[index];
}

static void assert_filled(const struct run *run,
                          size_t index,
                          enum backtest_cause cause,
                          int64_t quantity,
                          int64_t price,
                          int day)
{
    const struct backtest_order *order = order_at(run, index);

    assert_int_equal(order->status, ORDER_FILLED);
    assert_int_equal(order->cause, cause);
    assert_int_equal(order->filled_quantity, quantity);
    assert_int_equal(order->average_price, price);
    assert_int_equal(order->ended_at, FIRST_DAY + day * DAY);
}

static void what_is_decided_at_a_close_is_filled_at_the_next_open(void **state)
{
    static const int bars[][CENTS] = {{1000, 1000, 1000, 1000}, {1010, 1210, 1000, 1200},
                                      {1250, 1300, 1240, 1290}, {1280, 1290, 900, 950},
                                      {800, 900, 700, 850},     {850, 850, 850, 850}};
    struct run run;

    (void)state;
    prepare(&run, "rule",
            "{\"enter\": \"close > 11\", \"exit\": \"close < 10\", \"sizing\": \"shares\","
            " \"size\": 100}");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(run.result.order_count, 2);
    assert_filled(&run, 0, BACKTEST_ENTRY, 100 * SHARE, 12500000, 2);
    assert_int_equal(order_at(&run, 0)->placed_at, FIRST_DAY + DAY);
    assert_filled(&run, 1, BACKTEST_EXIT, 100 * SHARE, 8 * DOLLAR, 4);
    assert_int_equal(run.result.trade_count, 1);
    assert_int_equal(run.result.trades[0].paid, 1250 * DOLLAR);
    assert_int_equal(run.result.trades[0].received, 800 * DOLLAR);
    assert_int_equal(run.result.trades[0].bars, 3);
    assert_int_equal(run.result.lost, 450 * DOLLAR);
    assert_int_equal(run.result.points_invested, 2);
    // What it is worth at each close.
    assert_int_equal(run.result.point_count, 6);
    assert_int_equal(run.result.equity[1], 10000 * DOLLAR);
    assert_int_equal(run.result.equity[2], 10040 * DOLLAR);
    assert_int_equal(run.result.equity[3], 9700 * DOLLAR);
    assert_int_equal(run.result.equity[5], 9550 * DOLLAR);
    end(&run);
}

static void an_order_of_the_last_close_stays_open(void **state)
{
    static const int bars[][CENTS] = {{1000, 1000, 1000, 1000}, {1000, 1200, 1000, 1200}};
    struct run run;

    (void)state;
    prepare(&run, "rule", "{\"enter\": \"close > 11\", \"exit\": \"false\"}");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(run.result.order_count, 1);
    assert_int_equal(order_at(&run, 0)->status, ORDER_NEW);
    assert_int_equal(order_at(&run, 0)->ended_at, 0);
    assert_int_equal(run.result.trade_count, 0);
    end(&run);
}

static void what_is_held_for_a_buy_is_less_than_all_cash(void **state)
{
    static const int bars[][CENTS] = {
        {10000, 10000, 10000, 10000}, {10000, 10000, 10000, 10000}, {11000, 11000, 11000, 11000}};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    // 10,000 at 100.00 with the 2.5 % more that is held: 97 whole shares.
    assert_filled(&run, 0, BACKTEST_ENTRY, 97 * SHARE, 100 * DOLLAR, 1);
    assert_int_equal(run.result.trade_count, 1);
    assert_int_equal(run.result.trades[0].closed_at, 0);
    assert_int_equal(run.result.trades[0].received, 97 * 110 * DOLLAR);
    assert_int_equal(run.result.closed_count, 0);
    assert_int_equal(run.result.equity[2], 10970 * DOLLAR);
    end(&run);
    prepare(&run, "buy_and_hold", "");
    run.settings.fractional = true;
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(order_at(&run, 0)->filled_quantity, INT64_C(97560975609));
    end(&run);
}

static void an_open_that_leaps_beyond_the_cash_cancels_the_buy(void **state)
{
    static const int bars[][CENTS] = {
        {10000, 10000, 10000, 10000}, {12000, 12000, 12000, 12000}, {12000, 12000, 12000, 12000}};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(order_at(&run, 0)->status, ORDER_CANCELED);
    assert_string_equal(order_at(&run, 0)->reason, "INSUFFICIENT_FUNDS");
    assert_int_equal(run.result.orders_refused, 1);
    assert_int_equal(run.result.equity[2], 10000 * DOLLAR);
    end(&run);
}

static void what_is_held_for_one_order_is_not_there_for_another(void **state)
{
    static const int bars[][CENTS] = {
        {10000, 10000, 10000, 10000}, {10000, 10000, 10000, 10000}, {10000, 10000, 10000, 10000}};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "{\"sizing\": \"shares\", \"size\": 60}");
    add_symbol(&run, "ONE", bars, COUNT_OF(bars));
    add_symbol(&run, "TWO", bars, COUNT_OF(bars));
    finish(&run);
    // 60 at 102.50 are held, and 3,850 of the 10,000 are left: 37 at 102.50.
    assert_filled(&run, 0, BACKTEST_ENTRY, 60 * SHARE, 100 * DOLLAR, 1);
    assert_filled(&run, 1, BACKTEST_ENTRY, 37 * SHARE, 100 * DOLLAR, 1);
    end(&run);
}

static void without_cash_for_a_share_there_is_no_order(void **state)
{
    static const int bars[][CENTS] = {{1000000, 1000000, 1000000, 1000000},
                                      {1000000, 1000000, 1000000, 1000000}};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(run.result.order_count, 0);
    assert_int_equal(run.result.orders_refused, 1);
    end(&run);
}

// Bars of which the second one is bought at its open of 100.00, and what comes after it.
#define BOUGHT_AT_100                                                                              \
    {                                                                                              \
        10000, 10000, 10000, 10000                                                                 \
    }

static void exits(const char *json,
                  const int (*bars)[CENTS],
                  size_t count,
                  enum backtest_cause cause,
                  int64_t price,
                  int day)
{
    struct run run;
    bool found = false;

    prepare(&run, "buy_and_hold", json);
    add_symbol(&run, "ACME", bars, count);
    finish(&run);
    for (size_t i = 1; i < run.result.orders_listed; i++) {
        const struct backtest_order *order = order_at(&run, i);

        if (order->status != ORDER_FILLED) {
            assert_string_equal(order->reason, "LINKED_ORDER_ENDED");
            continue;
        }
        assert_filled(&run, i, cause, 10 * SHARE, price, day);
        found = true;
    }
    assert_true(found);
    assert_int_equal(run.result.trades[0].cause, cause);
    assert_int_equal(run.result.closed_count, 1);
    // It is out, and does not enter again while its rule stays true.
    assert_int_equal(run.result.trade_count, 1);
    end(&run);
}

#define TEN_SHARES "\"sizing\": \"shares\", \"size\": 10"

static void a_stop_is_filled_at_its_price_and_a_gap_where_it_ends(void **state)
{
    static const int within[][CENTS] = {BOUGHT_AT_100,
                                        {10000, 10100, 9900, 10000},
                                        {9900, 9950, 9300, 9400},
                                        {9400, 9400, 9400, 9400}};
    static const int gap[][CENTS] = {BOUGHT_AT_100,
                                     {10000, 10100, 9900, 10000},
                                     {9100, 9950, 9000, 9400},
                                     {9400, 9400, 9400, 9400}};
    static const int at_once[][CENTS] = {
        BOUGHT_AT_100, {10000, 10100, 9000, 9500}, {9400, 9400, 9400, 9400}};

    (void)state;
    exits("{" TEN_SHARES ", \"stop_loss_percent\": 5}", within, 4, BACKTEST_STOP_LOSS, 95 * DOLLAR,
          2);
    exits("{" TEN_SHARES ", \"stop_loss_percent\": 5}", gap, 4, BACKTEST_STOP_LOSS, 91 * DOLLAR, 2);
    // The bar that was bought at its open goes on afterwards.
    exits("{" TEN_SHARES ", \"stop_loss_percent\": 5}", at_once, 3, BACKTEST_STOP_LOSS, 95 * DOLLAR,
          1);
}

static void of_a_stop_and_a_target_in_one_bar_the_stop_counts(void **state)
{
    static const int both[][CENTS] = {
        BOUGHT_AT_100, BOUGHT_AT_100, {10000, 11500, 9000, 10000}, BOUGHT_AT_100};
    static const int gap_up[][CENTS] = {
        BOUGHT_AT_100, BOUGHT_AT_100, {11200, 11500, 9000, 10000}, BOUGHT_AT_100};
    static const int target[][CENTS] = {
        BOUGHT_AT_100, BOUGHT_AT_100, {10000, 11500, 9900, 10000}, BOUGHT_AT_100};
    const char *json = "{" TEN_SHARES ", \"stop_loss_percent\": 5, \"take_profit_percent\": 10}";

    (void)state;
    exits(json, both, 4, BACKTEST_STOP_LOSS, 95 * DOLLAR, 2);
    // But not of an open that is beyond the target: that is before all the rest.
    exits(json, gap_up, 4, BACKTEST_TAKE_PROFIT, 112 * DOLLAR, 2);
    exits(json, target, 4, BACKTEST_TAKE_PROFIT, 110 * DOLLAR, 2);
}

static void a_stop_that_trails_follows_the_bars_that_are_over(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100,
                                      BOUGHT_AT_100,
                                      {10000, 12000, 10000, 11900},
                                      {11900, 12000, 10700, 10900},
                                      BOUGHT_AT_100};

    (void)state;
    exits("{" TEN_SHARES ", \"trailing_stop_percent\": 10}", bars, 5, BACKTEST_TRAILING_STOP,
          108 * DOLLAR, 3);
}

// Stops and targets at closes: what a bar reached in between is no matter.
static void exits_at_close(const char *json, enum backtest_cause cause, int64_t price, int day)
{
    static const int bars[][CENTS] = {{10000, 10000, 10000, 10000}, {10000, 10000, 9000, 9900},
                                      {9900, 11200, 9900, 11000},   {11000, 11500, 10900, 11400},
                                      {11400, 11400, 10200, 10300}, {10200, 10200, 9300, 9400},
                                      {9500, 9500, 9500, 9500}};
    struct run run;

    prepare(&run, "buy_and_hold", json);
    run.settings.exits_at_close = true;
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(run.result.order_count, 2);
    assert_filled(&run, 0, BACKTEST_ENTRY, 10 * SHARE, 100 * DOLLAR, 1);
    assert_filled(&run, 1, cause, 10 * SHARE, price, day);
    assert_int_equal(order_at(&run, 1)->type, ORDER_MARKET);
    end(&run);
}

static void stops_and_targets_at_closes_sell_at_the_next_open(void **state)
{
    (void)state;
    exits_at_close("{" TEN_SHARES ", \"stop_loss_percent\": 5}", BACKTEST_STOP_LOSS, 95 * DOLLAR,
                   6);
    exits_at_close("{" TEN_SHARES ", \"take_profit_percent\": 12}", BACKTEST_TAKE_PROFIT,
                   114 * DOLLAR, 4);
    // 10 % below the high of 115.00.
    exits_at_close("{" TEN_SHARES ", \"trailing_stop_percent\": 10}", BACKTEST_TRAILING_STOP,
                   102 * DOLLAR, 5);
}

static void a_strategy_that_leaves_takes_its_exits_along(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100,
                                      BOUGHT_AT_100,
                                      {9800, 9800, 9800, 9800},
                                      {9700, 9700, 9700, 9700},
                                      BOUGHT_AT_100};
    struct run run;

    (void)state;
    prepare(&run, "rule",
            "{" TEN_SHARES ", \"enter\": \"true\", \"exit\": \"close < 99\","
            " \"stop_loss_percent\": 5}");
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(order_at(&run, 1)->cause, BACKTEST_STOP_LOSS);
    assert_int_equal(order_at(&run, 1)->status, ORDER_CANCELED);
    assert_string_equal(order_at(&run, 1)->reason, "STRATEGY_LEAVES");
    assert_filled(&run, 2, BACKTEST_EXIT, 10 * SHARE, 97 * DOLLAR, 3);
    end(&run);
}

static void costs_are_those_of_the_terms(void **state)
{
    static const int bars[][CENTS] = {
        BOUGHT_AT_100, BOUGHT_AT_100, {9000, 9000, 9000, 9000}, {9000, 9000, 9000, 9000}};
    struct run run;

    (void)state;
    prepare(&run, "rule", "{" TEN_SHARES ", \"enter\": \"close > 95\", \"exit\": \"close < 95\"}");
    run.settings.terms = (struct fill_terms){.slippage_bps_hundredths = 1000, // 10 bps
                                             .commission_per_order = DOLLAR,
                                             .commission_per_share = 5000,
                                             .commission_bps_hundredths = 100};
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    // Bought at 100.10: 1 + 0.05 + 0.1001. Sold at 89.91: 1 + 0.05 + 0.08991.
    assert_int_equal(order_at(&run, 0)->average_price, 100100000);
    assert_int_equal(order_at(&run, 0)->commission, 1150100);
    assert_int_equal(order_at(&run, 1)->average_price, 89910000);
    assert_int_equal(order_at(&run, 1)->commission, 1139910);
    assert_int_equal(run.result.commission, 2290010);
    assert_int_equal(run.result.equity[3],
                     10000 * DOLLAR - 1001000000 - 1150100 + 899100000 - 1139910);
    assert_int_equal(run.result.bought, 1001000000);
    assert_int_equal(run.result.sold, 899100000);
    end(&run);
}

static void a_share_of_the_volume_takes_several_bars(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100,
                                      BOUGHT_AT_100,
                                      {10100, 10100, 10100, 10100},
                                      {10200, 10200, 10200, 10200},
                                      {9000, 9000, 9000, 9000},
                                      BOUGHT_AT_100,
                                      BOUGHT_AT_100};
    struct run run;

    (void)state;
    // 0.4 % of 1000 are 4 a bar.
    prepare(&run, "rule", "{" TEN_SHARES ", \"enter\": \"true\", \"exit\": \"close < 95\"}");
    run.settings.terms.participation_percent_hundredths = 40;
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_filled(&run, 0, BACKTEST_ENTRY, 10 * SHARE, 100800000, 3);
    assert_int_equal(run.result.trades[0].paid,
                     4 * 100 * DOLLAR + 4 * 101 * DOLLAR + 2 * 102 * DOLLAR);
    assert_int_equal(order_at(&run, 1)->status, ORDER_PARTIALLY_FILLED);
    assert_int_equal(order_at(&run, 1)->filled_quantity, 8 * SHARE);
    end(&run);
}

static void warm_up_is_seen_and_not_traded_on(void **state)
{
    static const int bars[][CENTS] = {{1000, 1000, 1000, 1000},
                                      {1100, 1100, 1100, 1100},
                                      {1200, 1200, 1200, 1200},
                                      {1300, 1300, 1300, 1300},
                                      {1400, 1400, 1400, 1400}};
    struct run run;

    (void)state;
    prepare(&run, "sma_cross", "{\"fast\": 1, \"slow\": 3, " TEN_SHARES "}");
    run.settings.start = FIRST_DAY + 3 * DAY;
    add_symbol(&run, "ACME", bars, COUNT_OF(bars));
    finish(&run);
    assert_int_equal(run.result.warm_up_count, 3);
    assert_int_equal(run.result.bar_count, 2);
    assert_int_equal(run.result.point_count, 2);
    // It was above before, and enters at the first bar at which it may.
    assert_int_equal(order_at(&run, 0)->placed_at, FIRST_DAY + 3 * DAY);
    assert_filled(&run, 0, BACKTEST_ENTRY, 10 * SHARE, 14 * DOLLAR, 4);
    end(&run);
}

static void later_bars_change_nothing_of_what_was_before(void **state)
{
    enum { BARS = 300 };
    static int bars[BARS][CENTS];
    struct run all;

    (void)state;
    for (int i = 0; i < BARS; i++) {
        int close = 1000 + (i * i * 79 + i * 1047) % 113 + i % 37;

        bars[i][BAR_OPEN] = close - 5 + i % 11;
        bars[i][BAR_CLOSE] = close;
        bars[i][BAR_HIGH] = (close > bars[i][BAR_OPEN] ? close : bars[i][BAR_OPEN]) + 9;
        bars[i][BAR_LOW] = (close < bars[i][BAR_OPEN] ? close : bars[i][BAR_OPEN]) - 9;
    }
    prepare(&all, "sma_cross",
            "{\"fast\": 3, \"slow\": 8, \"stop_loss_percent\": 2, \"take_profit_percent\": 3,"
            " \"trailing_stop_percent\": 4}");
    add_symbol(&all, "ACME", (const int(*)[CENTS])bars, BARS);
    finish(&all);
    assert_true(all.result.closed_count > 10);
    for (size_t count = 10; count < BARS; count += 13) {
        struct run some;

        prepare(&some, "sma_cross",
                "{\"fast\": 3, \"slow\": 8, \"stop_loss_percent\": 2, \"take_profit_percent\": 3,"
                " \"trailing_stop_percent\": 4}");
        add_symbol(&some, "ACME", (const int(*)[CENTS])bars, count);
        finish(&some);
        assert_memory_equal(some.result.equity, all.result.equity, count * sizeof(int64_t));
        end(&some);
    }
    end(&all);
}

static void the_same_input_gives_the_same_result(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100,
                                      BOUGHT_AT_100,
                                      {9000, 9700, 8900, 9600},
                                      {9700, 9800, 9600, 9700},
                                      BOUGHT_AT_100};
    struct run one;
    struct run other;

    (void)state;
    prepare(&one, "rsi_reversion", "{\"period\": 2}");
    prepare(&other, "rsi_reversion", "{\"period\": 2}");
    add_symbol(&one, "ACME", bars, COUNT_OF(bars));
    add_symbol(&other, "ACME", bars, COUNT_OF(bars));
    finish(&one);
    finish(&other);
    assert_int_equal(one.result.order_count, other.result.order_count);
    // Also in the memory of another one.
    finish(&one);
    assert_memory_equal(one.result.equity, other.result.equity,
                        one.result.point_count * sizeof(int64_t));
    end(&one);
    end(&other);
}

static void weights_are_put_right_by_sales_and_then_purchases(void **state)
{
    static const int rises[][CENTS] = {BOUGHT_AT_100,
                                       BOUGHT_AT_100,
                                       {20000, 20000, 20000, 20000},
                                       {20000, 20000, 20000, 20000},
                                       {20000, 20000, 20000, 20000},
                                       {20000, 20000, 20000, 20000}};
    static const int stays[][CENTS] = {BOUGHT_AT_100, BOUGHT_AT_100, BOUGHT_AT_100,
                                       BOUGHT_AT_100, BOUGHT_AT_100, BOUGHT_AT_100};
    struct run run;

    (void)state;
    prepare(&run, "rebalance", "{\"weights\": {\"UP\": 50, \"FLAT\": 40}, \"frequency\": \"bar\"}");
    add_symbol(&run, "UP", rises, COUNT_OF(rises));
    add_symbol(&run, "FLAT", stays, COUNT_OF(stays));
    finish(&run);
    assert_filled(&run, 0, BACKTEST_TARGET, 50 * SHARE, 100 * DOLLAR, 1);
    assert_filled(&run, 1, BACKTEST_TARGET, 40 * SHARE, 100 * DOLLAR, 1);
    // UP is 10,000 of 15,000 then: 13 of 50 are sold for 37, and when they are, 20 more of FLAT
    // bought.
    assert_filled(&run, 2, BACKTEST_TARGET, 13 * SHARE, 200 * DOLLAR, 3);
    assert_int_equal(order_at(&run, 2)->side, ORDER_SELL);
    assert_filled(&run, 3, BACKTEST_TARGET, 20 * SHARE, 100 * DOLLAR, 4);
    assert_int_equal(run.result.order_count, 4);
    end(&run);
}

static void a_weight_within_its_band_is_let_be(void **state)
{
    static const int rises[][CENTS] = {
        BOUGHT_AT_100, BOUGHT_AT_100, {10500, 10500, 10500, 10500}, {10500, 10500, 10500, 10500}};
    struct run run;

    (void)state;
    prepare(&run, "rebalance", "{\"weights\": {\"UP\": 50}, \"frequency\": \"bar\"}");
    add_symbol(&run, "UP", rises, COUNT_OF(rises));
    finish(&run);
    assert_int_equal(run.result.order_count, 1);
    end(&run);
}

static void momentum_holds_what_has_risen_most(void **state)
{
    static const int one[][CENTS] = {{1000, 1000, 1000, 1000}, {1000, 1100, 1000, 1100},
                                     {1100, 1200, 1100, 1200}, {1200, 1210, 1200, 1210},
                                     {1210, 1220, 1210, 1220}, {1220, 1220, 1220, 1220}};
    static const int two[][CENTS] = {{1000, 1000, 1000, 1000}, {1000, 1000, 1000, 1000},
                                     {1000, 1100, 1000, 1100}, {1100, 1400, 1100, 1400},
                                     {1400, 1400, 1400, 1400}, {1400, 1400, 1400, 1400}};
    struct run run;

    (void)state;
    prepare(&run, "momentum", "{\"lookback\": 1, \"top_n\": 1, \"frequency\": \"bar\"}");
    add_symbol(&run, "ONE", one, COUNT_OF(one));
    add_symbol(&run, "TWO", two, COUNT_OF(two));
    finish(&run);
    assert_int_equal(order_at(&run, 0)->symbol, 0);
    assert_int_equal(order_at(&run, 0)->side, ORDER_BUY);
    assert_int_equal(order_at(&run, 0)->placed_at, FIRST_DAY + DAY);
    // The other one has risen more at the third bar already: by 10 % after 9.09.
    assert_int_equal(order_at(&run, 1)->symbol, 0);
    assert_int_equal(order_at(&run, 1)->side, ORDER_SELL);
    assert_int_equal(order_at(&run, 1)->placed_at, FIRST_DAY + 2 * DAY);
    assert_int_equal(order_at(&run, 2)->symbol, 1);
    assert_int_equal(order_at(&run, 2)->side, ORDER_BUY);
    end(&run);
}

static void a_purchase_is_made_each_week(void **state)
{
    static int bars[15][CENTS];
    struct run run;

    (void)state;
    for (int i = 0; i < 15; i++)
        for (int field = 0; field < CENTS; field++)
            bars[i][field] = 5000;
    prepare(&run, "regular_purchase", "{\"amount\": 200, \"frequency\": \"weekly\"}");
    add_symbol(&run, "ACME", (const int(*)[CENTS])bars, 15);
    finish(&run);
    // The first day is a Monday; the last one, too, and its order stays open.
    assert_int_equal(run.result.order_count, 3);
    assert_filled(&run, 0, BACKTEST_TARGET, 4 * SHARE, 50 * DOLLAR, 1);
    assert_filled(&run, 1, BACKTEST_TARGET, 4 * SHARE, 50 * DOLLAR, 8);
    assert_int_equal(order_at(&run, 2)->status, ORDER_NEW);
    end(&run);
}

static void symbols_without_a_bar_wait_for_theirs(void **state)
{
    static const int daily[][CENTS] = {BOUGHT_AT_100, BOUGHT_AT_100, BOUGHT_AT_100, BOUGHT_AT_100};
    struct run run;
    struct bar_columns *sparse = bar_columns_new();

    (void)state;
    for (int day = 0; day < 4; day += 3) {
        const struct bar bar = {.time = FIRST_DAY + day * DAY,
                                .values = {50 * DOLLAR, 50 * DOLLAR, 50 * DOLLAR, 50 * DOLLAR, 1}};

        assert_true(bar_columns_add(sparse, &bar));
    }
    prepare(&run, "buy_and_hold", "{" TEN_SHARES "}");
    add_symbol(&run, "ACME", daily, COUNT_OF(daily));
    run.symbols[run.settings.symbol_count++] = (struct backtest_symbol){"RARE", sparse};
    finish(&run);
    assert_filled(&run, 0, BACKTEST_ENTRY, 10 * SHARE, 100 * DOLLAR, 1);
    assert_filled(&run, 1, BACKTEST_ENTRY, 10 * SHARE, 50 * DOLLAR, 3);
    assert_int_equal(run.result.bar_count, 6);
    assert_int_equal(run.result.point_count, 4);
    end(&run);
}

static void a_backtest_needs_bars_and_not_too_many(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    add_symbol(&run, "ACME", bars, 1);
    run.settings.start = FIRST_DAY + DAY;
    assert_false(backtest_run(&run.settings, run.workspace, &run.result, &run.error));
    assert_string_equal(run.error.details[0].value,
                        "leads to no bars: the symbols have none from there to `end`");
    run.settings.start = FIRST_DAY;
    for (int64_t i = 1; i <= BACKTEST_BARS_MAX; i++) {
        const struct bar bar = {.time = FIRST_DAY + i, .values = {DOLLAR, DOLLAR, DOLLAR, DOLLAR}};

        assert_true(bar_columns_add(run.symbols[0].series, &bar));
    }
    assert_false(backtest_run(&run.settings, run.workspace, &run.result, &run.error));
    assert_string_equal(run.error.details[0].value,
                        "leads to 500001 bars, and there may be 500000");
    run.symbols[0].series->count--;
    assert_true(backtest_run(&run.settings, run.workspace, &run.result, &run.error));
    end(&run);
}

static void a_list_has_at_most_1000_entries_and_the_counts_have_all(void **state)
{
    enum { BARS = 5000 };
    static int bars[BARS][CENTS];
    struct run run;

    (void)state;
    for (int i = 0; i < BARS; i++)
        for (int field = 0; field < CENTS; field++)
            bars[i][field] = i % 2 == 0 ? 1000 : 1200;
    prepare(&run, "rule", "{" TEN_SHARES ", \"enter\": \"close > 11\", \"exit\": \"close < 11\"}");
    add_symbol(&run, "ACME", (const int(*)[CENTS])bars, BARS);
    finish(&run);
    assert_int_equal(run.result.trades_listed, BACKTEST_KEPT_MAX);
    assert_int_equal(run.result.orders_listed, BACKTEST_KEPT_MAX);
    assert_int_equal(run.result.closed_count, 2499);
    assert_true(run.result.order_count > 4990);
    end(&run);
}

static bool stop_at_half(void *context, int64_t progress_micros)
{
    *(int64_t *)context = progress_micros;
    return progress_micros < 500000;
}

static void a_backtest_tells_how_far_it_is_and_can_be_canceled(void **state)
{
    static const int bars[][CENTS] = {BOUGHT_AT_100};
    int64_t progress = 0;
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    add_symbol(&run, "ACME", bars, 1);
    for (int64_t i = 1; i < 200000; i++) {
        const struct bar bar = {.time = FIRST_DAY + i, .values = {DOLLAR, DOLLAR, DOLLAR, DOLLAR}};

        assert_true(bar_columns_add(run.symbols[0].series, &bar));
    }
    run.settings.goes_on = stop_at_half;
    run.settings.context = &progress;
    assert_false(backtest_run(&run.settings, run.workspace, &run.result, &run.error));
    assert_true(error_is(&run.error, REASON_BACKTEST_CANCELED));
    assert_true(progress >= 500000 && progress < 700000);
    end(&run);
}

static void what_cannot_be_counted_ends_it(void **state)
{
    static const int bars[][CENTS] = {{1, 1, 1, 1}, {1, 1, 1, 1}};
    const struct bar huge = {.time = FIRST_DAY + 2 * DAY,
                             .values = {INT64_C(1000000000000000), INT64_C(1000000000000000),
                                        INT64_C(1000000000000000), INT64_C(1000000000000000), 1}};
    struct run run;

    (void)state;
    prepare(&run, "buy_and_hold", "");
    run.settings.cash = 1000000 * DOLLAR;
    add_symbol(&run, "ACME", bars, 2);
    assert_true(bar_columns_add(run.symbols[0].series, &huge));
    assert_false(backtest_run(&run.settings, run.workspace, &run.result, &run.error));
    assert_true(error_is(&run.error, REASON_BACKTEST_OVERFLOW));
    end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_decided_at_a_close_is_filled_at_the_next_open),
        cmocka_unit_test(an_order_of_the_last_close_stays_open),
        cmocka_unit_test(what_is_held_for_a_buy_is_less_than_all_cash),
        cmocka_unit_test(an_open_that_leaps_beyond_the_cash_cancels_the_buy),
        cmocka_unit_test(what_is_held_for_one_order_is_not_there_for_another),
        cmocka_unit_test(without_cash_for_a_share_there_is_no_order),
        cmocka_unit_test(a_stop_is_filled_at_its_price_and_a_gap_where_it_ends),
        cmocka_unit_test(of_a_stop_and_a_target_in_one_bar_the_stop_counts),
        cmocka_unit_test(a_stop_that_trails_follows_the_bars_that_are_over),
        cmocka_unit_test(stops_and_targets_at_closes_sell_at_the_next_open),
        cmocka_unit_test(a_strategy_that_leaves_takes_its_exits_along),
        cmocka_unit_test(costs_are_those_of_the_terms),
        cmocka_unit_test(a_share_of_the_volume_takes_several_bars),
        cmocka_unit_test(warm_up_is_seen_and_not_traded_on),
        cmocka_unit_test(later_bars_change_nothing_of_what_was_before),
        cmocka_unit_test(the_same_input_gives_the_same_result),
        cmocka_unit_test(weights_are_put_right_by_sales_and_then_purchases),
        cmocka_unit_test(a_weight_within_its_band_is_let_be),
        cmocka_unit_test(momentum_holds_what_has_risen_most),
        cmocka_unit_test(a_purchase_is_made_each_week),
        cmocka_unit_test(symbols_without_a_bar_wait_for_theirs),
        cmocka_unit_test(a_backtest_needs_bars_and_not_too_many),
        cmocka_unit_test(a_list_has_at_most_1000_entries_and_the_counts_have_all),
        cmocka_unit_test(a_backtest_tells_how_far_it_is_and_can_be_canceled),
        cmocka_unit_test(what_cannot_be_counted_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
