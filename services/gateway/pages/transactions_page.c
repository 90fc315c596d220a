// SPDX-License-Identifier: MIT
// The transactions of a portfolio, filtered; and the same as a table for spreadsheets.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "operations/transactions_api.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"

enum { TRANSACTIONS_SHOWN = 50 };

static void set_request(const Pages__TransactionsQuery *query,
                        Portfolio__ListTransactionsRequest *request)
{
    request->portfolio_id = query->portfolio_id;
    request->has_type = query->has_type;
    request->type = query->type;
    request->ticker = query->ticker;
    request->page_token = query->page_token;
    request->has_start = page_day_begin(query->start, &request->start);
    request->has_end = page_day_end(query->end, &request->end);
}

static bool add_list(struct exchange *exchange, Pages__TransactionsPage *page, struct error *error)
{
    Portfolio__ListTransactionsRequest request = PORTFOLIO__LIST_TRANSACTIONS_REQUEST__INIT;
    Portfolio__GetPortfolioRequest get = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    ProtobufCMessage *portfolio = NULL;
    ProtobufCMessage *list = NULL;

    set_request(page->query, &request);
    request.has_limit = true;
    request.limit = TRANSACTIONS_SHOWN;
    get.portfolio_id = page->query->portfolio_id;
    if (!page_call(exchange, "portfolio", &portfolio_method_get_portfolio, &get.base, &portfolio,
                   error) ||
        !page_call(exchange, "portfolio", &portfolio_method_list_transactions, &request.base, &list,
                   error))
        return false;
    page->portfolio = ((Portfolio__GetPortfolioResponse *)portfolio)->portfolio;
    page->list = (Portfolio__ListTransactionsResponse *)list;
    page->has_is_competing = true;
    page->is_competing = page_is_competing(page->frame, page->portfolio);
    return page_find_owner(exchange, page->portfolio, &page->owner, error);
}

bool transactions_page_show(struct exchange *exchange, struct error *error)
{
    Pages__TransactionsPage page = PAGES__TRANSACTIONS_PAGE__INIT;
    ProtobufCMessage *query = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "portfolio", "Transactions", &page.frame, error) ||
        !page_read_query(exchange, &pages_transactions_query_info, &query, error))
        return false;
    page.query = (Pages__TransactionsQuery *)query;
    return add_list(exchange, &page, error) &&
           page_answer(exchange, &transactions_page, &page.base, NULL, error);
}

bool transactions_page_export(struct exchange *exchange, struct error *error)
{
    Portfolio__ListTransactionsRequest request = PORTFOLIO__LIST_TRANSACTIONS_REQUEST__INIT;
    ProtobufCMessage *query = NULL;

    if (!page_read_query(exchange, &pages_transactions_query_info, &query, error))
        return false;
    set_request((const Pages__TransactionsQuery *)query, &request);
    return transactions_write_table(exchange, &request, error);
}
