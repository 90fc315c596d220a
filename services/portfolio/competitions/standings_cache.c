// SPDX-License-Identifier: MIT
#include "competitions/standings_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/clock.h"

enum { PLACES = 32, RECKONING_BUDGET = 32 * 1024 * 1024 };

#define GOOD_US MICROS_PER_SECOND

struct place {
    pthread_mutex_t mutex; // guards the rest, also while it is reckoned
    char competition_id[UUID_SIZE];
    int64_t made_us;               // monotonic
    struct standings_table *table; // NULL for none
};

struct standings_cache {
    struct place places[PLACES];
};

void standings_table_free(struct standings_table **table)
{
    if (*table != NULL && atomic_fetch_sub(&(*table)->holders, 1) == 1) {
        release((*table)->standings);
        release(*table);
    }
    *table = NULL;
}

struct standings_cache *standings_cache_new(void)
{
    struct standings_cache *cache = allocate(sizeof(*cache));

    for (size_t i = 0; i < PLACES; i++)
        pthread_mutex_init(&cache->places[i].mutex, NULL);
    return cache;
}

void standings_cache_free(struct standings_cache **cache)
{
    if (*cache == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++) {
        pthread_mutex_destroy(&(*cache)->places[i].mutex);
        standings_table_free(&(*cache)->places[i].table);
    }
    release(*cache);
    *cache = NULL;
}

static struct place *place_of(struct standings_cache *cache, const char *competition_id)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(competition_id));

    return &cache->places[(hash ^ hash >> 32) % PLACES];
}

static bool is_good(const struct place *place, const char *competition_id, size_t players)
{
    return place->table != NULL && strcmp(place->competition_id, competition_id) == 0 &&
           place->table->players == players && clock_monotonic_us() - place->made_us < GOOD_US;
}

static struct standings_table *copy_of(const struct standings_table *table)
{
    struct standings_table *copy = allocate(sizeof(*copy));

    *copy = *table;
    atomic_init(&copy->holders, 1);
    copy->standings = allocate_array(table->count + 1, sizeof(*copy->standings));
    if (table->count > 0)
        memcpy(copy->standings, table->standings, table->count * sizeof(*copy->standings));
    return copy;
}

// Puts a new table in place of the one that is there.
static bool renew(struct place *place,
                  const char *competition_id,
                  standings_reckon *reckon,
                  void *context,
                  struct error *error)
{
    OWNED(arena) arena = arena_new(RECKONING_BUDGET);
    struct standings_table table = {0};

    if (!reckon(context, arena, &table, error))
        return false;
    standings_table_free(&place->table);
    place->table = copy_of(&table);
    place->made_us = clock_monotonic_us();
    snprintf(place->competition_id, UUID_SIZE, "%s", competition_id);
    return true;
}

bool standings_cache_get(struct standings_cache *cache,
                         const char *competition_id,
                         size_t players,
                         bool is_exact,
                         standings_reckon *reckon,
                         void *context,
                         struct standings_table **out_table,
                         struct error *error)
{
    struct place *place = place_of(cache, competition_id);
    bool done = false;

    pthread_mutex_lock(&place->mutex);
    done = (!is_exact && is_good(place, competition_id, players)) ||
           renew(place, competition_id, reckon, context, error);
    if (done) {
        atomic_fetch_add(&place->table->holders, 1);
        *out_table = place->table;
    }
    pthread_mutex_unlock(&place->mutex);
    return done;
}
