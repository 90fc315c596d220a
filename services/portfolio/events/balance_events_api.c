// SPDX-License-Identifier: MIT
// balance_events_api: what has become of a portfolio's cash and positions, for those who have
// missed it.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <inttypes.h>
#include <stdio.h>

#include "events/balance_events.h"
#include "portfolios/access.h"
#include "valuation/appraisal.h"

enum { PAGE_DEFAULT = 50 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool add_cash(struct arena *arena,
                     const struct ledger_balance *balance,
                     Portfolio__BalanceChange *change,
                     struct error *error)
{
    change->cash = arena_allocate(arena, sizeof(*change->cash));
    if (change->cash == NULL)
        return out_of_budget(error);
    portfolio__cash__init(change->cash);
    change->cash->has_cash_balance_micros = true;
    change->cash->cash_balance_micros = balance->amount;
    change->cash->has_buying_power_micros = true;
    change->cash->buying_power_micros = balance->amount - balance->held;
    return true;
}

static bool add_position(struct arena *arena,
                         const struct ledger_balance *balance,
                         Portfolio__BalanceChange *change,
                         struct error *error)
{
    struct holding holding = {
        .quantity = balance->amount, .held = balance->held, .cost_basis = balance->cost_basis};

    snprintf(holding.ticker, sizeof(holding.ticker), "%s", balance->asset);
    // Without a price: for the average price alone.
    (void)valuation_compute(&holding, 1, 0, 0);
    return appraisal_to_position(&holding, arena, &change->position, error);
}

static bool add_changes(struct arena *arena,
                        const struct balance_events *events,
                        Portfolio__ListBalanceEventsResponse *response,
                        struct error *error)
{
    Portfolio__BalanceChange *changes =
        arena_allocate(arena, (events->count + 1) * sizeof(*changes));

    response->events = arena_allocate(arena, (events->count + 1) * sizeof(*response->events));
    if (changes == NULL || response->events == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < events->count; i++) {
        const struct ledger_balance *balance = &events->balances[i];

        portfolio__balance_change__init(&changes[i]);
        changes[i].has_sequence = true;
        changes[i].sequence = balance->sequence;
        response->events[i] = &changes[i];
        if (!(balance->account == LEDGER_CASH ? add_cash : add_position)(arena, balance,
                                                                         &changes[i], error))
            return false;
    }
    response->n_events = events->count;
    return true;
}

bool portfolio_api_list_balance_events(struct portfolio *portfolio,
                                       struct call *call,
                                       const Portfolio__ListBalanceEventsRequest *request,
                                       Portfolio__ListBalanceEventsResponse *response,
                                       struct error *error)
{
    const struct balance_event_page page = {
        .portfolio_id = request->portfolio_id,
        .has_after = request->has_after,
        .after = request->after,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
    };
    struct portfolio_record record;
    struct balance_events events = {0};

    if (!access_find(portfolio, call, request->portfolio_id, true, &record, error) ||
        !balance_events_page(portfolio->database, call->arena, &page, &events, error))
        return false;
    if (page.has_after && page.after > events.latest) {
        error_clear(error);
        error_add_violation(error, "after",
                            "must be at most the portfolio's latest number, %" PRId64,
                            events.latest);
        return false;
    }
    if (!add_changes(call->arena, &events, response, error))
        return false;
    response->has_next_after = true;
    response->next_after = events.next_after;
    response->has_more = true;
    response->more = events.is_full;
    return true;
}
