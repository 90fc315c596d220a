// SPDX-License-Identifier: MIT
// market_store: all SQL about symbols, bars and the clock. That about imports is in import_store.h.
//
// Threads: any. Memory: what is read lies in the arena given, or in the transaction's.
#pragma once

#include "bars/bar.h"
#include "clock/platform_clock.h"
#include "database/database.h"
#include "database/history.h"
#include "player/player.h"
#include "symbols/symbol.h"

// A change of a symbol: what is not said stays as it is.
struct symbol_change {
    const char *ticker;
    const char *name;
    const char *exchange;
    const char *sector;
    bool has_status;
    bool is_active;
    bool has_fractionable;
    bool is_fractionable;
};

// Reads up to `max` symbols after that ticker, in order of tickers.
MUST_CHECK bool store_read_symbols(struct database *database,
                                   struct arena *arena,
                                   const char *after_ticker,
                                   size_t max,
                                   struct symbol **out_symbols,
                                   size_t *out_count,
                                   struct error *error);

// Fails with SYMBOL_NOT_FOUND.
MUST_CHECK bool store_get_symbol(struct database *database,
                                 struct arena *arena,
                                 const char *ticker,
                                 struct symbol *out_symbol,
                                 struct error *error);

// Those of the tickers that are in the catalogue, in no order.
MUST_CHECK bool store_find_symbols(struct database *database,
                                   struct arena *arena,
                                   const char *const *tickers,
                                   size_t ticker_count,
                                   struct symbol **out_symbols,
                                   size_t *out_count,
                                   struct error *error);

// Fails with SYMBOL_EXISTS, and LIMIT_EXCEEDED when there are as many as there may be.
MUST_CHECK bool store_insert_symbol(struct transaction *transaction,
                                    const struct symbol *symbol,
                                    struct symbol *out_symbol,
                                    struct error *error);

// Fails with SYMBOL_NOT_FOUND.
MUST_CHECK bool store_update_symbol(struct transaction *transaction,
                                    const struct symbol_change *change,
                                    struct symbol *out_symbol,
                                    struct error *error);

// Removes a symbol without bars and makes any other inactive. Fails with SYMBOL_NOT_FOUND.
MUST_CHECK bool
store_delete_symbol(struct transaction *transaction, const char *ticker, struct error *error);

// What a standby must have to answer a read of bars, daily ones or minutes. Nobody else writes
// them: market is one process.
extern const struct history_need store_bars_need;

struct bar_query {
    const char *ticker;
    int64_t first_day, last_day; // both included
    bool is_descending;
    size_t limit;
};

MUST_CHECK bool store_list_bars(struct history *history,
                                struct arena *arena,
                                const struct bar_query *query,
                                struct bar **out_bars,
                                size_t *out_count,
                                struct error *error);

// The bars from `first_day` to `last_day` in order, each with the close before it.
MUST_CHECK bool store_list_bars_with_previous(struct database *database,
                                              struct arena *arena,
                                              const struct bar_query *query,
                                              struct latest_bar **out_bars,
                                              size_t *out_count,
                                              struct error *error);

// Sets one bar, and adds its symbol when it is new. Fails with INVALID_REQUEST when that day is
// made of imported minutes.
MUST_CHECK bool store_put_bar(struct transaction *transaction,
                              const struct bar *bar,
                              bool *out_was_there,
                              struct error *error);

// For the player, as in player.h.
MUST_CHECK bool store_bars_after(struct database *database,
                                 struct arena *arena,
                                 int64_t after_day,
                                 const char *after_ticker,
                                 int64_t until_day,
                                 struct bar *out_bars,
                                 size_t max,
                                 size_t *out_count,
                                 struct error *error);
MUST_CHECK bool store_latest_bars(struct database *database,
                                  struct arena *arena,
                                  const struct latest_query *query,
                                  struct latest_bar *out_bars,
                                  size_t max,
                                  size_t *out_count,
                                  struct error *error);

MUST_CHECK bool store_get_clock(struct database *database,
                                struct arena *arena,
                                struct clock_state *out_state,
                                struct error *error);

// Replaces the state of `version`. Fails with CONFLICT when the row has another version.
MUST_CHECK bool store_change_clock(struct transaction *transaction,
                                   int64_t version,
                                   const struct clock_state *state,
                                   struct error *error);

// Notes from where a replay goes on and until when it may show times, unless its version is
// another.
MUST_CHECK bool store_allow_time(struct database *database,
                                 struct arena *arena,
                                 const struct clock_state *state,
                                 bool *out_is_same,
                                 struct error *error);
