// SPDX-License-Identifier: MIT
#include "measure.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double warm_up_seconds = 0.2;

// The one counter of the process.
static atomic_ulong count;

void measure_count(void)
{
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

static double read_clock(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) {
        perror("clock_gettime");
        exit(1);
    }
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_seconds(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&pause, NULL);
}

void measure_run(pid_t server, double seconds)
{
    clockid_t server_clock;
    double cpu = 0;
    double time = 0;
    unsigned long calls = 0;

    if (clock_getcpuclockid(server, &server_clock) != 0) {
        fprintf(stderr, "there is no server %ld\n", (long)server);
        exit(1);
    }
    wait_seconds(warm_up_seconds);
    calls = atomic_load(&count);
    cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) + read_clock(server_clock);
    time = read_clock(CLOCK_MONOTONIC);
    wait_seconds(seconds);
    calls = atomic_load(&count) - calls;
    cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) + read_clock(server_clock) - cpu;
    time = read_clock(CLOCK_MONOTONIC) - time;
    printf("%.1f %.3f\n", (double)calls / time, calls > 0 ? cpu * 1e6 / (double)calls : 0);
    fflush(stdout);
}
