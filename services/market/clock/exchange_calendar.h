// SPDX-License-Identifier: MIT
// exchange_calendar: when New York's sessions are on, by rule, from 1990 to 2100.
//
// Weekends, holidays, early closes and daylight saving are computed; closures that no rule gives
// (mourning, attacks, hurricanes) are a table. Years after the last known ones follow today's
// rules. A day is counted from 1970-01-01, as in base/timestamp.h; times are UTC microseconds.
//
// Threads: pure functions.
#pragma once

#include "base/clock.h"
#include "base/timestamp.h"

// The days and times the calendar speaks of: from 1990-01-01 to before 2101-01-01.
#define CALENDAR_FIRST_DAY INT64_C(7305)
#define CALENDAR_LAST_DAY INT64_C(47846)
#define CALENDAR_START_AT INT64_C(631152000000000)
#define CALENDAR_END_AT INT64_C(4133980800000000)

enum {
    CALENDAR_PRE_MARKET_MINUTE = 4 * 60,
    CALENDAR_OPEN_MINUTE = 9 * 60 + 30,
    CALENDAR_CLOSE_MINUTE = 16 * 60,
    CALENDAR_SESSION_MINUTES = CALENDAR_CLOSE_MINUTE - CALENDAR_OPEN_MINUTE, // at most
};

// The numbers are those of Market__Session.
enum exchange_session {
    SESSION_PRE_MARKET = 1, // from 04:00 until the open
    SESSION_REGULAR = 2,
    SESSION_AFTER_HOURS = 3, // from the close until 20:00, on an early close until 17:00
    SESSION_CLOSED = 4,
};

// The minute of the day at which the session of `day` closes; 0 when there is none.
int exchange_calendar_close_minute(int64_t day);

// The minute at which trading after hours ends; 0 when there is no session.
int exchange_calendar_after_hours_minute(int64_t day);

bool exchange_calendar_is_session(int64_t day);

// What a weekday without a session is called, "Labor Day"; NULL for sessions and weekends.
const char *exchange_calendar_holiday(int64_t day);

// The moment at which New York's clocks show `minute` (of 0 to 1439, and not within the hours that
// daylight saving skips or repeats, which no session touches) on that day.
int64_t exchange_calendar_at(int64_t day, int minute);

// The date in New York at that moment.
int64_t exchange_calendar_day(int64_t at);

// Open at the opening moment, closed at the closing one.
bool exchange_calendar_is_open(int64_t at);

// Each session begins with its first moment and is over at its last.
enum exchange_session exchange_calendar_session(int64_t at);

// The first open, or close, after `at`.
int64_t exchange_calendar_next_open(int64_t at);
int64_t exchange_calendar_next_close(int64_t at);

// The last close at or before `at`; before the first one the calendar's beginning.
int64_t exchange_calendar_previous_close(int64_t at);

// The first session after `day`.
int64_t exchange_calendar_next_session(int64_t day);
