// SPDX-License-Identifier: MIT
// All symbols, for administrators: looking for one, and adding one.
#include "pages/admin_pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "page_templates.h"
#include "pages/page_quotes.h"

enum { SYMBOLS_SHOWN = 50 };

static bool list_symbols(struct exchange *exchange,
                         const Pages__AdminSymbolsQuery *query,
                         Market__ListSymbolsResponse **out_list,
                         struct error *error)
{
    Market__ListSymbolsRequest request = MARKET__LIST_SYMBOLS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.q = query->q;
    request.exchange = query->exchange;
    request.sector = query->sector;
    request.has_status = query->has_status;
    request.status = query->status;
    request.page_token = query->page_token;
    request.has_limit = true;
    request.limit = SYMBOLS_SHOWN;
    if (!page_call(exchange, "market", &market_method_list_symbols, &request.base, &response,
                   error))
        return false;
    *out_list = (Market__ListSymbolsResponse *)response;
    return true;
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__AdminSymbolsPage page = PAGES__ADMIN_SYMBOLS_PAGE__INIT;
    Pages__SymbolForm form = PAGES__SYMBOL_FORM__INIT;
    Market__ListSymbolsResponse *list = NULL;
    ProtobufCMessage *query = NULL;

    if (!admin_begin(exchange, "symbols", "Symbols", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_symbols_query_info, &query, error))
        return false;
    page.query = (Pages__AdminSymbolsQuery *)query;
    if (!list_symbols(exchange, page.query, &list, error) ||
        !page_quotes_join(exchange, list, &page.results, &page.n_results, error) ||
        !page_show_form(exchange, &pages_symbol_form_info, "new", failure, &form.base, error))
        return false;
    page.next_page_token = list->next_page_token;
    page_preset(form.fractionable, "true");
    page.form = &form;
    return page_answer(exchange, &admin_symbols_page, &page.base, failure, error);
}

bool admin_symbols_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, NULL, error);
}

bool admin_symbol_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Market__Symbol *symbol = NULL;
    struct error failure;

    if (!page_submit(exchange, "market", &market_method_create_symbol, false, &response, &failure))
        return page_fail(exchange, &failure, show, error);
    symbol = ((const Market__CreateSymbolResponse *)response)->symbol;
    page_say(exchange, false, "%s is there. It has a price once one is imported or fetched.",
             symbol->ticker);
    return page_redirect(exchange, error, "/admin/symbols/%s", symbol->ticker);
}
