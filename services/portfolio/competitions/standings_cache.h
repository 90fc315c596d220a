// SPDX-License-Identifier: MIT
// standings_cache: the standings of competitions as they were a moment ago: a class that looks at
// them has them reckoned once a second, not once for each who looks.
//
// Whoever asks for standings that are too old reckons them, and others who ask for the same ones
// wait for that. Few competitions run at a time; one may have to be reckoned anew for another that
// takes its place.
//
// Threads: any. Memory: it owns its copies; what is found lies in the arena given.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "competitions/standings.h"

struct standings_cache;

struct standings_cache *standings_cache_new(void);
void standings_cache_free(struct standings_cache **cache);

struct standings_table {
    int64_t as_of; // platform time
    bool is_final;
    struct standing *standings; // ranked
    size_t count;
};

// Reckons a table; `arena` lasts until the function returns that asked for it.
typedef bool standings_reckon(void *context,
                              struct arena *arena,
                              struct standings_table *out_table,
                              struct error *error);

// Copies the table of a competition into `arena`: one that is at most a second old and has
// `players` rows, as one that somebody has joined or left since has not; otherwise a new one,
// by `reckon`. With `is_exact` always a new one. Fails as `reckon` does, and with
// OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool standings_cache_get(struct standings_cache *cache,
                                    const char *competition_id,
                                    size_t players,
                                    bool is_exact,
                                    standings_reckon *reckon,
                                    void *context,
                                    struct arena *arena,
                                    struct standings_table *out_table,
                                    struct error *error);
