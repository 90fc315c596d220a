// SPDX-License-Identifier: MIT
// Live prices: what is wanted, and where they come from.
#include "market.h"

#include "clock/exchange_calendar.h"
#include "market_store.h"

#include <protobuf-c/protobuf-c.h>
#include <string.h>

enum { SEARCH_LENGTH_MIN = 3 }; // of words that are worth a call

bool market_api_want_quotes(struct market *market,
                            struct call *call,
                            const Market__WantQuotesRequest *request,
                            Market__WantQuotesResponse *response,
                            struct error *error)
{
    const char **tickers;
    size_t count = 0;

    (void)response;
    if (!market->is_live || request->n_tickers == 0)
        return true;
    // Not everything that can be typed is worth a call of a budget.
    tickers = arena_allocate(call->arena, request->n_tickers * sizeof *tickers);
    if (tickers == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the tickers do not fit");
    if (!symbol_catalogue_find_active(market->catalogue, (const char *const *)request->tickers,
                                      request->n_tickers, tickers, &count, error))
        return false;
    fetcher_want(live_fetcher(market->live), tickers, count);
    return true;
}

static bool say_unknown(const char *ticker, struct error *error)
{
    (void)error_set(error, REASON_SYMBOL_NOT_FOUND, "there is no symbol %s", ticker);
    error_add_number(error, "ticker", "%s", ticker);
    return false;
}

bool market_look_up(struct market *market, const char *ticker, struct error *error)
{
    char name[TICKER_SIZE];

    if (!market->is_live || !bar_read_ticker(text_of(ticker), name))
        return say_unknown(ticker, error);
    switch (fetcher_ask(live_fetcher(market->live), RESEARCH_SYMBOL, name)) {
    case RESEARCH_UNDER_WAY:
        return error_set(error, REASON_BEING_FETCHED, "%s is being looked up", name);
    case RESEARCH_FAILED:
        return error_set(error, REASON_PRICE_UNAVAILABLE,
                         "%s is not in the catalogue, and no provider can be asked for it now",
                         name);
    case RESEARCH_ANSWERED: // and has been removed since
    case RESEARCH_UNKNOWN:
        break;
    }
    return say_unknown(name, error);
}

bool market_get_symbol(struct market *market,
                       struct arena *arena,
                       const char *ticker,
                       struct symbol *out_symbol,
                       struct error *error)
{
    if (store_get_symbol(market->database, arena, ticker, out_symbol, error))
        return true;
    if (!market->is_live || !error_is(error, REASON_SYMBOL_NOT_FOUND))
        return false;
    return market_look_up(market, ticker, error);
}

bool market_fetch_history(struct market *market,
                          struct arena *arena,
                          const struct history_want *want,
                          struct history_standing *out_standing,
                          struct error *error)
{
    int64_t today = market_today(market), midnight = exchange_calendar_at(today, 0), last_session;

    *out_standing = (struct history_standing){.has_days = true, .is_complete = true};
    if (!market->is_live)
        return true;
    last_session = exchange_calendar_day(
        exchange_calendar_previous_close(want->until < midnight ? want->until : midnight));
    if (!history_store_look(market->database, arena, want->ticker, today, last_session,
                            out_standing, error))
        return false;
    if (!out_standing->is_missing || out_standing->is_asked ||
        fetcher_ask(live_fetcher(market->live), RESEARCH_HISTORY, want->ticker) !=
            RESEARCH_UNDER_WAY ||
        (out_standing->has_days && !want->waits))
        return true;
    return error_set(error, REASON_BEING_FETCHED, "the daily history of %s is being fetched",
                     want->ticker);
}

bool market_search_providers(struct market *market, const char *words, struct error *error)
{
    if (!market->is_live || strlen(words) < SEARCH_LENGTH_MIN ||
        strlen(words) >= RESEARCH_TEXT_SIZE ||
        fetcher_ask(live_fetcher(market->live), RESEARCH_WORDS, words) != RESEARCH_UNDER_WAY)
        return true;
    return error_set(error, REASON_BEING_FETCHED, "\"%.64s\" is being searched for", words);
}

// Why a symbol that is traded has no quote.
static bool hope(struct market *market, const char *ticker, struct error *error)
{
    fetcher_want(live_fetcher(market->live), &ticker, 1);
    switch (fetcher_hope(live_fetcher(market->live), ticker)) {
    case PLAN_HOPE:
        break;
    case PLAN_NOBODY_KNOWS:
        (void)error_set(error, REASON_QUOTE_NOT_FOUND, "no provider knows a price of %s", ticker);
        error_add_number(error, "ticker", "%s", ticker);
        return false;
    case PLAN_NOBODY_TELLS:
        return error_set(error, REASON_PRICE_UNAVAILABLE,
                         "no provider can be asked for the price of %s now", ticker);
    }
    return error_set(error, REASON_BEING_FETCHED, "the price of %s is being fetched", ticker);
}

bool market_api_fetch_quote(struct market *market,
                            struct call *call,
                            const Market__FetchQuoteRequest *request,
                            Market__FetchQuoteResponse *response,
                            struct error *error)
{
    const char *ticker = request->ticker, *active = NULL;
    struct clock_view clock;
    struct quote quote;
    size_t count = 0;

    if (!symbol_catalogue_find_active(market->catalogue, &ticker, 1, &active, &count, error) ||
        !player_clock(market->player, &clock, error))
        return false;
    if (!player_find(market->player, ticker, &quote)) {
        if (!market->is_live) {
            (void)error_set(error, REASON_QUOTE_NOT_FOUND, "there is no price for %s", ticker);
            error_add_number(error, "ticker", "%s", ticker);
            return false;
        }
        return count > 0 ? hope(market, ticker, error) : market_look_up(market, ticker, error);
    }
    response->quote = arena_allocate(call->arena, sizeof *response->quote);
    if (response->quote == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the quote does not fit");
    market_message_quote(&quote, clock.now, response->quote);
    return true;
}

static Market__ProviderState state_of(const struct plan_state *state)
{
    if (state->state == BREAKER_OPEN)
        return MARKET__PROVIDER_STATE__PROVIDER_STATE_OPEN;
    if (state->state == BREAKER_HALF_OPEN)
        return MARKET__PROVIDER_STATE__PROVIDER_STATE_HALF_OPEN;
    return state->blocked_until > 0 ? MARKET__PROVIDER_STATE__PROVIDER_STATE_BLOCKED
                                    : MARKET__PROVIDER_STATE__PROVIDER_STATE_CLOSED;
}

static bool fill(struct arena *arena, const struct plan_state *state, Market__Provider *out)
{
    market__provider__init(out);
    out->name = state->name;
    out->has_state = true;
    out->state = state_of(state);
    out->has_minute_calls_left = state->minute_left != INT64_MAX;
    out->minute_calls_left = state->minute_left;
    out->has_day_calls_left = state->day_left != INT64_MAX;
    out->day_calls_left = state->day_left;
    out->has_blocked_until = state->blocked_until > 0;
    out->blocked_until = state->blocked_until;
    out->has_succeeded_at = state->succeeded_at > 0;
    out->succeeded_at = state->succeeded_at;
    out->has_failed_at = state->failed_at > 0;
    out->failed_at = state->failed_at;
    if (state->problem[0] == '\0')
        return true;
    out->problem = arena_copy_string(arena, state->problem);
    return out->problem != NULL;
}

bool market_api_list_providers(struct market *market,
                               struct call *call,
                               const Market__ListProvidersRequest *request,
                               Market__ListProvidersResponse *response,
                               struct error *error)
{
    struct plan_state states[PROVIDER_COUNT];
    size_t count;
    Market__Provider *providers;

    (void)request;
    if (!market->is_live)
        return true;
    count = fetcher_states(live_fetcher(market->live), states);
    providers = arena_allocate(call->arena, PROVIDER_COUNT * sizeof *providers);
    response->providers = arena_allocate(call->arena, PROVIDER_COUNT * sizeof *response->providers);
    if (providers == NULL || response->providers == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the providers do not fit");
    for (size_t i = 0; i < count; i++) {
        if (!fill(call->arena, &states[i], &providers[i]))
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the providers do not fit");
        response->providers[i] = &providers[i];
    }
    response->n_providers = count;
    return true;
}
