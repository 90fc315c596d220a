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
    int64_t made_us; // monotonic
    struct standings_table table;
};

struct standings_cache {
    struct place places[PLACES];
};

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
        release((*cache)->places[i].table.standings);
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
    return strcmp(place->competition_id, competition_id) == 0 && place->table.count == players &&
           clock_monotonic_us() - place->made_us < GOOD_US;
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
    struct standing *copies = NULL;

    place->competition_id[0] = '\0';
    if (!reckon(context, arena, &table, error))
        return false;
    copies = allocate_array(table.count + 1, sizeof(*copies));
    if (table.count > 0)
        memcpy(copies, table.standings, table.count * sizeof(*copies));
    release(place->table.standings);
    place->table = table;
    place->table.standings = copies;
    place->made_us = clock_monotonic_us();
    snprintf(place->competition_id, UUID_SIZE, "%s", competition_id);
    return true;
}

static bool copy(const struct place *place,
                 struct arena *arena,
                 struct standings_table *out_table,
                 struct error *error)
{
    struct standings_table table = place->table;

    table.standings = arena_allocate(arena, (table.count + 1) * sizeof(*table.standings));
    if (table.standings == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The standings need too much memory.");
    if (table.count > 0)
        memcpy(table.standings, place->table.standings, table.count * sizeof(*table.standings));
    *out_table = table;
    return true;
}

bool standings_cache_get(struct standings_cache *cache,
                         const char *competition_id,
                         size_t players,
                         bool is_exact,
                         standings_reckon *reckon,
                         void *context,
                         struct arena *arena,
                         struct standings_table *out_table,
                         struct error *error)
{
    struct place *place = place_of(cache, competition_id);
    bool done = false;

    pthread_mutex_lock(&place->mutex);
    done = ((!is_exact && is_good(place, competition_id, players)) ||
            renew(place, competition_id, reckon, context, error)) &&
           copy(place, arena, out_table, error);
    pthread_mutex_unlock(&place->mutex);
    return done;
}
