// SPDX-License-Identifier: MIT
// quote_book: the present quote of each symbol, in order of tickers.
//
// Threads: none of its own; the caller serialises access. Memory: quotes are borrowed until the
// next change.
#pragma once

#include "player/replay.h"

enum { QUOTE_BOOK_MAX = 20000 };

struct quote_book_entry {
    struct quote quote;
    int64_t day;          // of the bar the quote comes from
    int64_t close_micros; // of that bar: the previous close of the next one
};

struct quote_book;

struct quote_book *quote_book_new(void);
void quote_book_free(struct quote_book **book);

// The entry of `ticker`, borrowed; NULL when there is none.
const struct quote_book_entry *quote_book_find(const struct quote_book *book, const char *ticker);

// Puts what `bar` is quoted as in that phase. Returns the quote when it differs from what was
// there, and NULL when nothing changes or the book is full.
const struct quote *quote_book_put(struct quote_book *book,
                                   const struct bar *bar,
                                   enum replay_phase phase,
                                   int64_t previous_close_micros,
                                   int64_t spread_basis_points);

// Puts a quote of day `day` that comes from no bar. Returns and fails as above.
const struct quote *
quote_book_put_quote(struct quote_book *book, const struct quote *quote, int64_t day);

// The close before `bar`, as far as the book knows: of the bar it holds when that is an earlier
// one.
int64_t quote_book_previous_close(const struct quote_book *book, const struct bar *bar);

// The entries whose tickers come after `after`, borrowed; returns how many.
size_t quote_book_after(const struct quote_book *book,
                        const char *after,
                        const struct quote_book_entry **out_first);

size_t quote_book_count(const struct quote_book *book);
