// SPDX-License-Identifier: MIT
// candle_chart: bars as candles, or their closes as a line, above their volumes, for a page that
// needs no script: paths in two boxes of 10000 by 1000, and what stands beside their axes in
// percent of a box.
//
// Threads: pure functions. Memory: the arena's. All return false when its budget is spent.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"

#include "base/arena.h"

// Draws the bars of a chart, the newest first: at most 500. Each has the same room, whatever time
// lies between them. Without bars there is nothing to draw.
MUST_CHECK bool candle_chart_draw(struct arena *arena, Pages__Chart *chart);

// How far down in the box of the prices a price of the chart is, in hundredths of a percent.
int64_t candle_chart_depth(const Pages__Chart *chart, int64_t price_micros);

// Marks the level of a price: at the edge of the box when it is beyond it.
MUST_CHECK bool
candle_chart_mark_price(struct arena *arena, int64_t price_micros, Pages__Chart *chart);

// Marks the bars in which something was bought or sold: below the one and above the other, once a
// bar and side. What is older than the first bar is marked at that one.
MUST_CHECK bool candle_chart_mark_fills(struct arena *arena,
                                        Portfolio__Transaction *const *fills,
                                        size_t count,
                                        Pages__Chart *chart);
