// SPDX-License-Identifier: MIT
// clock: a source of time that a test, or the platform clock, can replace.
//
// All times in Bourse are microseconds since 1970-01-01T00:00:00Z in an int64_t, named `..._at` or
// `..._us`; durations are named by their unit. Business rules never ask the machine for the time.
#pragma once

#include "base/base.h"

#define MICROS_PER_MS INT64_C(1000)
#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_DAY (INT64_C(86400) * MICROS_PER_SECOND)

struct clock {
    int64_t (*now_us)(void *context);
    void *context;
};

static inline int64_t clock_now_us(const struct clock *clock)
{
    return clock->now_us(clock->context);
}

// The machine's wall clock: for tokens, logs and the deadlines that cross machines.
struct clock clock_real(void);

// Never goes back and has no epoch: for measuring how long things take.
int64_t clock_monotonic_us(void);

// Sleeps until that monotonic time. For back-off only, never for waiting on a condition.
void clock_sleep_until_us(int64_t monotonic_us);
