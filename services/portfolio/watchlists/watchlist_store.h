// SPDX-License-Identifier: MIT
// watchlist_store: the SQL of watchlists.
//
// A user's watchlists are changed by one transaction at a time: it holds the row that says which is
// the default. Memory: what is read lies in the transaction's arena.
#pragma once

#include "database/database.h"
#include "watchlists/watchlist.h"

// Gives the user the default watchlist of that name, unless they have one, and takes their lock.
MUST_CHECK bool store_open_watchlists(struct transaction *transaction,
                                      const char *user_id,
                                      const char *name,
                                      int64_t now,
                                      struct error *error);

// Finds a list with its symbols. `tickers` has room for WATCHLIST_SYMBOLS_MAX.
MUST_CHECK bool store_find_watchlist(struct transaction *transaction,
                                     const char *id,
                                     struct watchlist *out_list,
                                     bool *out_found,
                                     struct error *error);

// The same, with the lock of its user.
MUST_CHECK bool store_lock_watchlist(struct transaction *transaction,
                                     const char *id,
                                     struct watchlist *out_list,
                                     bool *out_found,
                                     struct error *error);

// Up to `limit` lists of a user, oldest first, after one of that time and id. Each has its count
// of symbols, and not the symbols themselves.
struct watchlist_page {
    const char *user_id;
    int64_t after_created_at;
    const char *after_id; // NULL for the first page
    size_t limit;
};
MUST_CHECK bool store_page_watchlists(struct transaction *transaction,
                                      const struct watchlist_page *page,
                                      struct watchlist **out_lists,
                                      size_t *out_count,
                                      struct error *error);

// Reads the symbols of lists of one user that have their counts, in a transaction that sees one
// moment.
MUST_CHECK bool store_read_watchlist_symbols(struct transaction *transaction,
                                             struct watchlist *lists,
                                             size_t count,
                                             struct error *error);

MUST_CHECK bool store_count_watchlists(struct transaction *transaction,
                                       const char *user_id,
                                       size_t *out_count,
                                       struct error *error);

// Writes a new list with its symbols. Fails with WATCHLIST_NAME_TAKEN.
MUST_CHECK bool store_insert_watchlist(struct transaction *transaction,
                                       const struct watchlist *list,
                                       struct error *error);

// Writes name and updated_at. Fails with WATCHLIST_NAME_TAKEN.
MUST_CHECK bool store_update_watchlist(struct transaction *transaction,
                                       const struct watchlist *list,
                                       struct error *error);

// Writes all symbols anew.
MUST_CHECK bool store_replace_watchlist_symbols(struct transaction *transaction,
                                                const struct watchlist *list,
                                                struct error *error);

// Adds one at the end; one that is there already stays where it is.
MUST_CHECK bool store_append_watchlist_symbol(struct transaction *transaction,
                                              const struct watchlist *list,
                                              const char *ticker,
                                              struct error *error);

MUST_CHECK bool store_remove_watchlist_symbol(struct transaction *transaction,
                                              const struct watchlist *list,
                                              const char *ticker,
                                              struct error *error);

MUST_CHECK bool store_set_default_watchlist(struct transaction *transaction,
                                            const struct watchlist *list,
                                            struct error *error);

// Deletes a list with its symbols. PostgreSQL refuses the default one.
MUST_CHECK bool store_delete_watchlist(struct transaction *transaction,
                                       const struct watchlist *list,
                                       struct error *error);
