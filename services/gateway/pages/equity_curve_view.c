// SPDX-License-Identifier: MIT
#include "pages/equity_curve_view.h"

#include "bourse/portfolio/v1/portfolio_methods.h"
#include "money/money.h"
#include "pages/line_chart.h"
#include "pages/performance_view.h"

enum { ROWS_SHOWN = 1000 };

static int64_t equity_of(const void *context, size_t index)
{
    return ((const Portfolio__GetEquityCurveResponse *)context)->points[index]->equity_micros;
}

static int64_t invested_of(const void *context, size_t index)
{
    return ((const Portfolio__GetEquityCurveResponse *)context)->points[index]->invested_micros;
}

static bool draw(struct arena *arena,
                 const Portfolio__GetEquityCurveResponse *answer,
                 Pages__EquityCurve *curve)
{
    const struct line_chart_source source = {answer, answer->n_points, equity_of, invested_of};
    const struct line_chart_extremes extremes = line_chart_find_extremes(&source);
    struct line_chart_limits limits = {equity_of(answer, 0), equity_of(answer, 0)};

    line_chart_widen(&source, equity_of, &limits);
    line_chart_widen(&source, invested_of, &limits);
    curve->line = line_chart_draw(arena, &source, equity_of, &limits);
    curve->invested_line = line_chart_draw(arena, &source, invested_of, &limits);
    curve->has_top_micros = curve->has_bottom_micros = true;
    curve->top_micros = limits.highest;
    curve->bottom_micros = limits.lowest;
    curve->has_highest_micros = curve->has_highest_at = true;
    curve->highest_micros = equity_of(answer, extremes.highest);
    curve->highest_at = answer->points[extremes.highest]->at;
    curve->has_lowest_micros = curve->has_lowest_at = true;
    curve->lowest_micros = equity_of(answer, extremes.lowest);
    curve->lowest_at = answer->points[extremes.lowest]->at;
    curve->has_start = curve->has_end = true;
    curve->start = answer->points[0]->at;
    curve->end = answer->points[answer->n_points - 1]->at;
    return curve->line != NULL && curve->invested_line != NULL;
}

static void sum_up(const Portfolio__EquityCurvePoint *last, Pages__EquityCurve *curve)
{
    curve->has_invested_micros = true;
    curve->invested_micros = last->invested_micros;
    curve->has_gain_micros =
        money_subtract(last->equity_micros, last->invested_micros, &curve->gain_micros);
    curve->has_gain_percent_micros =
        curve->has_gain_micros && last->invested_micros > 0 &&
        money_scale_half_even(curve->gain_micros, 100 * MICROS_PER_UNIT, last->invested_micros,
                              &curve->gain_percent_micros);
}

static bool add_rows(struct arena *arena,
                     const Portfolio__GetEquityCurveResponse *answer,
                     Pages__EquityCurve *curve)
{
    size_t count = answer->n_points < ROWS_SHOWN ? answer->n_points : ROWS_SHOWN;
    Pages__EquityCurveRow *rows = arena_allocate(arena, (count + 1) * sizeof *rows);

    curve->rows = arena_allocate(arena, (count + 1) * sizeof *curve->rows);
    if (rows == NULL || curve->rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Portfolio__EquityCurvePoint *point = answer->points[answer->n_points - 1 - i];

        pages__equity_curve_row__init(&rows[i]);
        rows[i].has_at = rows[i].has_equity_micros = true;
        rows[i].at = point->at;
        rows[i].equity_micros = point->equity_micros;
        rows[i].has_gain_micros =
            money_subtract(point->equity_micros, point->invested_micros, &rows[i].gain_micros);
        curve->rows[i] = &rows[i];
    }
    curve->n_rows = count;
    curve->has_has_more_rows = true;
    curve->has_more_rows = count < answer->n_points;
    return true;
}

static void set_trouble(Pages__EquityCurve *curve, Pages__EquityCurveTrouble trouble)
{
    curve->has_trouble = true;
    curve->trouble = trouble;
}

static bool fill(struct arena *arena,
                 const Portfolio__GetEquityCurveResponse *answer,
                 Pages__EquityCurve *curve)
{
    curve->has_is_intraday = answer->has_is_intraday;
    curve->is_intraday = answer->is_intraday;
    if (!answer->is_complete)
        set_trouble(curve, PAGES__EQUITY_CURVE_TROUBLE__EQUITY_CURVE_TROUBLE_LATE);
    if (curve->has_trouble || answer->n_points == 0)
        return true;
    sum_up(answer->points[answer->n_points - 1], curve);
    return (answer->n_points < 2 || draw(arena, answer, curve)) &&
           (!curve->table || add_rows(arena, answer, curve));
}

bool equity_curve_view_make(struct exchange *exchange,
                            const struct equity_curve_wanted *wanted,
                            Pages__EquityCurve **out_curve,
                            struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Portfolio__GetEquityCurveRequest request = PORTFOLIO__GET_EQUITY_CURVE_REQUEST__INIT;
    Pages__EquityCurve *curve = arena_allocate(arena, sizeof *curve);
    ProtobufCMessage *response = NULL;

    if (curve == NULL)
        return page_out_of_memory(error);
    pages__equity_curve__init(curve);
    *out_curve = curve;
    curve->portfolio_id = wanted->portfolio_id;
    curve->has_is_dashboard = true;
    curve->is_dashboard = wanted->is_dashboard;
    curve->composed_by = wanted->composed_by;
    curve->has_table = curve->table = wanted->has_table; // absent, it is in no link
    if (!performance_view_list_periods(arena, wanted->period, &curve->periods, &curve->n_periods,
                                       &curve->period))
        return page_out_of_memory(error);
    request.portfolio_id = wanted->portfolio_id;
    request.has_period = true;
    request.period = wanted->period;
    if (!page_call_for_part(exchange, "portfolio", &portfolio_method_get_equity_curve,
                            &request.base, &response, error)) {
        if (!error_is(error, REASON_LIMIT_EXCEEDED))
            return false;
        set_trouble(curve, PAGES__EQUITY_CURVE_TROUBLE__EQUITY_CURVE_TROUBLE_TOO_LONG);
        return true;
    }
    if (response == NULL) {
        set_trouble(curve, PAGES__EQUITY_CURVE_TROUBLE__EQUITY_CURVE_TROUBLE_AWAY);
        return true;
    }
    return fill(arena, (const Portfolio__GetEquityCurveResponse *)response, curve) ||
           page_out_of_memory(error);
}
