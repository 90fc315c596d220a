// SPDX-License-Identifier: MIT
#include "pages/chart.h"

#include "bourse/market/v1/market_methods.h"
#include "money/money.h"

#include <string.h>

enum { BARS_SHOWN = 400, WIDTH = 1000, HEIGHT = 240, LINE_MAX_BYTES = 16000 };
#define MICROS_PER_DAY (INT64_C(86400) * MICROS_PER_SECOND)

static const struct range {
    Pages__ChartRange range;
    const char *name;
    const char *label;
    int days;
    Market__Timeframe timeframe; // what suits it
} ranges[] = {
    {PAGES__CHART_RANGE__CHART_RANGE_1D, "1d", "1 day", 1, MARKET__TIMEFRAME__TIMEFRAME_5MIN},
    {PAGES__CHART_RANGE__CHART_RANGE_1W, "1w", "1 week", 7, MARKET__TIMEFRAME__TIMEFRAME_1HOUR},
    {PAGES__CHART_RANGE__CHART_RANGE_1M, "1m", "1 month", 31, MARKET__TIMEFRAME__TIMEFRAME_1DAY},
    {PAGES__CHART_RANGE__CHART_RANGE_3M, "3m", "3 months", 92, MARKET__TIMEFRAME__TIMEFRAME_1DAY},
    {PAGES__CHART_RANGE__CHART_RANGE_1Y, "1y", "1 year", 366, MARKET__TIMEFRAME__TIMEFRAME_1DAY},
    {PAGES__CHART_RANGE__CHART_RANGE_5Y, "5y", "5 years", 1827, MARKET__TIMEFRAME__TIMEFRAME_1WEEK},
};

// The names are those of the API.
static const struct {
    Market__Timeframe timeframe;
    const char *name;
    const char *label;
} timeframes[] = {
    {MARKET__TIMEFRAME__TIMEFRAME_1MIN, "1Min", "1 min"},
    {MARKET__TIMEFRAME__TIMEFRAME_5MIN, "5Min", "5 min"},
    {MARKET__TIMEFRAME__TIMEFRAME_15MIN, "15Min", "15 min"},
    {MARKET__TIMEFRAME__TIMEFRAME_1HOUR, "1Hour", "1 hour"},
    {MARKET__TIMEFRAME__TIMEFRAME_1DAY, "1Day", "1 day"},
    {MARKET__TIMEFRAME__TIMEFRAME_1WEEK, "1Week", "1 week"},
    {MARKET__TIMEFRAME__TIMEFRAME_1MONTH, "1Month", "1 month"},
};

static const struct range *find_range(const Pages__SymbolQuery *query)
{
    Pages__ChartRange wanted = query->has_range ? query->range : PAGES__CHART_RANGE__CHART_RANGE_3M;

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (ranges[i].range == wanted)
            return &ranges[i];
    return &ranges[0];
}

static bool add_choices(struct arena *arena,
                        const struct range *range,
                        Market__Timeframe timeframe,
                        Pages__Chart *chart)
{
    chart->ranges = arena_allocate(arena, COUNT_OF(ranges) * sizeof(Pages__Choice *));
    chart->timeframes = arena_allocate(arena, COUNT_OF(timeframes) * sizeof(Pages__Choice *));
    if (chart->ranges == NULL || chart->timeframes == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        chart->ranges[i] =
            page_make_choice(arena, ranges[i].name, ranges[i].label, &ranges[i] == range);
        if (chart->ranges[i] == NULL)
            return false;
    }
    chart->n_ranges = COUNT_OF(ranges);
    for (size_t i = 0; i < COUNT_OF(timeframes); i++) {
        bool is_chosen = timeframes[i].timeframe == timeframe;

        chart->timeframes[i] =
            page_make_choice(arena, timeframes[i].name, timeframes[i].label, is_chosen);
        if (chart->timeframes[i] == NULL)
            return false;
        if (is_chosen)
            chart->timeframe = timeframes[i].name;
    }
    chart->n_timeframes = COUNT_OF(timeframes);
    chart->range = range->name;
    return true;
}

static bool list_bars(struct exchange *exchange,
                      const char *ticker,
                      Market__Timeframe timeframe,
                      Pages__Chart *chart,
                      struct error *error)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    const Market__ListBarsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    request.ticker = ticker;
    request.has_timeframe = true;
    request.timeframe = timeframe;
    request.has_start = chart->has_start;
    request.start = chart->start;
    request.has_limit = true;
    request.limit = BARS_SHOWN;
    request.has_sort = true;
    request.sort = MARKET__SORT__SORT_DESC;
    request.has_adjustment = true;
    request.adjustment = MARKET__ADJUSTMENT__ADJUSTMENT_SPLIT;
    if (!page_call(exchange, "market", &market_method_list_bars, &request.base, &response, error))
        return false;
    list = (const Market__ListBarsResponse *)response;
    chart->n_bars = list->n_bars;
    chart->bars = list->bars;
    chart->has_is_late = true;
    chart->is_late = list->has_is_complete && !list->is_complete;
    chart->complete_through = list->complete_through;
    return true;
}

bool chart_make(struct exchange *exchange,
                const Pages__SymbolQuery *query,
                Pages__Chart **out_chart,
                struct error *error)
{
    struct arena *arena = exchange->request->arena;
    const struct range *range = find_range(query);
    Market__Timeframe timeframe = query->has_timeframe ? query->timeframe : range->timeframe;
    Pages__Chart *chart = arena_allocate(arena, sizeof *chart);
    struct platform_clock clock;

    if (chart == NULL)
        return page_out_of_memory(error);
    pages__chart__init(chart);
    if (quotes_clock(exchange->gateway->quotes, &clock)) {
        chart->has_start = true;
        chart->start = clock.now - range->days * MICROS_PER_DAY;
    }
    if (!add_choices(arena, range, timeframe, chart))
        return page_out_of_memory(error);
    if (!list_bars(exchange, query->ticker, timeframe, chart, error))
        return false;
    *out_chart = chart;
    return chart_draw(arena, chart) || page_out_of_memory(error);
}

// Drawing.

static void find_limits(Pages__Chart *chart)
{
    chart->has_highest_micros = true;
    chart->has_lowest_micros = true;
    chart->highest_micros = chart->bars[0]->high_micros;
    chart->lowest_micros = chart->bars[0]->low_micros;
    for (size_t i = 1; i < chart->n_bars; i++) {
        if (chart->bars[i]->high_micros > chart->highest_micros)
            chart->highest_micros = chart->bars[i]->high_micros;
        if (chart->bars[i]->low_micros < chart->lowest_micros)
            chart->lowest_micros = chart->bars[i]->low_micros;
    }
}

static void find_change(Pages__Chart *chart)
{
    int64_t first = chart->bars[chart->n_bars - 1]->open_micros;

    chart->has_change_micros =
        money_subtract(chart->bars[0]->close_micros, first, &chart->change_micros);
    chart->has_change_percent_micros =
        chart->has_change_micros && first > 0 &&
        money_scale_half_even(chart->change_micros, 100 * MICROS_PER_UNIT, first,
                              &chart->change_percent_micros);
}

// Where a price is in the box, from its upper edge.
static int64_t height_of(const Pages__Chart *chart, int64_t price_micros)
{
    int64_t span = chart->highest_micros - chart->lowest_micros;
    int64_t height = HEIGHT / 2;

    if (span > 0 && money_scale_down(chart->highest_micros - price_micros, HEIGHT, span, &height))
        return height;
    return HEIGHT / 2;
}

bool chart_draw(struct arena *arena, Pages__Chart *chart)
{
    OWNED(strbuf) line = strbuf_new(LINE_MAX_BYTES);
    size_t last = chart->n_bars - 1;

    // One bar is no line.
    if (chart->n_bars < 2)
        return true;
    find_limits(chart);
    find_change(chart);
    for (size_t i = 0; i <= last; i++)
        strbuf_printf(line, "%s%zu,%lld", i > 0 ? " " : "", i * WIDTH / last,
                      (long long)height_of(chart, chart->bars[last - i]->close_micros));
    if (line->overflowed)
        return true;
    chart->line = arena_copy(arena, line->data, line->length);
    chart->area = arena_printf(arena, "M%sV%dH0Z", line->data, HEIGHT);
    return chart->line != NULL && chart->area != NULL;
}

// The number of the bar that a moment is in, from the oldest on.
static size_t find_bar(const Pages__Chart *chart, int64_t time)
{
    size_t last = chart->n_bars - 1;
    size_t found = 0;

    for (size_t i = 0; i <= last && chart->bars[last - i]->time <= time; i++)
        found = i;
    return found;
}

static int64_t within(const Pages__Chart *chart, int64_t price_micros)
{
    if (price_micros > chart->highest_micros)
        return chart->highest_micros;
    return price_micros < chart->lowest_micros ? chart->lowest_micros : price_micros;
}

bool chart_draw_fills(struct arena *arena,
                      Portfolio__Transaction *const *fills,
                      size_t count,
                      Pages__Chart *chart)
{
    OWNED(strbuf) buys = strbuf_new(LINE_MAX_BYTES);
    OWNED(strbuf) sells = strbuf_new(LINE_MAX_BYTES);

    if (chart->line == NULL)
        return true;
    for (size_t i = 0; i < count; i++) {
        bool is_buy = fills[i]->type == PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY;
        size_t bar = find_bar(chart, fills[i]->booked_at);

        // A line without length has round ends.
        strbuf_printf(is_buy ? buys : sells, "M%zu,%lldh0", bar * WIDTH / (chart->n_bars - 1),
                      (long long)height_of(chart, within(chart, fills[i]->price_micros)));
    }
    if (buys->length > 0 && !buys->overflowed)
        chart->buys = arena_copy(arena, buys->data, buys->length);
    if (sells->length > 0 && !sells->overflowed)
        chart->sells = arena_copy(arena, sells->data, sells->length);
    return true;
}
