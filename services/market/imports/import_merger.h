// SPDX-License-Identifier: MIT
// import_merger: makes bars or symbols of the imports that have arrived whole, one at a time, in
// the background.
//
// Why in the background: 30 million rows take minutes, longer than any call may. What waits is in
// the database, so it goes on after a restart. An import that cannot be merged because the database
// is away, or others keep being in the way, is tried again; any other failure ends it, with its
// reason.
//
// Threads: one of its own; the functions may be called from any. Memory: an arena of its own.
#pragma once

#include "imports/import_store.h"

struct import_merger;

struct import_merger_options {
    struct database *database; // borrowed
    // Told after an import has been merged, before anybody is told of its end: those bars, or with
    // none given the symbols, are others now. May block.
    void (*merged)(void *context, const char (*tickers)[TICKER_SIZE], size_t count);
    void *context;
};

// The caller owns it.
struct import_merger *import_merger_new(const struct import_merger_options *options);

// Breaks off what it is at, which is begun anew after the next start.
void import_merger_free(struct import_merger **merger);

// An import has arrived whole.
void import_merger_wake(struct import_merger *merger);

// True while it is at that import, with the rows it has merged of it.
bool import_merger_is_at(struct import_merger *merger, const char *id, int64_t *out_merged);
