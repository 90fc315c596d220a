// SPDX-License-Identifier: MIT
// import_store: all SQL about imports while they arrive, and about what came of them. How they are
// made bars and symbols is in import_merge_store.
//
// Memory: what is read lies in the transaction's arena.
#pragma once

#include "base/strbuf.h"
#include "database/database.h"
#include "imports/price_csv.h"

#define IMPORT_BYTES_MAX (INT64_C(64) << 30) // of one file

enum {
    IMPORTS_MAX = 64,           // that have staged something, of those not yet left alone
    IMPORTS_STARTED_MAX = 1024, // unfinished in all, those left alone and without a header included
    IMPORTS_FINISHED_MAX = 1024, // whose outcome is kept
    IMPORT_REJECTIONS_MAX = 1000,
    IMPORT_PIECES_REMOVED = 256, // of imports that failed, at a time: 50 MB of a file
};

enum import_state { IMPORT_RECEIVING, IMPORT_MERGING, IMPORT_DONE, IMPORT_FAILED };

struct import_row {
    const char *id;
    bool is_of_symbols;
    const char *ticker;   // of bars: "" when a column says it
    const char *exchange; // of symbols: of lines that say none; "" for none
    enum price_frame frame;
    bool is_frame_given;
    enum import_state state;
    const char *header; // NULL before it has come
    int64_t byte_count; // of the file, taken so far
    uint64_t checksum;  // of those bytes
    bool is_ended;      // the last line taken had no end: nothing can follow
    int64_t line_count; // the same in lines, the header included
    int64_t row_count;  // lines that are staged
    int64_t rejected_count;
    int64_t imported_count; // in the end, as the following
    int64_t updated_count;
    const char *failure_reason; // NULL for none
    const char *failure;
    int64_t started_at_us;
    int64_t finished_at_us; // 0 before the end
};

struct import_rejection {
    uint64_t line;
    const char *reason;
};

// Reads an import; `out_is_there` says whether there is one.
MUST_CHECK bool import_store_find(struct transaction *transaction,
                                  const char *id,
                                  struct import_row *out_row,
                                  bool *out_is_there,
                                  struct error *error);

// Which imports to list: those that began before one of that time and id, which is NULL for all.
struct import_query {
    int64_t before_at;
    const char *before_id;
    bool has_state; // and are in that one
    enum import_state state;
    size_t limit;
};

// The newest first.
MUST_CHECK bool import_store_list(struct database *database,
                                  struct arena *arena,
                                  const struct import_query *query,
                                  struct import_row **out_imports,
                                  size_t *out_count,
                                  struct error *error);

// Adds an import with the id, kind, ticker and exchange of `row`. Fails with OVERLOADED when there
// are too many at once, and CONFLICT when another one has just added it.
MUST_CHECK bool import_store_start(struct transaction *transaction,
                                   const struct import_row *row,
                                   struct error *error);

// Locks an import and reads its row. Fails with IMPORT_NOT_FOUND.
MUST_CHECK bool import_store_lock(struct transaction *transaction,
                                  const char *id,
                                  struct import_row *out_row,
                                  struct error *error);

// What the lines of one piece have become, in the format of COPY, as the functions below write it.
struct import_piece {
    int64_t at; // where it begins in the file
    struct text rows;
    struct text rejections;
};

// Stages a piece and saves the row, which is locked.
MUST_CHECK bool import_store_stage(struct transaction *transaction,
                                   const struct import_row *row,
                                   const struct import_piece *piece,
                                   struct error *error);

void import_store_print_bar(struct strbuf *out, int64_t line, const struct bar *bar);
void import_store_print_rejection(struct strbuf *out,
                                  const char *id,
                                  int64_t line,
                                  const char *reason);

// Who said that all has arrived.
struct import_actor {
    const char *user_id; // "" for nobody, as the others
    const char *username;
    const char *client_address;
    const char *request_id;
};

// Has an import, which is locked, merged.
MUST_CHECK bool import_store_seal(struct transaction *transaction,
                                  const char *id,
                                  const struct import_actor *actor,
                                  struct error *error);

// Ends an import, which is locked or being merged, for that reason. Its pieces are removed by
// import_store_prune: there may be many.
MUST_CHECK bool import_store_fail(struct transaction *transaction,
                                  const char *id,
                                  const struct error *failure,
                                  struct error *error);

// The first lines that were left out, in order.
MUST_CHECK bool import_store_list_rejections(struct transaction *transaction,
                                             const char *id,
                                             struct import_rejection **out_rejections,
                                             size_t *out_count,
                                             struct error *error);

// Removes some pieces of imports that failed, and one import that nobody has gone on with for an
// hour, that ended a day ago, or that is one too many of those that have ended. True when there was
// any.
bool import_store_prune(struct database *database, struct arena *arena);
