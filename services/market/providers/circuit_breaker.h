// SPDX-License-Identifier: MIT
// circuit_breaker: leaves alone what fails, and tries it again with one call at a time.
//
// Closed, all calls go. After so many failures in a row it opens, and nothing goes for a while;
// then one call does (half-open), which closes it or opens it for twice as long.
//
// Threads: none of its own. All times are given.
#pragma once

#include "base/clock.h"

enum {
    BREAKER_FAILURES = 5,
    BREAKER_OPEN_MS = 10 * 1000,
    BREAKER_OPEN_MS_MAX = 15 * 60 * 1000,
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct circuit_breaker {
    int failures;       // in a row
    int64_t open_us;    // for how long it opens the next time
    int64_t open_until; // 0 while it is closed
    bool is_probing;    // the one call of the half-open state is under way
};

enum breaker_state circuit_breaker_state(const struct circuit_breaker *breaker, int64_t now);

// Whether a call may go now.
bool circuit_breaker_allows(const struct circuit_breaker *breaker, int64_t now);

// A call that was allowed goes; each is followed by exactly one of the others.
void circuit_breaker_begin(struct circuit_breaker *breaker, int64_t now);
void circuit_breaker_succeed(struct circuit_breaker *breaker);
void circuit_breaker_fail(struct circuit_breaker *breaker, int64_t now);
// What came of it says nothing of whether it works.
void circuit_breaker_pass(struct circuit_breaker *breaker);
