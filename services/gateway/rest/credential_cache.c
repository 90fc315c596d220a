// SPDX-License-Identifier: MIT
#include "rest/credential_cache.h"

#include "base/clock.h"

#include <pthread.h>
#include <string.h>

enum {
    SETS = 512, // a power of two
    WAYS = 8,
    GOOD_SECONDS = 60,
    WRONG_SECONDS = 5,
};

struct entry {
    unsigned char hash[SHA256_SIZE];
    int64_t until_us; // 0: empty
    char *token;      // NULL: it is wrong
};

struct credential_cache {
    pthread_mutex_t lock; // guards the entries
    struct entry entries[SETS * WAYS];
};

struct credential_cache *credential_cache_new(void)
{
    struct credential_cache *cache = allocate(sizeof *cache);

    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void clear(struct entry *entry)
{
    if (entry->token != NULL)
        digest_wipe(entry->token, strlen(entry->token));
    release(entry->token);
    *entry = (struct entry){.until_us = 0};
}

void credential_cache_free(struct credential_cache **cache)
{
    if (*cache == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF((*cache)->entries); i++)
        clear(&(*cache)->entries[i]);
    pthread_mutex_destroy(&(*cache)->lock);
    release(*cache);
    *cache = NULL;
}

static struct entry *set_of(struct credential_cache *cache, const unsigned char hash[SHA256_SIZE])
{
    uint32_t number = 0;

    memcpy(&number, hash, sizeof number);
    return &cache->entries[(number & (SETS - 1)) * WAYS];
}

// With the lock held.
static struct entry *find(struct credential_cache *cache, const unsigned char hash[SHA256_SIZE])
{
    struct entry *set = set_of(cache, hash);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].until_us != 0 && memcmp(set[i].hash, hash, SHA256_SIZE) == 0)
            return &set[i];
    return NULL;
}

enum credential_verdict credential_cache_find(struct credential_cache *cache,
                                              const unsigned char hash[SHA256_SIZE],
                                              int64_t now_us,
                                              struct arena *arena,
                                              const char **out_token)
{
    enum credential_verdict verdict = CREDENTIAL_UNKNOWN;
    const struct entry *entry = NULL;
    const char *token = NULL;

    pthread_mutex_lock(&cache->lock);
    entry = find(cache, hash);
    if (entry != NULL && entry->until_us > now_us) {
        if (entry->token == NULL)
            verdict = CREDENTIAL_WRONG;
        else if ((token = arena_copy_string(arena, entry->token)) != NULL)
            verdict = CREDENTIAL_GOOD;
    }
    pthread_mutex_unlock(&cache->lock);
    *out_token = token;
    return verdict;
}

// The credential's own place, an empty one, or the one that is over first. With the lock held.
static struct entry *choose(struct credential_cache *cache, const unsigned char hash[SHA256_SIZE])
{
    struct entry *set = set_of(cache, hash);
    struct entry *chosen = find(cache, hash);

    if (chosen != NULL)
        return chosen;
    chosen = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].until_us < chosen->until_us)
            chosen = &set[i];
    return chosen;
}

void credential_cache_put(struct credential_cache *cache,
                          const unsigned char hash[SHA256_SIZE],
                          int64_t now_us,
                          const char *token)
{
    int64_t seconds = token != NULL ? GOOD_SECONDS : WRONG_SECONDS;
    struct entry *entry = NULL;

    pthread_mutex_lock(&cache->lock);
    entry = choose(cache, hash);
    clear(entry);
    memcpy(entry->hash, hash, SHA256_SIZE);
    entry->until_us = now_us + seconds * MICROS_PER_SECOND;
    entry->token = token == NULL ? NULL : allocate_string(token);
    pthread_mutex_unlock(&cache->lock);
}

void credential_cache_forget(struct credential_cache *cache,
                             const unsigned char hash[SHA256_SIZE],
                             const char *token)
{
    struct entry *entry = NULL;

    pthread_mutex_lock(&cache->lock);
    entry = find(cache, hash);
    if (entry != NULL && entry->token != NULL && strcmp(entry->token, token) == 0)
        clear(entry);
    pthread_mutex_unlock(&cache->lock);
}
