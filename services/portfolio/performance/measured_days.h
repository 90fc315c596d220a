// SPDX-License-Identifier: MIT
// measured_days: the days of a portfolio that something is told about: those that have closed, the
// one that is on, and the one before them, which they go on from.
//
// Threads: any. Memory: what is read lies in the call's arena.
#pragma once

#include "performance/period.h"
#include "portfolio.h"
#include "rpc/rpc.h"
#include "snapshots/snapshots.h"

struct measured_days {
    const char *portfolio_id; // borrowed
    struct snapshots_state state;
    struct snapshot *days; // the earliest first; none of before the portfolio began anew
    size_t count;
    bool has_present; // as the last of the days
    bool has_base;    // false of days that the portfolio begins with
    struct snapshot base;
};

// Catches up with the days of a portfolio: the first step, which says up to which day there is
// something. Fails as snapshots_take_present does.
MUST_CHECK bool measured_days_begin(struct portfolio *portfolio,
                                    struct call *call,
                                    const char *portfolio_id,
                                    struct measured_days *out_days,
                                    struct error *error);

// The last day there is; empty for none.
const char *measured_days_today(const struct measured_days *days);

// Reads those of a period. Fails with LIMIT_EXCEEDED when they are 10,000 or more.
MUST_CHECK bool measured_days_read(struct portfolio *portfolio,
                                   struct call *call,
                                   const struct period *period,
                                   struct measured_days *days,
                                   struct error *error);
