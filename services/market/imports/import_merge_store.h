// SPDX-License-Identifier: MIT
// import_merge_store: all SQL that makes an import which has arrived whole bars or symbols.
//
// All of it is one transaction: others see nothing or everything, and one that is broken off has
// done nothing. Rows go through temporary tables of that transaction, which cost no log; there they
// are put in the order of the table's key, so that its index grows at one place at a time. It
// locks no symbol against anything but removal, so symbols and bars can be changed meanwhile; only
// who writes the very same bar waits, or fails.
//
// Memory: the transaction's arena is reset while the pieces are read, a few at a time.
#pragma once

#include "imports/import_store.h"
#include "rpc/rpc.h"

// An import that waits for being merged. By value: it outlives the arena's resets.
struct import_claim {
    char id[UUID_SIZE];
    bool is_of_symbols;
    bool is_of_minutes;
    int64_t row_count;
    int64_t rejected_count;
    // Who asked for it; "" for nobody, as the others.
    char user_id[UUID_SIZE];
    char username[33];
    char client_address[RPC_ADDRESS_SIZE];
    char request_id[UUID_SIZE];
};

struct import_result {
    uint64_t imported;
    uint64_t updated;
    uint64_t rejected_count;
    const char (*tickers)[TICKER_SIZE]; // whose bars were touched, in the arena; none for symbols
    size_t ticker_count;                // of them, or of the symbols touched
};

// Told how many rows have been merged; false when merging is to be broken off.
struct import_watch {
    bool (*progressed)(void *context, int64_t merged);
    void *context;
};

// The import that has waited longest; `out_is_there` says whether there is one.
MUST_CHECK bool import_merge_store_next(struct database *database,
                                        struct arena *arena,
                                        struct import_claim *out_claim,
                                        bool *out_is_there,
                                        struct error *error);

// Makes the rows bars, adding the symbols that are new. A second line of the same symbol and day or
// minute is rejected. The days of minutes are made of all of them, in place of what had been known
// of these days; so a line of a day that is made of its minutes is rejected. Fails with
// LIMIT_EXCEEDED when there are too many symbols, UNAVAILABLE when broken off, IMPORT_CANCELED when
// it is not to be merged any more, and INTERNAL when rows are missing.
MUST_CHECK bool import_merge_store_bars(struct transaction *transaction,
                                        const struct import_claim *claim,
                                        const struct import_watch *watch,
                                        struct import_result *out_result,
                                        struct error *error);

// Writes down the outcome and removes what was staged. Fails with IMPORT_CANCELED when it has been.
MUST_CHECK bool import_merge_store_finish(struct transaction *transaction,
                                          const struct import_claim *claim,
                                          const struct import_result *result,
                                          struct error *error);

// Copies the pieces of an import into a table of the transaction, as that constant "COPY ... FROM
// STDIN" says.
MUST_CHECK bool import_merge_store_load(struct transaction *transaction,
                                        const struct import_claim *claim,
                                        const char *copy_sql,
                                        const struct import_watch *watch,
                                        struct error *error);
