// SPDX-License-Identifier: MIT
// backtest_view: what came of a backtest as people read it: figures with their definitions, and
// lines with a dot where something was bought or sold.
//
// Threads: pure functions. Memory: the arena given.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// Fills in everything that follows from `page->backtest`. False when the arena's budget is spent.
MUST_CHECK bool backtest_view_make(struct arena *arena, Pages__BacktestPage *page);
