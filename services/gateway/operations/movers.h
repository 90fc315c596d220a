// SPDX-License-Identifier: MIT
// movers: who gained, who lost and who was traded most.
//
// A quote that is stale or has no previous close is in none of the lists. Equals are in order of
// tickers, so the same quotes give the same lists.
//
// Why the cache: finding them goes through all quotes, up to 20,000, which a request must not. They
// are found at most once a second, by whoever asks first; the others wait for it.
//
// Threads: the cache may be used from any; the rest are pure functions. Memory: everything goes in
// and comes out by value.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "quotes/quotes.h"

enum { MOVERS_MAX = 50 }; // of each list

struct movers_list {
    struct quote quotes[MOVERS_MAX];
    size_t count;
};

struct movers {
    struct movers_list gainers; // by change in percent, the largest first
    struct movers_list losers;  // the smallest first
    struct movers_list most_active;
    int64_t as_of; // platform time
};

void movers_find(const struct quote *quotes, size_t count, struct movers *out_movers);

struct movers_options {
    struct clock clock; // tells how old what is kept is
    bool (*find)(void *context, struct movers *out_movers, struct error *error);
    void *context;
};

struct movers_cache;

struct movers_cache *movers_cache_new(const struct movers_options *options);
void movers_cache_free(struct movers_cache **cache);

// Copies the movers, found anew when they are older than a second. Fails as `find` does, and keeps
// nothing then.
MUST_CHECK bool
movers_cache_get(struct movers_cache *cache, struct movers *out_movers, struct error *error);

// Has the next call find them anew: the quotes were changed by somebody who will look.
void movers_cache_forget(struct movers_cache *cache);
