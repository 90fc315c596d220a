// SPDX-License-Identifier: MIT
#include "strategies/backtest_bars.h"

#include "bourse/market/v1/market_client.h"

#include <string.h>

#include "base/clock.h"

enum {
    PAGE_BUDGET = 8 * 1024 * 1024,
    PAGE_TIMEOUT_MS = 15000,
    PAGE_MAX = 10000,
    TOKEN_SIZE = 513,
};

// The year 1: RFC 3339 writes nothing before it, and nobody may ask for it.
#define FIRST_MOMENT (INT64_C(-62135596800) * MICROS_PER_SECOND)

static Market__Timeframe hear_timeframe(const char *name)
{
    static const struct {
        const char *name;
        Market__Timeframe value;
    } timeframes[] = {
        {"1Min", MARKET__TIMEFRAME__TIMEFRAME_1MIN},
        {"5Min", MARKET__TIMEFRAME__TIMEFRAME_5MIN},
        {"15Min", MARKET__TIMEFRAME__TIMEFRAME_15MIN},
        {"1Hour", MARKET__TIMEFRAME__TIMEFRAME_1HOUR},
        {"1Week", MARKET__TIMEFRAME__TIMEFRAME_1WEEK},
        {"1Month", MARKET__TIMEFRAME__TIMEFRAME_1MONTH},
    };

    for (size_t i = 0; i < COUNT_OF(timeframes); i++)
        if (strcmp(timeframes[i].name, name) == 0)
            return timeframes[i].value;
    return MARKET__TIMEFRAME__TIMEFRAME_1DAY;
}

// Pages as they come, from one call to the next.
struct pages {
    struct trading *trading;
    const struct backtest_bars_request *request;
    struct arena *arena;
    char token[TOKEN_SIZE]; // empty for the first
    bool has_more;
};

// Days that providers may have and could not be asked for: what is computed without them would look
// as if there had been none.
static bool check_complete(const struct backtest_bars_request *wanted,
                           const Market__ListBarsResponse *response,
                           struct error *error)
{
    const char *through = response->complete_through;

    if (!wanted->must_be_complete || !response->has_is_complete || response->is_complete)
        return true;
    (void)error_set(error, REASON_HISTORY_INCOMPLETE,
                    "The history of %s lacks days after %s: no provider can be asked for them now, "
                    "or what they have does not continue it.",
                    wanted->ticker, through != NULL ? through : "its beginning");
    error_add_number(error, "ticker", "%s", wanted->ticker);
    if (through != NULL)
        error_add_number(error, "complete_through", "%s", through);
    return false;
}

static bool ask(struct pages *pages,
                Market__ListBarsRequest *request,
                Market__ListBarsResponse **out_response,
                struct error *error)
{
    const struct backtest_bars_request *wanted = pages->request;
    struct call call;
    const char *token = NULL;

    if (!wanted->goes_on(wanted->context))
        return error_set(error, REASON_BACKTEST_CANCELED, "The backtest was canceled.");
    arena_reset(pages->arena);
    call = call_start(pages->arena, PAGE_TIMEOUT_MS);
    request->ticker = wanted->ticker;
    request->has_timeframe = true;
    request->timeframe = hear_timeframe(wanted->timeframe);
    request->has_adjustment = true;
    request->adjustment = MARKET__ADJUSTMENT__ADJUSTMENT_SPLIT;
    request->has_limit = true;
    // A result over days that are on their way would be another one a minute later.
    request->has_wait = true;
    request->wait = true;
    request->page_token = pages->token[0] == '\0' ? NULL : pages->token;
    if (!market_client_list_bars(pages->trading->market_client, &call, request, out_response,
                                 error) ||
        !check_complete(wanted, *out_response, error))
        return false;
    token = (*out_response)->next_page_token;
    pages->has_more = token != NULL && token[0] != '\0';
    if (pages->has_more && strlen(token) >= TOKEN_SIZE)
        return error_set(error, REASON_INTERNAL, "market has given a page token that is too long.");
    if (wanted->as_of != NULL)
        *wanted->as_of = (*out_response)->as_of;
    memset(pages->token, 0, sizeof(pages->token));
    if (pages->has_more)
        memcpy(pages->token, token, strlen(token));
    return true;
}

static struct bar bar_of(const Market__Bar *message)
{
    const struct bar bar = {
        .time = message->time,
        .values =
            {
                [BAR_OPEN] = message->open_micros,
                [BAR_HIGH] = message->high_micros,
                [BAR_LOW] = message->low_micros,
                [BAR_CLOSE] = message->close_micros,
                [BAR_VOLUME] = message->volume,
            },
    };

    return bar;
}

// What another process has given may be wrong, and is not computed with then.
static bool add(const struct pages *pages,
                struct bar_columns *series,
                const struct bar *bar,
                struct error *error)
{
    return bar_columns_add(series, bar) ||
           error_set(error, REASON_INTERNAL,
                     "market has given a bar of %s that is not later than the one before it.",
                     pages->request->ticker);
}

// The bars before the start, latest page first: they are gathered from the end of a list to its
// front. As an end, midnight is all of its day to market, so some may be of after the start.
static bool fetch_warm_up(struct pages *pages, struct bar_columns *series, struct error *error)
{
    const struct backtest_bars_request *wanted = pages->request;
    struct bar *bars = allocate_array(wanted->warm_up + 1, sizeof(*bars));
    size_t missing = wanted->warm_up;
    bool is_fine = true;

    pages->has_more = missing > 0 && wanted->start > FIRST_MOMENT;
    while (is_fine && pages->has_more && missing > 0) {
        Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
        Market__ListBarsResponse *response = NULL;

        request.has_end = true;
        request.end = wanted->start - 1;
        request.limit = (uint32_t)(missing < PAGE_MAX ? missing : PAGE_MAX);
        is_fine = ask(pages, &request, &response, error);
        for (size_t i = is_fine ? response->n_bars : 0; i-- > 0 && missing > 0;)
            if (response->bars[i]->time < wanted->start)
                bars[--missing] = bar_of(response->bars[i]);
    }
    for (size_t i = missing; is_fine && i < wanted->warm_up; i++)
        is_fine = add(pages, series, &bars[i], error);
    release(bars);
    pages->token[0] = '\0';
    return is_fine;
}

static bool refuse_more(const struct backtest_bars_request *request, struct error *error)
{
    error_clear(error);
    error_add_violation(error, "start", "leads to more than %zu bars", request->most);
    return false;
}

static bool fetch(struct pages *pages, struct bar_columns *series, struct error *error)
{
    const struct backtest_bars_request *wanted = pages->request;

    do {
        Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
        Market__ListBarsResponse *response = NULL;

        request.has_start = true;
        request.start = wanted->start;
        request.has_end = wanted->end != 0;
        request.end = wanted->end;
        request.limit = PAGE_MAX;
        if (!ask(pages, &request, &response, error))
            return false;
        for (size_t i = 0; i < response->n_bars; i++) {
            const struct bar bar = bar_of(response->bars[i]);

            if (response->bars[i]->has_running && response->bars[i]->running)
                return true;
            if (series->count == wanted->most)
                return refuse_more(wanted, error);
            if (!add(pages, series, &bar, error))
                return false;
        }
    } while (pages->has_more);
    return true;
}

bool backtest_bars_fetch(struct trading *trading,
                         const struct backtest_bars_request *request,
                         struct bar_columns *series,
                         struct error *error)
{
    OWNED(arena) arena = arena_new(PAGE_BUDGET);
    struct pages pages = {.trading = trading, .request = request, .arena = arena};

    return fetch_warm_up(&pages, series, error) && fetch(&pages, series, error);
}
