// SPDX-License-Identifier: MIT
#include "valuation/close_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/clock.h"
#include "ledger/ledger.h"

enum { PLACES = 65536 };

#define GOOD_US (INT64_C(30) * MICROS_PER_SECOND)

struct place {
    char ticker[LEDGER_ASSET_SIZE]; // empty for none
    int64_t close;
    int64_t made_us;
    struct close_price price;
};

struct close_cache {
    pthread_mutex_t mutex; // guards the places
    struct place places[PLACES];
};

struct close_cache *close_cache_new(void)
{
    struct close_cache *cache = allocate(sizeof(*cache));

    pthread_mutex_init(&cache->mutex, NULL);
    return cache;
}

void close_cache_free(struct close_cache **cache)
{
    if (*cache == NULL)
        return;
    pthread_mutex_destroy(&(*cache)->mutex);
    release(*cache);
    *cache = NULL;
}

// The least bits of a time are always 0.
static struct place *place_of(struct close_cache *cache, const char *ticker, int64_t close)
{
    int64_t seconds = close / MICROS_PER_SECOND;
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(ticker));

    hash = checksum_add(hash, (struct text){(const char *)&seconds, sizeof(seconds)});
    return &cache->places[(hash ^ hash >> 32) % PLACES];
}

void close_cache_put(struct close_cache *cache,
                     const char *ticker,
                     int64_t close,
                     struct close_price price,
                     int64_t now_us)
{
    struct place *place = place_of(cache, ticker, close);

    pthread_mutex_lock(&cache->mutex);
    snprintf(place->ticker, sizeof(place->ticker), "%s", ticker);
    place->close = close;
    place->made_us = now_us;
    place->price = price;
    pthread_mutex_unlock(&cache->mutex);
}

bool close_cache_get(struct close_cache *cache,
                     const char *ticker,
                     int64_t close,
                     int64_t now_us,
                     struct close_price *out_price)
{
    const struct place *place = place_of(cache, ticker, close);
    bool is_there = false;

    pthread_mutex_lock(&cache->mutex);
    is_there = place->close == close && strcmp(place->ticker, ticker) == 0 &&
               now_us - place->made_us < GOOD_US;
    if (is_there)
        *out_price = place->price;
    pthread_mutex_unlock(&cache->mutex);
    return is_there;
}
