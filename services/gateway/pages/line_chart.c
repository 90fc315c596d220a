// SPDX-License-Identifier: MIT
#include "pages/line_chart.h"

#include "base/strbuf.h"
#include "base/timestamp.h"

enum {
    WIDTH = 1000,
    HEIGHT = 240,
    POINTS_MAX = 500, // of a line; of more some are left out
    LINE_MAX_BYTES = 16000,
};

void line_chart_widen(const struct line_chart_source *source,
                      line_chart_value *value,
                      struct line_chart_limits *limits)
{
    for (size_t i = 0; i < source->count; i++) {
        int64_t at = value(source->context, i);

        if (at > limits->highest)
            limits->highest = at;
        if (at < limits->lowest)
            limits->lowest = at;
    }
}

struct line_chart_extremes line_chart_find_extremes(const struct line_chart_source *source)
{
    struct line_chart_extremes found = {0, 0};

    for (size_t i = 1; i < source->count; i++) {
        int64_t at = source->value(source->context, i);

        if (at > source->value(source->context, found.highest))
            found.highest = i;
        if (at < source->value(source->context, found.lowest))
            found.lowest = i;
    }
    return found;
}

const char *line_chart_print_date(struct arena *arena, int64_t time)
{
    char text[TIMESTAMP_SIZE];

    timestamp_print(time, text);
    return arena_copy(arena, text, DATE_SIZE - 1);
}

int line_chart_x(size_t index, size_t count)
{
    return count < 2 ? 0 : (int)(index * WIDTH / (count - 1));
}

int line_chart_y(const struct line_chart_limits *limits, int64_t value)
{
    double span = (double)limits->highest - (double)limits->lowest;

    return span <= 0 ? HEIGHT / 2
                     : (int)(((double)limits->highest - (double)value) / span * HEIGHT + 0.5);
}

const char *line_chart_draw(struct arena *arena,
                            const struct line_chart_source *source,
                            line_chart_value *value,
                            const struct line_chart_limits *limits)
{
    OWNED(strbuf) line = strbuf_new(LINE_MAX_BYTES);
    size_t count = source->count;
    size_t points = count < POINTS_MAX ? count : POINTS_MAX;

    if (count < 2)
        return NULL;
    for (size_t i = 0; i < points; i++) {
        size_t index = i * (count - 1) / (points - 1);

        strbuf_printf(line, "%s%d,%d", i > 0 ? " " : "", line_chart_x(i, points),
                      line_chart_y(limits, value(source->context, index)));
    }
    return line->overflowed ? NULL : arena_copy(arena, line->data, line->length);
}

Pages__PerformanceChart *line_chart_make(struct arena *arena,
                                         const struct line_chart_source *source,
                                         struct line_chart_limits *limits)
{
    Pages__PerformanceChart *chart = arena_allocate(arena, sizeof *chart);

    if (chart == NULL)
        return NULL;
    pages__performance_chart__init(chart);
    line_chart_widen(source, source->value, limits);
    if (source->other != NULL)
        line_chart_widen(source, source->other, limits);
    chart->line = line_chart_draw(arena, source, source->value, limits);
    if (source->other != NULL)
        chart->other = line_chart_draw(arena, source, source->other, limits);
    return chart->line == NULL ? NULL : chart;
}
