// SPDX-License-Identifier: MIT
// chart: the prices of a symbol over a range, as a table and as a line that needs no script.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

// Asks market for the bars of the range, in the bar size that is wanted or suits it. A chart
// without bars is one, too.
MUST_CHECK bool chart_make(struct exchange *exchange,
                           const Pages__SymbolQuery *query,
                           Pages__Chart **out_chart,
                           struct error *error);

// Sets what follows from the bars, the newest first: the line, the change, the highest and lowest.
// False when the arena's budget is spent.
MUST_CHECK bool chart_draw(struct arena *arena, Pages__Chart *chart);

// Draws a dot for each of these at its time and price, as far as the chart has both. False when the
// arena's budget is spent.
MUST_CHECK bool chart_draw_fills(struct arena *arena,
                                 Portfolio__Transaction *const *fills,
                                 size_t count,
                                 Pages__Chart *chart);
