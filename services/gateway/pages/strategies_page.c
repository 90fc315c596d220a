// SPDX-License-Identifier: MIT
// All of a user's strategies, each with its latest backtest.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/strategy_kinds.h"
#include "pages/strategy_runs.h"

#include <string.h>

enum { STRATEGIES_SHOWN = 50, BACKTESTS_SEEN = 100 };

static bool list_strategies(struct exchange *exchange,
                            const char *page_token,
                            Trading__ListStrategiesResponse **out_list,
                            struct error *error)
{
    Trading__ListStrategiesRequest request = TRADING__LIST_STRATEGIES_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.has_limit = true;
    request.limit = STRATEGIES_SHOWN;
    request.page_token = page_token;
    if (!page_call(exchange, "trading", &trading_method_list_strategies, &request.base, &response,
                   error))
        return false;
    *out_list = (Trading__ListStrategiesResponse *)response;
    return true;
}

// The newest first: as many as are kept of a user, and more.
static bool list_backtests(struct exchange *exchange,
                           Trading__ListBacktestsResponse **out_list,
                           struct error *error)
{
    Trading__ListBacktestsRequest request = TRADING__LIST_BACKTESTS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.has_limit = true;
    request.limit = BACKTESTS_SEEN;
    if (!page_call(exchange, "trading", &trading_method_list_backtests, &request.base, &response,
                   error))
        return false;
    *out_list = (Trading__ListBacktestsResponse *)response;
    return true;
}

static Trading__Backtest *find_latest(const Trading__ListBacktestsResponse *backtests,
                                      const char *strategy_id)
{
    for (size_t i = 0; i < backtests->n_backtests; i++)
        if (strcmp(backtests->backtests[i]->strategy_id, strategy_id) == 0)
            return backtests->backtests[i];
    return NULL;
}

static bool add_rows(struct arena *arena,
                     const Trading__ListStrategiesResponse *list,
                     const Trading__ListBacktestsResponse *backtests,
                     const struct strategy_kinds *kinds,
                     Pages__StrategiesPage *page)
{
    page->rows = arena_allocate(arena, (list->n_strategies + 1) * sizeof *page->rows);
    if (page->rows == NULL)
        return false;
    for (size_t i = 0; i < list->n_strategies; i++) {
        Pages__StrategyRow *row = arena_allocate(arena, sizeof *row);
        const Trading__StrategyKind *kind = strategy_kinds_find(kinds, list->strategies[i]->kind);

        if (row == NULL)
            return false;
        pages__strategy_row__init(row);
        row->strategy = list->strategies[i];
        row->title = kind != NULL ? kind->title : list->strategies[i]->kind;
        row->backtest = find_latest(backtests, list->strategies[i]->id);
        page->rows[page->n_rows++] = row;
    }
    page->next_page_token = list->next_page_token;
    return true;
}

// Those that run, at their strategies.
static bool add_runs(struct exchange *exchange, Pages__StrategiesPage *page, struct error *error)
{
    Trading__ListStrategyRunsRequest request = TRADING__LIST_STRATEGY_RUNS_REQUEST__INIT;
    struct page_portfolios portfolios;
    Pages__StrategyRunView **views = NULL;
    size_t count = 0;

    request.has_state = true;
    request.state = TRADING__STRATEGY_RUN_STATE__STRATEGY_RUN_STATE_RUNNING;
    if (!page_portfolios_find(exchange, NULL, &portfolios, error) ||
        !strategy_runs_list(exchange, &request, &portfolios, &views, &count, error))
        return false;
    for (size_t i = 0; i < page->n_rows; i++) {
        Pages__StrategyRow *row = page->rows[i];

        row->runs = arena_allocate(exchange->request->arena, (count + 1) * sizeof *row->runs);
        if (row->runs == NULL)
            return page_out_of_memory(error);
        for (size_t k = 0; k < count; k++)
            if (strcmp(views[k]->run->strategy_id, row->strategy->id) == 0)
                row->runs[row->n_runs++] = views[k];
    }
    return true;
}

bool strategies_page_show(struct exchange *exchange, struct error *error)
{
    Pages__StrategiesPage page = PAGES__STRATEGIES_PAGE__INIT;
    Trading__ListStrategiesResponse *list = NULL;
    Trading__ListBacktestsResponse *backtests = NULL;
    struct strategy_kinds kinds;
    ProtobufCMessage *query = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "Strategies", &page.frame, error) ||
        !page_read_query(exchange, &pages_strategies_query_info, &query, error) ||
        !list_strategies(exchange, ((const Pages__StrategiesQuery *)query)->page_token, &list,
                         error) ||
        !list_backtests(exchange, &backtests, error) ||
        !strategy_kinds_list(exchange, &kinds, error))
        return false;
    if (!add_rows(exchange->request->arena, list, backtests, &kinds, &page))
        return page_out_of_memory(error);
    return add_runs(exchange, &page, error) &&
           page_answer(exchange, &strategies_page, &page.base, NULL, error);
}

bool strategy_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!page_submit(exchange, "trading", &trading_method_delete_strategy, false, &response, error))
        return false;
    page_say(exchange, false, "The strategy was deleted, and its backtests with it.");
    return page_redirect(exchange, error, "/strategies");
}
