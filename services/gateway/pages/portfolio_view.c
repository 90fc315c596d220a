// SPDX-License-Identifier: MIT
#include "pages/portfolio_view.h"

#include "bourse/portfolio/v1/portfolio_methods.h"
#include "pages/performance_view.h"

#include <string.h>

enum {
    LOTS_SHOWN = 500,
    EQUITY_TIMEOUT_MS = 3000, // of a page that has more to show
};

// The days of a long history take a while, as after an import; and a page that has more to show
// waits for nobody who is slow.
static bool is_late(const struct error *error)
{
    return error_is(error, REASON_DEADLINE_EXCEEDED) || error_is(error, REASON_UNAVAILABLE);
}

static bool add_equity(struct exchange *exchange,
                       const char *portfolio_id,
                       Pages__PortfolioPage *page,
                       struct error *error)
{
    Portfolio__GetPerformanceRequest request = PORTFOLIO__GET_PERFORMANCE_REQUEST__INIT;
    const Portfolio__GetPerformanceResponse *performance = NULL;
    struct rpc_method method = portfolio_method_get_performance;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = portfolio_id;
    method.timeout_ms = EQUITY_TIMEOUT_MS;
    if (!page_call(exchange, "portfolio", &method, &request.base, &response, error)) {
        page->has_is_equity_late = true;
        page->is_equity_late = is_late(error);
        return page->is_equity_late;
    }
    performance = (const Portfolio__GetPerformanceResponse *)response;
    page->has_is_equity_late = true;
    page->is_equity_late = !performance->is_complete;
    if (page->is_equity_late)
        return true;
    page->equity = performance_view_draw_equity(exchange->request->arena, performance);
    page->start = performance->start;
    page->end = performance->end;
    return true;
}

bool portfolio_view_add_positions(struct exchange *exchange,
                                  const Portfolio__ListPositionsResponse *list,
                                  Pages__PortfolioPage *page,
                                  struct error *error)
{
    struct arena *arena = exchange->request->arena;

    page->positions = arena_allocate(arena, (list->n_positions + 1) * sizeof *page->positions);
    for (size_t i = 0; page->positions != NULL && i < list->n_positions; i++) {
        Portfolio__Position *position = list->positions[i];
        Pages__PositionView *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return page_out_of_memory(error);
        pages__position_view__init(view);
        view->position = position;
        view->has_sellable_nanos = position->available_nanos > 0;
        view->sellable_nanos = position->available_nanos;
        view->has_held_nanos = position->quantity_nanos > position->available_nanos;
        view->held_nanos = position->quantity_nanos - position->available_nanos;
        page->positions[page->n_positions++] = view;
    }
    return page->positions != NULL || page_out_of_memory(error);
}

// They come by symbol.
static bool add_to_group(struct arena *arena, Portfolio__Lot *lot, Pages__PortfolioPage *page)
{
    Pages__LotGroup *group =
        page->n_lot_groups > 0 ? page->lot_groups[page->n_lot_groups - 1] : NULL;

    if (group == NULL || strcmp(group->ticker, lot->ticker) != 0) {
        group = arena_allocate(arena, sizeof *group);
        if (group == NULL)
            return false;
        pages__lot_group__init(group);
        group->ticker = lot->ticker;
        page->lot_groups[page->n_lot_groups++] = group;
    }
    group->n_lots++;
    return true;
}

static bool
add_groups(struct arena *arena, const Portfolio__ListLotsResponse *list, Pages__PortfolioPage *page)
{
    size_t first = 0;

    page->lot_groups = arena_allocate(arena, (list->n_lots + 1) * sizeof *page->lot_groups);
    if (page->lot_groups == NULL)
        return false;
    for (size_t i = 0; i < list->n_lots; i++)
        if (!add_to_group(arena, list->lots[i], page))
            return false;
    for (size_t i = 0; i < page->n_lot_groups; i++) {
        page->lot_groups[i]->lots = list->lots + first;
        first += page->lot_groups[i]->n_lots;
    }
    return true;
}

static bool add_lots(struct exchange *exchange,
                     const char *portfolio_id,
                     Pages__PortfolioPage *page,
                     struct error *error)
{
    Portfolio__ListLotsRequest request = PORTFOLIO__LIST_LOTS_REQUEST__INIT;
    const Portfolio__ListLotsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    request.portfolio_id = portfolio_id;
    request.has_state = true;
    request.state = PORTFOLIO__LOT_STATE__LOT_STATE_OPEN;
    request.has_limit = true;
    request.limit = LOTS_SHOWN;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_lots, &request.base, &response,
                   error))
        return false;
    list = (const Portfolio__ListLotsResponse *)response;
    page->has_has_more_lots = true;
    page->has_more_lots = list->next_page_token != NULL && list->next_page_token[0] != '\0';
    return add_groups(exchange->request->arena, list, page) || page_out_of_memory(error);
}

bool portfolio_view_add(struct exchange *exchange,
                        const char *portfolio_id,
                        Pages__PortfolioPage *page,
                        struct error *error)
{
    return add_equity(exchange, portfolio_id, page, error) &&
           add_lots(exchange, portfolio_id, page, error);
}
