// SPDX-License-Identifier: MIT
// Finnhub: a quote does not name its symbol, and a symbol that is not known has a quote of zeros.
// The key goes into a header, never into the address. Candles are adjusted for splits.
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>

#define BLOCKED_AFTER_LIMIT_US (60 * MICROS_PER_SECOND)

static void
write_call(const struct provider_request *request, const char *key, struct provider_call *call)
{
    if (request->ask == PROVIDER_SEARCH) {
        strbuf_append_string(call->target, "/search?q=");
        reply_append_encoded(call->target, request->words);
    } else {
        strbuf_append_string(call->target, request->ask == PROVIDER_QUOTES
                                               ? "/quote?symbol="
                                               : "/stock/candle?symbol=");
        reply_append_encoded(call->target, request->tickers[0]);
    }
    if (request->ask == PROVIDER_DAILY_BARS)
        strbuf_printf(call->target, "&resolution=D&from=%lld&to=%lld",
                      (long long)request->first_day * 86400,
                      (long long)(request->last_day + 1) * 86400);
    (void)snprintf(call->header, sizeof call->header, "X-Finnhub-Token: %s", key);
}

static bool parse(const struct provider_reading *reading,
                  const struct reply_value **out_root,
                  struct provider_verdict *verdict)
{
    char quoted[REPLY_QUOTED_SIZE];
    struct text message;

    if (!reply_parse(reading, out_root, verdict) || !reply_check_status(reading, verdict)) {
        if (verdict->outcome == PROVIDER_RATE_LIMITED && verdict->blocked_us == 0)
            verdict->blocked_us = BLOCKED_AFTER_LIMIT_US;
        return false;
    }
    message = reply_json_string(*out_root, "error");
    if (message.length == 0)
        return true;
    reply_quote(message, quoted);
    return reply_refuse(verdict, PROVIDER_MALFORMED, "an error instead of data: %s", quoted);
}

// Zeros and nulls, as a symbol has that is not known.
static bool is_nothing(const struct reply_value *root, const struct quote *quote)
{
    const struct reply_value *change = reply_json_member(root, "d");

    return quote->price_micros == 0 && quote->previous_close_micros == 0 &&
           (change == NULL || change->type == JSON_NULL);
}

static void read_quotes(const struct provider_reading *reading,
                        struct provider_answer *answers,
                        struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL;
    struct quote *quote = &answers[0].quote;
    struct text time;

    if (!parse(reading, &root, out_verdict)) {
        reply_answer_all(reading, answers, out_verdict->outcome, out_verdict->problem);
        return;
    }
    if (!reply_read_member(root, "c", MONEY_SCALE, &quote->price_micros) ||
        !reply_read_member(root, "h", MONEY_SCALE, &quote->high_micros) ||
        !reply_read_member(root, "l", MONEY_SCALE, &quote->low_micros) ||
        !reply_read_member(root, "o", MONEY_SCALE, &quote->open_micros) ||
        !reply_read_member(root, "pc", MONEY_SCALE, &quote->previous_close_micros) ||
        !reply_json_number(root, "t", &time))
        reply_answer(&answers[0], PROVIDER_MALFORMED, "the quote is not complete");
    else if (is_nothing(root, quote))
        reply_answer(&answers[0], PROVIDER_UNKNOWN_SYMBOL, "no such symbol");
    else if (!reply_read_unix(time, &quote->quoted_at))
        reply_answer(&answers[0], PROVIDER_MALFORMED, "its time cannot be read");
    else
        reply_check_quote(reading, &answers[0]);
    reply_judge(answers, 1, out_verdict);
}

// The columns of a candle reply, of one length each.
enum { CLOSE, HIGH, LOW, OPEN, TIME, VOLUME, COLUMN_COUNT };

static bool find_columns(const struct reply_value *root,
                         const struct reply_value *columns[COLUMN_COUNT],
                         size_t *out_count)
{
    static const char *const names[COLUMN_COUNT] = {"c", "h", "l", "o", "t", "v"};

    for (int i = 0; i < COLUMN_COUNT; i++) {
        const struct reply_value *array = reply_json_member(root, names[i]);

        if (array == NULL || array->type != JSON_ARRAY || (i > 0 && array->count != *out_count))
            return false;
        columns[i] = array->first;
        *out_count = array->count;
    }
    return true;
}

static bool next_bar(const struct reply_value *columns[COLUMN_COUNT], struct provider_bar *bar)
{
    if (!reply_read_decimal(columns[CLOSE]->text, MONEY_SCALE, &bar->close_micros) ||
        !reply_read_decimal(columns[HIGH]->text, MONEY_SCALE, &bar->high_micros) ||
        !reply_read_decimal(columns[LOW]->text, MONEY_SCALE, &bar->low_micros) ||
        !reply_read_decimal(columns[OPEN]->text, MONEY_SCALE, &bar->open_micros) ||
        !reply_read_decimal(columns[VOLUME]->text, 0, &bar->volume) ||
        !reply_read_unix(columns[TIME]->text, &bar->at))
        return false;
    for (int i = 0; i < COLUMN_COUNT; i++)
        columns[i] = columns[i]->next;
    return true;
}

static void read_bars(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL, *columns[COLUMN_COUNT];
    struct text status;
    size_t count = 0;

    if (!parse(reading, &root, out_verdict))
        return;
    status = reply_json_string(root, "s");
    if (text_equals(status, "no_data")) {
        (void)reply_refuse(out_verdict, PROVIDER_UNKNOWN_SYMBOL, "no bars of that time");
        return;
    }
    if (!text_equals(status, "ok") || !find_columns(root, columns, &count)) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the bars are not complete");
        return;
    }
    if (!reply_make_bars(reading, count, out_bars, out_verdict))
        return;
    for (size_t i = 0; i < count; i++) {
        struct provider_bar bar = {0};

        if (!next_bar(columns, &bar)) {
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the bars are not complete");
            return;
        }
        // A day's candle has the midnight of UTC as its time.
        bar.day = bar.at / (86400 * MICROS_PER_SECOND);
        bar.at = exchange_calendar_at(bar.day, CALENDAR_OPEN_MINUTE);
        reply_add_bar(reading, out_bars, &bar);
    }
    reply_finish_bars(reading, out_bars);
    out_bars->is_split_adjusted = true;
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

static void read_symbols(const struct provider_reading *reading,
                         struct provider_symbols *out_symbols,
                         struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL, *matches;

    if (!parse(reading, &root, out_verdict))
        return;
    matches = reply_json_member(root, "result");
    *out_symbols = (struct provider_symbols){
        .symbols =
            arena_allocate(reading->arena, PROVIDER_SYMBOLS_MAX * sizeof(struct provider_symbol))};
    if (matches == NULL || matches->type != JSON_ARRAY || out_symbols->symbols == NULL) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "there are no matches in the reply");
        return;
    }
    for (const struct reply_value *match = matches->first;
         match != NULL && out_symbols->count < PROVIDER_SYMBOLS_MAX; match = match->next) {
        struct provider_symbol *symbol = &out_symbols->symbols[out_symbols->count];
        struct text name = reply_json_string(match, "description");

        if (!bar_read_ticker(reply_json_string(match, "symbol"), symbol->ticker))
            continue;
        symbol->name = name.length > 0 ? arena_copy(reading->arena, name.data, name.length) : NULL;
        out_symbols->count++;
    }
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

const struct provider provider_finnhub = {
    .name = "finnhub",
    .url = "https://finnhub.io/api/v1",
    .needs_key = true,
    .asks = 1U << PROVIDER_QUOTES | 1U << PROVIDER_DAILY_BARS | 1U << PROVIDER_SEARCH,
    .batch_max = 1,
    .limits = {.per_minute = 60},
    .write_call = write_call,
    .read_quotes = read_quotes,
    .read_bars = read_bars,
    .read_symbols = read_symbols,
};
