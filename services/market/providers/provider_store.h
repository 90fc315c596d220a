// SPDX-License-Identifier: MIT
// provider_store: all SQL of the live market.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "providers/call_plan.h"

// Has a clock that stands or replays show real time, unless it has shown a later one: then it fails
// with INVALID_SETTING.
MUST_CHECK bool provider_store_set_clock(struct database *database,
                                         struct arena *arena,
                                         int64_t real_now,
                                         struct error *error);

// Reads what was kept of all providers; `name` is a constant. At most PROVIDER_COUNT.
MUST_CHECK bool provider_store_get_states(struct database *database,
                                          struct arena *arena,
                                          struct plan_state out_states[PROVIDER_COUNT],
                                          size_t *out_count,
                                          struct error *error);

MUST_CHECK bool provider_store_put_state(struct database *database,
                                         struct arena *arena,
                                         const struct plan_state *state,
                                         struct error *error);

// Reads the last quotes of symbols after that ticker, in order of tickers, as stale ones.
MUST_CHECK bool provider_store_get_quotes(struct database *database,
                                          struct arena *arena,
                                          const char *after_ticker,
                                          struct quote *out_quotes,
                                          size_t max,
                                          size_t *out_count,
                                          struct error *error);

// Keeps quotes, of different symbols, that are not older than what is kept.
MUST_CHECK bool provider_store_put_quotes(struct database *database,
                                          struct arena *arena,
                                          const struct quote *quotes,
                                          size_t count,
                                          struct error *error);
