// SPDX-License-Identifier: MIT
// equity_curve: what a portfolio was worth over some days, at their closes and in between, beside
// what it would have been worth without any gain or loss: what it was worth at the first point,
// with what was put in since and without what was taken out.
//
// Pure: no SQL, no clock. Money in micros. Memory: the points lie in the arena given.
#pragma once

#include "snapshots/equity_store.h"
#include "snapshots/snapshot.h"

struct equity_curve_point {
    int64_t at;
    int64_t equity;
    int64_t invested;
};

struct equity_curve_input {
    const struct snapshot
        *base; // the day before the first; NULL when the portfolio begins with that
    const struct snapshot *days; // the earliest first; at least one
    size_t count;
    bool has_present;                  // as the last of the days
    const struct equity_point *points; // from between the closes, the earliest first
    size_t point_count;
    struct equity_flows flows; // since the portfolio began
};

// Makes the points, the earliest first, each later than the one before. A day whose deposits and
// withdrawals do not sum to those of the flows, as of a copy, which came with shares, has a point
// at its close alone; and a point that was measured before or after something was put in of which
// its time says otherwise is left out. Fails with INTERNAL for what cannot be counted, and with
// OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool equity_curve_make(const struct equity_curve_input *input,
                                  struct arena *arena,
                                  struct equity_curve_point **out_points,
                                  size_t *out_count,
                                  struct error *error);
