// SPDX-License-Identifier: MIT
// device_name: what a session's device is called to people.
//
// Threads: pure functions. Memory: the arena's.
#pragma once

#include "base/arena.h"

// "Firefox on Linux" for what a browser calls itself (the header User-Agent, RFC 9110, 10.1.5); any
// other name as it is. NULL when the arena's budget is spent, or when `device` is NULL.
// Which token is whose: developer.mozilla.org, "Browser detection using the user agent string".
const char *device_name_say(struct arena *arena, const char *device);
