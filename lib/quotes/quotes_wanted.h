// SPDX-License-Identifier: MIT
// quotes_wanted: tells market which symbols are looked at, when its prices are fetched only for
// those that somebody wants.
//
// What is read is marked in the table of quotes, which costs a reader one look at a byte; a thread
// collects the marks once a second, and at once when somebody asked for a symbol that has no price
// yet. Nothing is lost that matters when market cannot be told: what is still looked at is marked
// again.
//
// Threads: one of its own; note_missing may be called from any.
#pragma once

#include "rpc/rpc_client.h"

enum { QUOTES_WANTED_MAX = 500 }; // told at once

struct quotes_wanted_options {
    struct rpc_client *market;
    // Takes up to `max` tickers that were looked at since it was last called.
    size_t (*collect)(void *source, char (*out_tickers)[16], size_t max);
    void *source;
};

struct quotes_wanted;

// Starts its thread; NULL when there can be none. The caller owns it.
struct quotes_wanted *quotes_wanted_new(const struct quotes_wanted_options *options);
void quotes_wanted_free(struct quotes_wanted **wanted);

// Somebody asked for a symbol that is not in the table.
void quotes_wanted_note_missing(struct quotes_wanted *wanted, const char *ticker);
