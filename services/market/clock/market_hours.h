// SPDX-License-Identifier: MIT
// market_hours: when one may trade: in New York's regular sessions, or around the clock.
//
// Around the clock every day of UTC is a session that begins as the one before ends, at midnight.
//
// Threads: pure functions.
#pragma once

#include "base/clock.h"

enum market_hours { HOURS_NEW_YORK, HOURS_AROUND_THE_CLOCK };

struct market_session {
    int64_t day; // since 1970-01-01: the date in New York, or in UTC
    int64_t open_at;
    int64_t close_at;
    int64_t next_open_at; // of the session after it
};

bool market_hours_is_open(enum market_hours hours, int64_t at);

// The first open, or close, after `at`.
int64_t market_hours_next_open(enum market_hours hours, int64_t at);
int64_t market_hours_next_close(enum market_hours hours, int64_t at);

// The last session that has begun at `at`; false when `at` is before the calendar's first.
MUST_CHECK bool
market_hours_session(enum market_hours hours, int64_t at, struct market_session *out_session);

// The last close at or before `at`: since then the present day of trading lasts.
int64_t market_hours_previous_close(enum market_hours hours, int64_t at);

bool market_hours_is_session(enum market_hours hours, int64_t day);
