// SPDX-License-Identifier: MIT
// price_time: the date or time of a price, as files have it.
//
// A date is 2014-01-02. A time is a date, a blank or a T, and 09:30, 09:30:00 or 09:30:00.000,
// perhaps with a zone behind it: Z, +00:00, -0500. Without one it is what New York's clocks show.
// A number is the seconds, or with 12 digits or more the milliseconds, since 1970-01-01 UTC. A time
// may also come in two parts, the date and 09:30 in a column of its own.
//
// Midnight, in New York, where a zone is given in that zone, or of a number in UTC, says no more
// than the date does: that is how tables of days are often written.
//
// Threads: pure functions.
#pragma once

#include "bars/bar.h"
#include "csv/csv_line.h"

struct price_time {
    int64_t day;  // the date in New York
    bool is_date; // no more than that is said
    int64_t at;   // else the moment
    int seconds;  // New York's time of day: since its midnight by the clock
};

// Reads a date or time; `time` is the column beside it, empty for none. False when it is neither;
// `out_reason` says so.
MUST_CHECK bool price_time_read(struct text date,
                                struct text time,
                                struct price_time *out_time,
                                char out_reason[BAR_REASON_SIZE]);

// Checks that it is the start of a minute of a regular session that is not later than `now`. On
// failure writes the rule that is broken as a phrase.
MUST_CHECK bool price_time_check_minute(const struct price_time *time,
                                        int64_t now,
                                        char out_reason[BAR_REASON_SIZE]);
