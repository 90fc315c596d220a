// SPDX-License-Identifier: MIT
// The performance of a portfolio: figures with their definitions, charts with a table beside each;
// and the days as a table for spreadsheets.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "pages/performance_view.h"
#include "rest/table_api.h"

static const struct {
    uint32_t days;
    const char *name;
    const char *label;
} windows[] = {{30, "30", "30 days"}, {90, "90", "90 days"}, {252, "252", "252 days"}};

static bool add_windows(struct arena *arena, Pages__PerformancePage *page)
{
    page->has_rolling = true;
    page->rolling = page->query->has_rolling ? page->query->rolling : windows[0].days;
    page->windows = arena_allocate(arena, COUNT_OF(windows) * sizeof *page->windows);
    if (page->windows == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        page->windows[i] = page_make_choice(arena, windows[i].name, windows[i].label,
                                            windows[i].days == page->rolling);
        if (page->windows[i] == NULL)
            return false;
        page->n_windows++;
    }
    return true;
}

static bool add_periods(struct arena *arena, Pages__PerformancePage *page)
{
    return performance_view_list_periods(
        arena,
        page->query->has_period ? page->query->period
                                : PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL,
        &page->periods, &page->n_periods, &page->period);
}

static void set_request(const Pages__PerformanceQuery *query,
                        Portfolio__GetPerformanceRequest *request)
{
    request->portfolio_id = query->portfolio_id;
    request->has_period = query->has_period;
    request->period = query->period;
    request->benchmark = query->benchmark;
    request->has_rolling = true;
    request->rolling = query->has_rolling ? query->rolling : windows[0].days;
}

// A benchmark that is none is said beside its field, and the rest is shown without.
static bool ask_performance(struct exchange *exchange,
                            Pages__PerformancePage *page,
                            ProtobufCMessage **out_response,
                            struct error *error)
{
    Portfolio__GetPerformanceRequest request = PORTFOLIO__GET_PERFORMANCE_REQUEST__INIT;
    struct arena *arena = exchange->request->arena;

    set_request(page->query, &request);
    if (page_call(exchange, "portfolio", &portfolio_method_get_performance, &request.base,
                  out_response, error))
        return true;
    if (!error_is(error, REASON_SYMBOL_NOT_FOUND))
        return false;
    page->problem = arena_allocate(arena, sizeof *page->problem);
    if (page->problem == NULL)
        return page_out_of_memory(error);
    pages__problem__init(page->problem);
    page->problem->sentence = arena_copy_string(arena, error->message);
    request.benchmark = NULL;
    return page_call(exchange, "portfolio", &portfolio_method_get_performance, &request.base,
                     out_response, error);
}

static bool
add_answers(struct exchange *exchange, Pages__PerformancePage *page, struct error *error)
{
    Portfolio__GetPortfolioRequest get = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    ProtobufCMessage *portfolio = NULL;
    ProtobufCMessage *performance = NULL;

    get.portfolio_id = page->query->portfolio_id;
    if (!page_call(exchange, "portfolio", &portfolio_method_get_portfolio, &get.base, &portfolio,
                   error) ||
        !ask_performance(exchange, page, &performance, error))
        return false;
    page->portfolio = ((Portfolio__GetPortfolioResponse *)portfolio)->portfolio;
    if (!page_find_owner(exchange, page->portfolio, &page->owner, error))
        return false;
    page->performance = (Portfolio__GetPerformanceResponse *)performance;
    page->benchmark = page->performance->benchmark;
    return performance_view_make(exchange->request->arena, page) || page_out_of_memory(error);
}

bool performance_page_show(struct exchange *exchange, struct error *error)
{
    Pages__PerformancePage page = PAGES__PERFORMANCE_PAGE__INIT;
    ProtobufCMessage *query = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "portfolio", "Performance", &page.frame, error) ||
        !page_read_query(exchange, &pages_performance_query_info, &query, error))
        return false;
    page.query = (Pages__PerformanceQuery *)query;
    if (!add_periods(exchange->request->arena, &page) ||
        !add_windows(exchange->request->arena, &page))
        return page_out_of_memory(error);
    return add_answers(exchange, &page, error) &&
           page_answer(exchange, &performance_page, &page.base, NULL, error);
}

bool performance_page_export(struct exchange *exchange, struct error *error)
{
    Portfolio__GetPerformanceRequest request = PORTFOLIO__GET_PERFORMANCE_REQUEST__INIT;
    ProtobufCMessage *query = NULL;

    if (!page_read_query(exchange, &pages_performance_query_info, &query, error))
        return false;
    set_request((const Pages__PerformanceQuery *)query, &request);
    return table_write(exchange, &portfolio_method_get_performance, &request.base, error);
}
