// SPDX-License-Identifier: MIT
// replay: the quotes that a daily bar becomes.
//
// A bar is quoted as its open from 09:30 New York time, its extreme nearer to the open from 11:00,
// the other from 14:00, and its close from 15:59 until the next session opens. With two extremes
// equally near the low comes first. On a day that closes early, what would come at or after the
// close comes before it: the second extreme an hour before, the close a minute before (12:00 and
// 12:59 when the session ends at 13:00). A bar of a day without a session is quoted at the times of
// an ordinary one.
//
// An imported minute is quoted in the same order, within itself: its open at once, its extremes
// after 20 and 40 seconds, and its close after 59. Where a day has such minutes they are quoted,
// and not the day.
//
// The same bars give the same quotes to the last digit, on every machine.
//
// Threads: pure functions.
#pragma once

#include "bars/bar.h"

enum replay_phase {
    PHASE_OPEN,
    PHASE_FIRST_EXTREME,
    PHASE_SECOND_EXTREME,
    PHASE_CLOSE,
    PHASE_COUNT
};

struct quote {
    char ticker[TICKER_SIZE];
    int64_t price_micros;
    int64_t bid_micros;
    int64_t ask_micros;
    int64_t open_micros; // with high and low: of the day so far; 0 where it is not known
    int64_t high_micros;
    int64_t low_micros;
    int64_t previous_close_micros; // 0 when there is none
    int64_t volume;                // of the day so far: a quarter of the bar's with each quote
    int64_t quoted_at;
    int64_t valid_until; // the open of the next session; the quote is stale from then on
    const char *source;  // a constant: "replay", "simulated" or a provider's name
};

// When the quotes of a day become due.
int64_t replay_due_at(int64_t day, enum replay_phase phase);

// The last phase of `day` that is due at `at`; false when none is.
MUST_CHECK bool replay_phase_at(int64_t day, int64_t at, enum replay_phase *out_phase);

// The first moment after `at` at which a quote may become due or a session opens or closes.
int64_t replay_next_event(int64_t at);

// The quote that `bar` gives in that phase. `previous_close_micros` is the close of the last
// earlier bar, 0 for none. Bid and ask lie half of the spread below and above the price, rounded
// half to even.
struct quote replay_quote(const struct bar *bar,
                          enum replay_phase phase,
                          int64_t previous_close_micros,
                          int64_t spread_basis_points);

// The same of minutes: when the quotes of the one that begins at `at` become due; the last phase of
// it that is due at `now`; the first moment after `at` at which something of minutes or days may
// be.
int64_t replay_minute_due_at(int64_t at, enum replay_phase phase);
MUST_CHECK bool replay_minute_phase_at(int64_t at, int64_t now, enum replay_phase *out_phase);
int64_t replay_next_minute_event(int64_t at);

// The quote that `minute` gives in that phase, when `before` is the last one of the same day, which
// is NULL for the day's first.
struct quote replay_minute_quote(const struct quote *before,
                                 const struct bar *minute,
                                 enum replay_phase phase,
                                 int64_t previous_close_micros,
                                 int64_t spread_basis_points);

// What has been quoted of a minute when it is in that phase.
struct timed_bar replay_minute_so_far(const struct bar *minute, enum replay_phase phase);

// The minutes in which `bar` is quoted, one for each phase.
void replay_minutes(const struct bar *bar, struct timed_bar out_minutes[PHASE_COUNT]);

// What the price has changed by since the previous close, and in percent of it to 4 decimals,
// rounded half to even, in millionths. False when there is no previous close.
MUST_CHECK bool
replay_change(const struct quote *quote, int64_t *out_change_micros, int64_t *out_percent_micros);
