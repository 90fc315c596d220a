// SPDX-License-Identifier: MIT
// page_quotes: quotes and movers as messages, from the gateway's own copy, without a call; and the
// symbols they are of.
//
// Threads: any. Memory: the request's arena.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"
#include "rest/exchange.h"

// NULL when there is no quote of that ticker, and when the arena's budget is spent.
Market__Quote *page_quotes_find(struct exchange *exchange, const char *ticker);

// The symbol of that ticker. Fails as GetSymbol does.
MUST_CHECK bool page_quotes_get_symbol(struct exchange *exchange,
                                       const char *ticker,
                                       Market__Symbol **out_symbol,
                                       struct error *error);

// Symbols, each with its quote if it has one. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool page_quotes_join(struct exchange *exchange,
                                 const Market__ListSymbolsResponse *list,
                                 Pages__SearchResult ***out_results,
                                 size_t *out_count,
                                 struct error *error);

// The movers, at most `limit` in each list; NULL while there are no prices yet. Fails with
// OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool page_quotes_movers(struct exchange *exchange,
                                   size_t limit,
                                   Market__GetMoversResponse **out_movers,
                                   struct error *error);
