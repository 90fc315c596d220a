// SPDX-License-Identifier: MIT
// symbol_index: all symbols in memory, made ready to be listed and searched.
//
// Why it exists: no index of a database finds names with typing errors in the order people expect,
// without an extension that not every database of the kind has. Going through 20,000 names in
// memory takes a few milliseconds at most.
//
// Threads: none of its own; once filled, any number may search. Memory: the index copies what goes
// in, and what is found is copied into the searcher's arena.
#pragma once

#include "base/error.h"
#include "page_token.h"
#include "symbols/symbol.h"
#include "symbols/symbol_search.h"

struct symbol_query {
    struct symbol_search search;
    const char *exchange; // NULL: any; case does not matter
    const char *sector;
    bool has_status;
    bool is_active;
    struct page_position after; // rank and ticker; a number of -1 is before everything
    size_t limit;
};

struct symbol_index;

struct symbol_index *symbol_index_new(void);
void symbol_index_free(struct symbol_index **index);

// Adds a symbol; they come in order of tickers. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool
symbol_index_add(struct symbol_index *index, const struct symbol *symbol, struct error *error);

size_t symbol_index_count(const struct symbol_index *index);

// The symbol of that ticker, borrowed; NULL when there is none.
const struct symbol *symbol_index_find(const struct symbol_index *index, const char *ticker);

// Finds up to limit + 1 symbols, so that the caller sees whether there are more, in order of rank
// and ticker. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool symbol_index_search(const struct symbol_index *index,
                                    struct arena *arena,
                                    const struct symbol_query *query,
                                    struct symbol **out_symbols,
                                    size_t *out_count,
                                    struct error *error);
