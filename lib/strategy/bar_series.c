// SPDX-License-Identifier: MIT
#include "strategy/bar_series.h"

#include "money/money.h"

#include <assert.h>

enum { FIRST_CAPACITY = 256 };

struct bar_series *bar_series_new(void)
{
    return allocate(sizeof(struct bar_series));
}

static void forget_numbers(struct bar_series *series)
{
    for (int field = 0; field < BAR_FIELD_COUNT; field++) {
        release(series->numbers[field]);
        series->numbers[field] = NULL;
    }
}

void bar_series_free(struct bar_series **series)
{
    if (*series == NULL)
        return;
    forget_numbers(*series);
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        release((*series)->columns[field]);
    release((*series)->times);
    release(*series);
    *series = NULL;
}

static void grow(struct bar_series *series)
{
    size_t capacity = series->capacity == 0 ? FIRST_CAPACITY : series->capacity * 2;

    series->times = reallocate_array(series->times, capacity, sizeof(int64_t));
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        series->columns[field] =
            reallocate_array(series->columns[field], capacity, sizeof(int64_t));
    series->capacity = capacity;
}

void bar_series_add(struct bar_series *series, const struct bar *bar)
{
    assert(series->count == 0 || bar->time > series->times[series->count - 1]);
    if (series->count == series->capacity)
        grow(series);
    forget_numbers(series);
    series->times[series->count] = bar->time;
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        series->columns[field][series->count] = bar->values[field];
    series->count++;
}

const double *bar_series_numbers(struct bar_series *series, enum bar_field field)
{
    double unit = field == BAR_VOLUME ? 1.0 : (double)MICROS_PER_UNIT;
    const int64_t *from = series->columns[field];
    double *to = series->numbers[field];

    if (to != NULL)
        return to;
    to = allocate_array(series->count + 1, sizeof(*to));
    for (size_t i = 0; i < series->count; i++)
        to[i] = (double)from[i] / unit;
    series->numbers[field] = to;
    return to;
}

size_t bar_series_find(const struct bar_series *series, int64_t time)
{
    size_t low = 0;
    size_t high = series->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (series->times[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
