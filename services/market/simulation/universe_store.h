// SPDX-License-Identifier: MIT
// universe_store: all SQL of the simulated market: its first start, and the symbols it simulates.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "simulation/universe.h"

// Which symbols: the one of `ticker`, or with NULL the first `limit` after `after_ticker`.
struct universe_query {
    const char *ticker;
    const char *after_ticker;
    size_t limit;
};

// Makes a clock that nobody has set yet show real time, and adds the symbols of the universe then,
// in one transaction: so it is done once, and neither what an administrator has changed is
// overwritten nor what has been removed comes back.
MUST_CHECK bool universe_store_prepare(struct database *database,
                                       struct arena *arena,
                                       int64_t real_now,
                                       struct error *error);

// Reads symbols in order of tickers into `out_symbols`, which has room for `limit`.
MUST_CHECK bool universe_store_list(struct database *database,
                                    struct arena *arena,
                                    const struct universe_query *query,
                                    struct simulated_symbol *out_symbols,
                                    size_t *out_count,
                                    struct error *error);
