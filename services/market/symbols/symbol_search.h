// SPDX-License-Identifier: MIT
// symbol_search: how well a symbol matches what somebody typed into a search box.
//
// From the best to the last: the ticker itself; tickers that begin with it, the shorter before the
// longer; names that begin with it; names with a word that does; names with a word for each word
// typed, in any order; names with it in the middle of a word; and then the same words with typing
// errors: one in a word of four or five letters, two in a longer one, none in a shorter one, which
// would be like too many others. Of a word of six letters or more the beginning is enough. Equals
// are told apart: whole words before begun ones, then shorter names before longer ones.
//
// Case, accents and punctuation do not matter; in tickers ".", "-", "/" and a blank are the same.
//
// Threads: pure functions.
#pragma once

#include "base/arena.h"

// No rank is larger.
#define SYMBOL_RANK_MAX (INT64_C(1) << 20)

struct search_word {
    struct text text;
    uint32_t letters; // which ones it has, a bit for each; others share some bits
};

struct symbol_search {
    const char *ticker; // what the ticker would be, as `searched_symbol` has it; "" for everything
    const char *phrase; // folded, each word after a blank; "" when there is none
    const struct search_word *words;
    size_t word_count;
    uint32_t letters; // of all words
};

// A symbol made ready to be searched.
struct searched_symbol {
    const char *ticker; // small letters, "." for what separates
    const char *name;   // folded, each word after a blank
    size_t name_length;
    const struct search_word *words;
    size_t word_count;
    uint32_t letters; // of all words
};

// Both fail, with false, when the arena's budget is spent. `typed` may be NULL.
MUST_CHECK bool
symbol_search_read(struct arena *arena, const char *typed, struct symbol_search *out_search);
MUST_CHECK bool symbol_search_prepare(struct arena *arena,
                                      const char *ticker,
                                      const char *name,
                                      struct searched_symbol *out_symbol);

// The rank of a match, 0 the best; -1 when it is none.
int64_t symbol_search_rank(const struct symbol_search *search,
                           const struct searched_symbol *symbol);
