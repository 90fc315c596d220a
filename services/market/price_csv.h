// SPDX-License-Identifier: MIT
// price_csv: daily prices from the lines of a CSV file, one line at a time.
//
// The first line that is not empty is the header. It names, in any order and case, the columns
// Date, Open, High, Low, Close and Volume, and when no ticker is given also Symbol, Ticker or Name
// (the first of these that is there); others, such as Adj Close, are passed over.
//
// Threads: pure functions; a struct price_csv belongs to its caller.
#pragma once

#include "csv_line.h"

enum csv_column {
    CSV_DATE,
    CSV_OPEN,
    CSV_HIGH,
    CSV_LOW,
    CSV_CLOSE,
    CSV_VOLUME,
    CSV_TICKER,
    CSV_COLUMN_COUNT
};

struct price_csv {
    char ticker[TICKER_SIZE]; // of every line; empty when a column says it
    int64_t today;            // later days are refused
    bool has_header;
    int columns[CSV_COLUMN_COUNT]; // where each is; -1 when it is not needed
    int column_count;
};

// Prepares for a file's first line. `ticker` may be empty.
void price_csv_start(struct price_csv *csv, const char *ticker, int64_t today);

// Reads one line; CSV_ROW has filled `out_bar`.
enum csv_outcome price_csv_read(struct price_csv *csv,
                                struct text line,
                                struct bar *out_bar,
                                char out_reason[BAR_REASON_SIZE]);
