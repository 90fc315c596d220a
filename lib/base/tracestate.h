// SPDX-License-Identifier: MIT
// tracestate: what other systems have written of a trace, and is passed on with it: W3C's second
// header beside traceparent.
//
//     vendor=value,tenant@vendor=other value
//
// Nothing is added to it here. Threads: pure functions.
#pragma once

#include "base/base.h"

enum {
    TRACESTATE_SIZE = 513, // with its end: as much as the recommendation has everybody pass on
    TRACESTATE_MEMBERS_MAX = 32,
    TRACESTATE_MEMBER_LONG = 128, // of one that is too long as a whole, longer members go first
};

// Appends what a header says to `state`, which may be empty: what does not fit is left out, whole
// members of it, as the recommendation has it. False when the header is malformed or there are more
// members than there may be; then nothing of the trace's state is to be believed.
MUST_CHECK bool tracestate_append(char state[TRACESTATE_SIZE], const char *header);
