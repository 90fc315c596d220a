// SPDX-License-Identifier: MIT
#include "pages/chart_levels.h"

#include "pages/candle_chart.h"

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
    level->quantity_nanos =
        order != NULL ? order->quantity_nanos - order->filled_quantity_nanos : 0;
    level->has_y_hundredths = price >= chart->lowest_micros && price <= chart->highest_micros;
    if (level->has_y_hundredths)
        level->y_hundredths = candle_chart_depth(chart, price);
    chart->levels[chart->n_levels++] = level;
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
    return position == NULL || position->average_price_micros <= 0 ||
           add_level(arena, position->average_price_micros, NULL, chart);
}
