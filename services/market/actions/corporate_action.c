// SPDX-License-Identifier: MIT
#include "actions/corporate_action.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <string.h>

#define RATIO_MAX INT64_C(1000000000000000000)

static void check_split(const struct corporate_action *action, struct error *error)
{
    if (action->numerator == 0)
        error_add_violation(error, "numerator", "is missing: a split needs it");
    if (action->denominator == 0)
        error_add_violation(error, "denominator", "is missing: a split needs it");
    if (action->numerator != 0 && action->numerator == action->denominator)
        error_add_violation(error, "numerator", "%lld new shares for %lld old ones change nothing",
                            (long long)action->numerator, (long long)action->denominator);
    if (action->amount_micros != 0)
        error_add_violation(error, "amount", "is for dividends alone");
}

static void check_dividend(const struct corporate_action *action, struct error *error)
{
    if (action->amount_micros == 0)
        error_add_violation(error, "amount", "is missing: a dividend needs it");
    if (action->numerator != 0)
        error_add_violation(error, "numerator", "is for splits alone");
    if (action->denominator != 0)
        error_add_violation(error, "denominator", "is for splits alone");
}

bool corporate_action_check(const struct corporate_action *action,
                            enum market_hours hours,
                            struct error *error)
{
    char text[DATE_SIZE];

    error_clear(error);
    date_print(date_from_days(action->ex_day), text);
    if (action->ex_day < CALENDAR_FIRST_DAY || action->ex_day > CALENDAR_LAST_DAY)
        error_add_violation(error, "ex_date", "%s is not from 1990-01-01 to 2100-12-31", text);
    else if (!market_hours_is_session(hours, action->ex_day))
        error_add_violation(error, "ex_date", "%s is a day without a session", text);
    if (action->kind == ACTION_SPLIT)
        check_split(action, error);
    else
        check_dividend(action, error);
    return error->detail_count == 0;
}

int64_t corporate_action_effective_at(enum market_hours hours, int64_t ex_day)
{
    return hours == HOURS_AROUND_THE_CLOCK ? ex_day * MICROS_PER_DAY
                                           : exchange_calendar_at(ex_day, CALENDAR_OPEN_MINUTE);
}

int64_t split_halted_from(enum market_hours hours, int64_t ex_day)
{
    return hours == HOURS_AROUND_THE_CLOCK
               ? ex_day * MICROS_PER_DAY
               : exchange_calendar_at(ex_day, CALENDAR_PRE_MARKET_MINUTE);
}

static int64_t common_divisor(int64_t one, int64_t other)
{
    while (other != 0) {
        int64_t rest = one % other;

        one = other;
        other = rest;
    }
    return one;
}

struct split_ratio
split_ratio_of(const struct split *splits, size_t count, int64_t after_day, int64_t until_day)
{
    struct split_ratio ratio = {1, 1};

    for (size_t i = 0; i < count; i++) {
        int64_t numerator, denominator, divisor;

        if (splits[i].day <= after_day || splits[i].day > until_day)
            continue;
        if (__builtin_mul_overflow(ratio.numerator, splits[i].numerator, &numerator) ||
            __builtin_mul_overflow(ratio.denominator, splits[i].denominator, &denominator))
            continue;
        divisor = common_divisor(numerator, denominator);
        if (numerator / divisor > RATIO_MAX || denominator / divisor > RATIO_MAX)
            continue;
        ratio = (struct split_ratio){numerator / divisor, denominator / divisor};
    }
    return ratio;
}

int64_t split_ratio_price(const struct split_ratio *ratio, int64_t price_micros)
{
    int64_t price;

    if (!money_scale_half_even(price_micros, ratio->denominator, ratio->numerator, &price) ||
        price > PRICE_MICROS_MAX)
        return PRICE_MICROS_MAX;
    return price > 0 ? price : 1;
}

int64_t split_ratio_volume(const struct split_ratio *ratio, int64_t volume)
{
    int64_t adjusted;

    return money_scale_half_even(volume, ratio->numerator, ratio->denominator, &adjusted)
               ? adjusted
               : INT64_MAX;
}

size_t splits_of(const struct split *splits,
                 size_t count,
                 const char *ticker,
                 const struct split **out_first)
{
    size_t low = 0, high = count, end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(splits[middle].ticker, ticker) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    end = low;
    while (end < count && strcmp(splits[end].ticker, ticker) == 0)
        end++;
    *out_first = splits + low;
    return end - low;
}
