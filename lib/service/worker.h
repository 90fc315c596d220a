// SPDX-License-Identifier: MIT
// worker: a thread that does one thing every so often, and at once when woken.
#pragma once

#include "base/base.h"

struct worker;

// Runs `work` now, then again `period_ms` after each end or when woken. Not run twice at a time; a
// wake during a run causes one more run. `work` returns true to be run again at once.
struct worker *worker_new(const char *name, int64_t period_ms, bool (*work)(void *), void *context);
void worker_wake(struct worker *worker);

// Waits for the present run to end and stops. True from worker_is_stopping within a long run.
void worker_free(struct worker **worker);
bool worker_is_stopping(const struct worker *worker);
