// SPDX-License-Identifier: MIT
// Alpha Vantage: every value is a string, every failure has status 200 and a member of its own, and
// some of those echo the key. A quote has a day and no time. Prices of bars are as traded.
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

#define BLOCKED_AFTER_BURST_US (5 * MICROS_PER_SECOND)
#define BLOCKED_AFTER_MINUTE_US (60 * MICROS_PER_SECOND)
#define BLOCKED_AFTER_DAY_US (3600 * MICROS_PER_SECOND)

enum { COMPACT_DAYS = 130 }; // what the shorter form of the daily bars surely covers

static void
write_call(const struct provider_request *request, const char *key, struct provider_call *call)
{
    static const char *const functions[PROVIDER_ASK_COUNT] = {
        "GLOBAL_QUOTE", "TIME_SERIES_DAILY", "TIME_SERIES_INTRADAY", "SYMBOL_SEARCH", "OVERVIEW"};
    char ticker[TICKER_SIZE];

    strbuf_printf(call->target, "?function=%s", functions[request->ask]);
    if (request->ask == PROVIDER_SEARCH) {
        strbuf_append_string(call->target, "&keywords=");
        reply_append_encoded(call->target, request->words);
    } else {
        reply_write_ticker(request->tickers[0], '-', false, ticker);
        strbuf_append_string(call->target, "&symbol=");
        reply_append_encoded(call->target, ticker);
    }
    if (request->ask == PROVIDER_INTRADAY_BARS)
        strbuf_printf(call->target, "&interval=%dmin", request->minutes);
    if (request->ask == PROVIDER_DAILY_BARS || request->ask == PROVIDER_INTRADAY_BARS)
        strbuf_printf(call->target, "&outputsize=%s",
                      request->last_day - request->first_day < COMPACT_DAYS ? "compact" : "full");
    strbuf_append_string(call->target, "&apikey=");
    reply_append_encoded(call->target, key);
}

static bool block(struct provider_verdict *verdict, int64_t blocked_us, const char *problem)
{
    verdict->blocked_us = blocked_us;
    return reply_refuse(verdict, PROVIDER_RATE_LIMITED, "%s", problem);
}

// What a note in place of data means. The one about a burst names the daily limit too.
static bool judge_note(struct text note, struct provider_verdict *verdict)
{
    char quoted[REPLY_QUOTED_SIZE];

    if (reply_mentions(note, "per second"))
        return block(verdict, BLOCKED_AFTER_BURST_US, "the limit of calls a second is reached");
    if (reply_mentions(note, "demo"))
        return reply_refuse(verdict, PROVIDER_KEY_REFUSED, "the demo key is not for this");
    if (reply_mentions(note, "calls per minute"))
        return block(verdict, BLOCKED_AFTER_MINUTE_US, "the limit of calls a minute is reached");
    if (reply_mentions(note, "per day") || reply_mentions(note, "rate limit"))
        return block(verdict, BLOCKED_AFTER_DAY_US, "the limit of calls a day is reached");
    if (reply_mentions(note, "premium"))
        return reply_refuse(verdict, PROVIDER_KEY_REFUSED, "the key's plan does not include this");
    reply_quote(note, quoted);
    return reply_refuse(verdict, PROVIDER_MALFORMED, "a note instead of data: %s", quoted);
}

// Parses the body and looks for what is said in place of data, before any data is looked for.
static bool parse(const struct provider_reading *reading,
                  const struct reply_value **out_root,
                  struct provider_verdict *verdict)
{
    static const char *const notes[] = {"Note", "Information"};
    struct text message;

    if (!reply_parse(reading, out_root, verdict) || !reply_check_status(reading, verdict))
        return false;
    message = reply_json_string(*out_root, "Error Message");
    if (message.length > 0 && reply_mentions(message, "apikey"))
        return reply_refuse(verdict, PROVIDER_KEY_REFUSED, "the key is invalid or missing");
    if (message.length > 0)
        return reply_refuse(verdict, PROVIDER_UNKNOWN_SYMBOL, "invalid API call");
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        message = reply_json_string(*out_root, notes[i]);
        if (message.length > 0)
            return judge_note(message, verdict);
    }
    return true;
}

// Share classes are written both ways.
static bool is_ticker(struct text text, const char *ticker)
{
    return reply_is_ticker(text, ticker, '-') || reply_is_ticker(text, ticker, '.');
}

static void read_quote(const struct provider_reading *reading,
                       const struct reply_value *values,
                       struct provider_answer *answer)
{
    const char *ticker = reading->request->tickers[0];
    struct quote *quote = &answer->quote;
    char quoted[REPLY_QUOTED_SIZE];
    struct text symbol = reply_json_string(values, "01. symbol");
    int64_t day;

    if (!is_ticker(symbol, ticker)) {
        reply_quote(symbol, quoted);
        reply_answer(answer, PROVIDER_MALFORMED, "the reply is for \"%s\"", quoted);
        return;
    }
    if (!reply_read_member(values, "05. price", MONEY_SCALE, &quote->price_micros) ||
        !reply_read_member(values, "02. open", MONEY_SCALE, &quote->open_micros) ||
        !reply_read_member(values, "03. high", MONEY_SCALE, &quote->high_micros) ||
        !reply_read_member(values, "04. low", MONEY_SCALE, &quote->low_micros) ||
        !reply_read_member(values, "06. volume", 0, &quote->volume) ||
        !reply_read_member(values, "08. previous close", MONEY_SCALE,
                           &quote->previous_close_micros) ||
        !reply_read_day(reply_json_string(values, "07. latest trading day"), &day)) {
        reply_answer(answer, PROVIDER_MALFORMED, "the quote is not complete");
        return;
    }
    quote->quoted_at = reply_time_of_day(day, reading->now);
    reply_check_quote(reading, answer);
}

static void read_quotes(const struct provider_reading *reading,
                        struct provider_answer *answers,
                        struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL, *values;

    if (!parse(reading, &root, out_verdict)) {
        reply_answer_all(reading, answers, out_verdict->outcome, out_verdict->problem);
        return;
    }
    values = reply_json_member(root, "Global Quote");
    if (values == NULL || values->type != JSON_OBJECT)
        reply_answer(&answers[0], PROVIDER_MALFORMED, "there is no quote in the reply");
    else if (values->count == 0)
        reply_answer(&answers[0], PROVIDER_UNKNOWN_SYMBOL, "no such symbol");
    else
        read_quote(reading, values, &answers[0]);
    reply_judge(answers, 1, out_verdict);
}

static bool read_bar(const struct reply_value *values, struct provider_bar *bar)
{
    struct text at = values->name;

    return reply_read_new_york(at, &bar->at) &&
           reply_read_member(values, "1. open", MONEY_SCALE, &bar->open_micros) &&
           reply_read_member(values, "2. high", MONEY_SCALE, &bar->high_micros) &&
           reply_read_member(values, "3. low", MONEY_SCALE, &bar->low_micros) &&
           reply_read_member(values, "4. close", MONEY_SCALE, &bar->close_micros) &&
           reply_read_member(values, "5. volume", 0, &bar->volume);
}

// The member that holds the bars, once it is sure that they are those asked for.
static bool find_series(const struct provider_reading *reading,
                        const struct reply_value *root,
                        const struct reply_value **out_series,
                        struct provider_verdict *verdict)
{
    const struct reply_value *meta = reply_json_member(root, "Meta Data");
    bool is_daily = reading->request->ask == PROVIDER_DAILY_BARS;
    struct text zone = reply_json_string(meta, is_daily ? "5. Time Zone" : "6. Time Zone");
    char name[32] = "Time Series (Daily)";

    if (!is_daily)
        (void)snprintf(name, sizeof name, "Time Series (%dmin)", reading->request->minutes);
    *out_series = reply_json_member(root, name);
    if (meta == NULL || *out_series == NULL || (*out_series)->type != JSON_OBJECT)
        return reply_refuse(verdict, PROVIDER_MALFORMED, "there are no bars in the reply");
    if (!is_ticker(reply_json_string(meta, "2. Symbol"), reading->request->tickers[0]))
        return reply_refuse(verdict, PROVIDER_MALFORMED, "the reply is for another symbol");
    return text_equals(zone, "US/Eastern") ||
           reply_refuse(verdict, PROVIDER_MALFORMED, "the times are not New York's");
}

static void read_bars(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL, *series = NULL;

    if (!parse(reading, &root, out_verdict) || !find_series(reading, root, &series, out_verdict) ||
        !reply_make_bars(reading, series->count, out_bars, out_verdict))
        return;
    for (const struct reply_value *values = series->first; values != NULL; values = values->next) {
        struct provider_bar bar = {0};

        if (!read_bar(values, &bar)) {
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "a bar is not complete");
            return;
        }
        bar.day = exchange_calendar_day(bar.at);
        if (reading->request->ask == PROVIDER_DAILY_BARS)
            bar.at = exchange_calendar_at(bar.day, CALENDAR_OPEN_MINUTE);
        reply_add_bar(reading, out_bars, &bar);
    }
    reply_finish_bars(reading, out_bars);
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

// A text of the overview; NULL for what stands where there is nothing.
static const char *copy_text(struct arena *arena, struct text text)
{
    if (text.length == 0 || text_equals(text, "None") || text_equals(text, "-"))
        return NULL;
    return arena_copy(arena, text.data, text.length);
}

static void read_matches(const struct provider_reading *reading,
                         const struct reply_value *matches,
                         struct provider_symbols *symbols)
{
    for (const struct reply_value *match = matches->first;
         match != NULL && symbols->count < PROVIDER_SYMBOLS_MAX; match = match->next) {
        struct provider_symbol *symbol = &symbols->symbols[symbols->count];

        // Listings elsewhere are priced in other currencies.
        if (!text_equals(reply_json_string(match, "8. currency"), "USD") ||
            !bar_read_ticker(reply_json_string(match, "1. symbol"), symbol->ticker))
            continue;
        symbol->name = copy_text(reading->arena, reply_json_string(match, "2. name"));
        symbols->count++;
    }
}

static void read_symbols(const struct provider_reading *reading,
                         struct provider_symbols *out_symbols,
                         struct provider_verdict *out_verdict)
{
    const struct reply_value *root = NULL, *matches;
    struct provider_symbol *symbol;

    if (!parse(reading, &root, out_verdict))
        return;
    *out_symbols = (struct provider_symbols){
        .symbols = arena_allocate(reading->arena, PROVIDER_SYMBOLS_MAX * sizeof *symbol)};
    matches = reply_json_member(root, "bestMatches");
    symbol = out_symbols->symbols;
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
    if (symbol == NULL) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "too large");
    } else if (reading->request->ask == PROVIDER_SEARCH) {
        if (matches == NULL || matches->type != JSON_ARRAY)
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED,
                               "there are no matches in the reply");
        else
            read_matches(reading, matches, out_symbols);
    } else if (root->type == JSON_OBJECT && root->count == 0) {
        (void)reply_refuse(out_verdict, PROVIDER_UNKNOWN_SYMBOL, "no such symbol");
    } else if (!is_ticker(reply_json_string(root, "Symbol"), reading->request->tickers[0])) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the reply is for another symbol");
    } else {
        memcpy(symbol->ticker, reading->request->tickers[0], TICKER_SIZE);
        symbol->name = copy_text(reading->arena, reply_json_string(root, "Name"));
        symbol->exchange = copy_text(reading->arena, reply_json_string(root, "Exchange"));
        symbol->sector = copy_text(reading->arena, reply_json_string(root, "Sector"));
        out_symbols->count = 1;
    }
}

const struct provider provider_alpha_vantage = {
    .name = "alpha-vantage",
    .url = "https://www.alphavantage.co/query",
    .needs_key = true,
    .asks = 1U << PROVIDER_QUOTES | 1U << PROVIDER_DAILY_BARS | 1U << PROVIDER_INTRADAY_BARS |
            1U << PROVIDER_SEARCH | 1U << PROVIDER_OVERVIEW,
    .batch_max = 1,
    // One a second is allowed; more than two a minute would only spend the day's sooner.
    .limits = {.per_minute = 2, .per_day = 25},
    .write_call = write_call,
    .read_quotes = read_quotes,
    .read_bars = read_bars,
    .read_symbols = read_symbols,
};
