// SPDX-License-Identifier: MIT
// strategy_runs: what strategies do in portfolios, for the pages that show it.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"
#include "pages/page_portfolios.h"

// The newest runs as `request` filters them, each with the name of its portfolio.
MUST_CHECK bool strategy_runs_list(struct exchange *exchange,
                                   const Trading__ListStrategyRunsRequest *request,
                                   const struct page_portfolios *portfolios,
                                   Pages__StrategyRunView ***out_views,
                                   size_t *out_count,
                                   struct error *error);

// NULL when the arena's budget is spent.
Pages__StrategyRunView *strategy_runs_view(struct arena *arena,
                                           Trading__StrategyRun *run,
                                           const struct page_portfolios *portfolios);
