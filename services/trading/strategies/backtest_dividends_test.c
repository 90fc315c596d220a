// SPDX-License-Identifier: MIT
#include "strategies/backtest_actions.h"

#include <string.h>

#include "money/money.h"
#include "support/test.h"

#define DOLLAR INT64_C(1000000)
#define SHARE NANOS_PER_UNIT
#define DAY (INT64_C(86400) * 1000000)
#define FIRST_DAY (INT64_C(16223) * DAY) // 2014-06-02, a Monday

enum { BUDGET = 1024 * 1024, BARS = 6 };

static void take(struct backtest_dividends *dividends,
                 Market__CorporateActionKind kind,
                 int64_t at,
                 int64_t value)
{
    Market__CorporateAction action = MARKET__CORPORATE_ACTION__INIT;
    struct error error;

    action.has_in_effect = action.in_effect = true;
    action.kind = kind;
    action.effective_at = at;
    action.amount_micros = value;
    action.numerator = (uint32_t)value;
    action.denominator = 1;
    assert_true(backtest_dividends_take(dividends, 0, 0, &action, FIRST_DAY, FIRST_DAY + BARS * DAY,
                                        &error));
}

#define DIVIDEND MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_DIVIDEND
#define SPLIT MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT

// Ten dollars all the time, and 100 shares of them from the second bar on.
static void
run(const struct backtest_dividends *dividends, const char *json, struct backtest_result *result)
{
    OWNED(arena) arena = arena_new(BUDGET);
    struct rule_workspace *workspace = rule_workspace_new();
    struct strategy_program *program = allocate(sizeof(*program));
    struct bar_columns *series = bar_columns_new();
    const struct backtest_symbol symbol = {"ACME", series};
    const struct backtest_settings settings = {.program = program,
                                               .symbols = &symbol,
                                               .symbol_count = 1,
                                               .start = FIRST_DAY,
                                               .cash = 10000 * DOLLAR,
                                               .dividends = dividends->list,
                                               .dividend_count = dividends->count};
    struct strategy_parameters parameters;
    struct error error;

    for (int i = 0; i < BARS; i++) {
        const struct bar bar = {
            .time = FIRST_DAY + i * DAY,
            .values = {10 * DOLLAR, 10 * DOLLAR, 10 * DOLLAR, 10 * DOLLAR, 1000}};

        assert_true(bar_columns_add(series, &bar));
    }
    assert_true(strategy_parameters_read(STRATEGY_RULE, text_of(json), arena, &parameters, &error));
    assert_true(strategy_program_make(&parameters, program, &error));
    if (!backtest_run(&settings, workspace, result, &error))
        fail_msg("%s: %s", error.reason, error.message);
    bar_columns_free(&series);
    release(program);
    rule_workspace_free(&workspace);
}

#define ALWAYS "{\"enter\": \"true\", \"exit\": \"false\", \"sizing\": \"shares\", \"size\": 100}"

static void a_dividend_is_paid_on_what_was_held_before_it(void **state)
{
    struct backtest_dividends dividends = {0};
    struct backtest_result result = {0};

    (void)state;
    // On the day of the purchase nothing was held yet; two days later 100 shares were.
    take(&dividends, DIVIDEND, FIRST_DAY + DAY, DOLLAR);
    take(&dividends, DIVIDEND, FIRST_DAY + 3 * DAY, DOLLAR / 4);
    run(&dividends, ALWAYS, &result);
    assert_int_equal(result.dividends, 25 * DOLLAR);
    assert_int_equal(result.payments_listed, 1);
    assert_int_equal(result.payments[0].quantity, 100 * SHARE);
    assert_int_equal(result.payments[0].cash, 25 * DOLLAR);
    assert_int_equal(result.payments[0].at, FIRST_DAY + 3 * DAY);
    assert_int_equal(result.equity[2], 10000 * DOLLAR);
    assert_int_equal(result.equity[3], 10025 * DOLLAR);
    assert_int_equal(result.equity[5], 10025 * DOLLAR);
    backtest_result_clear(&result);
    backtest_dividends_clear(&dividends);
}

static void what_is_sold_at_the_open_of_the_ex_date_has_the_dividend(void **state)
{
    struct backtest_dividends dividends = {0};
    struct backtest_result result = {0};

    (void)state;
    take(&dividends, DIVIDEND, FIRST_DAY + 2 * DAY, DOLLAR);
    take(&dividends, DIVIDEND, FIRST_DAY + 3 * DAY, DOLLAR);
    // Bought in the second bar, and sold at the open of the third.
    run(&dividends,
        "{\"enter\": \"true\", \"exit\": \"close[1] > 0\", \"sizing\": \"shares\", \"size\": 100}",
        &result);
    assert_int_equal(result.closed_count, 1);
    assert_int_equal(result.dividends, 100 * DOLLAR);
    // It is part of the equity, and not of the trade.
    assert_int_equal(result.equity[5], 10100 * DOLLAR);
    assert_int_equal(result.trades[0].received - result.trades[0].paid, 0);
    backtest_result_clear(&result);
    backtest_dividends_clear(&dividends);
}

static void shares_are_counted_as_before_the_splits_since(void **state)
{
    struct backtest_dividends dividends = {0};
    struct backtest_result result = {0};

    (void)state;
    // 100 shares of now were 20 before the split of 5 for 1, also on its own day; prices before it
    // are divided already.
    take(&dividends, DIVIDEND, FIRST_DAY + 2 * DAY, 7 * DOLLAR / 100);
    take(&dividends, DIVIDEND, FIRST_DAY + 3 * DAY, DOLLAR);
    take(&dividends, SPLIT, FIRST_DAY + 3 * DAY, 5);
    take(&dividends, DIVIDEND, FIRST_DAY + 4 * DAY, DOLLAR);
    run(&dividends, ALWAYS, &result);
    assert_int_equal(result.payments_listed, 3);
    assert_int_equal(result.payments[0].quantity, 20 * SHARE);
    assert_int_equal(result.payments[0].cash, 140 * DOLLAR / 100);
    assert_int_equal(result.payments[1].cash, 20 * DOLLAR);
    assert_int_equal(result.payments[2].quantity, 100 * SHARE);
    assert_int_equal(result.payments[2].cash, 100 * DOLLAR);
    assert_int_equal(result.equity[5], 10000 * DOLLAR + 12140 * DOLLAR / 100);
    backtest_result_clear(&result);
    backtest_dividends_clear(&dividends);
}

static void only_what_is_in_effect_and_within_the_time_is_taken(void **state)
{
    struct backtest_dividends dividends = {0};
    Market__CorporateAction action = MARKET__CORPORATE_ACTION__INIT;
    struct error error;

    (void)state;
    take(&dividends, DIVIDEND, FIRST_DAY - 1, DOLLAR);
    take(&dividends, DIVIDEND, FIRST_DAY + BARS * DAY + 1, DOLLAR);
    assert_int_equal(dividends.count, 0);
    action.kind = DIVIDEND;
    action.effective_at = FIRST_DAY;
    assert_true(backtest_dividends_take(&dividends, 0, 0, &action, FIRST_DAY, 0, &error));
    assert_int_equal(dividends.count, 0);
    take(&dividends, DIVIDEND, FIRST_DAY + 8 * 3600 * INT64_C(1000000), DOLLAR);
    take(&dividends, DIVIDEND, FIRST_DAY + 2 * DAY, DOLLAR);
    // Of daily bars one after the last open is for the next day; of weekly bars it is in the week.
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Day", FIRST_DAY), 0);
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Day", FIRST_DAY + DAY), 1);
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Week", FIRST_DAY), 2);
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Week", FIRST_DAY - 4 * DAY), 1);
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Month", FIRST_DAY - DAY), 2);
    assert_int_equal(backtest_dividends_until(dividends.list, 2, "1Month", FIRST_DAY - 2 * DAY), 0);
    backtest_dividends_clear(&dividends);
}

static void there_may_be_20000_of_them(void **state)
{
    struct backtest_dividends dividends = {0};
    Market__CorporateAction action = MARKET__CORPORATE_ACTION__INIT;
    struct error error;

    (void)state;
    for (int i = 0; i < BACKTEST_DIVIDENDS_MAX; i++)
        take(&dividends, DIVIDEND, FIRST_DAY + i, DOLLAR);
    action.in_effect = true;
    action.kind = DIVIDEND;
    action.effective_at = FIRST_DAY;
    assert_false(backtest_dividends_take(&dividends, 0, 0, &action, FIRST_DAY, 0, &error));
    assert_string_equal(error.details[0].value, "leads to more than 20000 dividends");
    backtest_dividends_clear(&dividends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dividend_is_paid_on_what_was_held_before_it),
        cmocka_unit_test(what_is_sold_at_the_open_of_the_ex_date_has_the_dividend),
        cmocka_unit_test(shares_are_counted_as_before_the_splits_since),
        cmocka_unit_test(only_what_is_in_effect_and_within_the_time_is_taken),
        cmocka_unit_test(there_may_be_20000_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
