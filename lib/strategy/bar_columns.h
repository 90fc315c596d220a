// SPDX-License-Identifier: MIT
// bar_columns: the bars of one symbol, oldest first, a column for each thing that they tell.
//
// Columns, because whoever computes with bars wants one thing of all of them, not all of one bar.
// Prices are in micros; the same as floating-point dollars, for indicators, is made on demand.
//
// Threads: one owner. Memory: the columns belong to the series.
#pragma once

#include "base/base.h"

enum bar_field { BAR_OPEN, BAR_HIGH, BAR_LOW, BAR_CLOSE, BAR_VOLUME, BAR_FIELD_COUNT };

struct bar {
    int64_t time;
    int64_t values[BAR_FIELD_COUNT]; // by bar_field
};

struct bar_columns {
    size_t count;
    size_t capacity;
    int64_t *times;
    int64_t *columns[BAR_FIELD_COUNT];
    double *numbers[BAR_FIELD_COUNT]; // NULL until bar_columns_numbers makes one
};

// An empty series. The caller owns it.
struct bar_columns *bar_columns_new(void);
void bar_columns_free(struct bar_columns **series);

// A series of its own with the bars from `from` to before `end`. The caller owns it.
struct bar_columns *bar_columns_copy(const struct bar_columns *series, size_t from, size_t end);

// Adds a bar. False, and nothing is added, when it is not later than all there are.
MUST_CHECK bool bar_columns_add(struct bar_columns *series, const struct bar *bar);

// The column as numbers: dollars, and shares. Belongs to the series until the next bar is added.
const double *bar_columns_numbers(struct bar_columns *series, enum bar_field field);

// The number of bars that are before `time`: the index of the first that is not.
size_t bar_columns_find(const struct bar_columns *series, int64_t time);
