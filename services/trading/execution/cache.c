// SPDX-License-Identifier: MIT
#include "execution/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/clock.h"

enum { WAYS = 4 };

#define SILENCE_US (INT64_C(2) * MICROS_PER_SECOND)

struct entry {
    char key[CACHE_KEY_SIZE]; // empty for a free place
    int64_t good_until;
    unsigned char value[CACHE_VALUE_SIZE];
};

struct cache {
    pthread_mutex_t lock; // guards the entries
    size_t set_count;     // a power of two
    int64_t keep_us;
    _Atomic int64_t silent_until;
    struct entry *entries;
};

struct cache *cache_new(size_t capacity, int64_t keep_us)
{
    struct cache *cache = allocate(sizeof(*cache));

    cache->keep_us = keep_us;
    cache->set_count = 1;
    while (cache->set_count * WAYS < capacity)
        cache->set_count *= 2;
    cache->entries = allocate_array(cache->set_count * WAYS, sizeof(*cache->entries));
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void cache_free(struct cache **cache)
{
    if (*cache == NULL)
        return;
    pthread_mutex_destroy(&(*cache)->lock);
    release((*cache)->entries);
    release(*cache);
    *cache = NULL;
}

static struct entry *set_of(const struct cache *cache, const char *key)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(key));

    hash ^= hash >> 32;
    return &cache->entries[(hash & (cache->set_count - 1)) * WAYS];
}

static bool get(struct cache *cache, const char *key, int64_t good_at, void *out_value, size_t size)
{
    struct entry *set = set_of(cache, key);
    bool found = false;

    assert(size <= CACHE_VALUE_SIZE);
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        if (strcmp(set[i].key, key) == 0 && good_at < set[i].good_until) {
            memcpy(out_value, set[i].value, size);
            found = true;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

bool cache_get(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size)
{
    return get(cache, key, now, out_value, size);
}

bool cache_get_ended(
    struct cache *cache, const char *key, int64_t now, void *out_value, size_t size)
{
    return get(cache, key, now - cache->keep_us, out_value, size);
}

void cache_put(
    struct cache *cache, const char *key, int64_t good_until, const void *value, size_t size)
{
    struct entry *set = set_of(cache, key);
    struct entry *place = &set[0];

    assert(size <= CACHE_VALUE_SIZE && key[0] != '\0' && strlen(key) < CACHE_KEY_SIZE);
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS; i++) {
        if (strcmp(set[i].key, key) == 0) {
            place = &set[i];
            break;
        }
        // A free place has an end of 0.
        if (set[i].good_until < place->good_until)
            place = &set[i];
    }
    snprintf(place->key, sizeof(place->key), "%s", key);
    place->good_until = good_until;
    memcpy(place->value, value, size);
    pthread_mutex_unlock(&cache->lock);
}

void cache_note_silence(struct cache *cache, int64_t now)
{
    atomic_store(&cache->silent_until, now + SILENCE_US);
}

bool cache_is_silent(const struct cache *cache, int64_t now)
{
    return now < atomic_load(&cache->silent_until);
}
