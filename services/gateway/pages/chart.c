// SPDX-License-Identifier: MIT
#include "pages/chart.h"

#include "bourse/market/v1/market_methods.h"
#include "pages/candle_chart.h"

// As candles.js asks for.
enum { BARS_SHOWN = 2500, MINUTES_A_DAY = 24 * 60, MINUTES_A_SESSION = 390 };

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
static const struct timeframe {
    Market__Timeframe timeframe;
    const char *name;
    const char *label;
    int days;    // 0 for less than one
    int minutes; // 0 for days
} timeframes[] = {
    {MARKET__TIMEFRAME__TIMEFRAME_1MIN, "1Min", "1 min", 0, 1},
    {MARKET__TIMEFRAME__TIMEFRAME_5MIN, "5Min", "5 min", 0, 5},
    {MARKET__TIMEFRAME__TIMEFRAME_15MIN, "15Min", "15 min", 0, 15},
    {MARKET__TIMEFRAME__TIMEFRAME_1HOUR, "1Hour", "1 hour", 0, 60},
    {MARKET__TIMEFRAME__TIMEFRAME_1DAY, "1Day", "1 day", 1, 0},
    {MARKET__TIMEFRAME__TIMEFRAME_1WEEK, "1Week", "1 week", 7, 0},
    {MARKET__TIMEFRAME__TIMEFRAME_1MONTH, "1Month", "1 month", 31, 0},
};

static const struct range *find_range(const Pages__SymbolQuery *query)
{
    Pages__ChartRange wanted = query->has_range ? query->range : PAGES__CHART_RANGE__CHART_RANGE_3M;

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (ranges[i].range == wanted)
            return &ranges[i];
    return &ranges[0];
}

// One bar is no chart, and of more than there is room for the chart would show another range.
// `traded` is how many minutes of the range there is trading in.
static bool suits(const struct timeframe *timeframe, const struct range *range, int traded)
{
    return 2 * timeframe->days <= range->days &&
           (timeframe->minutes == 0 || traded / timeframe->minutes <= BARS_SHOWN);
}

// Ranges end now, and while no session is on with the last one, or a day before a Monday would have
// nothing in it.
static int64_t end_of_range(const struct platform_clock *clock)
{
    return clock->is_open || clock->previous_close == 0 ? clock->now : clock->previous_close;
}

// Around the clock, or in the sessions of five days a week.
static int traded_minutes(const struct range *range, const struct platform_clock *clock)
{
    if (clock->next_open == clock->next_close)
        return range->days * MINUTES_A_DAY;
    return range->days * MINUTES_A_SESSION * 5 / 7;
}

static bool add_choices(struct arena *arena,
                        const struct range *range,
                        Market__Timeframe timeframe,
                        int traded,
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
        Pages__Choice *choice = NULL;

        if (!is_chosen && !suits(&timeframes[i], range, traded))
            continue;
        choice = page_make_choice(arena, timeframes[i].name, timeframes[i].label, is_chosen);
        if (choice == NULL)
            return false;
        chart->timeframes[chart->n_timeframes++] = choice;
        if (!is_chosen)
            continue;
        chart->timeframe = timeframes[i].name;
        chart->has_is_daily = true;
        chart->is_daily = timeframes[i].days > 0;
    }
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
    chart->has_shown_since = list->next_page_token != NULL && list->n_bars > 0;
    if (chart->has_shown_since)
        chart->shown_since = list->bars[list->n_bars - 1]->time;
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
    int traded = 0;
    struct platform_clock clock;

    if (chart == NULL)
        return page_out_of_memory(error);
    pages__chart__init(chart);
    chart->has_table = query->has_table;
    chart->table = query->table;
    chart->has_line = query->has_line;
    chart->line = query->line;
    if (quotes_clock(exchange->gateway->quotes, &clock)) {
        chart->has_start = true;
        chart->start = end_of_range(&clock) - range->days * MICROS_PER_DAY;
        traded = traded_minutes(range, &clock);
    }
    if (!add_choices(arena, range, timeframe, traded, chart))
        return page_out_of_memory(error);
    if (!list_bars(exchange, query->ticker, timeframe, chart, error))
        return false;
    *out_chart = chart;
    return candle_chart_draw(arena, chart) || page_out_of_memory(error);
}
