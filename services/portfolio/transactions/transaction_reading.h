// SPDX-License-Identifier: MIT
// transaction_reading: a CSV file of transactions while it is read, for transaction_csv and
// transaction_row alone.
#pragma once

#include "csv/csv_line.h"
#include "transactions/transaction_csv.h"

enum column {
    DATE,
    KIND,
    SYMBOL,
    QUANTITY,
    PRICE,
    FEE,
    AMOUNT,
    NOTE,
    CASH_AFTER,
    COST,
    LOTS,
    COLUMN_COUNT
};

struct reading {
    struct transaction_table *table;
    struct arena *arena;
    int64_t now;
    uint32_t line;
    int places[COLUMN_COUNT]; // of the columns in a line; -1 for none
    int width;                // of the header
    struct csv_fields fields; // of the record
    char record[TRANSACTION_RECORD_MAX];
    size_t problems; // before this row
};

#define PROBLEM(reading, field, ...)                                                               \
    transaction_table_add_problem((reading)->table, (reading)->line, field, __VA_ARGS__)

// Reads what the fields of the record say into `row`, or notes what is wrong with them. False when
// there is no memory for it.
MUST_CHECK bool transaction_row_read(struct reading *reading, struct transaction_row *row);
