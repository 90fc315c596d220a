// SPDX-License-Identifier: MIT
// transaction_csv: transactions from a CSV file, each row checked by itself.
//
// Columns in any order and capitals: date, kind, symbol, quantity, price, fee, amount and note; a
// row says nothing where its kind has no use for a column. The names that ListTransactions writes
// are understood as well, so that its table is such a file; of that, columns that follow from the
// others are passed over. Any other column is refused: it may say something that counts.
//
// Rows come out in the order in which they are booked: by date, and those of one date as the file
// has them. A table of ListTransactions is the newest first, and keeps the order of its ledger.
//
// Threads: pure functions. Memory: the arena given, which the texts of the file must outlive.
#pragma once

#include "base/arena.h"
#include "ledger.h"

enum {
    TRANSACTION_ROWS_MAX = 2000,
    TRANSACTION_PROBLEMS_MAX = 1000, // that are told; all are counted
    TRANSACTION_RULE_SIZE = 200,
};

struct transaction_row {
    uint32_t line; // of the file, from 1
    enum ledger_kind kind;
    char ticker[LEDGER_ASSET_SIZE]; // empty for none
    int64_t quantity;               // more than 0 of a buy or sell, otherwise 0
    int64_t price;
    int64_t commission;
    int64_t amount; // of what is no trade: cash, more than 0
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
