// SPDX-License-Identifier: MIT
// performance_view: what a portfolio's performance looks like: lines, a heat map of months, figures
// as people read them.
//
// Threads: pure functions. Memory: the arena given.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"

// Fills in everything that follows from `page->performance`. False when the arena's budget is
// spent.
MUST_CHECK bool performance_view_make(struct arena *arena, Pages__PerformancePage *page);

// The periods that a portfolio is looked at over, and the name of the chosen one, as the API has
// it. False when the arena's budget is spent.
MUST_CHECK bool performance_view_list_periods(struct arena *arena,
                                              Portfolio__PerformancePeriod chosen,
                                              Pages__Choice ***out_choices,
                                              size_t *out_count,
                                              const char **out_name);
