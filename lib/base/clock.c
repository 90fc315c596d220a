// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <errno.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * MICROS_PER_SECOND + now.tv_nsec / 1000;
}

static int64_t real_now_us(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

struct clock clock_real(void)
{
    return (struct clock){real_now_us, NULL};
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_sleep_until_us(int64_t monotonic_us)
{
    struct timespec until = {
        .tv_sec = (time_t)(monotonic_us / MICROS_PER_SECOND),
        .tv_nsec = (long)(monotonic_us % MICROS_PER_SECOND * 1000),
    };

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}
