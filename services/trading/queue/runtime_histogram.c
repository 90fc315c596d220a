// SPDX-License-Identifier: MIT
#include "queue/runtime_histogram.h"

#define FIRST_END_US INT64_C(100)

static int64_t next_end(int64_t end_us)
{
    return end_us + end_us / 5;
}

void runtime_histogram_add(struct runtime_histogram *histogram, int64_t runtime_us)
{
    int64_t end_us = FIRST_END_US;
    size_t bucket = 0;

    for (; bucket < RUNTIME_BUCKETS - 1 && runtime_us > end_us; bucket++)
        end_us = next_end(end_us);
    histogram->counts[bucket]++;
}

bool runtime_histogram_percentile(const struct runtime_histogram *histogram,
                                  int percent,
                                  int64_t *out_us)
{
    int64_t total = 0;
    int64_t below = 0;
    int64_t end_us = FIRST_END_US;

    for (size_t i = 0; i < RUNTIME_BUCKETS; i++)
        total += histogram->counts[i];
    for (size_t i = 0; i < RUNTIME_BUCKETS - 1; i++) {
        below += histogram->counts[i];
        if (below * 100 >= total * percent)
            break;
        end_us = next_end(end_us);
    }
    *out_us = end_us;
    return total > 0;
}
