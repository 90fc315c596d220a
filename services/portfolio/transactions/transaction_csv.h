// SPDX-License-Identifier: MIT
// transaction_csv: transactions from a CSV file, each row checked by itself.
//
// Columns in any order and capitals: date, kind, symbol, quantity, price, fee, amount and note; a
// row says nothing where its kind has no use for a column. The names that ListTransactions writes
// are understood as well, so that its table is such a file; of that, columns that follow from the
// others are passed over. Any other column is refused: it may say something that counts.
//
// A split has its terms in the note, as the ledger has: "3 for 1". A reset without a symbol says in
// cash_after what the portfolio begins anew with; those with one belong to it, and come before it.
//
// Rows come out in the order in which they are booked: by date, and those of one date as the file
// has them. A table of ListTransactions is the newest first, and keeps the order of its ledger.
//
// Threads: pure functions. Memory: the arena given, which the texts of the file must outlive.
#pragma once

#include "base/arena.h"
#include "ledger/ledger.h"

enum {
    TRANSACTION_ROWS_MAX = 2000,
    TRANSACTION_PROBLEMS_MAX = 1000, // that are told; all are counted
    TRANSACTION_RULE_SIZE = 200,
    TRANSACTION_RECORD_MAX = 96 * 1024, // bytes of one row, with its line breaks
    TRANSACTION_TERM_MAX = 10000,       // shares that a split is into, or of
};

struct transaction_row {
    uint32_t line; // of the file, from 1
    enum ledger_kind kind;
    char ticker[LEDGER_ASSET_SIZE]; // empty for none
    // More than 0 of a trade, an opening of shares and what is paid for a rest of a share; of a
    // reset with a symbol, 0 or more; of a split what the position changes by, 0 for not said;
    // otherwise 0.
    int64_t quantity;
    int64_t price;
    int64_t commission;
    int64_t amount; // of what is no trade: cash, 0 or more; of a reset what it begins with
    int64_t numerator, denominator; // of a split: so many new shares for so many old ones
    int64_t cost;                   // of an opening of shares
    const struct ledger_opened_lot *lots;
    size_t lot_count;
    int64_t cash_change, cash_after; // as a table of ListTransactions says, for the rows' order
    int64_t at;
    const char *note; // "" for none
};

struct transaction_problem {
    uint32_t line;
    const char *field; // a column, or "row"
    const char *rule;
};

struct transaction_table {
    struct arena *arena;
    struct transaction_row *rows;
    size_t count;
    uint32_t row_count; // of the file, with those that have a problem
    struct transaction_problem *problems;
    size_t problem_count; // those that are told
    size_t problem_total;
};

// Reads all of a file; what is wrong with it is in the table. `now` is the latest date there can
// be. Fails with OUT_OF_MEMORY_BUDGET alone.
MUST_CHECK bool transaction_csv_read(struct text csv,
                                     int64_t now,
                                     struct arena *arena,
                                     struct transaction_table *out_table,
                                     struct error *error);

// Notes what is wrong with a row, while there is room for it.
PRINTF_LIKE(4, 5)
void transaction_table_add_problem(
    struct transaction_table *table, uint32_t line, const char *field, const char *format, ...);
