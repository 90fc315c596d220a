// SPDX-License-Identifier: MIT
#include "pages/backtest_view.h"

#include "base/strbuf.h"
#include "pages/figures_view.h"
#include "pages/line_chart.h"

enum { ROWS_SHOWN = 200, DOTS_MAX_BYTES = 32000 };

#define PARTS_PER_MICRO INT64_C(10000)

// Figures.

static bool add_figures(struct arena *arena, Pages__BacktestPage *page)
{
    size_t count = figures_view_count();

    page->figures = arena_allocate(arena, count * sizeof *page->figures);
    if (page->figures == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        Pages__BacktestFigureView *view = figures_view_make(arena, i, page->backtest->statistics);

        if (view == NULL)
            return false;
        // What is neither there nor missed for a reason was not asked for.
        if (view->is_there || view->explanation != NULL)
            page->figures[page->n_figures++] = view;
    }
    return true;
}

// Lines.

static const Trading__BacktestPoint *point_of(const void *context, size_t index)
{
    return ((const Trading__Backtest *)context)->curve[index];
}

static int64_t equity_of(const void *context, size_t index)
{
    return point_of(context, index)->equity_micros;
}

static int64_t benchmark_of(const void *context, size_t index)
{
    return point_of(context, index)->benchmark_micros;
}

static int64_t drawdown_of(const void *context, size_t index)
{
    return point_of(context, index)->drawdown_percent_micros;
}

// The last point that is not later.
static size_t find_point(const Trading__Backtest *backtest, int64_t time)
{
    size_t low = 0;
    size_t high = backtest->n_curve;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (backtest->curve[middle]->time <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// The dots of all orders of a side that were filled: lines without length, which have round ends.
static const char *draw_dots(struct arena *arena,
                             const Trading__Backtest *backtest,
                             Trading__OrderSide side,
                             const struct line_chart_limits *limits)
{
    OWNED(strbuf) dots = strbuf_new(DOTS_MAX_BYTES);

    for (size_t i = 0; i < backtest->n_orders; i++) {
        const Trading__BacktestOrder *order = backtest->orders[i];
        size_t point = 0;

        if (order->side != side || order->filled_quantity_nanos == 0 || !order->has_ended_at)
            continue;
        point = find_point(backtest, order->ended_at);
        strbuf_printf(dots, "M%d,%dh0", line_chart_x(point, backtest->n_curve),
                      line_chart_y(limits, backtest->curve[point]->equity_micros));
    }
    return dots->overflowed || dots->length == 0 ? NULL
                                                 : arena_copy(arena, dots->data, dots->length);
}

// The days at the edges of a chart, and those of its extremes.
static void tell_days(struct arena *arena,
                      const struct line_chart_source *source,
                      const struct line_chart_extremes *extremes,
                      Pages__PerformanceChart *chart)
{
    chart->start = line_chart_print_date(arena, point_of(source->context, 0)->time);
    chart->end = line_chart_print_date(arena, point_of(source->context, source->count - 1)->time);
    chart->highest_on =
        line_chart_print_date(arena, point_of(source->context, extremes->highest)->time);
    chart->lowest_on =
        line_chart_print_date(arena, point_of(source->context, extremes->lowest)->time);
}

static void add_drawdown(struct arena *arena, Pages__BacktestPage *page)
{
    const Trading__Backtest *backtest = page->backtest;
    const struct line_chart_source source = {backtest, backtest->n_curve, drawdown_of, NULL};
    const struct line_chart_extremes extremes = line_chart_find_extremes(&source);
    struct line_chart_limits limits = line_chart_below_zero;
    Pages__PerformanceChart *chart = line_chart_make(arena, &source, &limits);

    page->drawdown = chart;
    if (chart == NULL)
        return;
    tell_days(arena, &source, &extremes, chart);
    chart->area = arena_printf(arena, "M%sV0H0Z", chart->line);
    chart->has_lowest_percent_parts = true;
    chart->lowest_percent_parts = drawdown_of(backtest, extremes.lowest) * PARTS_PER_MICRO;
}

static void add_charts(struct arena *arena, Pages__BacktestPage *page)
{
    const Trading__Backtest *backtest = page->backtest;
    struct line_chart_source source = {backtest, backtest->n_curve, equity_of, NULL};
    struct line_chart_extremes extremes = line_chart_find_extremes(&source);
    struct line_chart_limits limits;

    if (backtest->n_curve < 2)
        return;
    if (backtest->curve[0]->has_benchmark_micros)
        source.other = benchmark_of;
    limits = (struct line_chart_limits){equity_of(backtest, 0), equity_of(backtest, 0)};
    page->equity = line_chart_make(arena, &source, &limits);
    if (page->equity != NULL) {
        page->equity->has_highest_micros = page->equity->has_lowest_micros = true;
        page->equity->highest_micros = equity_of(backtest, extremes.highest);
        page->equity->lowest_micros = equity_of(backtest, extremes.lowest);
        tell_days(arena, &source, &extremes, page->equity);
        page->equity->buys =
            draw_dots(arena, backtest, TRADING__ORDER_SIDE__ORDER_SIDE_BUY, &limits);
        page->equity->sells =
            draw_dots(arena, backtest, TRADING__ORDER_SIDE__ORDER_SIDE_SELL, &limits);
    }
    add_drawdown(arena, page);
}

// Tables.

static bool add_points(struct arena *arena, Pages__BacktestPage *page)
{
    const Trading__Backtest *backtest = page->backtest;

    page->points = arena_allocate(arena, (backtest->n_curve + 1) * sizeof *page->points);
    if (page->points == NULL)
        return false;
    for (size_t i = backtest->n_curve; i > 0; i--)
        page->points[page->n_points++] = backtest->curve[i - 1];
    return true;
}

// As many as somebody reads; the tables for spreadsheets have all.
static void add_rows(Pages__BacktestPage *page)
{
    Trading__Backtest *backtest = page->backtest;

    page->shown_trades = backtest->trades;
    page->n_shown_trades = backtest->n_trades < ROWS_SHOWN ? backtest->n_trades : ROWS_SHOWN;
    page->shown_orders = backtest->orders;
    page->n_shown_orders = backtest->n_orders < ROWS_SHOWN ? backtest->n_orders : ROWS_SHOWN;
}

bool backtest_view_make(struct arena *arena, Pages__BacktestPage *page)
{
    if (page->backtest->statistics == NULL)
        return true;
    add_charts(arena, page);
    add_rows(page);
    return add_figures(arena, page) && add_points(arena, page);
}
