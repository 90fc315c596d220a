// SPDX-License-Identifier: MIT
// run_timing: when a run looks for bars, and until when it trades on one.
//
// A decision is carried out until the next open at which a backtest would fill it, and a minute
// longer, as the close and the next open may be one moment. After that its bar was missed: it is
// counted, and what the strategy thought at its close is not traded on any more. Pure functions.
#pragma once

#include "quotes/quotes.h"

// How long after the next open, of platform time, a bar is decided about still.
#define RUN_LATE_MAX (INT64_C(60) * MICROS_PER_SECOND)

enum { RUN_LOOK_MAX = 20000 };

// The latest moment until now at which a bar of the timeframe may have ended.
int64_t run_boundary(const char *timeframe, const struct platform_clock *clock);

// Until when a run looks that has looked at everything before `looked_at`: the boundary, unless
// more than RUN_LOOK_MAX bars may have begun by then. The next look goes on from there.
int64_t run_look_end(const char *timeframe, int64_t looked_at, int64_t boundary);

// Whether there may be trade on a bar that has ended and began at `bar_at`.
bool run_may_trade(const char *timeframe, int64_t bar_at, const struct platform_clock *clock);
