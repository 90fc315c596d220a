// SPDX-License-Identifier: MIT
// realized_api: what sales realized and dividends brought, by year.
#include "bourse/portfolio/v1/portfolio_server.h"

#include "money/money.h"
#include "performance/realized_store.h"
#include "portfolios/access.h"

enum { YEARS_MAX = 5000 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Portfolio__RealizedYear *to_message(const struct realized_year *year, struct arena *arena)
{
    Portfolio__RealizedYear *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return NULL;
    portfolio__realized_year__init(message);
    message->has_year = message->has_sales = true;
    message->year = (uint32_t)year->year;
    message->ticker = year->ticker;
    message->sales = (uint32_t)year->sales;
    message->has_proceeds_micros = message->has_realized_pl_micros = true;
    message->proceeds_micros = year->proceeds;
    message->realized_pl_micros = year->profit;
    message->has_cost_micros = money_subtract(year->proceeds, year->profit, &message->cost_micros);
    message->has_dividends_micros = true;
    message->dividends_micros = year->dividends;
    return message;
}

bool portfolio_api_list_realized(struct portfolio *portfolio,
                                 struct call *call,
                                 const Portfolio__ListRealizedRequest *request,
                                 Portfolio__ListRealizedResponse *response,
                                 struct error *error)
{
    bool is_average =
        request->has_method && request->method == PORTFOLIO__LOT_METHOD__LOT_METHOD_AVERAGE;
    struct portfolio_record record;
    struct realized_year *years = NULL;
    size_t count = 0;

    if (!access_find(portfolio, call, request->portfolio_id, true, &record, error) ||
        !realized_store_list_years(portfolio->database, call->arena, record.id, is_average,
                                   YEARS_MAX + 1, &years, &count, error))
        return false;
    if (count > YEARS_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "There are more than %d years and tickers.",
                         YEARS_MAX);
    response->years = arena_allocate(call->arena, (count + 1) * sizeof(*response->years));
    if (response->years == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        response->years[i] = to_message(&years[i], call->arena);
        if (response->years[i] == NULL)
            return out_of_budget(error);
        response->n_years++;
        if (!money_add(response->realized_pl_micros, years[i].profit,
                       &response->realized_pl_micros) ||
            !money_add(response->dividends_micros, years[i].dividends, &response->dividends_micros))
            return error_set(error, REASON_INTERNAL, "The profits cannot be counted.");
    }
    response->has_realized_pl_micros = response->has_dividends_micros = true;
    response->has_method = true;
    response->method = is_average ? PORTFOLIO__LOT_METHOD__LOT_METHOD_AVERAGE
                                  : PORTFOLIO__LOT_METHOD__LOT_METHOD_FIFO;
    return true;
}
