// SPDX-License-Identifier: MIT
#include "watchlists/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "bourse/market/v1/market_client.h"

static int compare_symbols(const void *one, const void *other)
{
    const Market__Symbol *const *left = one;
    const Market__Symbol *const *right = other;

    return strcmp((*left)->ticker, (*right)->ticker);
}

bool catalogue_ask(struct portfolio *portfolio,
                   const struct call *call,
                   const char *const *tickers,
                   size_t count,
                   int64_t timeout_ms,
                   struct catalogue *out_catalogue,
                   struct error *error)
{
    Market__FindSymbolsRequest request = MARKET__FIND_SYMBOLS_REQUEST__INIT;
    Market__FindSymbolsResponse *response = NULL;
    struct clock real = clock_real();
    struct call asking = *call;
    int64_t latest_us = clock_now_us(&real) + timeout_ms * MICROS_PER_MS;

    if (asking.deadline_us > latest_us)
        asking.deadline_us = latest_us;
    request.n_tickers = count;
    // protobuf-c reads them only.
    request.tickers = (const char **)(uintptr_t)tickers;
    if (!market_client_find_symbols(portfolio->market, &asking, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_symbols; i++) {
        if (response->symbols[i]->ticker == NULL)
            return error_set(error, REASON_INTERNAL, "market described a symbol without a ticker.");
    }
    if (response->n_symbols > 0)
        qsort(response->symbols, response->n_symbols, sizeof(*response->symbols), compare_symbols);
    *out_catalogue = (struct catalogue){response->symbols, response->n_symbols};
    return true;
}

static int compare_ticker(const void *ticker, const void *symbol)
{
    const Market__Symbol *const *at = symbol;

    return strcmp(ticker, (*at)->ticker);
}

const Market__Symbol *catalogue_find(const struct catalogue *catalogue, const char *ticker)
{
    Market__Symbol *const *found = catalogue->count == 0
                                       ? NULL
                                       : bsearch(ticker, catalogue->symbols, catalogue->count,
                                                 sizeof(*catalogue->symbols), compare_ticker);

    return found == NULL ? NULL : *found;
}
