// SPDX-License-Identifier: MIT
// lots_api: what is held by purchases, and what each sale brought.
#include "bourse/portfolio/v1/portfolio_server.h"

#include "ledger/lot_store.h"
#include "money/money.h"
#include "portfolios/access.h"
#include "valuation/appraisal.h"

enum { PAGE_DEFAULT = 50 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

// What an open lot is worth at the latest price, as far as that is known and can be counted.
static void add_value(struct portfolio *portfolio, Portfolio__Lot *message)
{
    struct quote quote;

    if (!quotes_get(portfolio->quotes, message->ticker, &quote) || quote.price_micros <= 0)
        return;
    message->has_price_micros = true;
    message->price_micros = quote.price_micros;
    message->has_market_value_micros = money_multiply_half_even(
        quote.price_micros, message->quantity_nanos, &message->market_value_micros);
    message->has_unrealized_pl_micros =
        message->has_market_value_micros &&
        money_subtract(message->market_value_micros, message->cost_basis_micros,
                       &message->unrealized_pl_micros);
}

static void add_closing(const struct lot_record *record, Portfolio__Lot *message)
{
    message->closed_by = record->closed_by;
    message->has_closed_at = true;
    message->closed_at = record->closed_at;
    message->has_proceeds_micros = true;
    message->proceeds_micros = record->proceeds;
    message->has_realized_pl_micros = true;
    message->realized_pl_micros = record->realized_pl;
}

static bool to_message(struct portfolio *portfolio,
                       const struct lot_record *record,
                       struct arena *arena,
                       Portfolio__Lot **out_message,
                       struct error *error)
{
    Portfolio__Lot *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__lot__init(message);
    message->ticker = record->position.ticker;
    message->has_state = true;
    message->state = record->position.is_closed ? PORTFOLIO__LOT_STATE__LOT_STATE_CLOSED
                                                : PORTFOLIO__LOT_STATE__LOT_STATE_OPEN;
    message->has_quantity_nanos = true;
    message->quantity_nanos = record->quantity;
    message->has_cost_basis_micros = true;
    message->cost_basis_micros = record->cost;
    message->has_average_price_micros =
        money_divide_half_even(record->cost, record->quantity, &message->average_price_micros);
    message->opened_by = record->opened_by;
    message->has_opened_at = record->has_opened_at;
    message->opened_at = record->opened_at;
    if (record->position.is_closed)
        add_closing(record, message);
    else
        add_value(portfolio, message);
    *out_message = message;
    return true;
}

static bool to_messages(struct portfolio *portfolio,
                        const struct lot_list *list,
                        struct arena *arena,
                        Portfolio__ListLotsResponse *response,
                        struct error *error)
{
    if (list->has_more) {
        response->next_page_token =
            lot_page_token_write(arena, &list->records[list->count - 1].position);
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    response->lots = arena_allocate(arena, (list->count + 1) * sizeof(*response->lots));
    if (response->lots == NULL)
        return out_of_budget(error);
    response->n_lots = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (!to_message(portfolio, &list->records[i], arena, &response->lots[i], error))
            return false;
    }
    return true;
}

bool portfolio_api_list_lots(struct portfolio *portfolio,
                             struct call *call,
                             const Portfolio__ListLotsRequest *request,
                             Portfolio__ListLotsResponse *response,
                             struct error *error)
{
    bool is_average =
        request->has_method && request->method == PORTFOLIO__LOT_METHOD__LOT_METHOD_AVERAGE;
    struct lot_query query = {
        .portfolio_id = request->portfolio_id,
        .ticker = request->ticker,
        .is_average = is_average,
        .open = !request->has_state || request->state != PORTFOLIO__LOT_STATE__LOT_STATE_CLOSED,
        .closed = !request->has_state || request->state != PORTFOLIO__LOT_STATE__LOT_STATE_OPEN,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
    };
    struct portfolio_record record;
    struct lot_list list;

    if (!lot_page_token_read(request->page_token, &query.after, error) ||
        !access_find(portfolio, call, request->portfolio_id, true, &record, error))
        return false;
    appraisal_catch_up(portfolio);
    if (!store_page_lots(portfolio->database, call->arena, &query, &list, error) ||
        !to_messages(portfolio, &list, call->arena, response, error))
        return false;
    response->has_method = true;
    response->method = is_average ? PORTFOLIO__LOT_METHOD__LOT_METHOD_AVERAGE
                                  : PORTFOLIO__LOT_METHOD__LOT_METHOD_FIFO;
    response->has_realized_pl_micros = true;
    response->realized_pl_micros = list.realized_pl;
    return true;
}
