// SPDX-License-Identifier: MIT
// moment: makes sure that an order is placed at the platform's present time.
//
// The copy of the quotes follows market by publications, a moment behind. On a running clock that
// does not matter. On a clock that is stepped, an order that follows the step must meet the prices
// after it, or the same simulation would give other fills on another machine; so there market is
// asked for the time, once a batch, and the copy waited for.
//
// Threads: any.
#pragma once

#include "trading.h"

struct moment;

struct moment *moment_new(void);
void moment_free(struct moment **moment);

// Says that the copy has moved on.
void moment_signal(struct moment *moment);

// The platform clock as the copy has it, once the copy is up to date. Fails with UNAVAILABLE when
// market, or the copy, cannot be had in time.
MUST_CHECK bool moment_now(struct trading *trading,
                           struct arena *arena,
                           struct platform_clock *out_clock,
                           struct error *error);
