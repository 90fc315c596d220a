// SPDX-License-Identifier: MIT
// snapshots_api: what a portfolio was worth, at closes and in between.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <string.h>

#include "portfolios/access.h"
#include "snapshots/equity_store.h"
#include "snapshots/snapshot_store.h"
#include "snapshots/snapshots.h"
#include "valuation/appraisal.h"

enum { PAGE_DEFAULT = 50 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool to_snapshot(const struct snapshot *snapshot,
                        struct arena *arena,
                        Portfolio__Snapshot **out_message,
                        struct error *error)
{
    Portfolio__Snapshot *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__snapshot__init(message);
    message->date = arena_copy_string(arena, snapshot->day);
    message->has_closed_at = true;
    message->closed_at = snapshot->closed_at;
    message->has_equity_micros = true;
    message->equity_micros = snapshot_equity(snapshot);
    message->has_cash_micros = true;
    message->cash_micros = snapshot->cash;
    message->has_market_value_micros = true;
    message->market_value_micros = snapshot->market_value;
    message->has_net_deposits_micros = true;
    message->net_deposits_micros = snapshot->deposits - snapshot->withdrawals;
    message->has_is_estimated = true;
    message->is_estimated = snapshot->is_estimated;
    *out_message = message;
    return message->date != NULL || out_of_budget(error);
}

static bool read_token(const char *token, const char **out_first, struct error *error)
{
    struct date date;

    if (token == NULL || token[0] == '\0')
        return true;
    if (!date_parse(text_of(token), &date))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    *out_first = token;
    return true;
}

// Days behind the last one that holds are not shown.
static const char *last_of(const char *end, const char *through)
{
    return end != NULL && strcmp(end, through) < 0 ? end : through;
}

// Pages go by date; the token is the first one of the next page.
bool portfolio_api_list_snapshots(struct portfolio *portfolio,
                                  struct call *call,
                                  const Portfolio__ListSnapshotsRequest *request,
                                  Portfolio__ListSnapshotsResponse *response,
                                  struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct snapshot_range range = {
        .portfolio_id = request->portfolio_id, .first = request->start, .limit = limit + 1};
    struct portfolio_record record;
    struct snapshots_state state;
    struct snapshot *snapshots = NULL;
    size_t count = 0;

    if (!read_token(request->page_token, &range.first, error) ||
        !access_find(portfolio, call, request->portfolio_id, true, &record, error))
        return false;
    appraisal_catch_up(portfolio);
    if (!snapshots_catch_up(portfolio, call, record.id, &state, error))
        return false;
    response->has_is_complete = true;
    response->is_complete = state.is_complete;
    if (state.through[0] == '\0')
        return true;
    response->complete_through = arena_copy_string(call->arena, state.through);
    if (response->complete_through == NULL)
        return out_of_budget(error);
    range.revision = state.revision;
    range.last = last_of(request->end, response->complete_through);
    if (!snapshot_store_list(portfolio->history, call->arena, &range, &snapshots, &count, error))
        return false;
    if (count > limit) {
        count = limit;
        response->next_page_token = snapshots[limit].day;
    }
    response->snapshots = arena_allocate(call->arena, (count + 1) * sizeof(*response->snapshots));
    if (response->snapshots == NULL)
        return out_of_budget(error);
    response->n_snapshots = count;
    for (size_t i = 0; i < count; i++) {
        if (!to_snapshot(&snapshots[i], call->arena, &response->snapshots[i], error))
            return false;
    }
    return true;
}

bool portfolio_api_list_equity_points(struct portfolio *portfolio,
                                      struct call *call,
                                      const Portfolio__ListEquityPointsRequest *request,
                                      Portfolio__ListEquityPointsResponse *response,
                                      struct error *error)
{
    struct portfolio_record record;
    struct equity_point *points = NULL;
    size_t count = 0;
    int64_t now = 0;

    if (!portfolio_now(portfolio, &now, error) ||
        !access_find(portfolio, call, request->portfolio_id, true, &record, error) ||
        !equity_store_list(portfolio->database, call->arena, record.id,
                           request->has_start ? request->start : now - EQUITY_KEPT_US,
                           request->has_end ? request->end : now + 1, &points, &count, error))
        return false;
    response->points = arena_allocate(call->arena, (count + 1) * sizeof(*response->points));
    if (response->points == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        Portfolio__EquityPoint *point = arena_allocate(call->arena, sizeof(*point));

        if (point == NULL)
            return out_of_budget(error);
        portfolio__equity_point__init(point);
        point->has_at = point->has_equity_micros = point->has_deposited_micros = true;
        point->at = points[i].at;
        point->equity_micros = points[i].equity;
        point->deposited_micros = points[i].deposited;
        response->points[response->n_points++] = point;
    }
    return true;
}
