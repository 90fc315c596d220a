// SPDX-License-Identifier: MIT
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 40, EXPONENT_MAX = 40 };

// Providers round a price and the day's extremes differently; a price further outside of them than
// this, in thousandths, is of another day or another share.
#define OUTSIDE_PER_MILLE INT64_C(10)

// A number taken apart: digits without a point, and by how many places they are moved.
struct number {
    char digits[DIGITS_MAX];
    int count;
    int exponent;
    bool is_negative;
};

static bool is_digit(const struct text *text, size_t at)
{
    return at < text->length && text->data[at] >= '0' && text->data[at] <= '9';
}

// Takes digits into the number; leading zeros are none.
static bool take_digits(const struct text *text, size_t *at, struct number *number)
{
    size_t first = *at;

    for (; is_digit(text, *at); (*at)++) {
        if (number->count == 0 && text->data[*at] == '0')
            continue;
        if (number->count == DIGITS_MAX)
            return false;
        number->digits[number->count++] = text->data[*at];
    }
    return *at > first;
}

static bool take_exponent(const struct text *text, size_t *at, struct number *number)
{
    bool is_negative = false;
    int exponent = 0;

    if (*at == text->length)
        return true;
    if (text->data[*at] != 'e' && text->data[*at] != 'E')
        return false;
    (*at)++;
    if (*at < text->length && (text->data[*at] == '-' || text->data[*at] == '+'))
        is_negative = text->data[(*at)++] == '-';
    if (!is_digit(text, *at))
        return false;
    for (; is_digit(text, *at); (*at)++) {
        exponent = exponent * 10 + (text->data[*at] - '0');
        if (exponent > EXPONENT_MAX)
            return false;
    }
    number->exponent += is_negative ? -exponent : exponent;
    return *at == text->length;
}

static bool take_apart(struct text text, struct number *number)
{
    size_t at = 0;

    if (text.length > 0 && text.data[0] == '-') {
        number->is_negative = true;
        at++;
    }
    if (!take_digits(&text, &at, number))
        return false;
    if (at < text.length && text.data[at] == '.') {
        size_t point = ++at;

        if (!take_digits(&text, &at, number))
            return false;
        number->exponent -= (int)(at - point);
    }
    return take_exponent(&text, &at, number);
}

// Whether the digits from `kept` on are more than half a unit, or just half beside an odd one.
static bool rounds_up(const struct number *number, int kept, bool is_odd)
{
    if (kept < 0 || kept >= number->count || number->digits[kept] < '5')
        return false;
    if (number->digits[kept] > '5')
        return true;
    for (int i = kept + 1; i < number->count; i++) {
        if (number->digits[i] != '0')
            return true;
    }
    return is_odd;
}

bool reply_read_decimal(struct text text, int scale, int64_t *out_value)
{
    struct number number = {0};
    int64_t value = 0;
    int kept;

    if (!take_apart(text, &number))
        return false;
    kept = number.count == 0 ? 0 : number.count + number.exponent + scale;
    for (int i = 0; i < kept; i++) {
        int digit = i < number.count ? number.digits[i] - '0' : 0;

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (rounds_up(&number, kept, value % 2 != 0) && __builtin_add_overflow(value, 1, &value))
        return false;
    *out_value = number.is_negative ? -value : value;
    return true;
}

bool reply_read_member(const struct reply_value *value,
                       const char *name,
                       int scale,
                       int64_t *out_value)
{
    struct text text;

    return reply_json_number(value, name, &text) && reply_read_decimal(text, scale, out_value);
}

bool reply_refuse(struct provider_verdict *verdict,
                  enum provider_outcome outcome,
                  const char *format,
                  ...)
{
    va_list arguments;

    verdict->outcome = outcome;
    va_start(arguments, format);
    (void)vsnprintf(verdict->problem, sizeof verdict->problem, format, arguments);
    va_end(arguments);
    return false;
}

bool reply_mentions(struct text text, const char *words)
{
    size_t length = strlen(words);

    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.data + i, words, length) == 0)
            return true;
    }
    return false;
}

void reply_quote(struct text text, char out[REPLY_QUOTED_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; i < text.length && length + 1 < REPLY_QUOTED_SIZE; i++) {
        char character = text.data[i];

        out[length++] = character >= ' ' && character < 127 ? character : ' ';
    }
    out[length] = '\0';
}

bool reply_check_status(const struct provider_reading *reading, struct provider_verdict *verdict)
{
    int status = reading->reply->status;

    if (status == 429) {
        verdict->blocked_us = reading->reply->retry_after_us;
        return reply_refuse(verdict, PROVIDER_RATE_LIMITED, "status 429: too many requests");
    }
    if (status == 401 || status == 403)
        return reply_refuse(verdict, PROVIDER_KEY_REFUSED, "status %d: the key is refused", status);
    if (status >= 500)
        return reply_refuse(verdict, PROVIDER_UNAVAILABLE, "status %d", status);
    if (status >= 300 && status < 400)
        return reply_refuse(verdict, PROVIDER_UNAVAILABLE,
                            "status %d: it has moved, and redirections are not followed", status);
    return true;
}

bool reply_parse(const struct provider_reading *reading,
                 const struct reply_value **out_value,
                 struct provider_verdict *verdict)
{
    char quoted[REPLY_QUOTED_SIZE];
    struct error error;

    if (reading->reply->body.length == 0 && !reply_check_status(reading, verdict))
        return false;
    if (reply_json_parse(reading->reply->body, reading->arena, out_value, &error))
        return true;
    // The status of what is no JSON is all there is to go by.
    if (!reply_check_status(reading, verdict))
        return false;
    reply_quote(reading->reply->body, quoted);
    return reply_refuse(verdict, PROVIDER_MALFORMED, "%s: the reply is no JSON: %s",
                        error_is(&error, REASON_OUT_OF_MEMORY_BUDGET) ? "too large" : "not read",
                        quoted);
}

static void
refuse_number(struct provider_answer *answer, const char *name, int64_t micros, const char *rule)
{
    char text[DECIMAL_SIZE];

    (void)decimal_print(micros, MONEY_SCALE, 0, text);
    reply_answer(answer, PROVIDER_MALFORMED, "%s %s %s", name, text, rule);
}

static bool is_price(int64_t micros)
{
    return micros > 0 && micros <= PRICE_MICROS_MAX;
}

// Widens the day's range by a price that lies a rounding outside of it; false when it lies further.
static bool fit_range(struct quote *quote)
{
    int64_t slack = quote->price_micros / 1000 * OUTSIDE_PER_MILLE;

    if (quote->high_micros == 0 || quote->low_micros == 0)
        return true;
    if (quote->low_micros > quote->high_micros ||
        quote->price_micros > quote->high_micros + slack ||
        quote->price_micros < quote->low_micros - slack)
        return false;
    if (quote->price_micros > quote->high_micros)
        quote->high_micros = quote->price_micros;
    if (quote->price_micros < quote->low_micros)
        quote->low_micros = quote->price_micros;
    return quote->open_micros == 0 || (quote->open_micros <= quote->high_micros + slack &&
                                       quote->open_micros >= quote->low_micros - slack);
}

void reply_check_quote(const struct provider_reading *reading, struct provider_answer *answer)
{
    struct quote *quote = &answer->quote;
    const int64_t others[] = {quote->open_micros, quote->high_micros, quote->low_micros,
                              quote->previous_close_micros};
    char at[TIMESTAMP_SIZE];

    if (!is_price(quote->price_micros)) {
        refuse_number(answer, "price", quote->price_micros,
                      "is not above 0 and at most 1000000000");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (others[i] != 0 && !is_price(others[i])) {
            refuse_number(answer, "a price of the day,", others[i], "cannot be one");
            return;
        }
    }
    if (!fit_range(quote)) {
        refuse_number(answer, "price", quote->price_micros,
                      "does not fit the day's open, high and low");
        return;
    }
    if (quote->volume < 0 || quote->volume > BAR_VOLUME_MAX) {
        reply_answer(answer, PROVIDER_MALFORMED, "volume %lld cannot be one",
                     (long long)quote->volume);
        return;
    }
    if (quote->quoted_at < CALENDAR_START_AT ||
        quote->quoted_at > reading->now + reading->future_us_max) {
        bool is_early = quote->quoted_at < CALENDAR_START_AT;

        timestamp_print(is_early ? CALENDAR_START_AT : quote->quoted_at, at);
        reply_answer(answer, PROVIDER_MALFORMED, "its time is %s%s", is_early ? "before " : "", at);
        return;
    }
    // A little ahead of our clock is now.
    if (quote->quoted_at > reading->now)
        quote->quoted_at = reading->now;
    answer->outcome = PROVIDER_ANSWERED;
    answer->problem[0] = '\0';
}

void reply_answer(struct provider_answer *answer,
                  enum provider_outcome outcome,
                  const char *format,
                  ...)
{
    va_list arguments;

    answer->outcome = outcome;
    va_start(arguments, format);
    (void)vsnprintf(answer->problem, sizeof answer->problem, format, arguments);
    va_end(arguments);
}

void reply_answer_all(const struct provider_reading *reading,
                      struct provider_answer *answers,
                      enum provider_outcome outcome,
                      const char *problem)
{
    for (size_t i = 0; i < reading->request->ticker_count; i++)
        reply_answer(&answers[i], outcome, "%s", problem);
}

void reply_judge(const struct provider_answer *answers,
                 size_t count,
                 struct provider_verdict *verdict)
{
    const struct provider_answer *worst = NULL;

    for (size_t i = 0; i < count; i++) {
        if (answers[i].outcome == PROVIDER_ANSWERED) {
            *verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
            return;
        }
        if (worst == NULL || answers[i].outcome > worst->outcome)
            worst = &answers[i];
    }
    *verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
    if (worst != NULL)
        (void)reply_refuse(verdict, worst->outcome, "%s", worst->problem);
}

void reply_add_bar(const struct provider_reading *reading,
                   struct provider_bars *bars,
                   const struct provider_bar *bar)
{
    const struct bar checked = {.day = bar->day,
                                .open_micros = bar->open_micros,
                                .high_micros = bar->high_micros,
                                .low_micros = bar->low_micros,
                                .close_micros = bar->close_micros,
                                .volume = bar->volume};
    char reason[BAR_REASON_SIZE];

    if (bar_check(&checked, exchange_calendar_day(reading->now), reason))
        bars->bars[bars->count++] = *bar;
    else
        bars->refused++;
}

bool reply_make_bars(const struct provider_reading *reading,
                     size_t count,
                     struct provider_bars *bars,
                     struct provider_verdict *verdict)
{
    if (count > PROVIDER_BARS_MAX)
        return reply_refuse(verdict, PROVIDER_MALFORMED, "%zu bars are more than %d", count,
                            PROVIDER_BARS_MAX);
    *bars = (struct provider_bars){
        .bars = arena_allocate(reading->arena, (count + 1) * sizeof *bars->bars)};
    return bars->bars != NULL ||
           reply_refuse(verdict, PROVIDER_MALFORMED, "too large: %zu bars", count);
}

static int compare_bars(const void *one, const void *other)
{
    const struct provider_bar *first = one, *second = other;

    return (first->at > second->at) - (first->at < second->at);
}

void reply_finish_bars(const struct provider_reading *reading, struct provider_bars *bars)
{
    const struct provider_request *request = reading->request;
    size_t count = 0;

    qsort(bars->bars, bars->count, sizeof *bars->bars, compare_bars);
    for (size_t i = 0; i < bars->count; i++) {
        const struct provider_bar bar = bars->bars[i];

        if (bar.day < request->first_day || bar.day > request->last_day)
            continue;
        // Of two bars of one time neither is known to be the right one; the later line is kept.
        if (count > 0 && bars->bars[count - 1].at == bar.at)
            count--;
        bars->bars[count++] = bar;
    }
    bars->count = count;
}

void reply_append_encoded(struct strbuf *target, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            strbuf_append_char(target, *text);
        else
            strbuf_printf(target, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

void reply_write_ticker(const char *ticker, char dot, bool is_lower, char out[TICKER_SIZE])
{
    size_t at = 0;

    for (; ticker[at] != '\0' && at < TICKER_SIZE - 1; at++) {
        char character = ticker[at] == '.' ? dot : ticker[at];

        out[at] = is_lower && character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a')
                                                                   : character;
    }
    out[at] = '\0';
}

bool reply_is_ticker(struct text text, const char *ticker, char dot)
{
    char written[TICKER_SIZE], read[TICKER_SIZE];

    reply_write_ticker(ticker, dot, false, written);
    return bar_read_ticker(text, read) && strcmp(read, written) == 0;
}
