// SPDX-License-Identifier: MIT
#include "strategy/bar_columns.h"

#include "money/money.h"

#include <string.h>

enum { FIRST_CAPACITY = 256 };

struct bar_columns *bar_columns_new(void)
{
    return allocate(sizeof(struct bar_columns));
}

static void forget_numbers(struct bar_columns *series)
{
    for (int field = 0; field < BAR_FIELD_COUNT; field++) {
        release(series->numbers[field]);
        series->numbers[field] = NULL;
    }
}

void bar_columns_free(struct bar_columns **series)
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

struct bar_columns *bar_columns_copy(const struct bar_columns *series, size_t from, size_t end)
{
    struct bar_columns *copy = bar_columns_new();
    size_t count = end > from ? end - from : 0;

    if (count == 0)
        return copy;
    copy->count = copy->capacity = count;
    copy->times = allocate_array(count, sizeof(int64_t));
    memcpy(copy->times, series->times + from, count * sizeof(int64_t));
    for (int field = 0; field < BAR_FIELD_COUNT; field++) {
        copy->columns[field] = allocate_array(count, sizeof(int64_t));
        memcpy(copy->columns[field], series->columns[field] + from, count * sizeof(int64_t));
    }
    return copy;
}

static void grow(struct bar_columns *series)
{
    size_t capacity = series->capacity == 0 ? FIRST_CAPACITY : series->capacity * 2;

    series->times = reallocate_array(series->times, capacity, sizeof(int64_t));
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        series->columns[field] =
            reallocate_array(series->columns[field], capacity, sizeof(int64_t));
    series->capacity = capacity;
}

bool bar_columns_add(struct bar_columns *series, const struct bar *bar)
{
    if (series->count > 0 && bar->time <= series->times[series->count - 1])
        return false;
    if (series->count == series->capacity)
        grow(series);
    forget_numbers(series);
    series->times[series->count] = bar->time;
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        series->columns[field][series->count] = bar->values[field];
    series->count++;
    return true;
}

const double *bar_columns_numbers(struct bar_columns *series, enum bar_field field)
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

size_t bar_columns_find(const struct bar_columns *series, int64_t time)
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
