// SPDX-License-Identifier: MIT
// platform_clock: the time that all of Bourse goes by, and what may be done to it.
//
// It is real time, or a replay that runs on from a moment at some speed, or it stands still and is
// stepped. It never goes back. What is here is kept in one row of the database, so that a restart
// goes on where it was.
//
// A replay may show a time only when the row says so (`shown_until`): after a crash it goes on from
// where it would be by now, but not from later than that. So a restart neither goes back behind
// what was seen nor leaps over the time that the program was away.
//
// Threads: pure functions.
#pragma once

#include "base/clock.h"
#include "base/error.h"

// The numbers are those of Market__ClockMode.
enum clock_mode { CLOCK_REAL = 1, CLOCK_REPLAY = 2, CLOCK_STEP = 3 };

#define CLOCK_SPEED_ONE INT64_C(1000000)

struct clock_state {
    enum clock_mode mode;
    int64_t base_at;      // platform time at the moment `as_of` of real time
    int64_t as_of;        // real time
    int64_t speed_micros; // platform seconds a real second, in millionths; 0 while stepping
    int64_t shown_until;  // of a replay: no later time has been shown to anybody
    int64_t version;      // of the row; one more with each change that was asked for
};

struct clock_change {
    enum clock_mode mode;
    bool has_at;
    int64_t at;
    bool has_speed;
    int64_t speed_micros;
};

// Platform time at a moment of real time, without regard to `shown_until`.
int64_t clock_state_now(const struct clock_state *state, int64_t real_now);

// The real time at which platform time `at` comes; INT64_MAX while stepping.
int64_t clock_state_due(const struct clock_state *state, int64_t at);

// What `change` makes of the clock, which shows `now`. Fails with CLOCK_CANNOT_GO_BACK and both
// times, and with INVALID_REQUEST.
MUST_CHECK bool clock_state_change(const struct clock_state *state,
                                   const struct clock_change *change,
                                   int64_t now,
                                   int64_t real_now,
                                   struct clock_state *out_state,
                                   struct error *error);

// How a clock read from the row goes on after a restart.
struct clock_state clock_state_resume(const struct clock_state *stored, int64_t real_now);

// True when a replay is about to show a time the row does not allow yet; `out_until` is what the
// row should allow then, three seconds of real time from now.
bool clock_state_needs_more(const struct clock_state *state, int64_t real_now, int64_t *out_until);
