// SPDX-License-Identifier: MIT
#include "pages/strategy_runs.h"

#include "bourse/trading/v1/trading_methods.h"
#include "money/money.h"

#include <string.h>

enum { RUNS_SHOWN = 100 };

// One that is closed has no name any more.
static const char *find_name(const struct page_portfolios *portfolios, const char *id)
{
    for (size_t i = 0; i < portfolios->count; i++)
        if (strcmp(portfolios->portfolios[i]->id, id) == 0)
            return portfolios->portfolios[i]->name;
    return NULL;
}

Pages__StrategyRunView *strategy_runs_view(struct arena *arena,
                                           Trading__StrategyRun *run,
                                           const struct page_portfolios *portfolios)
{
    Pages__StrategyRunView *view = arena_allocate(arena, sizeof *view);

    if (view == NULL)
        return NULL;
    pages__strategy_run_view__init(view);
    view->run = run;
    view->portfolio_name = find_name(portfolios, run->portfolio_id);
    view->has_gain_micros =
        run->has_equity_micros && run->has_initial_cash_micros &&
        money_subtract(run->equity_micros, run->initial_cash_micros, &view->gain_micros);
    return view;
}

bool strategy_runs_list(struct exchange *exchange,
                        const Trading__ListStrategyRunsRequest *request,
                        const struct page_portfolios *portfolios,
                        Pages__StrategyRunView ***out_views,
                        size_t *out_count,
                        struct error *error)
{
    Trading__ListStrategyRunsRequest limited = *request;
    const Trading__ListStrategyRunsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    limited.has_limit = true;
    limited.limit = RUNS_SHOWN;
    if (!page_call(exchange, "trading", &trading_method_list_strategy_runs, &limited.base,
                   &response, error))
        return false;
    list = (const Trading__ListStrategyRunsResponse *)response;
    *out_views = arena_allocate(exchange->request->arena, (list->n_runs + 1) * sizeof **out_views);
    *out_count = list->n_runs;
    if (*out_views == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < list->n_runs; i++) {
        (*out_views)[i] = strategy_runs_view(exchange->request->arena, list->runs[i], portfolios);
        if ((*out_views)[i] == NULL)
            return page_out_of_memory(error);
    }
    return true;
}
