// SPDX-License-Identifier: MIT
// Replies of price providers of any bytes: the first says of which provider and what was asked for,
// the rest is the body. Whatever is answered is a price that can be one, of a time that has come;
// whatever is refused is refused with a phrase that can be shown.
#include "fuzz.h"

#include "clock/exchange_calendar.h"
#include "providers/provider.h"

#define NOW INT64_C(1631664000000000) // 2021-09-15T00:00:00Z

static const char TICKERS[3][TICKER_SIZE] = {"AAPL", "MSFT", "BRK.B"};

static void check_problem(enum provider_outcome outcome, const char *problem)
{
    MUST(outcome < PROVIDER_OUTCOME_COUNT);
    MUST((outcome == PROVIDER_ANSWERED) == (problem[0] == '\0'));
    for (; *problem != '\0'; problem++)
        MUST(*problem >= ' ' && *problem < 127);
}

static void check_quote(const struct quote *quote)
{
    MUST(quote->price_micros > 0 && quote->price_micros <= PRICE_MICROS_MAX);
    MUST(quote->high_micros >= 0 && quote->high_micros <= PRICE_MICROS_MAX);
    MUST(quote->low_micros >= 0 && quote->open_micros >= 0 && quote->previous_close_micros >= 0);
    MUST(quote->volume >= 0);
    MUST(quote->quoted_at >= CALENDAR_START_AT && quote->quoted_at <= NOW);
}

static void read_quotes(const struct provider *provider, const struct provider_reading *reading)
{
    struct provider_answer answers[COUNT_OF(TICKERS)] = {0};
    struct provider_verdict verdict = {0};
    bool is_any = false;

    provider->read_quotes(reading, answers, &verdict);
    check_problem(verdict.outcome, verdict.problem);
    for (size_t i = 0; i < reading->request->ticker_count; i++) {
        check_problem(answers[i].outcome, answers[i].problem);
        is_any |= answers[i].outcome == PROVIDER_ANSWERED;
        if (answers[i].outcome == PROVIDER_ANSWERED)
            check_quote(&answers[i].quote);
    }
    MUST(is_any == (verdict.outcome == PROVIDER_ANSWERED));
}

static void read_bars(const struct provider *provider, const struct provider_reading *reading)
{
    struct provider_bars bars = {0};
    struct provider_verdict verdict = {0};
    char reason[BAR_REASON_SIZE];

    provider->read_bars(reading, &bars, &verdict);
    check_problem(verdict.outcome, verdict.problem);
    for (size_t i = 0; verdict.outcome == PROVIDER_ANSWERED && i < bars.count; i++) {
        const struct provider_bar *at = &bars.bars[i];
        const struct bar bar = {.day = at->day,
                                .open_micros = at->open_micros,
                                .high_micros = at->high_micros,
                                .low_micros = at->low_micros,
                                .close_micros = at->close_micros,
                                .volume = at->volume};

        MUST(bar_check(&bar, exchange_calendar_day(NOW), reason));
        MUST(i == 0 || bars.bars[i - 1].at < at->at);
    }
}

static void read_symbols(const struct provider *provider, const struct provider_reading *reading)
{
    struct provider_symbols symbols = {0};
    struct provider_verdict verdict = {0};

    provider->read_symbols(reading, &symbols, &verdict);
    check_problem(verdict.outcome, verdict.problem);
    for (size_t i = 0; verdict.outcome == PROVIDER_ANSWERED && i < symbols.count; i++)
        MUST(symbols.symbols[i].ticker[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct provider_request request = {.tickers = TICKERS,
                                       .ticker_count = 1,
                                       .words = "apple",
                                       .first_day = CALENDAR_FIRST_DAY,
                                       .last_day = CALENDAR_LAST_DAY,
                                       .minutes = 5};
    struct provider_reply reply = {.status = 200};
    const struct provider_reading reading = {.request = &request,
                                             .reply = &reply,
                                             .arena = arena,
                                             .now = NOW,
                                             .future_us_max = 60 * MICROS_PER_SECOND};
    const struct provider *provider;

    if (size == 0)
        return 0;
    provider = provider_at(data[0] % PROVIDER_COUNT);
    request.ask = (enum provider_ask)(data[0] / PROVIDER_COUNT % PROVIDER_ASK_COUNT);
    reply.body = (struct text){(const char *)data + 1, size - 1};
    if (request.ask == PROVIDER_QUOTES && provider->batch_max > 1 && data[0] >= 128)
        request.ticker_count = COUNT_OF(TICKERS);
    if (!provider_can(provider, request.ask))
        return 0;
    if (request.ask == PROVIDER_QUOTES)
        read_quotes(provider, &reading);
    else if (request.ask == PROVIDER_DAILY_BARS || request.ask == PROVIDER_INTRADAY_BARS)
        read_bars(provider, &reading);
    else
        read_symbols(provider, &reading);
    return 0;
}
