// SPDX-License-Identifier: MIT
// bar_series: larger bars made of smaller ones.
//
// Bars of minutes and hours begin where the clock does, in UTC or New York alike: 10:00, 10:15.
// Those of a day begin with its session, of a week with the session that its Monday has or would
// have, of a month with that of the 1st.
//
// Threads: pure functions; a series belongs to one thread.
#pragma once

#include "bars/bar.h"
#include "clock/market_hours.h"

enum timeframe {
    TIMEFRAME_MINUTE,
    TIMEFRAME_FIVE_MINUTES,
    TIMEFRAME_QUARTER,
    TIMEFRAME_HOUR,
    TIMEFRAME_DAY,
    TIMEFRAME_WEEK,
    TIMEFRAME_MONTH,
    TIMEFRAME_COUNT,
};

// Whether its bars are made of minutes; else they are made of days.
bool timeframe_is_of_minutes(enum timeframe timeframe);

// The day that a moment belongs to, and the time of that day's bar.
int64_t bar_day(enum market_hours hours, int64_t at);
int64_t bar_day_start(enum market_hours hours, int64_t day);

// The time of the bar that what happened at `at` belongs to, and of the bar after it.
int64_t timeframe_start(enum timeframe timeframe, enum market_hours hours, int64_t at);
int64_t timeframe_next(enum timeframe timeframe, enum market_hours hours, int64_t at);

// When the bar that begins at `start` can change no more: at the last close of a session in it, or
// by the clock where there is none.
int64_t timeframe_end(enum timeframe timeframe, enum market_hours hours, int64_t start);

struct bar_series {
    enum timeframe timeframe;
    enum market_hours hours;
    bool is_descending; // the order in which smaller bars come
    struct timed_bar *bars;
    size_t max; // there is room for
    size_t count;
};

// Adds a smaller bar to the larger one it belongs to. False when it begins one for which there is
// no room: all that are there are whole then.
MUST_CHECK bool bar_series_add(struct bar_series *series, const struct timed_bar *bar);

// Puts whole bars in the other order; nothing can be added from then on.
void bar_series_reverse(struct bar_series *series);

// Says of each bar whether it is running at `now`.
void bar_series_mark(struct bar_series *series, int64_t now);
