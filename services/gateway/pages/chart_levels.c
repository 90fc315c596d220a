// SPDX-License-Identifier: MIT
#include "pages/chart_levels.h"

#include <stdlib.h>

#include "pages/candle_chart.h"

// The height of a line of words in hundredths of a percent of the chart, as it is on a phone.
enum { LINE = 700, WHOLE = 100 * 100 };

// What it waits for; 0 for what waits for no price, or not yet: the exits of an entry that is not
// filled. Nobody tells of each step of a stop that trails, so a level of it would be behind.
static int64_t price_of(const Trading__Order *order)
{
    bool trails = order->trail_price_micros > 0 || order->trail_percent_micros > 0;
    bool waits_for_stop = order->stop_price_micros > 0 && order->triggered_at == 0;

    if (trails || order->status == TRADING__ORDER_STATUS__ORDER_STATUS_HELD)
        return 0;
    return waits_for_stop ? order->stop_price_micros : order->limit_price_micros;
}

static bool
add_level(struct arena *arena, int64_t price, const Trading__Order *order, Pages__Chart *chart)
{
    Pages__ChartLevel *level = arena_allocate(arena, sizeof *level);

    if (level == NULL)
        return false;
    pages__chart_level__init(level);
    level->has_price_micros = true;
    level->price_micros = price;
    level->has_side = level->has_quantity_nanos = order != NULL;
    level->side = order != NULL ? order->side : TRADING__ORDER_SIDE__ORDER_SIDE_UNSPECIFIED;
    level->has_part = order != NULL && order->part > TRADING__ORDER_PART__ORDER_PART_ENTRY;
    level->part = level->has_part ? order->part : TRADING__ORDER_PART__ORDER_PART_UNSPECIFIED;
    level->quantity_nanos =
        order != NULL ? order->quantity_nanos - order->filled_quantity_nanos : 0;
    level->has_y_hundredths = price >= chart->lowest_micros && price <= chart->highest_micros;
    if (level->has_y_hundredths)
        level->y_hundredths = candle_chart_depth(chart, price);
    chart->levels[chart->n_levels++] = level;
    return true;
}

// Below the line of what is bought and above that of what is sold, as each is where prices come
// from.
static int64_t middle_of(const Pages__ChartLevel *level)
{
    return level->side == TRADING__ORDER_SIDE__ORDER_SIDE_BUY ? level->y_hundredths + LINE / 2
                                                              : level->y_hundredths - LINE / 2;
}

static int compare_middles(const void *one, const void *other)
{
    int64_t first = middle_of(*(Pages__ChartLevel *const *)one);
    int64_t second = middle_of(*(Pages__ChartLevel *const *)other);

    return (first > second) - (first < second);
}

// Words of levels that are close together are moved down, as far as the chart goes.
static bool place_labels(struct arena *arena, Pages__Chart *chart)
{
    Pages__ChartLevel **levels = arena_allocate(arena, (chart->n_levels + 1) * sizeof *levels);
    int64_t free_from = -LINE;
    size_t count = 0;

    if (levels == NULL)
        return false;
    for (size_t i = 0; i < chart->n_levels; i++)
        if (chart->levels[i]->has_side && chart->levels[i]->has_y_hundredths)
            levels[count++] = chart->levels[i];
    qsort(levels, count, sizeof *levels, compare_middles);
    for (size_t i = 0; i < count; i++) {
        int64_t middle = middle_of(levels[i]);

        levels[i]->label_y_hundredths = middle > free_from ? middle : free_from;
        levels[i]->has_label_y_hundredths = levels[i]->label_y_hundredths <= WHOLE;
        free_from = levels[i]->label_y_hundredths + LINE;
    }
    return true;
}

bool chart_levels_add(struct arena *arena,
                      Trading__Order *const *orders,
                      size_t count,
                      const Portfolio__Position *position,
                      Pages__Chart *chart)
{
    chart->levels = arena_allocate(arena, (count + 1) * sizeof *chart->levels);
    if (chart->levels == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (price_of(orders[i]) > 0 && !add_level(arena, price_of(orders[i]), orders[i], chart))
            return false;
    return (position == NULL || position->average_price_micros <= 0 ||
            add_level(arena, position->average_price_micros, NULL, chart)) &&
           place_labels(arena, chart);
}
