// SPDX-License-Identifier: MIT
// import_store: all SQL about imports: what has arrived is staged, and becomes bars all at once.
//
// Every function works on an import whose row it, or an earlier call in the same transaction, has
// locked. Memory: what is read lies in the transaction's arena.
#pragma once

#include "base/strbuf.h"
#include "database/database.h"
#include "price_csv.h"

enum {
    IMPORTS_MAX = 64,           // that have staged something
    IMPORTS_STARTED_MAX = 1024, // in all: a file without a header stages nothing and is left behind
    IMPORT_REJECTIONS_MAX = 1000,
};

struct import_row {
    const char *id;
    bool is_of_symbols;
    const char *ticker;   // of bars: "" when a column says it
    const char *exchange; // of symbols: of lines that say none; "" for none
    const char *header;   // NULL before it has come
    int64_t next_sequence;
    int64_t next_line;
    int64_t rejected_count;
};

// Adds an import with the id, kind, ticker and exchange of `row`. Fails with OVERLOADED when there
// are too many at once.
MUST_CHECK bool import_store_start(struct transaction *transaction,
                                   const struct import_row *row,
                                   struct error *error);

// Locks an import and reads its row. Fails with IMPORT_NOT_FOUND.
MUST_CHECK bool import_store_lock(struct transaction *transaction,
                                  const char *id,
                                  struct import_row *out_row,
                                  struct error *error);

// Stages the lines of one piece, in the format of COPY as the functions below write it, and saves
// the row.
MUST_CHECK bool import_store_stage(struct transaction *transaction,
                                   const struct import_row *row,
                                   struct text bars,
                                   struct text rejections,
                                   struct error *error);

void import_store_print_bar(struct strbuf *out,
                            const char *id,
                            int64_t line,
                            const struct bar *bar);
void import_store_print_rejection(struct strbuf *out,
                                  const char *id,
                                  int64_t line,
                                  const char *reason);

struct import_rejection {
    uint64_t line;
    const char *reason;
};

struct import_result {
    uint64_t imported;
    uint64_t updated;
    struct import_rejection *rejections; // the first ones, in order
    size_t rejection_count;
    uint64_t rejected_count;            // all of them
    const char (*tickers)[TICKER_SIZE]; // that were touched
    size_t ticker_count;
};

// Makes what is staged bars, adding the symbols that are new, and removes the import. A second line
// of the same symbol and day is rejected. Fails with LIMIT_EXCEEDED when there are too many
// symbols.
MUST_CHECK bool import_store_finish(struct transaction *transaction,
                                    const struct import_row *row,
                                    struct import_result *out_result,
                                    struct error *error);

// Reads the rejections of an import whose lines have been used, into `result`, and removes the rest
// of it.
MUST_CHECK bool import_store_close(struct transaction *transaction,
                                   const struct import_row *row,
                                   struct import_result *result,
                                   struct error *error);

// Removes one import that nobody has touched for ten minutes. True when there was one.
bool import_store_prune(struct database *database, struct arena *arena);
