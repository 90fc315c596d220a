// SPDX-License-Identifier: MIT
#include "rpc/timing.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

void timing_condition_start(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool timing_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_us)
{
    struct timespec until = {.tv_sec = (time_t)(until_us / MICROS_PER_SECOND),
                             .tv_nsec = (long)(until_us % MICROS_PER_SECOND) * 1000};

    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}
