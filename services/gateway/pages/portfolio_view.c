// SPDX-License-Identifier: MIT
#include "pages/portfolio_view.h"

#include "bourse/portfolio/v1/portfolio_methods.h"

#include <string.h>

enum { LOTS_SHOWN = 500 };

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

bool portfolio_view_add_lots(struct exchange *exchange,
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
