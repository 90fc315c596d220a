// SPDX-License-Identifier: MIT
#include "operations/movers.h"

#include "quotes/quote_change.h"

#include <pthread.h>
#include <string.h>

#define KEPT_US_MAX MICROS_PER_SECOND

struct candidate {
    int64_t key; // the larger the better
    const struct quote *quote;
};

// The best so far, in order.
struct candidates {
    struct candidate best[MOVERS_MAX];
    size_t count;
};

static bool is_better(const struct candidate *one, const struct candidate *other)
{
    return one->key != other->key ? one->key > other->key
                                  : strcmp(one->quote->ticker, other->quote->ticker) < 0;
}

static void consider(struct candidates *candidates, int64_t key, const struct quote *quote)
{
    const struct candidate candidate = {key, quote};
    size_t at = candidates->count;

    if (key <= 0)
        return;
    if (at == MOVERS_MAX && !is_better(&candidate, &candidates->best[--at]))
        return;
    for (; at > 0 && is_better(&candidate, &candidates->best[at - 1]); at--)
        candidates->best[at] = candidates->best[at - 1];
    candidates->best[at] = candidate;
    if (candidates->count < MOVERS_MAX)
        candidates->count++;
}

static void copy_list(const struct candidates *candidates, struct movers_list *out_list)
{
    for (size_t i = 0; i < candidates->count; i++)
        out_list->quotes[i] = *candidates->best[i].quote;
    out_list->count = candidates->count;
}

void movers_find(const struct quote *quotes, size_t count, struct movers *out_movers)
{
    struct candidates gainers = {.count = 0}, losers = {.count = 0}, most_active = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        struct quote_change change;

        if (quotes[i].stale || !quote_change(&quotes[i], &change) || !change.has_percent)
            continue;
        consider(&gainers, change.percent_micros, &quotes[i]);
        consider(&losers, -change.percent_micros, &quotes[i]);
        consider(&most_active, quotes[i].volume, &quotes[i]);
    }
    copy_list(&gainers, &out_movers->gainers);
    copy_list(&losers, &out_movers->losers);
    copy_list(&most_active, &out_movers->most_active);
}

struct movers_cache {
    struct movers_options options;
    pthread_mutex_t lock; // of what follows
    struct movers movers;
    int64_t found_us;
    bool is_kept;
};

struct movers_cache *movers_cache_new(const struct movers_options *options)
{
    struct movers_cache *cache = allocate(sizeof *cache);

    cache->options = *options;
    (void)pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void movers_cache_free(struct movers_cache **cache)
{
    struct movers_cache *old = *cache;

    if (old == NULL)
        return;
    (void)pthread_mutex_destroy(&old->lock);
    release(old);
    *cache = NULL;
}

bool movers_cache_get(struct movers_cache *cache, struct movers *out_movers, struct error *error)
{
    int64_t now_us;
    bool is_done = true;

    (void)pthread_mutex_lock(&cache->lock);
    now_us = clock_now_us(&cache->options.clock);
    if (!cache->is_kept || now_us - cache->found_us >= KEPT_US_MAX) {
        is_done = cache->options.find(cache->options.context, &cache->movers, error);
        cache->is_kept = is_done;
        cache->found_us = now_us;
    }
    if (is_done)
        *out_movers = cache->movers;
    (void)pthread_mutex_unlock(&cache->lock);
    return is_done;
}

void movers_cache_forget(struct movers_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    cache->is_kept = false;
    (void)pthread_mutex_unlock(&cache->lock);
}
