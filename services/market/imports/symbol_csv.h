// SPDX-License-Identifier: MIT
// symbol_csv: symbols from the lines of a list, one line at a time.
//
// The first line that is not empty is the header. It names, in any order and case, the ticker
// (Symbol or Ticker) and the name (Security Name, Security, Company Name, Company or Name; the
// first of these that is there), and when the list has them Exchange or Listing Exchange, and
// Sector or GICS Sector. Other columns mean nothing to a symbol and are listed by
// symbol_csv_list_ignored. A name of more than 200 characters is shortened and ends with three
// dots. A line without any value, and that with which Nasdaq's own list ends, "File Creation Time",
// is passed over.
//
// Threads: pure functions; a struct symbol_csv belongs to its caller.
#pragma once

#include "bars/bar.h"
#include "base/arena.h"
#include "csv/csv_line.h"

enum { SYMBOL_NAME_MAX = 200, SYMBOL_EXCHANGE_MAX = 32, SYMBOL_SECTOR_MAX = 64 }; // characters

enum symbol_column {
    SYMBOL_TICKER,
    SYMBOL_NAME,
    SYMBOL_EXCHANGE,
    SYMBOL_SECTOR,
    SYMBOL_COLUMN_COUNT
};

struct symbol_csv {
    bool has_header;
    int columns[SYMBOL_COLUMN_COUNT]; // where each is; -1 when it is not there
    int column_count;
    struct csv_fields fields; // of the line read last
};

// What a line says. The texts lie in the struct symbol_csv until the next line; exchange and sector
// may be empty.
struct symbol_line {
    char ticker[TICKER_SIZE];
    struct text name;
    struct text exchange;
    struct text sector;
};

// Prepares for a list's first line.
void symbol_csv_start(struct symbol_csv *csv);

// Reads one line; CSV_ROW has filled `out_symbol`.
enum csv_outcome symbol_csv_read(struct symbol_csv *csv,
                                 struct text line,
                                 struct symbol_line *out_symbol,
                                 char out_reason[CSV_REASON_SIZE]);

// The columns of a header that are passed over, as they may be shown. False when the arena's budget
// is spent.
MUST_CHECK bool symbol_csv_list_ignored(struct arena *arena,
                                        const char *header,
                                        const char ***out_names,
                                        size_t *out_count);
