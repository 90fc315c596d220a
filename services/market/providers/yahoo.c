// SPDX-License-Identifier: MIT
// Yahoo's chart, version 8: no key, unofficial, and split-adjusted throughout. Prices are printed
// binary fractions. The previous close is `previousClose` or the close of the bar before the last;
// `chartPreviousClose` is the one before the whole range.
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#define BLOCKED_AFTER_LIMIT_US (60 * MICROS_PER_SECOND)
#define SECONDS_PER_DAY INT64_C(86400)

static void
write_call(const struct provider_request *request, const char *key, struct provider_call *call)
{
    char ticker[TICKER_SIZE];

    (void)key;
    reply_write_ticker(request->tickers[0], '-', false, ticker);
    strbuf_append_string(call->target, "/v8/finance/chart/");
    reply_append_encoded(call->target, ticker);
    if (request->ask == PROVIDER_QUOTES)
        strbuf_append_string(call->target, "?interval=1d&range=5d");
    else
        strbuf_printf(call->target, "?interval=1d&period1=%lld&period2=%lld&events=div%%2Csplit",
                      (long long)(request->first_day * SECONDS_PER_DAY),
                      (long long)((request->last_day + 1) * SECONDS_PER_DAY));
}

static bool judge_error(const struct reply_value *error, struct provider_verdict *verdict)
{
    char quoted[REPLY_QUOTED_SIZE];
    struct text code = reply_json_string(error, "code");

    if (text_equals(code, "Not Found"))
        return reply_refuse(verdict, PROVIDER_UNKNOWN_SYMBOL, "no such symbol");
    reply_quote(reply_json_string(error, "description"), quoted);
    return reply_refuse(verdict, PROVIDER_MALFORMED, "an error instead of data: %s", quoted);
}

// Finds the one result, once it is sure that it is of the symbol asked for.
static bool find_result(const struct provider_reading *reading,
                        const struct reply_value **out_result,
                        struct provider_verdict *verdict)
{
    const struct reply_value *root = NULL, *chart, *error, *results, *meta;
    struct text currency;

    if (!reply_parse(reading, &root, verdict)) {
        if (verdict->outcome == PROVIDER_RATE_LIMITED && verdict->blocked_us == 0)
            verdict->blocked_us = BLOCKED_AFTER_LIMIT_US;
        return false;
    }
    chart = reply_json_member(root, "chart");
    error = reply_json_member(chart, "error");
    if (error != NULL && error->type == JSON_OBJECT)
        return judge_error(error, verdict);
    if (!reply_check_status(reading, verdict))
        return false;
    results = reply_json_member(chart, "result");
    if (results == NULL || results->type != JSON_ARRAY || results->count != 1)
        return reply_refuse(verdict, PROVIDER_MALFORMED, "there is no result in the reply");
    *out_result = results->first;
    meta = reply_json_member(*out_result, "meta");
    if (!reply_is_ticker(reply_json_string(meta, "symbol"), reading->request->tickers[0], '-'))
        return reply_refuse(verdict, PROVIDER_MALFORMED, "the reply is for another symbol");
    currency = reply_json_string(meta, "currency");
    return text_equals(currency, "USD") ||
           reply_refuse(verdict, PROVIDER_MALFORMED, "the price is not in US dollars");
}

// The next value of each of the chart's columns, which are walked side by side.
struct columns {
    const struct reply_value *time, *open, *high, *low, *close, *volume;
};

static const struct reply_value *first_of(const struct reply_value *parent, const char *name)
{
    const struct reply_value *array = reply_json_member(parent, name);

    return array != NULL && array->type == JSON_ARRAY ? array->first : NULL;
}

static bool find_columns(const struct reply_value *result, struct columns *out, size_t *out_count)
{
    const struct reply_value *times = reply_json_member(result, "timestamp");
    const struct reply_value *lists =
        reply_json_member(reply_json_member(result, "indicators"), "quote");
    const struct reply_value *values;

    // A symbol without a bar in the range has neither.
    *out = (struct columns){0};
    *out_count = 0;
    if (times == NULL)
        return true;
    if (times->type != JSON_ARRAY || lists == NULL || lists->type != JSON_ARRAY ||
        lists->count != 1)
        return false;
    values = lists->first;
    *out = (struct columns){.time = times->first,
                            .open = first_of(values, "open"),
                            .high = first_of(values, "high"),
                            .low = first_of(values, "low"),
                            .close = first_of(values, "close"),
                            .volume = first_of(values, "volume")};
    *out_count = times->count;
    return true;
}

static bool read_price(const struct reply_value *value, int64_t *out_micros)
{
    return value->type == JSON_NUMBER && reply_read_decimal(value->text, MONEY_SCALE, out_micros);
}

// Reads the next bar. `out_is_there` is false for one of nulls, which stands for no trade.
static bool next_bar(struct columns *columns, struct provider_bar *bar, bool *out_is_there)
{
    if (columns->open == NULL || columns->high == NULL || columns->low == NULL ||
        columns->close == NULL || columns->volume == NULL ||
        !reply_read_unix(columns->time->text, &bar->at))
        return false;
    bar->day = exchange_calendar_day(bar->at);
    bar->volume = 0;
    *out_is_there = read_price(columns->open, &bar->open_micros) &&
                    read_price(columns->high, &bar->high_micros) &&
                    read_price(columns->low, &bar->low_micros) &&
                    read_price(columns->close, &bar->close_micros);
    if (columns->volume->type == JSON_NUMBER &&
        !reply_read_decimal(columns->volume->text, 0, &bar->volume))
        return false;
    *columns = (struct columns){columns->time->next, columns->open->next,  columns->high->next,
                                columns->low->next,  columns->close->next, columns->volume->next};
    return true;
}

// The open of the quote's day and the close of the bar before it.
static bool read_days(const struct reply_value *result, struct quote *quote)
{
    int64_t day = exchange_calendar_day(quote->quoted_at);
    struct columns columns;
    size_t count;

    if (!find_columns(result, &columns, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct provider_bar bar = {0};
        bool is_there = false;

        if (!next_bar(&columns, &bar, &is_there))
            return false;
        if (is_there && bar.day < day)
            quote->previous_close_micros = bar.close_micros;
        if (is_there && bar.day == day)
            quote->open_micros = bar.open_micros;
    }
    return true;
}

// A member that may be missing; false when it is there and no number.
static bool
read_optional(const struct reply_value *meta, const char *name, int scale, int64_t *out_value)
{
    const struct reply_value *member = reply_json_member(meta, name);

    return member == NULL || member->type == JSON_NULL ||
           reply_read_member(meta, name, scale, out_value);
}

static void read_quotes(const struct provider_reading *reading,
                        struct provider_answer *answers,
                        struct provider_verdict *out_verdict)
{
    const struct reply_value *result = NULL, *meta;
    struct quote *quote = &answers[0].quote;
    struct text time;

    if (!find_result(reading, &result, out_verdict)) {
        reply_answer_all(reading, answers, out_verdict->outcome, out_verdict->problem);
        return;
    }
    meta = reply_json_member(result, "meta");
    if (!reply_read_member(meta, "regularMarketPrice", MONEY_SCALE, &quote->price_micros) ||
        !reply_json_number(meta, "regularMarketTime", &time) ||
        !reply_read_unix(time, &quote->quoted_at) || !read_days(result, quote) ||
        !read_optional(meta, "previousClose", MONEY_SCALE, &quote->previous_close_micros) ||
        !read_optional(meta, "regularMarketDayHigh", MONEY_SCALE, &quote->high_micros) ||
        !read_optional(meta, "regularMarketDayLow", MONEY_SCALE, &quote->low_micros) ||
        !read_optional(meta, "regularMarketVolume", 0, &quote->volume))
        reply_answer(&answers[0], PROVIDER_MALFORMED, "the quote is not complete");
    else
        reply_check_quote(reading, &answers[0]);
    reply_judge(answers, 1, out_verdict);
}

// Binary fractions, rounded: an extreme may be a millionth inside of the close.
static void fit_extremes(struct provider_bar *bar)
{
    const int64_t both[] = {bar->open_micros, bar->close_micros};

    for (size_t i = 0; i < COUNT_OF(both); i++) {
        if (both[i] == bar->high_micros + 1)
            bar->high_micros++;
        if (both[i] == bar->low_micros - 1)
            bar->low_micros--;
    }
}

static void read_bars(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict)
{
    const struct reply_value *result = NULL;
    struct columns columns;
    size_t count = 0;

    if (!find_result(reading, &result, out_verdict))
        return;
    if (!find_columns(result, &columns, &count)) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the bars are not complete");
        return;
    }
    if (!reply_make_bars(reading, count, out_bars, out_verdict))
        return;
    for (size_t i = 0; i < count; i++) {
        struct provider_bar bar = {0};
        bool is_there = false;

        if (!next_bar(&columns, &bar, &is_there)) {
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the bars are not complete");
            return;
        }
        fit_extremes(&bar);
        bar.at = exchange_calendar_at(bar.day, CALENDAR_OPEN_MINUTE);
        if (is_there)
            reply_add_bar(reading, out_bars, &bar);
    }
    reply_finish_bars(reading, out_bars);
    out_bars->is_split_adjusted = true;
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

const struct provider provider_yahoo = {
    .name = "yahoo",
    .url = "https://query1.finance.yahoo.com",
    .asks = 1U << PROVIDER_QUOTES | 1U << PROVIDER_DAILY_BARS,
    .batch_max = 1,
    .limits = {.per_minute = 60},
    .write_call = write_call,
    .read_quotes = read_quotes,
    .read_bars = read_bars,
};
