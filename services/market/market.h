// SPDX-License-Identifier: MIT
// market: what the handlers of the service share.
#pragma once

#include "actions/split_table.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_server.h"
#include "imports/import_merger.h"
#include "player/player.h"
#include "providers/history_store.h"
#include "providers/live.h"
#include "service/audit_outbox.h"
#include "service/idempotency.h"
#include "service/service.h"
#include "service/worker.h"
#include "simulation/simulated_days.h"
#include "symbols/symbol.h"
#include "symbols/symbol_catalogue.h"

struct rpc_publisher;

struct market {
    struct database *database;
    struct history *history; // bars are read from
    struct rpc_publisher *publisher;
    struct player *player;
    struct symbol_catalogue *catalogue;
    struct import_merger *merger;
    struct live *live; // NULL unless prices are live
    struct split_table *splits;
    struct simulated_days *simulated_days;
    struct worker *pruner;
    struct worker *minute_writer; // NULL unless minutes are stored
    struct arena *minute_arena;   // of its thread
    struct minute_bar *ended;     // of its thread: what it writes at once
    struct metric *minutes_lost;
    int64_t made_day; // the last session whose daily bars are made of minutes; the pruner's
    struct arena *player_arena; // of the player's thread: what it reads from the database
    struct arena *pruner_arena; // of the pruner's thread
    struct metric *publications;
    struct clock real_time;
    int64_t spread_basis_points;
    bool is_simulated;
    bool is_live;
    bool stores_minutes;
    int64_t minute_bar_days;
    struct simulation_options simulation; // without splits, which change: see `splits`
    bool is_prepared; // the symbols and the clock to begin a market of now with; the player's
};

struct market_options {
    struct database *database;
    struct history *history;
    const char *listen; // the service's RPC address: the topic's port follows from it
    struct rpc_mesh_key key;
    struct metrics *metrics; // also of the live market
    int64_t spread_basis_points;
    bool is_simulated;
    const struct fetcher_options *live; // prices are live when it is given; neither: a replay
    // Prices that nothing can repeat are built into minutes, which are kept for so many days.
    bool stores_minutes;
    int64_t minute_bar_days;
    struct simulation_options simulation;
};

// Begins to play and to publish. The caller owns it. Fails with INVALID_SETTING when the topic's
// port cannot be listened on.
MUST_CHECK bool
market_new(const struct market_options *options, struct market **out_market, struct error *error);
void market_free(struct market **market);

// The hours that bars go by.
enum market_hours market_bar_hours(const struct market *market);

// The last day whose session has begun at platform time `now`: splits until then are in effect.
int64_t market_effective_day(const struct market *market, int64_t now);

// The close before a bar, by the splits since.
void market_adjust_previous_close(struct market *market, struct latest_bar *latest);

struct history_want {
    const char *ticker;
    int64_t until;
    bool waits;
};

// Reads a symbol. One that is not in the catalogue is looked up when prices are live: fails with
// SYMBOL_NOT_FOUND, with BEING_FETCHED while it is, and PRICE_UNAVAILABLE when nobody can be asked.
MUST_CHECK bool market_get_symbol(struct market *market,
                                  struct arena *arena,
                                  const char *ticker,
                                  struct symbol *out_symbol,
                                  struct error *error);

// The same of one that is not in the catalogue; always fails.
bool market_look_up(struct market *market, const char *ticker, struct error *error);

// Has the daily history of a symbol fetched, once a day, when prices are live and days are missing
// until the last session before today and before `until`. While it is, `waits` fails with
// BEING_FETCHED; so does every call as long as there is no day at all.
MUST_CHECK bool market_fetch_history(struct market *market,
                                     struct arena *arena,
                                     const struct history_want *want,
                                     struct history_standing *out_standing,
                                     struct error *error);

// Has words searched for at providers, whose symbols are added to the catalogue, when prices are
// live. Fails with BEING_FETCHED while they are.
MUST_CHECK bool
market_search_providers(struct market *market, const char *words, struct error *error);

Market__ImportState market_import_state(enum import_state state);

// A stored minute of a day's bar.
struct bar market_bar_of_minute(const struct bar *day, const struct timed_bar *minute);

// Today's date in New York: no price is of a later day.
int64_t market_today(const struct market *market);
