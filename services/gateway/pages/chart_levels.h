// SPDX-License-Identifier: MIT
// chart_levels: prices that a reader's own orders wait for, and what a position has cost, as levels
// on a chart.
//
// Threads: pure functions. Memory: the arena's, where the levels are as long as the orders.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"

#include "base/arena.h"

// Adds a level for each open order that waits for a price that stands still: the stop until that is
// reached, then the limit; and one at the average price of the position, which may be NULL. One
// that is beyond the chart's prices has no place on it. Words of orders that are close together
// stand below each other. False when the arena's budget is spent.
MUST_CHECK bool chart_levels_add(struct arena *arena,
                                 Trading__Order *const *orders,
                                 size_t count,
                                 const Portfolio__Position *position,
                                 Pages__Chart *chart);
