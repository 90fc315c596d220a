// SPDX-License-Identifier: MIT
// quote_table: quotes by ticker, in one block of memory.
//
// Open addressing with linear probing; a quote is replaced in place and never removed, for a whole
// new table is made from each snapshot.
//
// Threads: none of its own; the caller serialises access. Memory: quotes go in and come out by
// value.
#pragma once

#include "quotes/quotes.h"

enum { QUOTE_TABLE_MAX = 20000 }; // symbols; further ones are not taken

struct quote_table;

struct quote_table *quote_table_new(void);
void quote_table_free(struct quote_table **table);

// Remembers `quote`, unless a later one of the same ticker is held: pages of a snapshot may be
// ahead of the publications that follow it. False when it was older, or when the table is full.
bool quote_table_put(struct quote_table *table, const struct quote *quote);

// The quote of `ticker`, borrowed until the next put; NULL when there is none.
const struct quote *quote_table_find(const struct quote_table *table, const char *ticker);

// Marks a quote that was found as looked at. May be called while others read, for the mark is all
// it writes.
void quote_table_mark(const struct quote_table *table, const struct quote *quote);

// Copies up to `max` tickers that are marked and takes their marks away; readers may go on.
size_t
quote_table_take_marked(const struct quote_table *table, char (*out_tickers)[16], size_t max);

size_t quote_table_count(const struct quote_table *table);

// Copies all quotes, in no order, to `out`, which has room for quote_table_count of them.
void quote_table_copy(const struct quote_table *table, struct quote *out);
