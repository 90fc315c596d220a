// SPDX-License-Identifier: MIT
#include "valuation/closes.h"

#include <stdio.h>
#include <string.h>

#include "bourse/market/v1/market_client.h"

enum { PAGES_MAX = 64 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The prices need too much memory.");
}

bool closes_list_sessions(struct portfolio *portfolio,
                          struct call *call,
                          int64_t after,
                          int64_t until,
                          size_t limit,
                          struct session_list *out_list,
                          struct error *error)
{
    Market__ListTradedSessionsRequest request = MARKET__LIST_TRADED_SESSIONS_REQUEST__INIT;
    Market__ListTradedSessionsResponse *response = NULL;
    struct session_list list = {0};

    request.has_after = request.has_until = request.has_limit = true;
    request.after = after;
    request.until = until;
    request.limit = (uint32_t)limit;
    if (!market_client_list_traded_sessions(portfolio->market, call, &request, &response, error))
        return false;
    list.sessions =
        arena_allocate(call->arena, (response->n_sessions + 1) * sizeof(*list.sessions));
    if (list.sessions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < response->n_sessions; i++) {
        const Market__TradedSession *session = response->sessions[i];

        if (session->date == NULL || !session->has_open || !session->has_close)
            return error_set(error, REASON_INTERNAL, "market described half a session.");
        snprintf(list.sessions[i].day, DATE_SIZE, "%s", session->date);
        list.sessions[i].open = session->open;
        list.sessions[i].close = session->close;
    }
    list.count = response->n_sessions;
    list.has_more = response->more;
    list.days_per_year = response->days_per_year;
    *out_list = list;
    return true;
}

// One page of bars; an empty one of a symbol that is not there.
static bool ask_bars(struct portfolio *portfolio,
                     struct call *call,
                     Market__ListBarsRequest *request,
                     Market__ListBarsResponse **out_response,
                     struct error *error)
{
    static Market__ListBarsResponse none = MARKET__LIST_BARS_RESPONSE__INIT;

    request->has_timeframe = request->has_adjustment = true;
    request->timeframe = MARKET__TIMEFRAME__TIMEFRAME_1DAY;
    // A day is reckoned once: with a price that is on its way it is reckoned when that has come.
    request->has_wait = request->wait = true;
    if (market_client_list_bars(portfolio->market, call, request, out_response, error))
        return true;
    *out_response = &none;
    return error_is(error, REASON_SYMBOL_NOT_FOUND);
}

static Market__Adjustment adjustment_of(bool is_adjusted)
{
    return is_adjusted ? MARKET__ADJUSTMENT__ADJUSTMENT_SPLIT : MARKET__ADJUSTMENT__ADJUSTMENT_RAW;
}

bool closes_load_before(struct portfolio *portfolio,
                        struct call *call,
                        const char *ticker,
                        int64_t before,
                        bool is_adjusted,
                        int64_t *out_price,
                        struct error *error)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse *response = NULL;

    request.ticker = ticker;
    request.has_end = request.has_limit = true;
    request.end = before - 1;
    request.limit = 1;
    request.adjustment = adjustment_of(is_adjusted);
    if (!ask_bars(portfolio, call, &request, &response, error))
        return false;
    *out_price = response->n_bars == 0 ? 0 : response->bars[response->n_bars - 1]->close_micros;
    return true;
}

// Puts the bars of a page where their sessions are; both are in order. `next` is the first session
// that has not been passed.
static void take_bars(const Market__ListBarsResponse *response,
                      const struct session *sessions,
                      size_t count,
                      size_t *next,
                      struct close_price *prices)
{
    for (size_t i = 0; i < response->n_bars; i++) {
        const Market__Bar *bar = response->bars[i];

        while (*next < count && sessions[*next].close <= bar->time)
            ++*next;
        if (*next < count && bar->time >= sessions[*next].open && bar->close_micros > 0)
            prices[*next] = (struct close_price){bar->close_micros, true};
    }
}

static bool load_bars(struct portfolio *portfolio,
                      struct call *call,
                      Market__ListBarsRequest *request,
                      const struct session *sessions,
                      size_t count,
                      struct close_price *prices,
                      struct error *error)
{
    size_t next = 0;

    for (int page = 0; page < PAGES_MAX; page++) {
        Market__ListBarsResponse *response = NULL;

        if (!ask_bars(portfolio, call, request, &response, error))
            return false;
        take_bars(response, sessions, count, &next, prices);
        if (response->next_page_token == NULL || response->next_page_token[0] == '\0')
            return true;
        request->page_token = response->next_page_token;
    }
    return error_set(error, REASON_INTERNAL, "market's list of bars does not end.");
}

// Finds all of them among those that were asked for a moment ago, as they were traded.
static bool recall(struct portfolio *portfolio,
                   const char *ticker,
                   const struct session *sessions,
                   size_t count,
                   struct close_price *prices)
{
    int64_t now_us = clock_monotonic_us();

    for (size_t i = 0; i < count; i++) {
        if (!close_cache_get(portfolio->closes, ticker, sessions[i].close, now_us, &prices[i]))
            return false;
    }
    return true;
}

static void remember(struct portfolio *portfolio,
                     const char *ticker,
                     const struct session *sessions,
                     size_t count,
                     const struct close_price *prices)
{
    int64_t now_us = clock_monotonic_us();

    for (size_t i = 0; i < count; i++)
        close_cache_put(portfolio->closes, ticker, sessions[i].close, prices[i], now_us);
}

static bool ask(struct portfolio *portfolio,
                struct call *call,
                const char *ticker,
                const struct session *sessions,
                size_t count,
                bool is_adjusted,
                struct close_price *prices,
                struct error *error)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    int64_t before = 0;

    request.ticker = ticker;
    request.has_start = request.has_end = request.has_limit = true;
    request.start = sessions[0].open;
    request.end = sessions[count - 1].close - 1;
    request.limit = (uint32_t)count;
    request.adjustment = adjustment_of(is_adjusted);
    if (!load_bars(portfolio, call, &request, sessions, count, prices, error))
        return false;
    if (!prices[0].is_of_day &&
        !closes_load_before(portfolio, call, ticker, sessions[0].open, is_adjusted, &before, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (prices[i].is_of_day)
            before = prices[i].price;
        else
            prices[i].price = before;
    }
    return true;
}

bool closes_load(struct portfolio *portfolio,
                 struct call *call,
                 const char *ticker,
                 const struct session *sessions,
                 size_t count,
                 bool is_adjusted,
                 struct close_price **out_prices,
                 struct error *error)
{
    struct close_price *prices = arena_allocate(call->arena, (count + 1) * sizeof(*prices));

    if (prices == NULL)
        return out_of_budget(error);
    if (count > 0 && (is_adjusted || !recall(portfolio, ticker, sessions, count, prices))) {
        memset(prices, 0, count * sizeof(*prices));
        if (!ask(portfolio, call, ticker, sessions, count, is_adjusted, prices, error))
            return false;
        if (!is_adjusted)
            remember(portfolio, ticker, sessions, count, prices);
    }
    *out_prices = prices;
    return true;
}
