// SPDX-License-Identifier: MIT
// live_quote: what a provider's quote becomes: until when it holds, when to ask again, and whether
// a leap of the price is to be believed.
//
// Threads: pure functions. All times are given.
#pragma once

#include "base/clock.h"
#include "player/replay.h"

// The last trades of a session are known to all providers so long after its close, the slowest ones
// a quarter of an hour late.
#define LIVE_SETTLED_US (20 * 60 * MICROS_PER_SECOND)

// Until when a price of `quoted_at`, told at `told_at`, holds: during a session for `age_us`; one
// told after the close until the next open, when it is of that session.
int64_t live_quote_valid_until(int64_t quoted_at, int64_t told_at, int64_t age_us);

// When a symbol that was told of at `told_at` is to be asked for again: within a session after
// `refresh_us`; when it is over once more after it has settled, and then not before the next one.
int64_t live_quote_next_at(int64_t told_at, int64_t refresh_us);

// True when the price is further than `percent_max` from the one it follows, which is 0 for none.
bool live_quote_leaps(int64_t price_micros, int64_t before_micros, int64_t percent_max);

// True when a price that leapt is confirmed by another one beside it, within a twentieth.
bool live_quote_confirms(int64_t price_micros, int64_t suspect_micros);
