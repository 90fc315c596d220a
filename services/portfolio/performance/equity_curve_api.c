// SPDX-License-Identifier: MIT
// equity_curve_api: what a portfolio was worth over a period, as a curve to look at.
#include "bourse/portfolio/v1/portfolio_server.h"

#include "performance/equity_curve.h"
#include "performance/measured_days.h"
#include "portfolios/access.h"
#include "valuation/appraisal.h"

enum { DRAWING_BUDGET = 64 * 1024 * 1024 }; // 10,000 days as they come, and as they are drawn

// One answer while it is made. Everything but the answer lies in an arena of its own.
struct drawing {
    struct portfolio *portfolio;
    struct call *call; // with that arena
    struct portfolio_record record;
    struct measured_days span;
    struct equity_curve_input input;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The curve needs too much memory.");
}

// The day that a period ends with: what was booked between sessions makes no day of its own.
static const char *last_day(const struct drawing *drawing)
{
    const struct snapshots_state *state = &drawing->span.state;
    struct platform_clock clock;

    if (state->has_present && state->through[0] != '\0' &&
        quotes_clock(drawing->portfolio->quotes, &clock) && !clock.is_open)
        return state->through;
    return measured_days_today(&drawing->span);
}

// How far apart the points between closes are; 0 for none of a longer period. Of a week one an
// hour, as the older ones are.
static int64_t grid_of(Portfolio__PerformancePeriod period)
{
    switch (period) {
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1D:
        return EQUITY_GRID_US;
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1W:
        return EQUITY_THIN_EVERY_US;
    default:
        return 0;
    }
}

static bool read_points(struct drawing *drawing, int64_t grid_us, struct error *error)
{
    const struct measured_days *span = &drawing->span;
    struct equity_point *points = NULL;
    size_t count = 0;
    size_t kept = 0;

    if (grid_us == 0)
        return true;
    if (!equity_store_list(drawing->portfolio->database, drawing->call->arena, drawing->record.id,
                           span->has_base ? span->base.closed_at : 0,
                           span->days[span->count - 1].closed_at, &points, &count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (points[i].at % grid_us == 0)
            points[kept++] = points[i];
    drawing->input.points = points;
    drawing->input.point_count = kept;
    return true;
}

// Needed for what is between closes, and for what a portfolio begins with.
static bool read_flows(struct drawing *drawing, struct error *error)
{
    const struct portfolio_record *record = &drawing->record;

    if (drawing->span.has_base && drawing->input.point_count == 0)
        return true;
    return equity_store_list_flows(drawing->portfolio->database, drawing->call->arena, record->id,
                                   record->is_reset ? record->reset_at : 0, record->opening_cash,
                                   &drawing->input.flows, error);
}

static bool to_message(const struct equity_curve_point *points,
                       size_t count,
                       struct arena *arena,
                       Portfolio__GetEquityCurveResponse *response,
                       struct error *error)
{
    Portfolio__EquityCurvePoint *messages = arena_allocate(arena, (count + 1) * sizeof(*messages));

    response->points = arena_allocate(arena, (count + 1) * sizeof(*response->points));
    if (messages == NULL || response->points == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        portfolio__equity_curve_point__init(&messages[i]);
        messages[i].has_at = messages[i].has_equity_micros = messages[i].has_invested_micros = true;
        messages[i].at = points[i].at;
        messages[i].equity_micros = points[i].equity;
        messages[i].invested_micros = points[i].invested;
        response->points[i] = &messages[i];
    }
    response->n_points = count;
    return true;
}

static bool draw(struct drawing *drawing,
                 int64_t grid_us,
                 struct arena *answer_arena,
                 Portfolio__GetEquityCurveResponse *response,
                 struct error *error)
{
    const struct measured_days *span = &drawing->span;
    struct equity_curve_point *points = NULL;
    size_t count = 0;

    drawing->input.base = span->has_base ? &span->base : NULL;
    drawing->input.days = span->days;
    drawing->input.count = span->count;
    drawing->input.has_present = span->has_present;
    return read_points(drawing, grid_us, error) && read_flows(drawing, error) &&
           equity_curve_make(&drawing->input, drawing->call->arena, &points, &count, error) &&
           to_message(points, count, answer_arena, response, error);
}

bool portfolio_api_get_equity_curve(struct portfolio *portfolio,
                                    struct call *call,
                                    const Portfolio__GetEquityCurveRequest *request,
                                    Portfolio__GetEquityCurveResponse *response,
                                    struct error *error)
{
    OWNED(arena) arena = arena_new(DRAWING_BUDGET);
    struct call drawing_call = *call;
    struct drawing drawing = {.portfolio = portfolio, .call = &drawing_call};
    Portfolio__PerformancePeriod name = request->has_period
                                            ? request->period
                                            : PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL;
    struct period period;

    drawing_call.arena = arena;
    if (!access_find(portfolio, call, request->portfolio_id, true, &drawing.record, error))
        return false;
    appraisal_catch_up(portfolio);
    if (!measured_days_begin(portfolio, &drawing_call, drawing.record.id, &drawing.span, error))
        return false;
    period_until(name, last_day(&drawing), &period);
    response->has_is_complete = response->has_is_intraday = true;
    response->is_complete = drawing.span.state.is_complete;
    response->is_intraday = grid_of(name) > 0;
    return measured_days_read(portfolio, &drawing_call, &period, &drawing.span, error) &&
           (drawing.span.count == 0 || draw(&drawing, grid_of(name), call->arena, response, error));
}
