// SPDX-License-Identifier: MIT
// reply_time: the times that replies speak of: days and hours of New York, seconds since 1970, and
// Warsaw's clocks.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

// "2021-07-30" as a day since 1970, of the calendar's years.
MUST_CHECK bool reply_read_day(struct text text, int64_t *out_day);

// "2021-07-30 20:00:00", or a bare day for its midnight, by New York's clocks.
MUST_CHECK bool reply_read_new_york(struct text text, int64_t *out_at);

// Seconds since 1970, of the calendar's years.
MUST_CHECK bool reply_read_unix(struct text text, int64_t *out_at);

// A day and "22:00:01" by Warsaw's clocks, which follow the European Union's summer time.
MUST_CHECK bool reply_read_warsaw(struct text day, struct text time, int64_t *out_at);

// The time of a price of which only its day is told. The session of that day has begun by `now`,
// or the day is one to come and the answer its open: while the session is on that is its open, for
// nothing later is known for certain, and its close from then on.
int64_t reply_time_of_day(int64_t day, int64_t now);
