// SPDX-License-Identifier: MIT
// symbol_search: what somebody typed into a search box, as patterns of SQL's LIKE.
//
// The best match comes first: the ticker itself, tickers that begin with it, names that begin with
// it, then names with a word that does. Case does not matter, and neither does punctuation in
// names.
//
// Threads: pure functions.
#pragma once

#include "base/arena.h"

struct symbol_search {
    const char *ticker;        // what the ticker would be, or "" for everything
    const char *ticker_prefix; // patterns of LIKE, with backslash as the escape
    const char *name_prefix;
    const char *name_word; // of a name in lower case with a blank before each word
};

// False when the arena's budget is spent. `typed` may be NULL.
MUST_CHECK bool
symbol_search_read(struct arena *arena, const char *typed, struct symbol_search *out_search);
