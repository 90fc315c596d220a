// SPDX-License-Identifier: MIT
// Backtests side by side: their figures, what they were asked for that differs, and their curves.
#include "pages/pages.h"

#include "base/strbuf.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"
#include "pages/difference_view.h"
#include "pages/figures_view.h"
#include "pages/line_chart.h"
#include "pages/page.h"
#include "pages/strategy_kinds.h"
#include "rest/table_api.h"

#include <string.h>

enum { IDS_BYTES_MAX = 800 };

#define HUNDRED (100 * INT64_C(1000000))

// What the page asks for as trading takes it: with commas between the ids.
static bool read_request(struct exchange *exchange,
                         Trading__CompareBacktestsRequest *request,
                         struct error *error)
{
    OWNED(strbuf) ids = strbuf_new(IDS_BYTES_MAX);
    const Pages__BacktestComparisonQuery *asked = NULL;
    ProtobufCMessage *query = NULL;

    if (!page_read_query(exchange, &pages_backtest_comparison_query_info, &query, error))
        return false;
    asked = (const Pages__BacktestComparisonQuery *)query;
    for (size_t i = 0; i < asked->n_id; i++)
        strbuf_printf(ids, "%s%s", i > 0 ? "," : "", asked->id[i]);
    trading__compare_backtests_request__init(request);
    request->ids = arena_copy(exchange->request->arena, ids->data, ids->length);
    return request->ids != NULL || page_out_of_memory(error);
}

static bool compare(struct exchange *exchange,
                    Trading__CompareBacktestsResponse **out_response,
                    struct error *error)
{
    Trading__CompareBacktestsRequest request;
    ProtobufCMessage *response = NULL;

    if (!read_request(exchange, &request, error) ||
        !page_call(exchange, "trading", &trading_method_compare_backtests, &request.base, &response,
                   error))
        return false;
    *out_response = (Trading__CompareBacktestsResponse *)response;
    return true;
}

// Mostly they are of one strategy, which is asked for once then.
static bool add_strategy(struct exchange *exchange,
                         const Pages__BacktestComparison *comparison,
                         Pages__ComparedBacktest *view,
                         struct error *error)
{
    for (size_t i = 0; i < comparison->n_backtests; i++) {
        Trading__Strategy *strategy = comparison->backtests[i]->strategy;

        if (strcmp(strategy->id, view->backtest->strategy_id) == 0) {
            view->strategy = strategy;
            return true;
        }
    }
    return strategy_kinds_get_strategy(exchange, view->backtest->strategy_id, &view->strategy,
                                       error);
}

static bool add_backtests(struct exchange *exchange,
                          const Trading__CompareBacktestsResponse *response,
                          Pages__BacktestComparison *comparison,
                          struct error *error)
{
    struct arena *arena = exchange->request->arena;

    comparison->backtests =
        arena_allocate(arena, response->n_backtests * sizeof *comparison->backtests);
    for (size_t i = 0; comparison->backtests != NULL && i < response->n_backtests; i++) {
        Pages__ComparedBacktest *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return page_out_of_memory(error);
        pages__compared_backtest__init(view);
        view->has_number = true;
        view->number = (uint32_t)i + 1;
        view->backtest = response->backtests[i];
        if (!add_strategy(exchange, comparison, view, error))
            return false;
        comparison->backtests[comparison->n_backtests++] = view;
    }
    return comparison->backtests != NULL || page_out_of_memory(error);
}

// Figures.

// Bars of another length begin at other moments of the same day.
static bool is_other_time(const Trading__Backtest *one,
                          const Trading__Backtest *other,
                          int64_t at,
                          int64_t than)
{
    if (one->timeframe == other->timeframe)
        return at != than;
    return at / MICROS_PER_DAY != than / MICROS_PER_DAY;
}

static bool are_of_different_times(const Trading__CompareBacktestsResponse *response)
{
    const Trading__Backtest *first = response->backtests[0];

    for (size_t i = 1; i < response->n_backtests; i++) {
        const Trading__Backtest *other = response->backtests[i];

        if (is_other_time(first, other, first->statistics->first_at, other->statistics->first_at) ||
            is_other_time(first, other, first->statistics->last_at, other->statistics->last_at))
            return true;
    }
    return false;
}

// A row of one figure; NULL in `out_row` when none of them has it.
static bool make_row(struct arena *arena,
                     size_t figure,
                     const Trading__CompareBacktestsResponse *response,
                     bool is_ranked,
                     Pages__BacktestComparisonRow **out_row)
{
    Pages__BacktestComparisonRow *row = arena_allocate(arena, sizeof *row);
    size_t count = response->n_backtests;
    bool is_there = false;

    if (row == NULL)
        return false;
    pages__backtest_comparison_row__init(row);
    row->cells = arena_allocate(arena, count * sizeof *row->cells);
    for (size_t i = 0; row->cells != NULL && i < count; i++) {
        Pages__BacktestFigureView *cell =
            figures_view_make(arena, figure, response->backtests[i]->statistics);

        if (cell == NULL)
            return false;
        cell->has_is_best = true;
        cell->is_best = is_ranked && figures_view_is_best(figure, response->backtests, count, i);
        is_there = is_there || cell->is_there;
        row->label = cell->label;
        row->definition = cell->definition;
        row->cells[row->n_cells++] = cell;
    }
    *out_row = is_there ? row : NULL;
    return row->cells != NULL;
}

static bool add_rows(struct arena *arena,
                     const Trading__CompareBacktestsResponse *response,
                     Pages__BacktestComparison *comparison)
{
    size_t count = figures_view_count();

    comparison->rows = arena_allocate(arena, count * sizeof *comparison->rows);
    if (comparison->rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        Pages__BacktestComparisonRow *row = NULL;

        if (!make_row(arena, i, response, !comparison->are_of_different_times, &row))
            return false;
        if (row != NULL)
            comparison->rows[comparison->n_rows++] = row;
    }
    return true;
}

// What differs. The strategy itself is at the head of each column.

static bool add_differences(struct arena *arena,
                            const Trading__CompareBacktestsResponse *response,
                            Pages__BacktestComparison *comparison)
{
    comparison->differences =
        arena_allocate(arena, (response->n_differences + 1) * sizeof *comparison->differences);
    if (comparison->differences == NULL)
        return false;
    for (size_t i = 0; i < response->n_differences; i++) {
        Pages__BacktestComparisonDifference *view = NULL;

        if (strcmp(response->differences[i]->name, "strategy_id") == 0)
            continue;
        view = difference_view_make(arena, response->differences[i]);
        if (view == NULL)
            return false;
        comparison->differences[comparison->n_differences++] = view;
    }
    return true;
}

// Curves.

struct curve {
    const Trading__CompareBacktestsResponse *response;
    size_t backtest;
};

static int64_t equity_of(const void *context, size_t index)
{
    const struct curve *curve = context;

    return curve->response->curve[index]->equity_micros[curve->backtest];
}

static int64_t benchmark_of(const void *context, size_t index)
{
    return ((const struct curve *)context)->response->curve[index]->benchmark_micros;
}

static bool draw_lines(struct arena *arena,
                       const Trading__CompareBacktestsResponse *response,
                       const struct line_chart_limits *limits,
                       Pages__BacktestComparison *comparison)
{
    for (size_t i = 0; i < comparison->n_backtests; i++) {
        const struct curve curve = {response, i};
        const struct line_chart_source source = {&curve, response->n_curve, equity_of, NULL};

        comparison->backtests[i]->line = line_chart_draw(arena, &source, equity_of, limits);
        if (comparison->backtests[i]->line == NULL)
            return false;
    }
    return true;
}

static bool add_chart(struct arena *arena,
                      const Trading__CompareBacktestsResponse *response,
                      Pages__BacktestComparison *comparison)
{
    struct line_chart_limits limits = {HUNDRED, HUNDRED};
    Pages__PerformanceChart *chart = arena_allocate(arena, sizeof *chart);
    struct curve curve = {.response = response};
    const struct line_chart_source source = {&curve, response->n_curve, equity_of, NULL};

    if (chart == NULL)
        return false;
    if (response->n_curve < 2)
        return true;
    pages__performance_chart__init(chart);
    for (curve.backtest = 0; curve.backtest < comparison->n_backtests; curve.backtest++)
        line_chart_widen(&source, equity_of, &limits);
    if (comparison->benchmark != NULL) {
        line_chart_widen(&source, benchmark_of, &limits);
        chart->other = line_chart_draw(arena, &source, benchmark_of, &limits);
    }
    chart->has_highest_micros = chart->has_lowest_micros = true;
    chart->highest_micros = limits.highest;
    chart->lowest_micros = limits.lowest;
    chart->start = line_chart_print_date(arena, response->curve[0]->time);
    chart->end = line_chart_print_date(arena, response->curve[response->n_curve - 1]->time);
    comparison->chart = chart;
    return draw_lines(arena, response, &limits, comparison);
}

static bool add_points(struct arena *arena,
                       const Trading__CompareBacktestsResponse *response,
                       Pages__BacktestComparison *comparison)
{
    comparison->points =
        arena_allocate(arena, (response->n_curve + 1) * sizeof *comparison->points);
    if (comparison->points == NULL)
        return false;
    for (size_t i = response->n_curve; i > 0; i--)
        comparison->points[comparison->n_points++] = response->curve[i - 1];
    return true;
}

// That of the first that has one, as in the curve.
static void find_benchmark(const Trading__CompareBacktestsResponse *response,
                           Pages__BacktestComparison *comparison)
{
    if (response->n_curve == 0 || !response->curve[0]->has_benchmark_micros)
        return;
    for (size_t i = 0; comparison->benchmark == NULL && i < response->n_backtests; i++)
        comparison->benchmark = response->backtests[i]->benchmark;
}

static bool add_comparison(struct exchange *exchange,
                           const Trading__CompareBacktestsResponse *response,
                           Pages__BacktestComparisonPage *page,
                           struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Pages__BacktestComparison *comparison = arena_allocate(arena, sizeof *comparison);

    if (comparison == NULL)
        return page_out_of_memory(error);
    pages__backtest_comparison__init(comparison);
    page->comparison = comparison;
    comparison->has_are_of_different_times = true;
    comparison->are_of_different_times = are_of_different_times(response);
    find_benchmark(response, comparison);
    if (!add_backtests(exchange, response, comparison, error))
        return false;
    return (add_rows(arena, response, comparison) && add_differences(arena, response, comparison) &&
            add_chart(arena, response, comparison) && add_points(arena, response, comparison)) ||
           page_out_of_memory(error);
}

// Who has checked boxes knows of no ids.
static void rephrase(const struct error *failure, Pages__Problem *problem)
{
    if (problem != NULL && error_is(failure, REASON_INVALID_REQUEST))
        problem->sentence = "Choose from 2 to 10 backtests that are completed, each once.";
}

// The page, of what was compared or of why nothing was.
static bool show(struct exchange *exchange,
                 const Trading__CompareBacktestsResponse *response,
                 const struct error *failure,
                 struct error *error)
{
    Pages__BacktestComparisonPage page = PAGES__BACKTEST_COMPARISON_PAGE__INIT;

    page.form = arena_allocate(exchange->request->arena, sizeof *page.form);
    if (page.form == NULL)
        return page_out_of_memory(error);
    pages__backtest_comparison_form__init(page.form);
    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "Backtests side by side", &page.frame,
                    error) ||
        !page_show_form(exchange, &pages_backtest_comparison_form_info, "comparison", failure,
                        &page.form->base, error))
        return false;
    rephrase(failure, page.form->problem);
    return (response == NULL || add_comparison(exchange, response, &page, error)) &&
           page_answer(exchange, &backtest_comparison_page, &page.base, failure, error);
}

static bool
show_problem(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, NULL, failure, error);
}

bool backtest_comparison_page_show(struct exchange *exchange, struct error *error)
{
    Trading__CompareBacktestsResponse *response = NULL;
    struct error failure;

    if (!compare(exchange, &response, &failure))
        return page_fail(exchange, &failure, show_problem, error);
    return show(exchange, response, NULL, error);
}

bool backtest_comparison_export(struct exchange *exchange, struct error *error)
{
    Trading__CompareBacktestsRequest request;

    return read_request(exchange, &request, error) &&
           table_write(exchange, &trading_method_compare_backtests, &request.base, error);
}
