// SPDX-License-Identifier: MIT
// order_events_api: what has become of a portfolio's orders, for those who have missed it.
#include "bourse/trading/v1/trading_server.h"

#include "execution/lookup.h"
#include "orders/order_events.h"
#include "orders/order_message.h"
#include "store/trading_store.h"

#include <inttypes.h>

enum { PAGE_DEFAULT = 50 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool check_after(const struct store_event_page *page,
                        const struct store_events *events,
                        struct error *error)
{
    if (!page->has_after)
        return true;
    if (page->after > events->latest) {
        error_clear(error);
        error_add_violation(error, "after",
                            "must be at most the portfolio's latest number, %" PRId64,
                            events->latest);
        return false;
    }
    if (page->after >= events->kept_after)
        return true;
    error_set(error, REASON_EVENTS_GONE,
              "Only events after %" PRId64 " are kept, and those after %" PRId64 " are asked for.",
              events->kept_after, page->after);
    error_add_number(error, "kept_after", "%" PRId64, events->kept_after);
    error_add_number(error, "after", "%" PRId64, page->after);
    return false;
}

static bool add_changes(struct call *call,
                        const struct store_events *events,
                        Trading__ListOrderEventsResponse *response,
                        struct error *error)
{
    Trading__OrderChange *changes =
        arena_allocate(call->arena, (events->count + 1) * sizeof(*changes));

    response->events = arena_allocate(call->arena, (events->count + 1) * sizeof(*response->events));
    if (changes == NULL || response->events == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < events->count; i++) {
        trading__order_change__init(&changes[i]);
        changes[i].has_sequence = true;
        changes[i].sequence = events->sequences[i];
        response->events[i] = &changes[i];
        if (!order_to_message(&events->orders[i], call->arena, &changes[i].order, error))
            return false;
    }
    response->n_events = events->count;
    return true;
}

bool trading_api_list_order_events(struct trading *trading,
                                   struct call *call,
                                   const Trading__ListOrderEventsRequest *request,
                                   Trading__ListOrderEventsResponse *response,
                                   struct error *error)
{
    const struct store_event_page page = {
        .portfolio_id = request->portfolio_id,
        .has_after = request->has_after,
        .after = request->after,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
    };
    struct store_events events = {0};
    char user_id[UUID_SIZE];

    if (!lookup_owner(trading, call, request->portfolio_id, true, user_id, error) ||
        !store_page_events(trading->database, call->arena, &page, &events, error) ||
        !check_after(&page, &events, error) || !add_changes(call, &events, response, error))
        return false;
    response->has_next_after = true;
    response->next_after = events.next_after;
    response->has_more = true;
    response->more = events.is_full;
    return true;
}
