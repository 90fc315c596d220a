// SPDX-License-Identifier: MIT
#include "bars/bar.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

struct named_price {
    const char *name;
    int64_t micros;
};

static bool check_price(struct named_price price, char out_reason[BAR_REASON_SIZE])
{
    char text[DECIMAL_SIZE];

    if (price.micros > 0 && price.micros <= PRICE_MICROS_MAX)
        return true;
    (void)decimal_print(price.micros, MONEY_SCALE, 0, text);
    (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is not above 0 and at most 1000000000",
                   price.name, text);
    return false;
}

static bool check_order(struct named_price lower,
                        struct named_price upper,
                        bool upper_is_named_first,
                        char out_reason[BAR_REASON_SIZE])
{
    char low[DECIMAL_SIZE], high[DECIMAL_SIZE];

    if (lower.micros <= upper.micros)
        return true;
    (void)decimal_print(lower.micros, MONEY_SCALE, 0, low);
    (void)decimal_print(upper.micros, MONEY_SCALE, 0, high);
    if (upper_is_named_first)
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is below %s %s", upper.name, high,
                       lower.name, low);
    else
        (void)snprintf(out_reason, BAR_REASON_SIZE, "%s %s is above %s %s", lower.name, low,
                       upper.name, high);
    return false;
}

static bool check_day(int64_t day, int64_t today, char out_reason[BAR_REASON_SIZE])
{
    char text[DATE_SIZE];

    if (day >= CALENDAR_FIRST_DAY && day <= today)
        return true;
    date_print(date_from_days(day), text);
    (void)snprintf(out_reason, BAR_REASON_SIZE, "%s is %s", text,
                   day > today ? "in the future" : "before 1990-01-01");
    return false;
}

bool bar_check(const struct bar *bar, int64_t today, char out_reason[BAR_REASON_SIZE])
{
    const struct named_price open = {"open", bar->open_micros}, high = {"high", bar->high_micros},
                             low = {"low", bar->low_micros}, close = {"close", bar->close_micros};

    if (!check_day(bar->day, today, out_reason) || !check_price(open, out_reason) ||
        !check_price(high, out_reason) || !check_price(low, out_reason) ||
        !check_price(close, out_reason))
        return false;
    if (!check_order(low, high, true, out_reason) || !check_order(open, high, true, out_reason) ||
        !check_order(close, high, true, out_reason) || !check_order(low, open, false, out_reason) ||
        !check_order(low, close, false, out_reason))
        return false;
    if (bar->volume >= 0 && bar->volume <= BAR_VOLUME_MAX)
        return true;
    (void)snprintf(out_reason, BAR_REASON_SIZE, "volume %lld is %s", (long long)bar->volume,
                   bar->volume < 0 ? "negative" : "above 1000000000000000");
    return false;
}

static char to_upper(char character)
{
    return character >= 'a' && character <= 'z' ? (char)(character - 'a' + 'A') : character;
}

bool bar_read_ticker(struct text text, char out_ticker[TICKER_SIZE])
{
    char ticker[TICKER_SIZE] = "";

    if (text.length == 0 || text.length >= TICKER_SIZE)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char character = to_upper(text.data[i]);
        bool is_word =
            (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9');

        if (!is_word && (i == 0 || (character != '.' && character != '-')))
            return false;
        ticker[i] = character;
    }
    memcpy(out_ticker, ticker, sizeof ticker);
    return true;
}
