// SPDX-License-Identifier: MIT
#include "ledger/exposure.h"

#include <string.h>

#include "money/money.h"

#define WHOLE_PERCENT (100 * MICROS_PER_UNIT)

static bool cannot_count(struct error *error)
{
    return error_set(error, REASON_LIMIT_EXCEEDED,
                     "The portfolio is worth more than can be counted.");
}

bool exposure_equity(const struct book *book,
                     exposure_quote *quote,
                     void *context,
                     int64_t *out_equity,
                     struct error *error)
{
    int64_t equity = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).amount;

    for (size_t i = 0; i < book->balance_count; i++) {
        const struct ledger_balance *shares = &book->balances[i];
        struct quote latest;
        int64_t value = 0;

        if (shares->account != LEDGER_SHARES || shares->amount == 0)
            continue;
        if (!quote(context, shares->asset, &latest) || latest.price_micros <= 0)
            return error_set(error, REASON_NO_PRICE,
                             "The portfolio's limits cannot be checked: there is no price of %s, "
                             "which it holds.",
                             shares->asset);
        if (!money_multiply_half_even(latest.price_micros, shares->amount, &value) ||
            !money_add(equity, value, &equity))
            return cannot_count(error);
    }
    *out_equity = equity;
    return true;
}

int64_t exposure_price_before(const struct quote *quote, int64_t day_started_at, bool is_open)
{
    if (quote->quoted_at < day_started_at)
        return quote->price_micros;
    // Between the sessions the previous close may be that of the day before still. Nothing is lost
    // on what is not traded then.
    return is_open ? quote->previous_close_micros : quote->price_micros;
}

// What is open to be bought of the ticker by other orders than this one and the one it replaces.
static bool sum_open_buys(const struct book *book,
                          const struct ledger_reservation *reservation,
                          int64_t *out_sum)
{
    const char *replaced = reservation->replaces_order_id;
    int64_t sum = 0;

    for (size_t i = 0; i < book->hold_count; i++) {
        const struct ledger_hold *hold = &book->holds[i];

        if (hold->state != LEDGER_HOLD_ACTIVE || hold->side != LEDGER_BUY ||
            strcmp(hold->ticker, reservation->ticker) != 0 ||
            strcmp(hold->order_id, reservation->order_id) == 0 ||
            (replaced != NULL && strcmp(hold->order_id, replaced) == 0))
            continue;
        if (!money_add(sum, hold->amount, &sum))
            return false;
    }
    *out_sum = sum;
    return true;
}

static bool refuse_position(const struct ledger_reservation *reservation,
                            const struct exposure_limits *limits,
                            int64_t value,
                            int64_t equity,
                            struct error *error)
{
    char maximum[DECIMAL_SIZE];
    char position[DECIMAL_SIZE];
    char whole[DECIMAL_SIZE];
    char order[DECIMAL_SIZE];
    char percent_text[DECIMAL_SIZE] = "more than can be counted";
    int64_t percent = 0;

    decimal_print(limits->max_position_percent, MONEY_SCALE, 0, maximum);
    decimal_print(value, MONEY_SCALE, 2, position);
    decimal_print(equity, MONEY_SCALE, 2, whole);
    decimal_print(reservation->amount, MONEY_SCALE, 2, order);
    if (equity > 0 && money_scale_half_even(value, WHOLE_PERCENT, equity, &percent))
        decimal_print(percent, MONEY_SCALE, 0, percent_text);
    error_set(error, REASON_LIMIT_EXCEEDED,
              "The position in %s, with what is open to be bought and this order of %s USD, would "
              "be %s USD. That is %s %% of the %s USD that the portfolio is worth, and the limit "
              "max_position_percent allows %s %%.",
              reservation->ticker, order, position, percent_text, whole, maximum);
    error_add_number(error, "limit", "max_position_percent");
    error_add_number(error, "set_by", "%s", limits->position_set_by);
    error_add_number(error, "maximum", "%s", maximum);
    error_add_number(error, "position_percent", "%s", percent_text);
    error_add_number(error, "position_value", "%s", position);
    error_add_number(error, "order_value", "%s", order);
    error_add_number(error, "equity", "%s", whole);
    return false;
}

bool exposure_check_position(const struct book *book,
                             const struct ledger_reservation *reservation,
                             const struct exposure_limits *limits,
                             int64_t equity,
                             int64_t price,
                             struct error *error)
{
    struct ledger_balance shares = book_balance(book, LEDGER_SHARES, reservation->ticker);
    int64_t value = 0;
    int64_t open = 0;
    int64_t most = 0;

    if (!sum_open_buys(book, reservation, &open) ||
        !money_multiply_half_even(price, shares.amount, &value) ||
        !money_add(value, open, &value) || !money_add(value, reservation->amount, &value) ||
        !money_scale_down(equity, limits->max_position_percent, WHOLE_PERCENT, &most))
        return cannot_count(error);
    return value <= most || refuse_position(reservation, limits, value, equity, error);
}

bool exposure_check_loss(const struct book *book,
                         const struct exposure_limits *limits,
                         const struct exposure_day *day,
                         int64_t equity,
                         struct error *error)
{
    int64_t external = book_balance(book, LEDGER_EXTERNAL, LEDGER_CURRENCY).amount;
    char maximum[DECIMAL_SIZE];
    char loss_text[DECIMAL_SIZE];
    int64_t deposited = 0;
    int64_t loss = 0;

    if (!money_subtract(day->external, external, &deposited) ||
        !money_add(day->equity, deposited, &loss) || !money_subtract(loss, equity, &loss))
        return cannot_count(error);
    if (loss < limits->max_daily_loss)
        return true;
    decimal_print(limits->max_daily_loss, MONEY_SCALE, 2, maximum);
    decimal_print(loss, MONEY_SCALE, 2, loss_text);
    error_set(error, REASON_LIMIT_EXCEEDED,
              "The portfolio has lost %s USD since the last close, and the limit max_daily_loss "
              "allows %s USD: nothing more is bought today. It can be sold.",
              loss_text, maximum);
    error_add_number(error, "limit", "max_daily_loss");
    error_add_number(error, "set_by", "%s", limits->loss_set_by);
    error_add_number(error, "maximum", "%s", maximum);
    error_add_number(error, "daily_loss", "%s", loss_text);
    return false;
}
