// SPDX-License-Identifier: MIT
#include "strategy/rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)

// Bars whose closes are given in cents; the others lie around them.
static struct bar_columns *series_of(const int *cents, size_t count)
{
    struct bar_columns *series = bar_columns_new();

    for (size_t i = 0; i < count; i++) {
        int64_t close = cents[i] * INT64_C(10000);
        const struct bar bar = {
            .time = (int64_t)i + 1,
            .values = {close - 10000, close + 50000, close - 40000, close, 1000 + (int64_t)i}};

        assert_true(bar_columns_add(series, &bar));
    }
    return series;
}

// The rule's values, a letter a bar: T, F, or ? for unknown.
static void truths_of(const char *source, struct bar_columns *series, char *out)
{
    struct rule rule;
    struct rule_problem problem;
    OWNED(rule_workspace) workspace = rule_workspace_new();
    const double *values = NULL;

    if (!rule_compile(text_of(source), RULE_TRUTH, &rule, &problem))
        fail_msg("%s: column %zu: %s", source, problem.column, problem.sentence);
    values = rule_evaluate(&rule, series, workspace);
    for (size_t i = 0; i < series->count; i++)
        out[i] = (char)(isnan(values[i]) ? '?' : (values[i] == 1.0 ? 'T' : 'F'));
    out[series->count] = '\0';
}

static void rules_say_what_they_read_like(void **state)
{
    static const int cents[] = {1000, 1100, 1200, 1100, 900, 1300};
    static const struct {
        const char *source;
        const char *truths;
    } cases[] = {
        {"true", "TTTTTT"},
        {"not true", "FFFFFF"},
        {"close > 11", "FFTFFT"},
        {"close >= 11", "FTTTFT"},
        {"close < 11 or close > 12", "TFFFTT"},
        {"close[1] < close", "?TTFFT"},
        {"close > close[1] and close > 12", "FFFFFT"},
        {"close > close[1] and close >= 10", "?TTFFT"},
        {"close > close[1] or close >= 10", "TTTTFT"},
        {"not (close > close[1])", "?FFTTF"},
        {"cross_above(close, 11)", "?FTFFT"},
        {"cross_below(close, 11)", "?FFFTF"},
        {"high - low > 0.08 and volume >= 1003", "FFFTTT"},
        {"2 + 3 * 4 > 13", "TTTTTT"},
        {"(2 + 3) * 4 > 13 + 6", "TTTTTT"},
        {"10 - 4 - 3 < 4", "TTTTTT"},
        {"24 / 4 / 2 < 4", "TTTTTT"},
        {"-close < -11", "FFTFFT"},
        {"- - close > 11", "FFTFFT"},
        {"1 / (close - close) > 0", "??????"},
        {"sqrt(close) > 3.3", "FTTTFT"},
        {"sqrt(-close) > 3.3", "??????"},
        {"abs(change(close, 1)) > 1.5", "?FFFTT"},
        {"max(close, 11) > min(close, 11)", "TFTFTT"},
        {"sma(close, 2) > 11", "?FTTFF"},
        {"sma(close[1], 2) > 11", "??FTTF"},
        {"sma(close + 0, 2) >= sma(close, 2)", "?TTTTT"},
        {"sum(close, 2) > 22", "?FTTFF"},
        {"highest(close, 3) > 11.5", "??TTTT"},
        {"close > highest(high, 2)[1]", "??TFFT"},
        {"lowest(low, 2) < 9", "?FFFTT"},
        {"ema(close, 1) >= close and ema(close, 1) <= close", "TTTTTT"},
        {"stdev(close, 2) > 0.9", "?FFFTT"},
        {"bollinger_upper(close, 2, 1) > 12.9", "?FFFFT"},
        {"bollinger_lower(close, 2, 1) < 9.1", "?FFFTT"},
        {"macd(close, 1, 2) > 0", "?TTFFT"},
        {"macd_signal(close, 1, 2, 1) > 0", "?TTFFT"},
        {"roc(close, 1) > 9", "?TTFFT"},
        {"atr(1) > 1.05", "?TTFTT"},
        {"rsi(close, 2) > 99", "??TFFF"},
        {"  close\n\t>\r\n11", "FFTFFT"},
        {"(close > 11)[1]", "?FFTFF"},
    };
    OWNED(bar_columns) series = series_of(cents, COUNT_OF(cents));
    char truths[COUNT_OF(cents) + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        truths_of(cases[i].source, series, truths);
        if (strcmp(truths, cases[i].truths) != 0)
            fail_msg("%s: %s, and %s is expected", cases[i].source, truths, cases[i].truths);
    }
}

static void what_is_unknown_is_neither_true_nor_false(void **state)
{
    static const int cents[] = {1000, 1100};
    static const struct {
        const char *source;
        char truth;
    } cases[] = {
        // The first bar: what is compared with the bar before is unknown there.
        {"close[1] > 0", '?'},           {"not (close[1] > 0)", '?'},
        {"close[1] > 0 and true", '?'},  {"close[1] > 0 and false", 'F'},
        {"false and close[1] > 0", 'F'}, {"close[1] > 0 or true", 'T'},
        {"true or close[1] > 0", 'T'},   {"close[1] > 0 or false", '?'},
        {"max(close[1], 1) > 0", '?'},   {"min(1, close[1]) > 0", '?'},
    };
    OWNED(bar_columns) series = series_of(cents, COUNT_OF(cents));
    char truths[COUNT_OF(cents) + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        truths_of(cases[i].source, series, truths);
        if (truths[0] != cases[i].truth)
            fail_msg("%s: %c, and %c is expected", cases[i].source, truths[0], cases[i].truth);
    }
}

static void an_error_says_where_it_is_and_what_is_expected(void **state)
{
    static const struct {
        const char *source;
        size_t column;
        const char *sentence;
    } cases[] = {
        {"", 1, "a number, a name or an opening bracket is expected here, where the rule ends"},
        {"   ", 4, "a number, a name or an opening bracket is expected here, where the rule ends"},
        {"close", 1, "what is true or false is needed here, and this is a number"},
        {"close >", 8,
         "a number, a name or an opening bracket is expected here, where the rule ends"},
        {"close > and true", 9,
         "a number, a name or an opening bracket is expected here, not \"and\""},
        {"close == 1", 7, "an operator, or the end of the rule, is expected here, not \"=\""},
        {"close > 1 2", 11, "an operator, or the end of the rule, is expected here, not \"2\""},
        {"close > 2x", 9, "a number, a name or an opening bracket is expected here, not \"2x\""},
        {"close > 1.", 9, "a number, a name or an opening bracket is expected here, not \"1.\""},
        {"close > 1.2.3", 9,
         "a number, a name or an opening bracket is expected here, not \"1.2.3\""},
        {"close > 0.0000001", 9, "a number has at most 6 decimals"},
        {"close > 99999999999999", 9, "this number is too large"},
        {"1 < close < 3", 11, "comparisons are not chained: join them with \"and\""},
        {"price > 1", 1, "\"price\" is not known: there are open, high, low, close and volume"},
        {"foo(1) > 1", 1, "there is no function \"foo\""},
        {"sma > 1", 5, "an opening bracket is expected here, not \">\""},
        {"sma(close) > 1", 10, "a comma and another argument is expected here, not \")\""},
        {"sma(close, 5, 5) > 1", 13, "a closing bracket is expected here, not \",\""},
        {"sma(close, close) > 1", 12, "a whole number is expected here, not \"close\""},
        {"sma(close, 0) > 1", 12, "a whole number from 1 to 1000 is expected here, not \"0\""},
        {"sma(close, 1001) > 1", 12,
         "a whole number from 1 to 1000 is expected here, not \"1001\""},
        {"sma(close, 2.5) > 1", 12, "a whole number from 1 to 1000 is expected here, not \"2.5\""},
        {"sma(close > 1, 5) > 1", 5, "a number is needed here, and this is true or false"},
        {"close[-1] > 1", 7, "a whole number is expected here, not \"-\""},
        {"close[1001] > 1", 7, "a whole number from 0 to 1000 is expected here, not \"1001\""},
        {"close[1 > 1", 9, "a closing bracket \"]\" is expected here, not \">\""},
        {"(close > 1", 11, "a closing bracket is expected here, where the rule ends"},
        {"not close", 5, "what is true or false is needed here, and this is a number"},
        {"true + 1 > 0", 1, "a number is needed here, and this is true or false"},
        {"1 + true > 0", 5, "a number is needed here, and this is true or false"},
        {"close > 1 and 5", 15, "what is true or false is needed here, and this is a number"},
        {"-true", 2, "a number is needed here, and this is true or false"},
        {"\xc3\xa9 > 1", 1,
         "a number, a name or an opening bracket is expected here, not \"\xc3\xa9\""},
        {"close > 1 \xc3\xa9\xc3\xa9 x", 11,
         "an operator, or the end of the rule, is expected here, not \"\xc3\xa9\""},
        {"bollinger_upper(close, 5, -1) > 1", 27, "a number is expected here, not \"-\""},
    };
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (rule_compile(text_of(cases[i].source), RULE_TRUTH, &rule, &problem))
            fail_msg("%s: is taken", cases[i].source);
        if (problem.column != cases[i].column || strcmp(problem.sentence, cases[i].sentence) != 0)
            fail_msg("%s: column %zu: %s", cases[i].source, problem.column, problem.sentence);
    }
}

static bool compiles(const char *source, struct rule *out_rule, struct rule_problem *out_problem)
{
    return rule_compile(text_of(source), RULE_TRUTH, out_rule, out_problem);
}

static void a_rule_has_at_most_1000_characters(void **state)
{
    char source[RULE_LENGTH_MAX + 2];
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    memset(source, ' ', sizeof(source));
    memcpy(source, "true", 4);
    source[RULE_LENGTH_MAX] = '\0';
    assert_true(compiles(source, &rule, &problem));
    source[RULE_LENGTH_MAX] = ' ';
    source[RULE_LENGTH_MAX + 1] = '\0';
    assert_false(compiles(source, &rule, &problem));
    assert_int_equal(problem.column, 1001);
    assert_string_equal(problem.sentence, "a rule has at most 1000 characters, not 1001");
}

// `count` times `open`, "true", and as often `close`.
static void wrap(struct strbuf *out, const char *open, const char *close, size_t count)
{
    strbuf_reset(out);
    for (size_t i = 0; i < count; i++)
        strbuf_append_string(out, open);
    strbuf_append_string(out, "true");
    for (size_t i = 0; i < count; i++)
        strbuf_append_string(out, close);
}

static void a_rule_is_nested_at_most_32_deep(void **state)
{
    OWNED(strbuf) source = strbuf_new(4096);
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    wrap(source, "(", ")", RULE_NESTING_MAX);
    assert_true(compiles(source->data, &rule, &problem));
    wrap(source, "(", ")", RULE_NESTING_MAX + 1);
    assert_false(compiles(source->data, &rule, &problem));
    assert_int_equal(problem.column, 33);
    assert_string_equal(problem.sentence, "this is nested more than 32 deep");
    wrap(source, "not ", "", RULE_NESTING_MAX + 1);
    assert_false(compiles(source->data, &rule, &problem));
    assert_int_equal(problem.column, 32 * 4 + 1);
}

// "1 + (1 + (1 + ...": as many values at a time as there are ones.
static void sum_of_ones(struct strbuf *out, size_t count)
{
    strbuf_reset(out);
    for (size_t i = 1; i < count; i++)
        strbuf_append_string(out, "1+(");
    strbuf_append_string(out, "1");
    for (size_t i = 1; i < count; i++)
        strbuf_append_string(out, ")");
    strbuf_append_string(out, ">0");
}

static void a_rule_has_at_most_16_values_at_a_time(void **state)
{
    OWNED(strbuf) source = strbuf_new(4096);
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    sum_of_ones(source, RULE_DEPTH_MAX);
    assert_true(compiles(source->data, &rule, &problem));
    assert_int_equal(rule.depth, RULE_DEPTH_MAX);
    sum_of_ones(source, RULE_DEPTH_MAX + 1);
    assert_false(compiles(source->data, &rule, &problem));
    assert_string_equal(problem.sentence, "this needs 17 values at a time, and there may be 16");
}

static void a_rule_has_at_most_256_steps(void **state)
{
    OWNED(strbuf) source = strbuf_new(4096);
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    // A value is a step, and so is each sign.
    strbuf_append_string(source, "1>0");
    for (size_t i = 0; i < 126; i++)
        strbuf_append_string(source, " or 1>0");
    assert_false(compiles(source->data, &rule, &problem));
    assert_string_equal(problem.sentence, "this is step 257 of the rule, which may have 256");
    strbuf_truncate(source, 3 + 63 * 7);
    assert_true(compiles(source->data, &rule, &problem));
    assert_int_equal(rule.count, 255);
}

static void a_rule_needs_at_most_10000_bars_of_warm_up(void **state)
{
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    assert_true(compiles("sma(close, 200) > ema(close, 30)", &rule, &problem));
    assert_int_equal(rule.warm_up, 199);
    assert_true(compiles("sma(close, 20) > ema(close, 100)[7]", &rule, &problem));
    assert_int_equal(rule.warm_up, 507);
    assert_true(compiles("rsi(close, 1000) > 1", &rule, &problem));
    assert_int_equal(rule.warm_up, 10000);
    assert_false(compiles("rsi(close[1], 1000) > 1", &rule, &problem));
    assert_int_equal(problem.column, 1);
    assert_string_equal(problem.sentence,
                        "this needs 10001 bars of warm-up, and there may be 10000");
}

static void a_rule_is_at_most_4000_units_of_work_a_bar(void **state)
{
    struct rule rule;
    struct rule_problem problem;

    (void)state;
    assert_true(compiles("stdev(close, 1000) > stdev(high, 1000)", &rule, &problem));
    assert_false(
        compiles("stdev(close, 1000) > stdev(high, 1000) + stdev(low, 1000)", &rule, &problem));
    assert_int_equal(problem.column, 42);
    assert_non_null(strstr(problem.sentence, "units of work a bar, and may be 4000"));
}

static void a_value_depends_on_no_later_bar(void **state)
{
    static const char *const sources[] = {
        "sma(close, 5) > sma(close, 20)[1]",
        "ema(close, 9) < close or rsi(close, 7) > 60",
        "close > highest(high, 13)[1] and not (close < lowest(low, 4))",
        "macd(close, 5, 9) > macd_signal(close, 5, 9, 4)",
        "cross_above(bollinger_lower(close, 10, 1.5), close) or stdev(close, 3) > atr(5)",
        "sum(volume, 7) / sma(volume[3], 4) > 6.9 and roc(close, 3) > change(close, 2)",
    };
    int cents[600];
    char all[601];
    char some[601];

    (void)state;
    for (int i = 0; i < 600; i++)
        cents[i] = 1000 + (i * i * 79 + i * 1047) % 1013;
    for (size_t r = 0; r < COUNT_OF(sources); r++) {
        OWNED(bar_columns) whole = series_of(cents, 600);

        truths_of(sources[r], whole, all);
        for (size_t count = 1; count < 600; count += 37) {
            OWNED(bar_columns) part = series_of(cents, count);

            truths_of(sources[r], part, some);
            assert_memory_equal(all, some, count);
        }
    }
}

static void a_division_by_zero_is_forgotten_also_by_what_goes_on_for_ever(void **state)
{
    enum { BARS = 120, STILL_AT = 40, MOVING_AT = 65 };
    int cents[BARS];
    char truths[BARS + 1];
    OWNED(bar_columns) series = NULL;

    (void)state;
    for (int i = 0; i < BARS; i++)
        cents[i] = i >= STILL_AT && i < MOVING_AT ? 1000 : 1000 + i * i % 97;
    series = series_of(cents, BARS);
    // A window of twenty bars that stand still has no deviation.
    truths_of("ema((close - sma(close, 20)) / stdev(close, 20), 5) > -9", series, truths);
    assert_memory_equal(&truths[STILL_AT + 18], "T?", 2);
    assert_memory_equal(&truths[MOVING_AT + 3], "?T", 2);
    assert_int_equal(strspn(&truths[MOVING_AT + 4], "T"), BARS - MOVING_AT - 4);
}

static void a_rule_may_be_a_number(void **state)
{
    static const int cents[] = {1000, 1250};
    OWNED(bar_columns) series = series_of(cents, COUNT_OF(cents));
    struct rule rule;
    struct rule_problem problem;
    OWNED(rule_workspace) workspace = rule_workspace_new();
    const double *values = NULL;

    (void)state;
    assert_true(rule_compile(text_of("roc(close, 1)"), RULE_NUMBER, &rule, &problem));
    values = rule_evaluate(&rule, series, workspace);
    assert_true(isnan(values[0]) && values[1] == 25.0);
    assert_false(rule_compile(text_of("true"), RULE_NUMBER, &rule, &problem));
    assert_string_equal(problem.sentence, "a number is needed here, and this is true or false");
}

static void what_was_evaluated_before_leaves_nothing_behind(void **state)
{
    static const int few[] = {1000, 1100};
    static const int many[] = {1000, 1100, 1200, 1100, 900, 1300};
    OWNED(bar_columns) two = series_of(few, COUNT_OF(few));
    OWNED(bar_columns) six = series_of(many, COUNT_OF(many));
    OWNED(rule_workspace) workspace = rule_workspace_new();
    struct rule deep;
    struct rule rule;
    struct rule_problem problem;
    const double *values = NULL;

    (void)state;
    assert_true(
        rule_compile(text_of("close + (high + (low + open))"), RULE_NUMBER, &deep, &problem));
    assert_true(rule_compile(text_of("sma(close, 2)"), RULE_NUMBER, &rule, &problem));
    values = rule_evaluate(&rule, two, workspace);
    assert_true(values[1] == 10.5);
    (void)rule_evaluate(&deep, six, workspace);
    values = rule_evaluate(&rule, six, workspace);
    assert_true(isnan(values[0]) && values[1] == 10.5 && values[5] == 11.0);
    values = rule_evaluate(&rule, two, workspace);
    assert_true(isnan(values[0]) && values[1] == 10.5);
}

static void a_rule_of_no_bars_has_no_values(void **state)
{
    OWNED(bar_columns) series = bar_columns_new();
    char truths[1];

    (void)state;
    truths_of("cross_above(sma(close, 5), ema(close, 3)) or atr(3) > 1", series, truths);
    assert_string_equal(truths, "");
}

static void bars_are_found_by_their_time(void **state)
{
    static const int cents[] = {1000, 1250, 1300};
    OWNED(bar_columns) series = series_of(cents, COUNT_OF(cents));

    (void)state;
    assert_int_equal(bar_columns_find(series, 0), 0);
    assert_int_equal(bar_columns_find(series, 2), 1);
    assert_int_equal(bar_columns_find(series, 4), 3);
    assert_true(bar_columns_numbers(series, BAR_CLOSE)[1] == 12.5);
    assert_true(bar_columns_numbers(series, BAR_VOLUME)[2] == 1002.0);
}

static void bars_are_taken_one_after_the_other(void **state)
{
    static const int cents[] = {1000, 1250};
    OWNED(bar_columns) series = series_of(cents, COUNT_OF(cents));

    (void)state;
    assert_false(bar_columns_add(series, &(struct bar){.time = 2}));
    assert_false(bar_columns_add(series, &(struct bar){.time = 1}));
    assert_int_equal(series->count, 2);
    assert_true(bar_columns_numbers(series, BAR_CLOSE)[1] == 12.5);
    assert_true(bar_columns_add(series, &(struct bar){.time = 3}));
    assert_int_equal(series->count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_say_what_they_read_like),
        cmocka_unit_test(what_is_unknown_is_neither_true_nor_false),
        cmocka_unit_test(an_error_says_where_it_is_and_what_is_expected),
        cmocka_unit_test(a_rule_has_at_most_1000_characters),
        cmocka_unit_test(a_rule_is_nested_at_most_32_deep),
        cmocka_unit_test(a_rule_has_at_most_16_values_at_a_time),
        cmocka_unit_test(a_rule_has_at_most_256_steps),
        cmocka_unit_test(a_rule_needs_at_most_10000_bars_of_warm_up),
        cmocka_unit_test(a_rule_is_at_most_4000_units_of_work_a_bar),
        cmocka_unit_test(a_value_depends_on_no_later_bar),
        cmocka_unit_test(a_division_by_zero_is_forgotten_also_by_what_goes_on_for_ever),
        cmocka_unit_test(a_rule_may_be_a_number),
        cmocka_unit_test(what_was_evaluated_before_leaves_nothing_behind),
        cmocka_unit_test(a_rule_of_no_bars_has_no_values),
        cmocka_unit_test(bars_are_found_by_their_time),
        cmocka_unit_test(bars_are_taken_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
