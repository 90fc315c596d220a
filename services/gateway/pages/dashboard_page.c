// SPDX-License-Identifier: MIT
// What a user sees first: what the portfolio is worth, has been worth and holds, the default
// watchlist, open orders, movers.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "page_templates.h"
#include "pages/equity_curve_view.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "pages/page_quotes.h"

enum { POSITIONS_SHOWN = 8, ORDERS_SHOWN = 8, MOVERS_SHOWN = 5 };

static bool add_positions(struct exchange *exchange,
                          const char *portfolio_id,
                          Pages__DashboardPage *page,
                          struct error *error)
{
    Portfolio__ListPositionsRequest request = PORTFOLIO__LIST_POSITIONS_REQUEST__INIT;
    const Portfolio__ListPositionsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = portfolio_id;
    request.has_limit = true;
    request.limit = POSITIONS_SHOWN;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_positions, &request.base,
                   &response, error))
        return false;
    list = (const Portfolio__ListPositionsResponse *)response;
    page->n_positions = list->n_positions;
    page->positions = list->positions;
    page->has_has_more_positions = true;
    page->has_more_positions = list->next_page_token != NULL;
    return true;
}

static bool add_curve(struct exchange *exchange,
                      const char *portfolio_id,
                      const Pages__DashboardQuery *query,
                      Pages__DashboardPage *page,
                      struct error *error)
{
    const struct equity_curve_wanted wanted = {
        .portfolio_id = portfolio_id,
        .period = query->has_period ? query->period
                                    : PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1D,
        .has_table = query->table,
        .is_dashboard = true,
    };

    return equity_curve_view_make(exchange, &wanted, &page->curve, error);
}

static bool
add_portfolio(struct exchange *exchange, Pages__DashboardPage *page, struct error *error)
{
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__ListOrdersResponse *orders = NULL;
    struct page_portfolios portfolios;
    const Pages__DashboardQuery *query = NULL;
    ProtobufCMessage *message = NULL;

    if (!page_read_query(exchange, &pages_dashboard_query_info, &message, error))
        return false;
    query = (const Pages__DashboardQuery *)message;
    if (!page_portfolios_find(exchange, query->portfolio, &portfolios, error))
        return false;
    page->n_choices = portfolios.choice_count;
    page->choices = portfolios.choices;
    // The first one is opened a moment after its owner has registered.
    if (portfolios.chosen == NULL)
        return true;
    request.portfolio_id = portfolios.chosen->id;
    request.has_limit = true;
    request.limit = ORDERS_SHOWN;
    if (!page_portfolios_summarize(exchange, portfolios.chosen, &page->summary, error) ||
        !add_curve(exchange, portfolios.chosen->id, query, page, error) ||
        !add_positions(exchange, portfolios.chosen->id, page, error) ||
        !page_list_orders(exchange, &request, &orders, error))
        return false;
    page->n_orders = orders->n_orders;
    page->orders = orders->orders;
    return true;
}

bool dashboard_page_show(struct exchange *exchange, struct error *error)
{
    Pages__DashboardPage page = PAGES__DASHBOARD_PAGE__INIT;
    Pages__AddSymbolForm form = PAGES__ADD_SYMBOL_FORM__INIT;
    Portfolio__ListWatchlistsResponse *lists = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "dashboard", "Dashboard", &page.frame, error) ||
        !add_portfolio(exchange, &page, error) ||
        !page_list_watchlists(exchange, &lists, &page.watchlist, error) ||
        !page_quotes_movers(exchange, MOVERS_SHOWN, &page.movers, error) ||
        !page_show_form(exchange, &pages_add_symbol_form_info, "add", NULL, &form.base, error))
        return false;
    page.form = &form;
    return page_answer(exchange, &dashboard_page, &page.base, NULL, error);
}
