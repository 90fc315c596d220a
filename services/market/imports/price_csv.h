// SPDX-License-Identifier: MIT
// price_csv: prices of days or of minutes from the lines of a CSV file, one line at a time.
//
// The first line that is not empty is the header. It names, in any order and case, the columns
// Datetime, Timestamp, Date or Time (the first of these that is there), Open, High, Low, Close and
// Volume, and when no ticker is given also Symbol, Ticker or Name (likewise); others, such as Adj
// Close, are passed over. With Date there may be a column Time with the time of day.
//
// Unless it has been said, the first line whose date can be read says whether the file is of days
// or of minutes: price_time.h has what can be read. In a file that has been said to be of days
// times are passed over; otherwise lines of the other kind are refused.
//
// Threads: pure functions; a struct price_csv belongs to its caller.
#pragma once

#include "bars/bar.h"
#include "csv/csv_line.h"

enum csv_column {
    CSV_DATE,
    CSV_TIME,
    CSV_OPEN,
    CSV_HIGH,
    CSV_LOW,
    CSV_CLOSE,
    CSV_VOLUME,
    CSV_TICKER,
    CSV_COLUMN_COUNT
};

enum price_frame { PRICES_UNKNOWN, PRICES_OF_DAYS, PRICES_OF_MINUTES };

struct price_csv {
    char ticker[TICKER_SIZE]; // of every line; empty when a column says it
    int64_t now;              // what is later is refused: of days, those after its day
    enum price_frame frame;
    bool is_frame_given; // rather than found out
    bool has_header;
    int columns[CSV_COLUMN_COUNT]; // where each is; -1 when it is not needed
    int column_count;
};

// Prepares for a file's first line. `ticker` may be empty.
void price_csv_start(struct price_csv *csv, const char *ticker, int64_t now);

// Reads one line; CSV_ROW has filled `out_bar`, whose `at` is set in a file of minutes.
enum csv_outcome price_csv_read(struct price_csv *csv,
                                struct text line,
                                struct bar *out_bar,
                                char out_reason[BAR_REASON_SIZE]);
