// SPDX-License-Identifier: MIT
// Dividends of what is held in a backtest, as portfolio's ledger books them: on the shares that
// were held before the open of the ex-date, at that moment, rounded half to even.
#include "strategies/backtest_private.h"

#include "money/money.h"

static void note(struct backtest_result *result,
                 const struct backtest_dividend *dividend,
                 int64_t quantity,
                 int64_t cash)
{
    if (result->payments == NULL)
        result->payments = allocate_array(BACKTEST_KEPT_MAX, sizeof(*result->payments));
    if (result->payments_listed == BACKTEST_KEPT_MAX)
        return;
    result->payments[result->payments_listed++] = (struct backtest_payment){
        .symbol = dividend->symbol,
        .at = dividend->at,
        .amount = dividend->amount,
        .quantity = quantity,
        .cash = cash,
    };
}

static bool pay(struct backtest *backtest, const struct backtest_dividend *dividend)
{
    struct backtest_result *result = backtest->result;
    int64_t held = backtest->positions[dividend->symbol].quantity;
    int64_t quantity = 0;
    int64_t cash = 0;

    if (held == 0)
        return true;
    // Shares are counted as after all splits, and the dividend is of a share of then.
    if (!money_scale_half_even(held, dividend->denominator, dividend->numerator, &quantity) ||
        !money_multiply_half_even(dividend->amount, quantity, &cash) ||
        !money_add(backtest->cash, cash, &backtest->cash) ||
        !money_add(result->dividends, cash, &result->dividends))
        return backtest_overflow(backtest, "A dividend");
    note(result, dividend, quantity, cash);
    return true;
}

bool backtest_pay_dividends(struct backtest *backtest, int64_t at)
{
    const struct backtest_settings *settings = backtest->settings;

    while (backtest->next_dividend < settings->dividend_count &&
           settings->dividends[backtest->next_dividend].at <= at)
        if (!pay(backtest, &settings->dividends[backtest->next_dividend++]))
            return false;
    return true;
}

size_t backtest_until_dividend(const struct backtest *backtest, size_t end)
{
    const struct backtest_settings *settings = backtest->settings;
    size_t bar = 0;

    if (backtest->next_dividend == settings->dividend_count)
        return end;
    bar = bar_columns_find(settings->symbols[0].series,
                           settings->dividends[backtest->next_dividend].at);
    return bar < end ? bar : end;
}
