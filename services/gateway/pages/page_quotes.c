// SPDX-License-Identifier: MIT
#include "pages/page_quotes.h"

#include "bourse/market/v1/market_methods.h"
#include "operations/movers.h"
#include "pages/page.h"
#include "rest/endpoint.h"

// A copy of the message with its texts, which lie in `quote` otherwise.
static Market__Quote *make_quote(struct arena *arena, const struct quote *quote)
{
    struct quote *kept = arena_allocate(arena, sizeof *kept);
    Market__Quote *message = arena_allocate(arena, sizeof *message);

    if (kept == NULL || message == NULL)
        return NULL;
    *kept = *quote;
    quotes_fill(kept, message);
    return message;
}

Market__Quote *page_quotes_find(struct exchange *exchange, const char *ticker)
{
    struct quote quote;

    return quotes_find(exchange->gateway->quotes, text_of(ticker), &quote)
               ? make_quote(exchange->request->arena, &quote)
               : NULL;
}

bool page_quotes_get_symbol(struct exchange *exchange,
                            const char *ticker,
                            Market__Symbol **out_symbol,
                            struct error *error)
{
    Market__GetSymbolRequest request = MARKET__GET_SYMBOL_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.ticker = ticker;
    if (!page_call(exchange, "market", &market_method_get_symbol, &request.base, &response, error))
        return false;
    *out_symbol = ((Market__GetSymbolResponse *)response)->symbol;
    return true;
}

bool page_quotes_join(struct exchange *exchange,
                      const Market__ListSymbolsResponse *list,
                      Pages__SearchResult ***out_results,
                      size_t *out_count,
                      struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Pages__SearchResult **results =
        arena_allocate(arena, (list->n_symbols + 1) * sizeof(Pages__SearchResult *));

    if (results == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < list->n_symbols; i++) {
        results[i] = arena_allocate(arena, sizeof(Pages__SearchResult));
        if (results[i] == NULL)
            return page_out_of_memory(error);
        pages__search_result__init(results[i]);
        results[i]->symbol = list->symbols[i];
        results[i]->quote = page_quotes_find(exchange, list->symbols[i]->ticker);
    }
    *out_results = results;
    *out_count = list->n_symbols;
    return true;
}

static bool make_list(struct arena *arena,
                      const struct movers_list *list,
                      size_t limit,
                      size_t *out_count,
                      Market__Quote ***out_quotes)
{
    size_t count = list->count < limit ? list->count : limit;
    Market__Quote **quotes = arena_allocate(arena, (count + 1) * sizeof(Market__Quote *));

    if (quotes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        quotes[i] = make_quote(arena, &list->quotes[i]);
        if (quotes[i] == NULL)
            return false;
    }
    *out_count = count;
    *out_quotes = quotes;
    return true;
}

bool page_quotes_movers(struct exchange *exchange,
                        size_t limit,
                        Market__GetMoversResponse **out_movers,
                        struct error *error)
{
    struct arena *arena = exchange->request->arena;
    struct movers *movers = arena_allocate(arena, sizeof *movers);
    Market__GetMoversResponse *message = arena_allocate(arena, sizeof *message);

    if (movers == NULL || message == NULL)
        return page_out_of_memory(error);
    // A page without prices is better than none.
    *out_movers = NULL;
    if (!movers_cache_get(exchange->gateway->movers, movers, error))
        return true;
    market__get_movers_response__init(message);
    if (!make_list(arena, &movers->gainers, limit, &message->n_gainers, &message->gainers) ||
        !make_list(arena, &movers->losers, limit, &message->n_losers, &message->losers) ||
        !make_list(arena, &movers->most_active, limit, &message->n_most_active,
                   &message->most_active))
        return page_out_of_memory(error);
    message->has_as_of = true;
    message->as_of = movers->as_of;
    *out_movers = message;
    return true;
}
