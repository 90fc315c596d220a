// SPDX-License-Identifier: MIT
// What a strategy that runs decides, bar by bar with nothing but what it has, against the backtest
// of the same bars.
#include "strategies/decision.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "strategies/indicator_values.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define SHARE NANOS_PER_UNIT
#define DAY (INT64_C(86400) * 1000000)
#define FIRST_DAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

enum { BUDGET = 1024 * 1024, BARS = 400, ORDERS_MAX = 1000, WARM_UP = 10 };

// Made-up bars that go up and down, the same for the same seed. From the fifth bar on, so that
// symbols begin at different times.
static void add_bars(struct bar_columns *series, uint64_t seed, int first)
{
    int64_t close = 50 * DOLLAR;

    for (int i = 0; i < BARS; i++) {
        int64_t moves[4];
        struct bar bar = {.time = FIRST_DAY + i * DAY};

        for (int move = 0; move < 4; move++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            moves[move] = (int64_t)(seed >> 33) % (2 * DOLLAR);
        }
        bar.values[BAR_OPEN] = close + moves[0] - DOLLAR;
        close = bar.values[BAR_OPEN] + moves[1] - DOLLAR;
        close = close < 20 * DOLLAR ? 20 * DOLLAR : close;
        bar.values[BAR_CLOSE] = close;
        bar.values[BAR_HIGH] =
            (bar.values[BAR_OPEN] > close ? bar.values[BAR_OPEN] : close) + moves[2];
        bar.values[BAR_LOW] =
            (bar.values[BAR_OPEN] < close ? bar.values[BAR_OPEN] : close) - moves[3];
        bar.values[BAR_VOLUME] = 1000000;
        if (i >= first)
            assert_true(bar_columns_add(series, &bar));
    }
}

struct fixture {
    struct arena *arena;
    struct rule_workspace *workspace;
    struct strategy_program *program;
    struct backtest_symbol symbols[2];
    struct bar_columns *whole[2];
    struct backtest_settings settings;
    struct backtest_result result;
    struct error error;
};

static void prepare(struct fixture *fixture, const char *kind, const char *json)
{
    struct strategy_parameters parameters;
    enum strategy_kind found = STRATEGY_KIND_COUNT;

    memset(fixture, 0, sizeof(*fixture));
    fixture->arena = arena_new(BUDGET);
    fixture->workspace = rule_workspace_new();
    fixture->program = allocate(sizeof(*fixture->program));
    assert_true(strategy_kind_find(text_of(kind), &found));
    if (!strategy_parameters_read(found, text_of(json), fixture->arena, &parameters,
                                  &fixture->error))
        fail_msg("%s", fixture->error.details[0].value);
    assert_true(strategy_program_make(&parameters, fixture->program, &fixture->error));
    for (size_t i = 0; i < 2; i++) {
        fixture->whole[i] = bar_columns_new();
        add_bars(fixture->whole[i], 7 + i, (int)i * 5);
        fixture->symbols[i] = (struct backtest_symbol){i == 0 ? "ACME" : "OTHER", NULL};
    }
    fixture->settings = (struct backtest_settings){
        .program = fixture->program,
        .symbols = fixture->symbols,
        .symbol_count = 2,
        .start = FIRST_DAY + WARM_UP * DAY,
        .cash = 10000 * DOLLAR,
        .exits_at_close = true,
    };
}

static void end(struct fixture *fixture)
{
    backtest_result_clear(&fixture->result);
    for (size_t i = 0; i < 2; i++)
        bar_columns_free(&fixture->whole[i]);
    release(fixture->program);
    rule_workspace_free(&fixture->workspace);
    arena_free(&fixture->arena);
}

// The bars until a time.
static struct bar_columns *seen(const struct bar_columns *whole, int64_t until)
{
    struct bar_columns *series = bar_columns_new();

    for (size_t i = 0; i < whole->count && whole->times[i] <= until; i++) {
        struct bar bar = {.time = whole->times[i]};

        for (int field = 0; field < BAR_FIELD_COUNT; field++)
            bar.values[field] = whole->columns[field][i];
        assert_true(bar_columns_add(series, &bar));
    }
    return series;
}

// One order as both sides have it.
struct placed {
    int64_t at;
    size_t symbol;
    enum backtest_cause cause;
    enum order_side side;
    int64_t quantity;
};

// What a run is between two decisions, with orders that are filled at the next open: sales first.
struct live {
    struct decision decision;
    struct placed placed[ORDERS_MAX];
    size_t count;
    struct decision_intent waiting[DECISION_ORDERS_MAX];
    size_t waiting_count;
};

static void fill(struct fixture *fixture, struct live *live, int64_t at, enum order_side side)
{
    for (size_t i = 0; i < live->waiting_count;) {
        const struct decision_intent intent = live->waiting[i];
        const struct bar_columns *whole = fixture->whole[intent.symbol];
        size_t bar = bar_columns_find(whole, at);
        struct decision_position *position = &live->decision.positions[intent.symbol];
        int64_t price = whole->columns[BAR_OPEN][bar];
        int64_t value = intent.quantity / SHARE * price;

        if (intent.side != side || bar == whole->count || whole->times[bar] != at) {
            i++;
            continue;
        }
        live->waiting[i] = live->waiting[--live->waiting_count];
        if (side == ORDER_BUY && value > live->decision.cash)
            continue;
        if (side == ORDER_BUY && position->quantity == 0)
            position->high_water = 0;
        live->decision.cash += side == ORDER_BUY ? -value : value;
        position->quantity += side == ORDER_BUY ? intent.quantity : -intent.quantity;
        if (intent.cause == BACKTEST_ENTRY)
            position->entry_price = price;
    }
}

// Decides at one close by what there is then, and nothing else.
static void decide(struct fixture *fixture, struct live *live, int64_t at)
{
    struct backtest_settings settings = fixture->settings;
    struct backtest_symbol symbols[2];

    for (size_t i = 0; i < 2; i++)
        symbols[i] =
            (struct backtest_symbol){fixture->symbols[i].ticker, seen(fixture->whole[i], at)};
    settings.symbols = symbols;
    settings.cash = 0;
    live->decision.settings = &settings;
    live->decision.open_count = 0;
    if (!decision_make(&live->decision, at, fixture->workspace, &fixture->error))
        fail_msg("%s", fixture->error.message);
    for (size_t i = 0; i < live->decision.intent_count; i++) {
        const struct decision_intent *intent = &live->decision.intents[i];

        live->waiting[live->waiting_count++] = *intent;
        live->placed[live->count++] =
            (struct placed){at, intent->symbol, intent->cause, intent->side, intent->quantity};
    }
    for (size_t i = 0; i < 2; i++)
        bar_columns_free(&symbols[i].series);
}

static bool is_among(const struct live *live, const struct backtest_order *order)
{
    for (size_t i = 0; i < live->count; i++) {
        const struct placed *one = &live->placed[i];

        if (one->at == order->placed_at && one->symbol == order->symbol &&
            one->cause == order->cause && one->side == order->side &&
            one->quantity == order->quantity)
            return true;
    }
    return false;
}

static void compare(const char *kind, const char *json, size_t least)
{
    struct fixture fixture;
    struct live *live = allocate(sizeof(*live));

    prepare(&fixture, kind, json);
    for (size_t i = 0; i < 2; i++)
        fixture.symbols[i].series = fixture.whole[i];
    if (!backtest_run(&fixture.settings, fixture.workspace, &fixture.result, &fixture.error))
        fail_msg("%s", fixture.error.message);
    live->decision.cash = fixture.settings.cash;
    live->decision.period = INT64_MIN;
    for (int64_t at = fixture.settings.start; at < FIRST_DAY + BARS * DAY; at += DAY) {
        fill(&fixture, live, at, ORDER_SELL);
        fill(&fixture, live, at, ORDER_BUY);
        decide(&fixture, live, at);
    }
    assert_true(fixture.result.order_count >= least);
    assert_int_equal(fixture.result.order_count, live->count);
    for (size_t i = 0; i < fixture.result.orders_listed; i++)
        if (!is_among(live, &fixture.result.orders[i]))
            fail_msg("%s: order %zu of the backtest was not decided", kind, i);
    assert_int_equal(live->decision.equity, fixture.result.equity[fixture.result.point_count - 1]);
    release(live);
    end(&fixture);
}

static void what_runs_decides_as_a_backtest_does(void **state)
{
    (void)state;
    compare("sma_cross", "{\"fast\": 2, \"slow\": 5}", 50);
    compare("ema_cross", "{\"fast\": 3, \"slow\": 8, \"sizing\": \"shares\", \"size\": 10}", 30);
    compare("macd", "{\"fast\": 3, \"slow\": 8, \"signal\": 3}", 30);
    compare("buy_and_hold", "", 2);
    compare("momentum", "{\"lookback\": 3, \"top_n\": 1, \"frequency\": \"weekly\"}", 30);
    compare("rebalance",
            "{\"weights\": {\"ACME\": 40, \"OTHER\": 30}, \"frequency\": \"daily\","
            " \"band_percent\": 1}",
            10);
    compare("regular_purchase", "{\"amount\": 200, \"frequency\": \"weekly\"}", 30);
}

static void what_runs_leaves_at_stops_and_targets_as_a_backtest_does_at_closes(void **state)
{
    (void)state;
    compare("rule",
            "{\"enter\": \"close > open\", \"exit\": \"false\", \"stop_loss_percent\": 2,"
            " \"trailing_stop_percent\": 3, \"take_profit_percent\": 4}",
            50);
}

static void
an_order_of_before_that_is_open_is_canceled_by_name_when_the_strategy_leaves(void **state)
{
    struct fixture fixture;
    struct decision *decision = allocate(sizeof(*decision));
    int64_t at = FIRST_DAY + 20 * DAY;

    (void)state;
    prepare(&fixture, "rule", "{\"enter\": \"false\", \"exit\": \"true\"}");
    for (size_t i = 0; i < 2; i++)
        fixture.symbols[i].series = fixture.whole[i];
    decision->settings = &fixture.settings;
    decision->cash = 1000 * DOLLAR;
    decision->positions[0].quantity = 5 * SHARE;
    decision->open_count = 2;
    decision->open[0] =
        (struct decision_order){"mine", 0, BACKTEST_ENTRY, ORDER_BUY, SHARE, 60 * DOLLAR, false};
    decision->open[1] =
        (struct decision_order){"sold", 1, BACKTEST_EXIT, ORDER_SELL, SHARE, 0, false};
    assert_true(decision_make(decision, at, fixture.workspace, &fixture.error));
    assert_true(decision->open[0].is_canceled);
    // What is sold already is left alone.
    assert_false(decision->open[1].is_canceled);
    assert_int_equal(decision->intent_count, 1);
    assert_int_equal(decision->intents[0].side, ORDER_SELL);
    assert_int_equal(decision->intents[0].quantity, 5 * SHARE);
    assert_int_equal(decision->signals[0], DECISION_LEAVE);
    release(decision);
    end(&fixture);
}

static void the_numbers_that_rules_go_by_are_told_once_each(void **state)
{
    struct fixture fixture;
    const char *lines = NULL;
    char close[DECIMAL_SIZE];
    char expected[256];

    (void)state;
    prepare(&fixture, "rule",
            "{\"enter\": \"cross_above(sma(close, 1), sma(close, 2)[1]) and max(open, close) > 1\","
            " \"exit\": \"sma(close, 1) < sma(close, 300)\"}");
    assert_true(indicator_values_print(fixture.program, fixture.whole[0], 0, fixture.workspace,
                                       fixture.arena, &lines, &fixture.error));
    (void)decimal_print(fixture.whole[0]->columns[BAR_CLOSE][0], MONEY_SCALE, 0, close);
    snprintf(expected, sizeof(expected),
             "sma(close, 1)=%s\nsma(close, 2)=\nmax(open, close)=", close);
    assert_memory_equal(lines, expected, strlen(expected));
    assert_non_null(strstr(lines, "\nsma(close, 300)="));
    // Of a number that is told twice there is one.
    assert_null(strstr(strstr(lines, "sma(close, 1)=") + 1, "sma(close, 1)="));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_runs_decides_as_a_backtest_does),
        cmocka_unit_test(what_runs_leaves_at_stops_and_targets_as_a_backtest_does_at_closes),
        cmocka_unit_test(
            an_order_of_before_that_is_open_is_canceled_by_name_when_the_strategy_leaves),
        cmocka_unit_test(the_numbers_that_rules_go_by_are_told_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
