// SPDX-License-Identifier: MIT
#include "competitions/standings.h"

#include <stdlib.h>
#include <string.h>

#include "valuation/valuation.h"

static int compare(const void *one, const void *other)
{
    const struct standing *a = one;
    const struct standing *b = other;

    if (a->has_value != b->has_value)
        return a->has_value ? -1 : 1;
    if (a->has_value && a->total_value != b->total_value)
        return a->total_value > b->total_value ? -1 : 1;
    return strcmp(a->display_name, b->display_name);
}

void standings_rank(struct standing *standings, size_t count, int64_t cash)
{
    qsort(standings, count, sizeof(*standings), compare);
    for (size_t i = 0; i < count && standings[i].has_value; i++) {
        struct standing *standing = &standings[i];

        standing->rank = i > 0 && standing->total_value == standings[i - 1].total_value
                             ? standings[i - 1].rank
                             : i + 1;
        standing->has_return =
            valuation_percent(standing->total_value - cash, cash, &standing->return_percent);
    }
}
