// SPDX-License-Identifier: MIT
#include "service/stop_signal.h"

#include "base/clock.h"
#include "service/log.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_STOPPED_LATE = 70, WAIT_MS = 60 * 60 * 1000 };

void stop_signal_break_off(void)
{
    static const char line[] = "{\"level\":\"warning\",\"event\":\"stop_broken_off\"}\n";

    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(EXIT_STOPPED_LATE);
}

static void end_process(int number)
{
    (void)number;
    stop_signal_break_off();
}

static sigset_t awaited_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    return signals;
}

void stop_signal_prepare(void)
{
    sigset_t signals = awaited_signals();

    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

// True for a signal to stop; the others are obeyed here.
static bool is_stop(int number)
{
    if (number != SIGUSR1 && number != SIGUSR2)
        return true;
    log_show_all(number == SIGUSR1);
    log_write(LOG_INFO, "log_level_changed", "shows", number == SIGUSR1 ? "all" : "as set", NULL);
    return false;
}

void stop_signal_wait(void)
{
    while (!stop_signal_comes_within(WAIT_MS))
        continue;
}

bool stop_signal_comes_within(int64_t timeout_ms)
{
    sigset_t signals = awaited_signals();
    int64_t end_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    int64_t left_us = timeout_ms * MICROS_PER_MS;

    do {
        struct timespec timeout = {.tv_sec = (time_t)(left_us / MICROS_PER_SECOND),
                                   .tv_nsec = (long)(left_us % MICROS_PER_SECOND * 1000)};
        int number = sigtimedwait(&signals, NULL, &timeout);

        if (number >= 0 && is_stop(number))
            return true;
        left_us = end_us - clock_monotonic_us();
    } while (left_us > 0);
    return false;
}

void stop_signal_set_limit(unsigned seconds)
{
    struct sigaction late = {.sa_handler = end_process};

    sigaction(SIGALRM, &late, NULL);
    alarm(seconds);
}
