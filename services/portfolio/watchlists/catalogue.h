// SPDX-License-Identifier: MIT
// catalogue: what market's catalogue says of some tickers, asked for with one call.
//
// Threads: any. Memory: what is found lies in the call's arena.
#pragma once

#include "bourse/market/v1/market.pb-c.h"
#include "portfolio.h"

// What was found, by ticker.
struct catalogue {
    Market__Symbol **symbols;
    size_t count;
};

// Asks for at most 500 tickers; what market does not know is left out. Waits no longer than
// `timeout_ms`. Fails with UNAVAILABLE and the like when market cannot be asked.
MUST_CHECK bool catalogue_ask(struct portfolio *portfolio,
                              const struct call *call,
                              const char *const *tickers,
                              size_t count,
                              int64_t timeout_ms,
                              struct catalogue *out_catalogue,
                              struct error *error);

// NULL when it is not there.
const Market__Symbol *catalogue_find(const struct catalogue *catalogue, const char *ticker);
