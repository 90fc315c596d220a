// SPDX-License-Identifier: MIT
// live: the market of real prices: what the fetcher brings goes to the player, and from time to
// time into the database, so that a restart shows the last prices there were.
//
// Threads: the functions below may be called from any.
#pragma once

#include "player/player.h"
#include "providers/fetcher.h"

struct database;
struct live;

// How prices are fetched; sink and context are this module's own.
struct live_options {
    struct fetcher_options fetcher;
    struct database *database;
    struct player *player;
    struct symbol_catalogue *catalogue; // told when a symbol has been found
};

// Starts the fetcher, which waits for the player to be ready. The caller owns it. Fails with
// INTERNAL.
MUST_CHECK bool
live_new(const struct live_options *options, struct live **out_live, struct error *error);
// Keeps what has not been kept yet.
void live_free(struct live **live);

struct fetcher *live_fetcher(struct live *live);
