// SPDX-License-Identifier: MIT
// Twelve Data: several symbols in one call, each of which counts; then the reply has a member for
// each symbol, and failures of one stand in place of its data. Failures often have status 200. The
// key goes into a header.
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

#define BLOCKED_AFTER_MINUTE_US (60 * MICROS_PER_SECOND)
#define BLOCKED_AFTER_DAY_US (3600 * MICROS_PER_SECOND)

static void
write_call(const struct provider_request *request, const char *key, struct provider_call *call)
{
    strbuf_append_string(call->target, request->ask == PROVIDER_QUOTES ? "/quote?symbol="
                                                                       : "/time_series?symbol=");
    for (size_t i = 0; i < request->ticker_count; i++) {
        if (i > 0)
            strbuf_append_char(call->target, ',');
        reply_append_encoded(call->target, request->tickers[i]);
    }
    if (request->ask == PROVIDER_DAILY_BARS)
        strbuf_printf(call->target, "&interval=1day&outputsize=%lld",
                      (long long)(request->last_day - request->first_day < 5000
                                      ? request->last_day - request->first_day + 1
                                      : 5000));
    (void)snprintf(call->header, sizeof call->header, "Authorization: apikey %s", key);
}

// True for data; a failure is told by its `status` and its `code`, not by the one of HTTP.
static bool check_error(const struct reply_value *value, struct provider_verdict *verdict)
{
    struct text message = reply_json_string(value, "message");
    char quoted[REPLY_QUOTED_SIZE];
    int64_t code = 0;

    if (!text_equals(reply_json_string(value, "status"), "error") &&
        reply_json_member(value, "code") == NULL)
        return true;
    if (!reply_read_member(value, "code", 0, &code))
        code = 0;
    switch (code) {
    case 401:
    case 403:
        return reply_refuse(verdict, PROVIDER_KEY_REFUSED, "code %d: the key is refused",
                            (int)code);
    case 400:
    case 404:
        return reply_refuse(verdict, PROVIDER_UNKNOWN_SYMBOL, "code %d: no such symbol", (int)code);
    case 429:
        verdict->blocked_us =
            reply_mentions(message, "for the day") ? BLOCKED_AFTER_DAY_US : BLOCKED_AFTER_MINUTE_US;
        return reply_refuse(verdict, PROVIDER_RATE_LIMITED, "code 429: out of credits");
    case 500:
        return reply_refuse(verdict, PROVIDER_UNAVAILABLE, "code 500");
    default:
        reply_quote(message, quoted);
        return reply_refuse(verdict, PROVIDER_MALFORMED, "an error instead of data: %s", quoted);
    }
}

static bool parse(const struct provider_reading *reading,
                  const struct reply_value **out_root,
                  struct provider_verdict *verdict)
{
    if (!reply_parse(reading, out_root, verdict))
        return false;
    // The code in the body knows more than the status.
    return check_error(*out_root, verdict) && reply_check_status(reading, verdict);
}

// The time of the last trade; that of the day's bar, which is its beginning, when there is none.
static bool read_time(const struct reply_value *values, int64_t *out_at)
{
    struct text text;

    return (reply_json_number(values, "last_quote_at", &text) ||
            reply_json_number(values, "timestamp", &text)) &&
           reply_read_unix(text, out_at);
}

static void read_quote(const struct provider_reading *reading,
                       const char *ticker,
                       const struct reply_value *values,
                       struct provider_answer *answer)
{
    struct quote *quote = &answer->quote;
    struct provider_verdict verdict = {0};

    if (!check_error(values, &verdict)) {
        reply_answer(answer, verdict.outcome, "%s", verdict.problem);
        return;
    }
    if (!reply_is_ticker(reply_json_string(values, "symbol"), ticker, '.')) {
        reply_answer(answer, PROVIDER_MALFORMED, "the reply is for another symbol");
        return;
    }
    if (!text_equals(reply_json_string(values, "currency"), "USD")) {
        reply_answer(answer, PROVIDER_MALFORMED, "the price is not in US dollars");
        return;
    }
    if (!reply_read_member(values, "close", MONEY_SCALE, &quote->price_micros) ||
        !reply_read_member(values, "open", MONEY_SCALE, &quote->open_micros) ||
        !reply_read_member(values, "high", MONEY_SCALE, &quote->high_micros) ||
        !reply_read_member(values, "low", MONEY_SCALE, &quote->low_micros) ||
        !reply_read_member(values, "volume", 0, &quote->volume) ||
        !reply_read_member(values, "previous_close", MONEY_SCALE, &quote->previous_close_micros) ||
        !read_time(values, &quote->quoted_at)) {
        reply_answer(answer, PROVIDER_MALFORMED, "the quote is not complete");
        return;
    }
    reply_check_quote(reading, answer);
}

static void read_quotes(const struct provider_reading *reading,
                        struct provider_answer *answers,
                        struct provider_verdict *out_verdict)
{
    const struct provider_request *request = reading->request;
    const struct reply_value *root = NULL;

    if (!parse(reading, &root, out_verdict)) {
        reply_answer_all(reading, answers, out_verdict->outcome, out_verdict->problem);
        return;
    }
    for (size_t i = 0; i < request->ticker_count; i++) {
        // A single symbol is the whole reply.
        const struct reply_value *values =
            request->ticker_count == 1 ? root : reply_json_member(root, request->tickers[i]);

        if (values == NULL)
            reply_answer(&answers[i], PROVIDER_MALFORMED, "the reply has nothing of this symbol");
        else
            read_quote(reading, request->tickers[i], values, &answers[i]);
    }
    reply_judge(answers, request->ticker_count, out_verdict);
}

static bool read_bar(const struct reply_value *values, struct provider_bar *bar)
{
    return reply_read_day(reply_json_string(values, "datetime"), &bar->day) &&
           reply_read_member(values, "open", MONEY_SCALE, &bar->open_micros) &&
           reply_read_member(values, "high", MONEY_SCALE, &bar->high_micros) &&
           reply_read_member(values, "low", MONEY_SCALE, &bar->low_micros) &&
           reply_read_member(values, "close", MONEY_SCALE, &bar->close_micros) &&
           reply_read_member(values, "volume", 0, &bar->volume);
}

static bool find_values(const struct provider_reading *reading,
                        const struct reply_value **out_values,
                        struct provider_verdict *verdict)
{
    const struct reply_value *root = NULL, *meta;

    if (!parse(reading, &root, verdict))
        return false;
    meta = reply_json_member(root, "meta");
    *out_values = reply_json_member(root, "values");
    if (meta == NULL || *out_values == NULL || (*out_values)->type != JSON_ARRAY)
        return reply_refuse(verdict, PROVIDER_MALFORMED, "there are no bars in the reply");
    if (!reply_is_ticker(reply_json_string(meta, "symbol"), reading->request->tickers[0], '.') ||
        !text_equals(reply_json_string(meta, "currency"), "USD"))
        return reply_refuse(verdict, PROVIDER_MALFORMED,
                            "the reply is for another symbol or currency");
    return true;
}

static void read_bars(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict)
{
    const struct reply_value *values = NULL;

    if (!find_values(reading, &values, out_verdict) ||
        !reply_make_bars(reading, values->count, out_bars, out_verdict))
        return;
    for (const struct reply_value *value = values->first; value != NULL; value = value->next) {
        struct provider_bar bar = {0};

        if (!read_bar(value, &bar)) {
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "a bar is not complete");
            return;
        }
        bar.at = exchange_calendar_at(bar.day, CALENDAR_OPEN_MINUTE);
        reply_add_bar(reading, out_bars, &bar);
    }
    reply_finish_bars(reading, out_bars);
    out_bars->is_split_adjusted = true;
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

const struct provider provider_twelve_data = {
    .name = "twelve-data",
    .url = "https://api.twelvedata.com",
    .needs_key = true,
    .costs_per_symbol = true,
    .asks = 1U << PROVIDER_QUOTES | 1U << PROVIDER_DAILY_BARS,
    .batch_max = 8,
    .limits = {.per_minute = 8, .per_day = 800},
    .write_call = write_call,
    .read_quotes = read_quotes,
    .read_bars = read_bars,
};
