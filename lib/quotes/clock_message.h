// SPDX-License-Identifier: MIT
// clock_message: a service's copy of the platform clock, said and read as market itself says it.
#pragma once

#include "bourse/market/v1/market.pb-c.h"
#include "quotes/quotes.h"

// Fills `out_clock` with the clock of this moment, as GetClock answers: a replay goes on from its
// `now`, which is that of the machine's time `as_of`, at `speed_micros`. Nothing is allocated.
void clock_message_make(const struct platform_clock *clock, Market__Clock *out_clock);

// Fills `out_clock` with what market has said; what it has not said is 0.
void clock_message_read(const Market__Clock *clock, struct platform_clock *out_clock);
