// SPDX-License-Identifier: MIT
// market_state: whether the market is open, and for how long, in words.
//
// Threads: any. Memory: the caller's arena.
#pragma once

#include "base/arena.h"
#include "bourse/gateway/v1/pages.pb-c.h"
#include "quotes/quotes.h"

// NULL while there are no prices yet, and when the arena's budget is spent.
Pages__MarketState *market_state_make(struct quotes *quotes, struct arena *arena);

// "45 s", "12 min", "3 h 05 min", "2 d 4 h": what is left until then, rounded up to the last unit.
void market_state_print_span(int64_t micros, struct strbuf *out);
