// SPDX-License-Identifier: MIT
// timing: waiting on a condition until a moment of the monotonic clock.
#pragma once

#include <pthread.h>

#include "base/base.h"

// Initialises a condition whose waits end by the monotonic clock.
void timing_condition_start(pthread_cond_t *condition);

// Waits; false when that moment has come.
bool timing_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_us);
