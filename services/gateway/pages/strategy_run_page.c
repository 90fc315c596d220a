// SPDX-License-Identifier: MIT
// What a strategy does in a portfolio: what it holds, and what it has decided with what it went by;
// and its start and stop.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/field_words.h"
#include "pages/strategy_kinds.h"
#include "pages/strategy_runs.h"

enum { DECISIONS_SHOWN = 100 };

static void say_why(const struct exchange *exchange, const char **reason_message)
{
    if (*reason_message != NULL)
        *reason_message = field_words_say(exchange->request->arena, *reason_message);
}

static bool add_decisions(struct exchange *exchange,
                          const Pages__StrategyRunQuery *query,
                          Pages__StrategyRunPage *page,
                          struct error *error)
{
    Trading__ListStrategyDecisionsRequest request = TRADING__LIST_STRATEGY_DECISIONS_REQUEST__INIT;
    const Trading__ListStrategyDecisionsResponse *list = NULL;
    uint64_t latest = page->view->run->decisions;
    ProtobufCMessage *response = NULL;

    request.run_id = query->run_id;
    request.has_after = true;
    request.after = latest > DECISIONS_SHOWN ? latest - DECISIONS_SHOWN : 0;
    if (query->has_after)
        request.after = query->after;
    request.has_limit = true;
    request.limit = DECISIONS_SHOWN;
    if (!page_call(exchange, "trading", &trading_method_list_strategy_decisions, &request.base,
                   &response, error))
        return false;
    list = (const Trading__ListStrategyDecisionsResponse *)response;
    page->log =
        arena_allocate(exchange->request->arena, (list->n_decisions + 1) * sizeof *page->log);
    if (page->log == NULL)
        return page_out_of_memory(error);
    for (size_t i = list->n_decisions; i > 0; i--) {
        Trading__StrategyDecision *decision = list->decisions[i - 1];

        say_why(exchange, &decision->reason_message);
        page->log[page->n_log++] = decision;
    }
    page->has_older = request.after > 0;
    page->older = request.after > DECISIONS_SHOWN ? request.after - DECISIONS_SHOWN : 0;
    return true;
}

static bool add_run(struct exchange *exchange,
                    const Pages__StrategyRunQuery *query,
                    Pages__StrategyRunPage *page,
                    struct error *error)
{
    Trading__GetStrategyRunRequest request = TRADING__GET_STRATEGY_RUN_REQUEST__INIT;
    struct page_portfolios portfolios;
    Trading__StrategyRun *run = NULL;
    ProtobufCMessage *response = NULL;

    request.run_id = query->run_id;
    if (!page_call(exchange, "trading", &trading_method_get_strategy_run, &request.base, &response,
                   error) ||
        !page_portfolios_find(exchange, NULL, &portfolios, error))
        return false;
    run = ((Trading__GetStrategyRunResponse *)response)->run;
    say_why(exchange, &run->reason_message);
    page->view = strategy_runs_view(exchange->request->arena, run, &portfolios);
    return page->view != NULL || page_out_of_memory(error);
}

bool strategy_run_page_show(struct exchange *exchange, struct error *error)
{
    Pages__StrategyRunPage page = PAGES__STRATEGY_RUN_PAGE__INIT;
    const Pages__StrategyRunQuery *asked = NULL;
    ProtobufCMessage *query = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "On paper", &page.frame, error) ||
        !page_read_query(exchange, &pages_strategy_run_query_info, &query, error))
        return false;
    asked = (const Pages__StrategyRunQuery *)query;
    return add_run(exchange, asked, &page, error) &&
           strategy_kinds_get_strategy(exchange, page.view->run->strategy_id, &page.strategy,
                                       error) &&
           strategy_kinds_show_values(exchange, page.view->run->parameters, &page.values,
                                      &page.n_values, error) &&
           add_decisions(exchange, asked, &page, error) &&
           page_answer(exchange, &strategy_run_page, &page.base, NULL, error);
}

bool strategy_start(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_start_strategy, false, &response,
                     &failure))
        return page_fail(exchange, &failure, strategy_page_show_start, error);
    page_say(exchange, false, "The strategy trades now. It decides at the close of each bar.");
    return page_redirect(exchange, error, "/strategy-runs/%s",
                         ((const Trading__StartStrategyResponse *)response)->run->id);
}

bool strategy_stop(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!page_submit(exchange, "trading", &trading_method_stop_strategy, false, &response, error))
        return false;
    page_say(exchange, false, "The strategy is stopped. What it holds stays.");
    return page_redirect(exchange, error, "/strategy-runs/%s",
                         ((const Trading__StopStrategyResponse *)response)->run->id);
}
