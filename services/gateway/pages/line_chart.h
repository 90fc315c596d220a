// SPDX-License-Identifier: MIT
// line_chart: values as a line in a box of 1000 by 240, for charts that need no script.
//
// Threads: pure functions. Memory: the arena's.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"

#include "base/arena.h"

struct line_chart_limits {
    int64_t highest;
    int64_t lowest;
};

// To begin with, for what is never below 0 and what is never above it: a line that stays at 0 lies
// on that edge of the box.
static const struct line_chart_limits line_chart_above_zero = {1, 0};
static const struct line_chart_limits line_chart_below_zero = {0, -1};

// One of the values that a chart shows, by its number.
typedef int64_t line_chart_value(const void *context, size_t index);

struct line_chart_source {
    const void *context;
    size_t count;
    line_chart_value *value;
    line_chart_value *other; // of a second line; NULL for none
};

// Makes the chart of a source, and widens the limits until all values are between them. NULL for
// what is no line, and when the arena's budget is spent.
Pages__PerformanceChart *line_chart_make(struct arena *arena,
                                         const struct line_chart_source *source,
                                         struct line_chart_limits *limits);

// The two steps of it, for charts of more lines: limits that are wide enough for all of them, then
// the points of each. NULL as above.
void line_chart_widen(const struct line_chart_source *source,
                      line_chart_value *value,
                      struct line_chart_limits *limits);
const char *line_chart_draw(struct arena *arena,
                            const struct line_chart_source *source,
                            line_chart_value *value,
                            const struct line_chart_limits *limits);

// Which of the values is the highest and which the lowest, of several alike the first.
struct line_chart_extremes {
    size_t highest;
    size_t lowest;
};
struct line_chart_extremes line_chart_find_extremes(const struct line_chart_source *source);

// The day of a moment, "2014-06-02". NULL when the arena's budget is spent.
const char *line_chart_print_date(struct arena *arena, int64_t time);

// Where a value is in the box, from its left and from its upper edge.
int line_chart_x(size_t index, size_t count);
int line_chart_y(const struct line_chart_limits *limits, int64_t value);
