// SPDX-License-Identifier: MIT
// wait: for what another thread or process does. A condition is looked at again and again; no test
// sleeps for a time in which it ought to have happened.
#pragma once

#include "base/clock.h"
#include "support/test.h"

#include <stdbool.h>

enum { WAIT_POLL_MS = 5 };

// True after some milliseconds; false, at once, when `until_us` of the monotonic clock is over.
static inline bool wait_a_moment(int64_t until_us)
{
    if (clock_monotonic_us() >= until_us)
        return false;
    clock_sleep_until_us(clock_monotonic_us() + WAIT_POLL_MS * MICROS_PER_MS);
    return true;
}

// Goes on as soon as the condition, which is evaluated anew each time, is true. Fails the test when
// it is not within so many milliseconds.
#define assert_true_within(ms, condition)                                                          \
    do {                                                                                           \
        int64_t wait_until_us = clock_monotonic_us() + (int64_t)(ms)*MICROS_PER_MS;                \
                                                                                                   \
        while (!(condition))                                                                       \
            if (!wait_a_moment(wait_until_us))                                                     \
                fail_msg("not within %d ms: %s", (int)(ms), #condition);                           \
    } while (false)
