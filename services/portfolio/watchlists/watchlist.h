// SPDX-License-Identifier: MIT
// watchlist: the rules of watchlists, without SQL: their names, their symbols and their order.
//
// Threads: pure functions. Memory: names and tickers are borrowed; the array of tickers is the
// caller's and has room for WATCHLIST_SYMBOLS_MAX of them.
#pragma once

#include "base/error.h"
#include "base/uuid.h"

enum {
    WATCHLISTS_MAX = 50,         // of a user
    WATCHLIST_SYMBOLS_MAX = 500, // in one
};

struct watchlist {
    char id[UUID_SIZE];
    char user_id[UUID_SIZE];
    const char *name;
    bool is_default;
    int64_t created_at;
    int64_t updated_at;
    const char **tickers; // in the user's order
    size_t count;
};

// Fails with LIMIT_EXCEEDED for a user who has `count` already.
MUST_CHECK bool watchlist_check_count(size_t count, struct error *error);

// Fails with INVALID_REQUEST when a ticker is among them twice, naming both places. There are at
// most WATCHLIST_SYMBOLS_MAX, which is the field's rule.
MUST_CHECK bool
watchlist_check_symbols(const char *const *tickers, size_t count, struct error *error);

// Fails with WATCHLIST_IS_DEFAULT.
MUST_CHECK bool watchlist_check_delete(const struct watchlist *list, struct error *error);

bool watchlist_has(const struct watchlist *list, const char *ticker);

// Puts `ticker` at the end; one that is there stays where it is, and `out_added` is false. Fails
// with LIMIT_EXCEEDED.
MUST_CHECK bool
watchlist_add(struct watchlist *list, const char *ticker, bool *out_added, struct error *error);

// Fails with WATCHLIST_SYMBOL_NOT_FOUND.
MUST_CHECK bool watchlist_remove(struct watchlist *list, const char *ticker, struct error *error);
