// SPDX-License-Identifier: MIT
// bar_series: the bars of one symbol, oldest first, a column for each thing that they tell.
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

struct bar_series {
    size_t count;
    size_t capacity;
    int64_t *times;
    int64_t *columns[BAR_FIELD_COUNT];
    double *numbers[BAR_FIELD_COUNT]; // NULL until bar_series_numbers makes one
};

// An empty series. The caller owns it.
struct bar_series *bar_series_new(void);
void bar_series_free(struct bar_series **series);

// Adds a bar that is later than all there are.
void bar_series_add(struct bar_series *series, const struct bar *bar);

// The column as numbers: dollars, and shares. Belongs to the series until the next bar is added.
const double *bar_series_numbers(struct bar_series *series, enum bar_field field);

// The number of bars that are before `time`: the index of the first that is not.
size_t bar_series_find(const struct bar_series *series, int64_t time);
