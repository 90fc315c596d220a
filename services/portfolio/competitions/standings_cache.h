// SPDX-License-Identifier: MIT
// standings_cache: the standings of competitions as they were a moment ago: a class that looks at
// them has them reckoned once a second, not once for each who looks.
//
// Whoever asks for standings that are too old reckons them, and others who ask for the same ones
// wait for that. Few competitions run at a time; one may have to be reckoned anew for another that
// takes its place.
//
// Threads: any. Memory: a table does not change, and lives until nobody has it any more.
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/error.h"
#include "competitions/standings.h"

struct standings_cache;

struct standings_cache *standings_cache_new(void);
void standings_cache_free(struct standings_cache **cache);

struct standings_table {
    int64_t as_of; // platform time
    bool is_final;
    size_t players; // who had joined; those whose portfolio is closed are not among the standings
    struct standing *standings; // ranked
    size_t count;
    atomic_size_t holders; // of the table: the cache's own
};

void standings_table_free(struct standings_table **table);

// Reckons a table; its standings lie in `arena`, from which they are copied.
typedef bool standings_reckon(void *context,
                              struct arena *arena,
                              struct standings_table *out_table,
                              struct error *error);

// Gives the table of a competition, to be freed by the caller: one that is at most a second old and
// has been reckoned since the last one joined; otherwise a new one, by `reckon`. With `is_exact`
// always a new one. Fails as `reckon` does.
MUST_CHECK bool standings_cache_get(struct standings_cache *cache,
                                    const char *competition_id,
                                    size_t players,
                                    bool is_exact,
                                    standings_reckon *reckon,
                                    void *context,
                                    struct standings_table **out_table,
                                    struct error *error);
