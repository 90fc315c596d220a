// SPDX-License-Identifier: MIT
#include "strategy/strategy_program.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

#define DOLLAR INT64_C(1000000)

enum { BUDGET = 1024 * 1024 };

static const char *const two_symbols[] = {"ACME", "OTHER"};

static bool read(const char *kind,
                 const char *json,
                 struct arena *arena,
                 struct strategy_parameters *out,
                 struct error *error)
{
    enum strategy_kind found = STRATEGY_KIND_COUNT;

    assert_true(strategy_kind_find(text_of(kind), &found));
    return strategy_parameters_read(found, text_of(json), arena, out, error) &&
           strategy_parameters_check(out, two_symbols, 2, error);
}

static void assert_printed(const char *kind, const char *json, const char *expected)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(STRATEGY_JSON_MAX);
    struct strategy_parameters parameters;
    struct error error;

    if (!read(kind, json, arena, &parameters, &error))
        fail_msg("%s: %s %s", json, error.details[0].name, error.details[0].value);
    strategy_parameters_print(&parameters, out);
    assert_string_equal(out->data, expected);
}

#define COMMON                                                                                     \
    "\"sizing\":\"percent_of_equity\",\"size\":\"100\",\"stop_loss_percent\":\"0\","               \
    "\"trailing_stop_percent\":\"0\",\"take_profit_percent\":\"0\"}"

static void what_is_not_said_is_filled_in(void **state)
{
    (void)state;
    assert_printed("sma_cross", "", "{\"fast\":20,\"slow\":50," COMMON);
    assert_printed("sma_cross", "{\"fast\": 5}", "{\"fast\":5,\"slow\":50," COMMON);
    assert_printed("buy_and_hold", "{}", "{" COMMON);
    assert_printed("rsi_reversion", "{\"low\": \"25.5\", \"high\": 7.4e1}",
                   "{\"period\":14,\"low\":\"25.5\",\"high\":\"74\"," COMMON);
    assert_printed("rule", "{\"exit\": \"false\", \"enter\": \"close > 1\"}",
                   "{\"enter\":\"close > 1\",\"exit\":\"false\"," COMMON);
    assert_printed("rebalance",
                   "{\"weights\": {\"OTHER\": 40, \"ACME\": \"60\"}, \"frequency\": \"weekly\"}",
                   "{\"weights\":{\"OTHER\":\"40\",\"ACME\":\"60\"},\"frequency\":\"weekly\","
                   "\"band_percent\":\"5\"}");
    assert_printed("regular_purchase", "{\"amount\": 500}",
                   "{\"amount\":\"500\",\"frequency\":\"monthly\"}");
    assert_printed("momentum", "{\"top_n\": 2}",
                   "{\"lookback\":126,\"top_n\":2,\"frequency\":\"monthly\"}");
}

static void what_was_printed_is_read_as_it_was(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);

    (void)state;
    for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        OWNED(strbuf) first = strbuf_new(STRATEGY_JSON_MAX);
        OWNED(strbuf) second = strbuf_new(STRATEGY_JSON_MAX);
        const char *json = kind == STRATEGY_RULE
                               ? "{\"enter\":\"close > open\",\"exit\":\"not true\"}"
                           : kind == STRATEGY_REBALANCE        ? "{\"weights\":{\"ACME\":\"50\"}}"
                           : kind == STRATEGY_REGULAR_PURCHASE ? "{\"amount\":\"10.25\"}"
                                                               : "{}";
        struct strategy_parameters parameters;
        struct error error;

        assert_true(
            read(strategy_kind_name((enum strategy_kind)kind), json, arena, &parameters, &error));
        strategy_parameters_print(&parameters, first);
        assert_true(read(strategy_kind_name((enum strategy_kind)kind), first->data, arena,
                         &parameters, &error));
        strategy_parameters_print(&parameters, second);
        assert_string_equal(first->data, second->data);
    }
}

static void each_wrong_parameter_is_named_with_its_rule_and_number(void **state)
{
    static const struct {
        const char *kind;
        const char *json;
        const char *field;
        const char *rule;
    } cases[] = {
        {"sma_cross", "{\"fast\": 0}", "parameters.fast", "must be from 1 to 999, not 0"},
        {"sma_cross", "{\"fast\": 1000}", "parameters.fast", "must be from 1 to 999, not 1000"},
        {"sma_cross", "{\"fast\": 2.5}", "parameters.fast",
         "must have at most 0 decimals, not \"2.5\""},
        {"sma_cross", "{\"fast\": \"x\"}", "parameters.fast", "must be a number, not \"x\""},
        {"sma_cross", "{\"fast\": true}", "parameters.fast", "must be a number or a string"},
        {"sma_cross", "{\"fast\": 5, \"fast\": 6}", "parameters.fast", "is there twice"},
        {"sma_cross", "{\"fast\": 50}", "parameters.fast",
         "must be less than slow, and 50 is not less than 50"},
        {"macd", "{\"fast\": 30}", "parameters.fast",
         "must be less than slow, and 30 is not less than 26"},
        {"sma_cross", "{\"quick\": 5}", "parameters.quick",
         "is no parameter of sma_cross, which has fast, slow, sizing, size, stop_loss_percent, "
         "trailing_stop_percent, take_profit_percent"},
        {"momentum", "{\"size\": 5}", "parameters.size",
         "is no parameter of momentum, which has lookback, top_n, frequency"},
        {"momentum", "{\"top_n\": 3}", "parameters.top_n",
         "must be at most the number of symbols, 2, not 3"},
        {"momentum", "{\"frequency\": \"often\"}", "parameters.frequency",
         "must be one of bar, daily, weekly, monthly, quarterly, yearly, not \"often\""},
        {"rsi_reversion", "{\"low\": 70.5, \"high\": 70.5}", "parameters.low",
         "must be less than high, and 70.5 is not less than 70.5"},
        {"rsi_reversion", "{\"low\": \"0.0000001\"}", "parameters.low",
         "must have at most 6 decimals, not \"0.0000001\""},
        {"rule", "{\"enter\": \"true\"}", "parameters.exit", "is required by rule"},
        {"rule", "{\"enter\": \"close >\", \"exit\": \"true\"}", "parameters.enter",
         "column 8: a number, a name or an opening bracket is expected here, where the rule ends"},
        {"rule", "{\"enter\": \"true\", \"exit\": \"close\"}", "parameters.exit",
         "column 1: what is true or false is needed here, and this is a number"},
        {"rebalance", "{}", "parameters.weights", "is required by rebalance"},
        {"rebalance", "{\"weights\": {}}", "parameters.weights", "must name a symbol at least"},
        {"rebalance", "{\"weights\": 5}", "parameters.weights",
         "must be an object of tickers and percentages"},
        {"rebalance", "{\"weights\": {\"acme\": 5}}", "parameters.weights.acme",
         "must be a ticker in upper case"},
        {"rebalance", "{\"weights\": {\"ACME\": 5, \"ACME\": 6}}", "parameters.weights.ACME",
         "is there twice"},
        {"rebalance", "{\"weights\": {\"ACME\": 0}}", "parameters.weights.ACME",
         "must be from 0.01 to 100, not 0"},
        {"rebalance", "{\"weights\": {\"THIRD\": 5}}", "parameters.weights.THIRD",
         "is not among the strategy's symbols"},
        {"rebalance", "{\"weights\": {\"ACME\": 60, \"OTHER\": 40.01}}", "parameters.weights",
         "must be at most 100 together, not 100.01"},
        {"buy_and_hold", "{\"size\": 101}", "parameters.size",
         "must be at most 100 percent of equity"},
        {"buy_and_hold", "{\"sizing\": 3}", "parameters.sizing",
         "must be one of percent_of_equity, cash, shares, not \"3\""},
        {"buy_and_hold", "{\"stop_loss_percent\": 99.5}", "parameters.stop_loss_percent",
         "must be from 0 to 99, not 99.5"},
    };
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (read(cases[i].kind, cases[i].json, arena, &parameters, &error))
            fail_msg("%s is taken", cases[i].json);
        assert_true(error_is(&error, REASON_INVALID_REQUEST));
        assert_string_equal(error.details[0].name, cases[i].field);
        assert_string_equal(error.details[0].value, cases[i].rule);
        assert_int_equal(error.detail_count, 1);
    }
}

static void several_wrong_parameters_are_named_at_once(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    assert_false(read("sma_cross", "{\"fast\": 0, \"slow\": [1, {}], \"x\": {\"y\": null}}", arena,
                      &parameters, &error));
    assert_int_equal(error.detail_count, 3);
    assert_string_equal(error.details[1].name, "parameters.slow");
    assert_string_equal(error.details[2].name, "parameters.x");
}

static void weights_are_at_most_20(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) json = strbuf_new(STRATEGY_JSON_MAX);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    strbuf_append_string(json, "{\"weights\":{");
    for (int i = 0; i <= STRATEGY_SYMBOLS_MAX; i++)
        strbuf_printf(json, "%s\"A%d\":1", i > 0 ? "," : "", i);
    strbuf_append_string(json, "}}");
    assert_false(read("rebalance", json->data, arena, &parameters, &error));
    assert_string_equal(error.details[0].name, "parameters.weights.A20");
    assert_string_equal(error.details[0].value, "is one more than the 20 that there may be");
}

static void one_parameter_is_set_by_its_name(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    assert_true(read("rsi_reversion", "", arena, &parameters, &error));
    error_clear(&error);
    assert_true(
        strategy_parameters_set(&parameters, text_of("low"), text_of("12.5"), "grid", &error));
    assert_int_equal(parameters.values[STRATEGY_PARAMETER_LOW], 12500000);
    assert_false(strategy_parameters_set(&parameters, text_of("low"), text_of("-1"),
                                         "grid[0].values[1]", &error));
    assert_string_equal(error.details[0].name, "grid[0].values[1]");
    assert_false(
        strategy_parameters_set(&parameters, text_of("fast"), text_of("1"), "grid[0]", &error));
    assert_true(read("rule", "{\"enter\":\"true\",\"exit\":\"true\"}", arena, &parameters, &error));
    assert_false(
        strategy_parameters_set(&parameters, text_of("enter"), text_of("true"), "grid[0]", &error));
}

static void parameters_stand_where_the_kind_has_them(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(RULE_LENGTH_MAX);
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    assert_true(read("bollinger", "{\"deviations\": 1.5}", arena, &parameters, &error));
    strategy_rule_print(&parameters, strategy_kind_info(STRATEGY_BOLLINGER)->enter, out);
    assert_string_equal(out->data, "close < bollinger_lower(close, 20, 1.5)");
}

static void every_kind_becomes_a_program_also_with_its_largest_parameters(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct strategy_program *program = allocate(sizeof(*program));
    const struct strategy_parameter *parameter = NULL;
    struct strategy_parameters parameters;
    struct error error;

    (void)state;
    for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        const char *json = kind == STRATEGY_RULE        ? "{\"enter\":\"true\",\"exit\":\"true\"}"
                           : kind == STRATEGY_REBALANCE ? "{\"weights\":{\"ACME\":1}}"
                           : kind == STRATEGY_REGULAR_PURCHASE ? "{\"amount\":1}"
                                                               : "";

        assert_true(strategy_parameters_read((enum strategy_kind)kind, text_of(json), arena,
                                             &parameters, &error));
        assert_true(strategy_program_make(&parameters, program, &error));
        assert_true(program->has_signals == strategy_kind_has_signals((enum strategy_kind)kind));
        for (size_t i = 0;
             (parameter = strategy_kind_parameter((enum strategy_kind)kind, i)) != NULL; i++)
            parameters.values[parameter->id] = parameter->maximum;
        if (!strategy_program_make(&parameters, program, &error))
            fail_msg("%d: %s", kind, error.details[0].value);
    }
    release(program);
}

static void a_strategy_leaves_when_it_is_out_unless_it_has_a_rule_for_that(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(bar_columns) series = bar_columns_new();
    struct strategy_program *program = allocate(sizeof(*program));
    struct strategy_parameters parameters;
    struct error error;
    OWNED(rule_workspace) workspace = rule_workspace_new();
    uint8_t signals[4];
    static const int dollars[] = {10, 12, 14, 9};

    (void)state;
    for (int i = 0; i < 4; i++) {
        int64_t close = dollars[i] * DOLLAR;
        const struct bar bar = {.time = i, .values = {close, close, close, close, 1}};

        assert_true(bar_columns_add(series, &bar));
    }
    assert_true(read("sma_cross", "{\"fast\": 1, \"slow\": 2}", arena, &parameters, &error));
    assert_true(strategy_program_make(&parameters, program, &error));
    strategy_program_signals(program, series, workspace, signals);
    assert_int_equal(signals[0], 0); // not known
    assert_int_equal(signals[1], STRATEGY_IS_IN);
    assert_int_equal(signals[2], STRATEGY_IS_IN);
    assert_int_equal(signals[3], STRATEGY_LEAVES);
    assert_true(read("rule", "{\"enter\": \"close > 11\", \"exit\": \"close > 13\"}", arena,
                     &parameters, &error));
    assert_true(strategy_program_make(&parameters, program, &error));
    strategy_program_signals(program, series, workspace, signals);
    assert_int_equal(signals[1], STRATEGY_IS_IN);
    assert_int_equal(signals[2], STRATEGY_IS_IN | STRATEGY_LEAVES);
    assert_int_equal(signals[3], 0);
    release(program);
}

static void a_schema_has_the_bounds_that_are_checked(void **state)
{
    OWNED(strbuf) out = strbuf_new(STRATEGY_JSON_MAX);

    (void)state;
    strategy_schema_print(STRATEGY_SMA_CROSS, out);
    assert_non_null(strstr(out->data, "\"fast\":{\"type\":\"integer\",\"minimum\":1,"
                                      "\"maximum\":999,\"default\":20,"));
    assert_non_null(strstr(out->data, "\"required\":[]"));
    strbuf_reset(out);
    strategy_schema_print(STRATEGY_REBALANCE, out);
    assert_non_null(strstr(out->data, "\"required\":[\"weights\"]"));
    for (int kind = 0; kind < STRATEGY_KIND_COUNT; kind++) {
        strbuf_reset(out);
        strategy_schema_print((enum strategy_kind)kind, out);
        assert_false(out->overflowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_filled_in),
        cmocka_unit_test(what_was_printed_is_read_as_it_was),
        cmocka_unit_test(each_wrong_parameter_is_named_with_its_rule_and_number),
        cmocka_unit_test(several_wrong_parameters_are_named_at_once),
        cmocka_unit_test(weights_are_at_most_20),
        cmocka_unit_test(one_parameter_is_set_by_its_name),
        cmocka_unit_test(parameters_stand_where_the_kind_has_them),
        cmocka_unit_test(every_kind_becomes_a_program_also_with_its_largest_parameters),
        cmocka_unit_test(a_strategy_leaves_when_it_is_out_unless_it_has_a_rule_for_that),
        cmocka_unit_test(a_schema_has_the_bounds_that_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
