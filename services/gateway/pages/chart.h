// SPDX-License-Identifier: MIT
// chart: the prices of a symbol over a range, as a table and as candles.
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
