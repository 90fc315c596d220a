// SPDX-License-Identifier: MIT
// Symbols by ticker or name, with their prices. A ticker that is typed whole leads to its page.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "pages/page_quotes.h"

#include <strings.h>

enum { RESULTS_SHOWN = 50 };

static bool list_symbols(struct exchange *exchange,
                         const Pages__SearchQuery *query,
                         Market__ListSymbolsResponse **out_list,
                         struct error *error)
{
    Market__ListSymbolsRequest request = MARKET__LIST_SYMBOLS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.q = query->q;
    request.page_token = query->page_token;
    request.has_limit = true;
    request.limit = RESULTS_SHOWN;
    if (!page_call(exchange, "market", &market_method_list_symbols, &request.base, &response,
                   error))
        return false;
    *out_list = (Market__ListSymbolsResponse *)response;
    return true;
}

// The watchlist that symbols are looked for, and which of them are on it.
static bool add_watchlist(struct exchange *exchange,
                          const char *id,
                          Pages__SearchPage *page,
                          struct error *error)
{
    if (!page_get_watchlist(exchange, id, &page->watchlist, error))
        return false;
    for (size_t i = 0; i < page->n_results; i++) {
        page->results[i]->has_is_watched = true;
        page->results[i]->is_watched =
            page_watchlist_has(page->watchlist, page->results[i]->symbol->ticker);
    }
    return true;
}

bool search_page_show(struct exchange *exchange, struct error *error)
{
    Pages__SearchPage page = PAGES__SEARCH_PAGE__INIT;
    const Pages__SearchQuery *query = NULL;
    Market__ListSymbolsResponse *list = NULL;
    ProtobufCMessage *message = NULL;

    if (!page_read_query(exchange, &pages_search_query_info, &message, error))
        return false;
    query = (const Pages__SearchQuery *)message;
    if (!list_symbols(exchange, query, &list, error))
        return false;
    // Who looks for a list wants to see it among others.
    if (query->watchlist == NULL && query->q != NULL && list->n_symbols > 0 &&
        strcasecmp(query->q, list->symbols[0]->ticker) == 0)
        return page_redirect(exchange, error, "/symbols/%s%s%s", list->symbols[0]->ticker,
                             query->portfolio != NULL ? "?portfolio=" : "",
                             query->portfolio != NULL ? query->portfolio : "");
    if (!page_begin(exchange, query->watchlist != NULL ? PAGE_FOR_USERS : PAGE_FOR_ALL, "search",
                    "Symbols", &page.frame, error))
        return false;
    page.q = query->q;
    page.portfolio = query->portfolio;
    page.frame->search = query->q;
    page.next_page_token = list->next_page_token;
    return page_quotes_join(exchange, list, &page.results, &page.n_results, error) &&
           (query->watchlist == NULL || add_watchlist(exchange, query->watchlist, &page, error)) &&
           page_answer(exchange, &search_page, &page.base, NULL, error);
}
