// SPDX-License-Identifier: MIT
// measure: counts the calls of a client for a while, and the CPU that both processes use for them.
#pragma once

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// Counts one finished call. Any thread.
void measure_count(void);

// Waits 0.2 s for things to settle, measures for `seconds`, and prints "CALLS_PER_SECOND
// CPU_MICROSECONDS_PER_CALL", the latter of this process and `server` together.
void measure_run(pid_t server, double seconds);

#ifdef __cplusplus
}
#endif
