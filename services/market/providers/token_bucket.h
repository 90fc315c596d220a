// SPDX-License-Identifier: MIT
// token_bucket: how often something may be done, so that no window of time holds more than allowed.
//
// A bucket that holds `burst` tokens and is filled at a steady rate would allow more than `count`
// in a window when all of them are taken and the new ones too; so the rate is that of count - burst
// + 1 a window, and whatever window of that length one looks at has at most `count`. The state is a
// single time (the generic cell rate algorithm of ATM networks), which is what outlives a restart.
//
// Threads: none of its own. All times are given.
#pragma once

#include "base/clock.h"

struct token_bucket {
    int64_t burst;       // tokens when it is full; 0: there is no limit
    int64_t interval_us; // between two tokens
    int64_t used_until;  // when the bucket will be full again, as of what has been taken
};

// At most `count` in any `window_us`; a count of 0 is no limit.
struct token_bucket token_bucket_of(int64_t count, int64_t window_us);

// Whole tokens there are at `now`; INT64_MAX without a limit.
int64_t token_bucket_available(const struct token_bucket *bucket, int64_t now);

// The time from which one token is there; `now` when it is.
int64_t token_bucket_ready_at(const struct token_bucket *bucket, int64_t now);

// Takes tokens, which must be available.
void token_bucket_take(struct token_bucket *bucket, int64_t count, int64_t now);

// Goes on from a state that was kept. A time too late to be one, as after the machine's clock was
// set back, means that the bucket is empty.
void token_bucket_resume(struct token_bucket *bucket, int64_t used_until, int64_t now);
