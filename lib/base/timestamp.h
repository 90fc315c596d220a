// SPDX-License-Identifier: MIT
// timestamp: RFC 3339 text to and from microseconds since 1970, and days of the Gregorian calendar.
//
// Range: the years 1 to 9999. No locale, no time zone database, no libc calendar.
#pragma once

#include "base/base.h"

enum { TIMESTAMP_SIZE = 32, DATE_SIZE = 11 };

struct date {
    int year;  // 1 to 9999
    int month; // 1 to 12
    int day;   // 1 to 31
};

// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);

// 0 is Sunday.
int date_weekday(int64_t days);
bool date_is_valid(struct date date);

// Reads "2014-06-02", all of it. False when it is not a date.
MUST_CHECK bool date_parse(struct text text, struct date *out_date);
void date_print(struct date date, char out[DATE_SIZE]);

// Reads an RFC 3339 time with `Z` or an offset, and up to 6 digits of fraction; a bare date is its
// midnight in UTC. False when it is anything else.
MUST_CHECK bool timestamp_parse(struct text text, int64_t *out_us);

// Writes it in UTC with `Z`, with 0, 3 or 6 digits of fraction, as few as say it exactly.
void timestamp_print(int64_t us, char out[TIMESTAMP_SIZE]);
