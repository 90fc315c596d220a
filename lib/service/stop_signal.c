// SPDX-License-Identifier: MIT
#include "service/stop_signal.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_STOPPED_LATE = 70 };

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

static sigset_t stop_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

void stop_signal_prepare(void)
{
    sigset_t signals = stop_signals();

    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

void stop_signal_wait(void)
{
    sigset_t signals = stop_signals();

    while (sigwaitinfo(&signals, NULL) < 0)
        assert(errno == EINTR);
}

bool stop_signal_comes_within(int64_t timeout_ms)
{
    sigset_t signals = stop_signals();
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                               .tv_nsec = (long)(timeout_ms % 1000 * 1000000)};

    return sigtimedwait(&signals, NULL, &timeout) >= 0;
}

void stop_signal_set_limit(unsigned seconds)
{
    struct sigaction late = {.sa_handler = end_process};

    sigaction(SIGALRM, &late, NULL);
    alarm(seconds);
}
