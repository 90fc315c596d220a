// SPDX-License-Identifier: MIT
#include "execution/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"

enum { WAYS = 4 };

struct entry {
    char key[CACHE_KEY_SIZE]; // empty for a free place
    int64_t good_until;
    unsigned char value[CACHE_VALUE_SIZE];
};

struct cache {
    pthread_mutex_t lock; // guards the entries
    size_t set_count;     // a power of two
    struct entry *entries;
};

struct cache *cache_new(size_t capacity)
{
    struct cache *cache = allocate(sizeof(*cache));

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

bool cache_get(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size)
{
    struct entry *set = set_of(cache, key);
    bool found = false;

    assert(size <= CACHE_VALUE_SIZE);
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        if (strcmp(set[i].key, key) == 0 && now < set[i].good_until) {
            memcpy(out_value, set[i].value, size);
            found = true;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
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
