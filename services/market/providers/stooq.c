// SPDX-License-Identifier: MIT
// Stooq: CSV without a key, a quarter of an hour late, with times by Warsaw's clocks. Whatever does
// not begin with the header that belongs there is a failure, and all failures have status 200.
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "clock/exchange_calendar.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

#define BLOCKED_AFTER_DAY_US (3600 * MICROS_PER_SECOND)

enum { CELLS_MAX = 9, SUFFIX_LENGTH = 3 };

static void
write_call(const struct provider_request *request, const char *key, struct provider_call *call)
{
    char ticker[TICKER_SIZE], first[DATE_SIZE], last[DATE_SIZE];

    (void)key;
    strbuf_append_string(call->target, request->ask == PROVIDER_QUOTES ? "/q/l/?s=" : "/q/d/l/?s=");
    for (size_t i = 0; i < request->ticker_count; i++) {
        if (i > 0)
            strbuf_append_char(call->target, '+');
        reply_write_ticker(request->tickers[i], '-', true, ticker);
        reply_append_encoded(call->target, ticker);
        strbuf_append_string(call->target, ".us");
    }
    if (request->ask == PROVIDER_QUOTES) {
        strbuf_append_string(call->target, "&f=sd2t2ohlcv&h&e=csv");
        return;
    }
    date_print(date_from_days(request->first_day), first);
    date_print(date_from_days(request->last_day), last);
    strbuf_printf(call->target, "&i=d&d1=%.4s%.2s%.2s&d2=%.4s%.2s%.2s", first, first + 5, first + 8,
                  last, last + 5, last + 8);
}

// Takes a whole line. What no line feed follows may have been cut off, a price within its digits
// too.
static bool next_line(struct text *rest, struct text *out_line)
{
    const char *end = rest->length == 0 ? NULL : memchr(rest->data, '\n', rest->length);

    if (end == NULL)
        return false;
    *out_line = (struct text){rest->data, (size_t)(end - rest->data)};
    rest->data += out_line->length + 1;
    rest->length -= out_line->length + 1;
    if (out_line->length > 0 && out_line->data[out_line->length - 1] == '\r')
        out_line->length--;
    return true;
}

// Cuts a line at its commas; returns how many cells, at most CELLS_MAX.
static size_t cut(struct text line, struct text cells[CELLS_MAX])
{
    size_t count = 0;

    for (;;) {
        const char *comma = line.length > 0 ? memchr(line.data, ',', line.length) : NULL;

        cells[count++] =
            (struct text){line.data, comma != NULL ? (size_t)(comma - line.data) : line.length};
        if (comma == NULL || count == CELLS_MAX)
            return count;
        line.length -= cells[count - 1].length + 1;
        line.data = comma + 1;
    }
}

// Takes the header line; what stands in its place says what is wrong.
static bool take_header(const struct provider_reading *reading,
                        const char *header,
                        struct text *rest,
                        struct provider_verdict *verdict)
{
    char quoted[REPLY_QUOTED_SIZE];
    struct text line = {0};

    if (!reply_check_status(reading, verdict))
        return false;
    if (rest->length == 0)
        return reply_refuse(verdict, PROVIDER_UNAVAILABLE, "the reply is empty");
    // A sentence in place of the table need not be a whole line.
    if (!next_line(rest, &line))
        line = *rest;
    // The volume is not there of what has none.
    if (text_equals(line, header) || (line.length + strlen(",Volume") == strlen(header) &&
                                      memcmp(line.data, header, line.length) == 0))
        return true;
    reply_quote(line, quoted);
    if (strncmp(quoted, "Exceeded the daily hits limit", 29) == 0) {
        verdict->blocked_us = BLOCKED_AFTER_DAY_US;
        return reply_refuse(verdict, PROVIDER_RATE_LIMITED, "the limit of calls a day is reached");
    }
    if (text_equals(line, "No data"))
        return reply_refuse(verdict, PROVIDER_UNKNOWN_SYMBOL, "no data");
    return reply_refuse(verdict, PROVIDER_MALFORMED, "the reply is no table: %s", quoted);
}

// A symbol is the ticker and ".US".
static bool is_ticker(struct text text, const char *ticker)
{
    if (text.length <= SUFFIX_LENGTH ||
        (memcmp(text.data + text.length - SUFFIX_LENGTH, ".US", SUFFIX_LENGTH) != 0 &&
         memcmp(text.data + text.length - SUFFIX_LENGTH, ".us", SUFFIX_LENGTH) != 0))
        return false;
    text.length -= SUFFIX_LENGTH;
    return reply_is_ticker(text, ticker, '-');
}

// Symbol,Date,Time,Open,High,Low,Close,Volume
static void read_row(const struct provider_reading *reading,
                     const struct text *cells,
                     size_t count,
                     struct provider_answer *answer)
{
    struct quote *quote = &answer->quote;

    if (count >= 7 && text_equals(cells[1], "N/D") && text_equals(cells[6], "N/D")) {
        reply_answer(answer, PROVIDER_UNKNOWN_SYMBOL, "no such symbol");
        return;
    }
    if (count < 7 || !reply_read_warsaw(cells[1], cells[2], &quote->quoted_at) ||
        !reply_read_decimal(cells[3], MONEY_SCALE, &quote->open_micros) ||
        !reply_read_decimal(cells[4], MONEY_SCALE, &quote->high_micros) ||
        !reply_read_decimal(cells[5], MONEY_SCALE, &quote->low_micros) ||
        !reply_read_decimal(cells[6], MONEY_SCALE, &quote->price_micros) ||
        (count > 7 && !text_equals(cells[7], "N/D") &&
         !reply_read_decimal(cells[7], 0, &quote->volume))) {
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
    struct text rest = reading->reply->body, line;
    struct text cells[CELLS_MAX];

    if (!take_header(reading, "Symbol,Date,Time,Open,High,Low,Close,Volume", &rest, out_verdict)) {
        reply_answer_all(reading, answers, out_verdict->outcome, out_verdict->problem);
        return;
    }
    reply_answer_all(reading, answers, PROVIDER_MALFORMED, "the reply has nothing of this symbol");
    while (next_line(&rest, &line)) {
        size_t count = cut(line, cells);

        for (size_t i = 0; i < request->ticker_count; i++) {
            if (is_ticker(cells[0], request->tickers[i]))
                read_row(reading, cells, count, &answers[i]);
        }
    }
    reply_judge(answers, request->ticker_count, out_verdict);
}

static bool read_bar(struct text line, struct provider_bar *bar)
{
    struct text cells[CELLS_MAX];
    size_t count = cut(line, cells);

    bar->volume = 0;
    return count >= 5 && reply_read_day(cells[0], &bar->day) &&
           reply_read_decimal(cells[1], MONEY_SCALE, &bar->open_micros) &&
           reply_read_decimal(cells[2], MONEY_SCALE, &bar->high_micros) &&
           reply_read_decimal(cells[3], MONEY_SCALE, &bar->low_micros) &&
           reply_read_decimal(cells[4], MONEY_SCALE, &bar->close_micros) &&
           (count == 5 || reply_read_decimal(cells[5], 0, &bar->volume));
}

static size_t count_lines(struct text text)
{
    size_t count = 0;
    struct text line;

    while (next_line(&text, &line))
        count++;
    return count;
}

static void read_bars(const struct provider_reading *reading,
                      struct provider_bars *out_bars,
                      struct provider_verdict *out_verdict)
{
    struct text rest = reading->reply->body, line;

    if (!take_header(reading, "Date,Open,High,Low,Close,Volume", &rest, out_verdict) ||
        !reply_make_bars(reading, count_lines(rest), out_bars, out_verdict))
        return;
    while (next_line(&rest, &line)) {
        struct provider_bar bar = {0};

        if (!read_bar(line, &bar)) {
            (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "a bar is not complete");
            return;
        }
        bar.at = exchange_calendar_at(bar.day, CALENDAR_OPEN_MINUTE);
        reply_add_bar(reading, out_bars, &bar);
    }
    if (rest.length > 0) {
        (void)reply_refuse(out_verdict, PROVIDER_MALFORMED, "the reply ends within a line");
        return;
    }
    reply_finish_bars(reading, out_bars);
    out_bars->is_split_adjusted = true;
    *out_verdict = (struct provider_verdict){.outcome = PROVIDER_ANSWERED};
}

const struct provider provider_stooq = {
    .name = "stooq",
    .url = "https://stooq.com",
    .asks = 1U << PROVIDER_QUOTES | 1U << PROVIDER_DAILY_BARS,
    .batch_max = 20,
    .limits = {.per_minute = 10, .per_day = 300},
    .write_call = write_call,
    .read_quotes = read_quotes,
    .read_bars = read_bars,
};
