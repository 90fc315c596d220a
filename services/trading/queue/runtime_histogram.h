// SPDX-License-Identifier: MIT
// runtime_histogram: how long many tasks took, in buckets that each reach a fifth further than the
// one before: from 100 microseconds to more than an hour.
//
// Pure. Percentiles are those of the buckets' upper ends, so they are rounded up by at most a fifth
// (nearest rank: the smallest time that so many of a hundred do not exceed).
#pragma once

#include "base/base.h"

enum { RUNTIME_BUCKETS = 97 };

struct runtime_histogram {
    int64_t counts[RUNTIME_BUCKETS]; // the last one has all that took longer
};

void runtime_histogram_add(struct runtime_histogram *histogram, int64_t runtime_us);

// False when nothing was counted. `percent` is from 1 to 100.
bool runtime_histogram_percentile(const struct runtime_histogram *histogram,
                                  int percent,
                                  int64_t *out_us);
