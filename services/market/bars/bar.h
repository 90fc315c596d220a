// SPDX-License-Identifier: MIT
// bar: the open, high, low and close of one symbol on one day, or in one minute of it, and what
// makes them believable.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "base/timestamp.h"

#define PRICE_MICROS_MAX INT64_C(1000000000000000) // a billion a share
#define BAR_VOLUME_MAX INT64_C(1000000000000000)

enum { TICKER_SIZE = 16, BAR_REASON_SIZE = 200 };

struct bar {
    char ticker[TICKER_SIZE];
    int64_t day; // since 1970-01-01, the date in New York
    int64_t at;  // of a minute: its beginning; 0 when it is the day's
    int64_t open_micros;
    int64_t high_micros;
    int64_t low_micros;
    int64_t close_micros;
    int64_t volume;
    bool is_of_minutes; // the day's, made of imported minutes
    bool is_of_quotes;  // the day's, made of what was quoted while somebody looked
};

// The same of any stretch of time, by the moment at which that begins.
struct timed_bar {
    int64_t at;
    int64_t open_micros;
    int64_t high_micros;
    int64_t low_micros;
    int64_t close_micros;
    int64_t volume;
    bool is_running; // it may still change
};

// Checks everything but the ticker: prices above 0, high and low around open and close exactly
// (real files keep to that to the last digit), and a day from 1990-01-01 to `today`. On failure
// writes the first rule that is broken as a phrase, such as "high 95.1 is below low 96.2".
MUST_CHECK bool bar_check(const struct bar *bar, int64_t today, char out_reason[BAR_REASON_SIZE]);

// Copies a ticker in upper case; false unless it is 1 to 15 of A-Z 0-9 . - and begins with a letter
// or a digit.
MUST_CHECK bool bar_read_ticker(struct text text, char out_ticker[TICKER_SIZE]);
