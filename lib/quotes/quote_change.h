// SPDX-License-Identifier: MIT
// quote_change: what a quote has moved by since the close before it.
//
// Threads: a pure function. Memory: none.
#pragma once

#include "quotes/quotes.h"

struct quote_change {
    int64_t change_micros;
    bool has_percent;       // false when it does not fit
    int64_t percent_micros; // of the previous close, to 4 decimals, rounded half to even
};

// False when there is no previous close, or the change does not fit.
MUST_CHECK bool quote_change(const struct quote *quote, struct quote_change *out_change);
