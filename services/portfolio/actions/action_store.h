// SPDX-License-Identifier: MIT
// action_store: the SQL of dividends and splits: how far one has come, who held what, and the lots
// that a split carries over. All within the caller's transaction, and memory in its arena.
#pragma once

#include "database/database.h"
#include "ledger/ledger.h"

struct action_record {
    struct ledger_action action;
    bool is_split;
    bool whole_shares; // the rest of a share is paid in cash
    int64_t effective_at;
    const char *done_through; // NULL before the first portfolio
    int64_t portfolios;       // that something was booked in
    bool is_complete;
};

// Begins an action, unless it has begun already. Waits for copies of portfolios that are being
// made. Fails with CONFLICT when the action of that id is another one.
MUST_CHECK bool store_begin_action(struct transaction *transaction,
                                   const struct action_record *record,
                                   struct error *error);

// Reads an action that has begun and locks it.
MUST_CHECK bool store_lock_action(struct transaction *transaction,
                                  const char *id,
                                  struct action_record *out_record,
                                  struct error *error);

// Keeps actions from beginning until the transaction ends.
MUST_CHECK bool store_hold_actions(struct transaction *transaction, struct error *error);

// One of the tickers whose action has begun and is not complete, or NULL.
MUST_CHECK bool store_find_open_action(struct transaction *transaction,
                                       const char *const *tickers,
                                       size_t count,
                                       const char **out_ticker,
                                       struct error *error);

// The next portfolios that hold the ticker or ever did, by their ids, and the last cash movement of
// before each has begun anew.
struct action_holders {
    const char **ids;
    int64_t *reset_seqs;
    size_t count;
};
MUST_CHECK bool store_next_holders(struct transaction *transaction,
                                   const struct action_record *record,
                                   size_t limit,
                                   struct action_holders *out_holders,
                                   struct error *error);

// How many shares of each portfolio the action is about, 0 for none: of a dividend those that were
// held when it came into effect, of a split those of them that are held still, the oldest having
// been sold first. None in portfolios that are closed, or have begun anew since. The portfolios
// must be locked. `out_quantities` has room for `count`.
MUST_CHECK bool store_measure_holders(struct transaction *transaction,
                                      const struct action_record *record,
                                      const char *const *ids,
                                      size_t count,
                                      int64_t *out_quantities,
                                      struct error *error);

// The holds of open sells of the ticker, into the books of those portfolios.
struct books;
MUST_CHECK bool store_load_sell_holds(struct transaction *transaction,
                                      const struct action_record *record,
                                      const char *const *ids,
                                      size_t count,
                                      struct books *books,
                                      struct error *error);

// Carries the open lots of those portfolios over into the series after theirs, so many new shares
// for so many old ones of those that were bought before. Must see the balances of before: queue it
// before they are written.
MUST_CHECK bool store_carry_lots(struct transaction *transaction,
                                 const struct action_record *record,
                                 const char *const *ids,
                                 size_t count,
                                 struct error *error);

// Notes how far it has come, and that it is complete when `done_through` is NULL.
MUST_CHECK bool store_save_action(struct transaction *transaction,
                                  const struct action_record *record,
                                  const char *done_through,
                                  struct error *error);
