// SPDX-License-Identifier: MIT
// Live prices: what is wanted, and where they come from.
#include "market.h"

#include <protobuf-c/protobuf-c.h>

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
