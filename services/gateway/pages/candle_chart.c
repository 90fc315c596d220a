// SPDX-License-Identifier: MIT
#include "pages/candle_chart.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "money/money.h"

enum {
    WIDTH = 10000,
    HEIGHT = 1000,
    BODY_WIDTH_MAX = WIDTH / 50, // few bars do not become boards
    PRICES_MAX = 6,              // beside the chart
    TIMES_MAX = 6,               // below it
    PATH_MAX_BYTES = 100000,     // 2,500 candles of 40
};

static const Market__Bar *oldest(const Pages__Chart *chart, size_t index)
{
    return chart->bars[chart->n_bars - 1 - index];
}

static size_t middle_of(const Pages__Chart *chart, size_t index)
{
    return (2 * index + 1) * WIDTH / (2 * chart->n_bars);
}

static size_t body_width(const Pages__Chart *chart)
{
    size_t width = WIDTH * 7 / 10 / chart->n_bars;

    return width < BODY_WIDTH_MAX ? width : BODY_WIDTH_MAX;
}

static bool has_risen(const Market__Bar *bar)
{
    return bar->close_micros >= bar->open_micros;
}

// Where a price is, in parts of `whole` from the upper edge of the box.
static int64_t depth_of(const Pages__Chart *chart, int64_t price_micros, int64_t whole)
{
    int64_t span = chart->highest_micros - chart->lowest_micros;
    int64_t depth = whole / 2;

    if (span > 0)
        // Not above `whole`, so that it can be said.
        (void)!money_scale_down(chart->highest_micros - price_micros, whole, span, &depth);
    return depth;
}

static int64_t y_of(const Pages__Chart *chart, int64_t price_micros)
{
    return depth_of(chart, price_micros, HEIGHT);
}

int64_t candle_chart_depth(const Pages__Chart *chart, int64_t price_micros)
{
    return depth_of(chart, price_micros, 100 * 100);
}

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
    int64_t first = oldest(chart, 0)->open_micros;

    chart->has_since_micros = true;
    chart->since_micros = first;
    chart->has_change_micros =
        money_subtract(chart->bars[0]->close_micros, first, &chart->change_micros);
    chart->has_change_percent_micros =
        chart->has_change_micros && first > 0 &&
        money_scale_half_even(chart->change_micros, 100 * MICROS_PER_UNIT, first,
                              &chart->change_percent_micros);
}

// A wick from the highest to the lowest, and a body from the open to the close over it.
static void draw_candle(const Pages__Chart *chart, size_t index, struct strbuf *path)
{
    const Market__Bar *bar = oldest(chart, index);
    int64_t upper = y_of(chart, has_risen(bar) ? bar->close_micros : bar->open_micros);
    int64_t lower = y_of(chart, has_risen(bar) ? bar->open_micros : bar->close_micros);
    size_t middle = middle_of(chart, index);
    size_t width = body_width(chart);

    strbuf_printf(path, "M%zu,%lldV%lldM%zu,%lldh%zuV%lldh-%zuz", middle,
                  (long long)y_of(chart, bar->high_micros), (long long)y_of(chart, bar->low_micros),
                  middle - width / 2, (long long)upper, width, (long long)lower, width);
}

static const char *keep(struct arena *arena, const struct strbuf *path)
{
    return arena_copy(arena, path->data, path->length);
}

static bool draw_candles(struct arena *arena, Pages__Chart *chart)
{
    OWNED(strbuf) rises = strbuf_new(PATH_MAX_BYTES);
    OWNED(strbuf) falls = strbuf_new(PATH_MAX_BYTES);

    for (size_t i = 0; i < chart->n_bars; i++)
        draw_candle(chart, i, has_risen(oldest(chart, i)) ? rises : falls);
    chart->rises = keep(arena, rises);
    chart->falls = keep(arena, falls);
    return chart->rises != NULL && chart->falls != NULL;
}

static bool draw_line(struct arena *arena, Pages__Chart *chart)
{
    OWNED(strbuf) path = strbuf_new(PATH_MAX_BYTES);

    for (size_t i = 0; i < chart->n_bars; i++)
        strbuf_printf(path, "%c%zu,%lld", i == 0 ? 'M' : 'L', middle_of(chart, i),
                      (long long)y_of(chart, oldest(chart, i)->close_micros));
    chart->closes = keep(arena, path);
    return chart->closes != NULL;
}

static bool draw_volumes(struct arena *arena, Pages__Chart *chart)
{
    OWNED(strbuf) path = strbuf_new(PATH_MAX_BYTES);
    size_t width = body_width(chart);
    int64_t most = 0;

    for (size_t i = 0; i < chart->n_bars; i++)
        if (chart->bars[i]->volume > most)
            most = chart->bars[i]->volume;
    for (size_t i = 0; i < chart->n_bars; i++) {
        int64_t height = 0;

        if (oldest(chart, i)->volume <= 0 ||
            !money_scale_down(oldest(chart, i)->volume, HEIGHT, most, &height))
            continue;
        strbuf_printf(path, "M%zu,%dv-%lldh%zuV%dz", middle_of(chart, i) - width / 2, HEIGHT,
                      (long long)height, width, HEIGHT);
    }
    chart->volumes = keep(arena, path);
    return chart->volumes != NULL;
}

// The least of 1, 2 and 5 times a power of ten that divides the span into as many steps at most as
// there are prices less one.
static int64_t step_of(int64_t span)
{
    int64_t least = span / (PRICES_MAX - 1) + 1;
    int64_t power = 1;

    while (least / power >= 10)
        power *= 10;
    if (power >= least)
        return power;
    if (2 * power >= least)
        return 2 * power;
    return 5 * power >= least ? 5 * power : 10 * power;
}

static bool add_price(struct arena *arena, int64_t price_micros, Pages__Chart *chart)
{
    Pages__ChartPrice *price = arena_allocate(arena, sizeof *price);

    if (price == NULL)
        return false;
    pages__chart_price__init(price);
    price->has_y_hundredths = true;
    price->y_hundredths = candle_chart_depth(chart, price_micros);
    price->has_price_micros = true;
    price->price_micros = price_micros;
    chart->prices[chart->n_prices++] = price;
    return true;
}

static bool add_prices(struct arena *arena, Pages__Chart *chart)
{
    int64_t span = chart->highest_micros - chart->lowest_micros;
    int64_t step = step_of(span);
    int64_t first = chart->lowest_micros / step * step;

    chart->prices = arena_allocate(arena, PRICES_MAX * sizeof *chart->prices);
    if (chart->prices == NULL)
        return false;
    if (span == 0)
        return add_price(arena, chart->lowest_micros, chart);
    if (first < chart->lowest_micros)
        first += step;
    for (int64_t i = 0; i < PRICES_MAX && i <= (chart->highest_micros - first) / step; i++)
        if (!add_price(arena, first + i * step, chart))
            return false;
    return true;
}

// As much of a time as tells the times below a chart from each other.
static void say_time(int64_t span, int64_t time, Pages__ChartTime *mark)
{
    if (span < 2 * MICROS_PER_DAY) {
        mark->has_minute = true;
        mark->minute = time;
    } else if (span < 200 * MICROS_PER_DAY) {
        mark->has_day = true;
        mark->day = time;
    } else {
        mark->has_month = true;
        mark->month = time;
    }
}

static bool add_times(struct arena *arena, Pages__Chart *chart)
{
    int64_t span = chart->bars[0]->time - oldest(chart, 0)->time;
    size_t count = chart->n_bars < TIMES_MAX ? chart->n_bars : TIMES_MAX;

    chart->times = arena_allocate(arena, TIMES_MAX * sizeof *chart->times);
    if (chart->times == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t index = (2 * i + 1) * chart->n_bars / (2 * count);
        Pages__ChartTime *mark = arena_allocate(arena, sizeof *mark);

        if (mark == NULL)
            return false;
        pages__chart_time__init(mark);
        mark->has_x_hundredths = true;
        mark->x_hundredths = (int64_t)middle_of(chart, index);
        say_time(span, oldest(chart, index)->time, mark);
        chart->times[chart->n_times++] = mark;
    }
    return true;
}

bool candle_chart_draw(struct arena *arena, Pages__Chart *chart)
{
    if (chart->n_bars == 0)
        return true;
    find_limits(chart);
    find_change(chart);
    return (chart->line ? draw_line(arena, chart) : draw_candles(arena, chart)) &&
           draw_volumes(arena, chart) && add_prices(arena, chart) && add_times(arena, chart);
}

static int64_t within(const Pages__Chart *chart, int64_t price_micros)
{
    if (price_micros > chart->highest_micros)
        return chart->highest_micros;
    return price_micros < chart->lowest_micros ? chart->lowest_micros : price_micros;
}

bool candle_chart_mark_price(struct arena *arena, int64_t price_micros, Pages__Chart *chart)
{
    if (chart->n_bars == 0)
        return true;
    chart->now = arena_allocate(arena, sizeof *chart->now);
    if (chart->now == NULL)
        return false;
    pages__chart_price__init(chart->now);
    chart->now->has_y_hundredths = true;
    chart->now->y_hundredths = candle_chart_depth(chart, within(chart, price_micros));
    chart->now->has_price_micros = true;
    chart->now->price_micros = price_micros;
    return true;
}

// The number of the bar that a moment is in, from the oldest on.
static size_t find_bar(const Pages__Chart *chart, int64_t time)
{
    size_t low = 0;
    size_t high = chart->n_bars;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (oldest(chart, middle)->time <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static bool add_mark(struct arena *arena, size_t bar, bool is_buy, Pages__Chart *chart)
{
    Pages__ChartMark *mark = NULL;
    int64_t x = (int64_t)middle_of(chart, bar);

    for (size_t i = 0; i < chart->n_marks; i++)
        if (chart->marks[i]->x_hundredths == x && chart->marks[i]->is_buy == is_buy)
            return true;
    mark = arena_allocate(arena, sizeof *mark);
    if (mark == NULL)
        return false;
    pages__chart_mark__init(mark);
    mark->has_x_hundredths = mark->has_y_hundredths = mark->has_is_buy = true;
    mark->x_hundredths = x;
    mark->y_hundredths = candle_chart_depth(chart, is_buy ? oldest(chart, bar)->low_micros
                                                          : oldest(chart, bar)->high_micros);
    mark->is_buy = is_buy;
    chart->marks[chart->n_marks++] = mark;
    return true;
}

bool candle_chart_mark_fills(struct arena *arena,
                             Portfolio__Transaction *const *fills,
                             size_t count,
                             Pages__Chart *chart)
{
    if (chart->n_bars == 0 || count == 0)
        return true;
    chart->marks = arena_allocate(arena, count * sizeof *chart->marks);
    if (chart->marks == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_buy = fills[i]->type == PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY;

        if (!add_mark(arena, find_bar(chart, fills[i]->booked_at), is_buy, chart))
            return false;
    }
    return true;
}
