// SPDX-License-Identifier: MIT
#include "pages/backtest_view.h"

#include "base/strbuf.h"
#include "bourse/trading/v1/trading_rules.h"
#include "message/fields.h"
#include "pages/line_chart.h"

#include <string.h>

enum { ROWS_SHOWN = 200, DOTS_MAX_BYTES = 32000 };

#define PARTS_PER_MICRO INT64_C(10000)

// Figures.

enum look { LOOKS_SIGNED, LOOKS_SHARE, LOOKS_NUMBER, LOOKS_COUNT, LOOKS_TIME };

static const struct figure {
    const char *name; // in the API
    const char *label;
    enum look look; // a percentage with its sign, one that has none, a number, a count, a moment
    const char *definition;
} figures[] = {
    {"return_percent", "Return", LOOKS_SIGNED,
     "What the equity at the end is more than the cash at the beginning, in percent of that."},
    {"annual_return_percent", "A year of it", LOOKS_SIGNED,
     "The return that, made every year, comes to the same; of a year or more."},
    {"buy_and_hold_return_percent", "Buy and hold", LOOKS_SIGNED,
     "What the symbols have gained from their first open to their last close, on average."},
    {"benchmark_return_percent", "Benchmark", LOOKS_SIGNED,
     "What the benchmark has gained from its first open to its last close."},
    {"volatility_percent", "Volatility a year", LOOKS_SHARE,
     "The standard deviation of the returns of the days, times the root of the days a year has."},
    {"sharpe_ratio", "Sharpe ratio", LOOKS_NUMBER,
     "The mean return of a day by the standard deviation, for a year; without a riskless rate."},
    {"sortino_ratio", "Sortino ratio", LOOKS_NUMBER,
     "The same, by the deviation of the days with a loss alone."},
    {"calmar_ratio", "Calmar ratio", LOOKS_NUMBER, "The return of a year by the deepest drawdown."},
    {"max_drawdown_percent", "Deepest drawdown", LOOKS_SIGNED,
     "The deepest fall from the highest equity until then, at closes."},
    {"max_drawdown_peak_at", "Drawdown from", LOOKS_TIME, "When the equity was at that peak."},
    {"max_drawdown_trough_at", "Drawdown until", LOOKS_TIME, "When it was deepest."},
    {"max_drawdown_recovered_at", "Made up for", LOOKS_TIME,
     "When the peak was reached again; nothing when it was not."},
    {"beta", "Beta", LOOKS_NUMBER,
     "By how much the returns of the days move with those of the benchmark."},
    {"alpha_percent", "Alpha a year", LOOKS_SIGNED,
     "The return of a year that does not come of moving with the benchmark."},
    {"exposure_percent", "In the market", LOOKS_SHARE,
     "Of the bars those at which there was a position."},
    {"turnover", "Turnover", LOOKS_NUMBER,
     "Half of what was bought and sold, in parts of the equity on average."},
    {"trades", "Trades", LOOKS_COUNT,
     "From the first share bought until none is left; those that are open are not among them."},
    {"open_trades", "Open at the end", LOOKS_COUNT,
     "Positions that were there at the end, valued at the last close."},
    {"win_rate_percent", "Trades with a profit", LOOKS_SHARE, "Of those that have ended."},
    {"profit_factor", "Profit factor", LOOKS_NUMBER,
     "All profits of trades in parts of all losses."},
    {"average_trade", "Average trade", LOOKS_NUMBER,
     "The profit of a trade, commission taken off."},
    {"best_trade", "Best trade", LOOKS_NUMBER, "The largest profit of a trade."},
    {"worst_trade", "Worst trade", LOOKS_NUMBER, "The smallest profit of a trade."},
    {"average_trade_bars", "Bars a trade", LOOKS_NUMBER, "How long a trade lasts on average."},
    {"orders", "Orders", LOOKS_COUNT, "All that were placed, those that were canceled included."},
    {"orders_refused", "Orders refused", LOOKS_COUNT, "Those that there was too little cash for."},
    {"commission", "Commission", LOOKS_NUMBER, "All that was paid."},
    {"bars", "Bars", LOOKS_COUNT, "That were traded on, of all symbols."},
    {"warm_up_bars", "Warm-up", LOOKS_COUNT,
     "Bars before those, that indicators needed and that were not traded on."},
};

static const char *find_reason(const Trading__BacktestStatistics *statistics, const char *name)
{
    for (size_t i = 0; i < statistics->n_unknown; i++)
        if (strcmp(statistics->unknown[i]->figure, name) == 0)
            return statistics->unknown[i]->sentence;
    return NULL;
}

static void set_value(enum look look, int64_t value, Pages__BacktestFigureView *view)
{
    switch (look) {
    case LOOKS_SIGNED:
        view->has_percent_micros = true;
        view->percent_micros = value;
        break;
    case LOOKS_SHARE:
        view->has_share_micros = true;
        view->share_micros = value;
        break;
    case LOOKS_NUMBER:
        view->has_number_micros = true;
        view->number_micros = value;
        break;
    case LOOKS_COUNT:
        view->has_count = true;
        view->count = (uint64_t)value;
        break;
    case LOOKS_TIME:
        view->has_time = true;
        view->time = value;
        break;
    }
}

// The value of a field of the statistics; false when it is absent.
static bool
find_value(const Trading__BacktestStatistics *statistics, const char *name, int64_t *out_value)
{
    const struct message_info *info = &trading_backtest_statistics_info;
    size_t index = fields_index_of(info, text_of(name));
    const ProtobufCFieldDescriptor *field = NULL;
    const char *base = (const char *)statistics;

    if (index == SIZE_MAX)
        return false;
    field = &info->descriptor->fields[index];
    if (!*(const protobuf_c_boolean *)(base + field->quantifier_offset))
        return false;
    *out_value = field->type == PROTOBUF_C_TYPE_UINT32
                     ? (int64_t) * (const uint32_t *)(base + field->offset)
                     : *(const int64_t *)(base + field->offset);
    return true;
}

static bool add_figures(struct arena *arena, Pages__BacktestPage *page)
{
    const Trading__BacktestStatistics *statistics = page->backtest->statistics;

    page->figures = arena_allocate(arena, COUNT_OF(figures) * sizeof *page->figures);
    if (page->figures == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const struct figure *figure = &figures[i];
        Pages__BacktestFigureView *view = arena_allocate(arena, sizeof *view);
        int64_t value = 0;
        bool is_there = find_value(statistics, figure->name, &value);

        if (view == NULL)
            return false;
        pages__backtest_figure_view__init(view);
        view->label = figure->label;
        view->definition = figure->definition;
        view->explanation = is_there ? NULL : find_reason(statistics, figure->name);
        if (is_there)
            set_value(figure->look, value, view);
        // What is neither there nor missed for a reason was not asked for.
        if (is_there || view->explanation != NULL)
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

static void add_charts(struct arena *arena, Pages__BacktestPage *page)
{
    const Trading__Backtest *backtest = page->backtest;
    struct line_chart_source source = {backtest, backtest->n_curve, equity_of, NULL};
    struct line_chart_limits limits;

    if (backtest->n_curve < 2)
        return;
    if (backtest->curve[0]->has_benchmark_micros)
        source.other = benchmark_of;
    limits = (struct line_chart_limits){equity_of(backtest, 0), equity_of(backtest, 0)};
    page->equity = line_chart_make(arena, &source, &limits);
    if (page->equity != NULL) {
        page->equity->has_highest_micros = page->equity->has_lowest_micros = true;
        page->equity->highest_micros = limits.highest;
        page->equity->lowest_micros = limits.lowest;
        page->equity->buys =
            draw_dots(arena, backtest, TRADING__ORDER_SIDE__ORDER_SIDE_BUY, &limits);
        page->equity->sells =
            draw_dots(arena, backtest, TRADING__ORDER_SIDE__ORDER_SIDE_SELL, &limits);
    }
    source = (struct line_chart_source){backtest, backtest->n_curve, drawdown_of, NULL};
    limits = (struct line_chart_limits){0, 0};
    page->drawdown = line_chart_make(arena, &source, &limits);
    if (page->drawdown != NULL) {
        page->drawdown->area = arena_printf(arena, "M%sV0H0Z", page->drawdown->line);
        page->drawdown->has_lowest_percent_parts = true;
        page->drawdown->lowest_percent_parts = limits.lowest * PARTS_PER_MICRO;
    }
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
