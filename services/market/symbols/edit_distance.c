// SPDX-License-Identifier: MIT
#include "symbols/edit_distance.h"

#include <string.h>

static int least(int one, int other)
{
    return one < other ? one : other;
}

struct edit_distance edit_distance(struct text typed, struct text word, int limit)
{
    // Of the distances from the first i letters typed to the first j of the word: rows i-2, i-1, i.
    int rows[3][EDIT_WORD_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    struct edit_distance result = {limit + 1, limit + 1};
    size_t width = word.length;

    if (typed.length > EDIT_WORD_MAX)
        return result;
    // No beginning that is longer than this can be near.
    if (width > typed.length + (size_t)limit)
        width = typed.length + (size_t)limit;
    if (width > EDIT_WORD_MAX)
        return result;
    for (size_t j = 0; j <= width; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= typed.length; i++) {
        int *free_row = before;
        int nearest;

        before = above;
        above = row;
        row = free_row;
        row[0] = nearest = (int)i;
        for (size_t j = 1; j <= width; j++) {
            bool is_same = typed.data[i - 1] == word.data[j - 1];

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !is_same);
            if (i > 1 && j > 1 && typed.data[i - 1] == word.data[j - 2] &&
                typed.data[i - 2] == word.data[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
            nearest = least(nearest, row[j]);
        }
        // A swap leaps over one row, so two must be too far.
        if (nearest > limit + 1)
            return result;
    }
    for (size_t j = 0; j <= width; j++)
        result.prefix = least(result.prefix, row[j]);
    if (width == word.length)
        result.whole = least(result.whole, row[width]);
    return result;
}
