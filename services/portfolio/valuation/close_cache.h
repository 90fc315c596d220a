// SPDX-License-Identifier: MIT
// close_cache: closing prices that market was asked for a moment ago. When a session has closed,
// all portfolios need the prices of the same symbols.
//
// Each price has one place, where the next one of that place replaces it; none is older than half a
// minute, so that one that is corrected is seen soon.
//
// Threads: any. Memory: prices go in and come out by value.
#pragma once

#include "base/base.h"

struct close_price {
    int64_t price; // 0 for none
    bool is_of_day;
};

struct close_cache;

struct close_cache *close_cache_new(void);
void close_cache_free(struct close_cache **cache);

// Remembers the price of a symbol at a close; `now_us` is monotonic.
void close_cache_put(struct close_cache *cache,
                     const char *ticker,
                     int64_t close,
                     struct close_price price,
                     int64_t now_us);

// False when it is not there, or too old.
MUST_CHECK bool close_cache_get(struct close_cache *cache,
                                const char *ticker,
                                int64_t close,
                                int64_t now_us,
                                struct close_price *out_price);
