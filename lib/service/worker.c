// SPDX-License-Identifier: MIT
#include "service/worker.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { THREAD_NAME_SIZE = 16 };

struct worker {
    char name[THREAD_NAME_SIZE];
    int64_t period_ms;
    bool (*work)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock; // guards `woken`, and `stopping` for the wait
    pthread_cond_t changed;
    bool woken;
    atomic_bool stopping;
};

static struct timespec monotonic_in_ms(int64_t ms)
{
    int64_t at_us = clock_monotonic_us() + ms * MICROS_PER_MS;

    return (struct timespec){.tv_sec = (time_t)(at_us / MICROS_PER_SECOND),
                             .tv_nsec = (long)(at_us % MICROS_PER_SECOND * 1000)};
}

// Waits for the period, a wake or the end. True when there is to be another run.
static bool wait_for_turn(struct worker *worker)
{
    struct timespec until = monotonic_in_ms(worker->period_ms);
    bool goes_on = false;

    pthread_mutex_lock(&worker->lock);
    while (!worker->woken && !worker_is_stopping(worker))
        if (pthread_cond_timedwait(&worker->changed, &worker->lock, &until) != 0)
            break;
    worker->woken = false;
    goes_on = !worker_is_stopping(worker);
    pthread_mutex_unlock(&worker->lock);
    return goes_on;
}

static void *run(void *argument)
{
    struct worker *worker = argument;

    // Shown by ps and debuggers only; that it might fail does not matter.
    (void)prctl(PR_SET_NAME, worker->name);
    do {
        while (!worker_is_stopping(worker) && worker->work(worker->context))
            continue;
    } while (wait_for_turn(worker));
    return NULL;
}

struct worker *worker_new(const char *name, int64_t period_ms, bool (*work)(void *), void *context)
{
    struct worker *worker = allocate(sizeof *worker);
    pthread_condattr_t attributes;

    snprintf(worker->name, sizeof worker->name, "%s", name);
    worker->period_ms = period_ms;
    worker->work = work;
    worker->context = context;
    pthread_mutex_init(&worker->lock, NULL);
    // A step of the wall clock must neither hurry nor hold a worker.
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    // As with memory: a process that cannot have its threads is better off started anew.
    if (pthread_create(&worker->thread, NULL, run, worker) != 0)
        abort();
    return worker;
}

void worker_wake(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->woken = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

void worker_free(struct worker **worker)
{
    if (*worker == NULL)
        return;
    pthread_mutex_lock(&(*worker)->lock);
    atomic_store(&(*worker)->stopping, true);
    pthread_cond_signal(&(*worker)->changed);
    pthread_mutex_unlock(&(*worker)->lock);
    pthread_join((*worker)->thread, NULL);
    pthread_cond_destroy(&(*worker)->changed);
    pthread_mutex_destroy(&(*worker)->lock);
    release(*worker);
    *worker = NULL;
}

bool worker_is_stopping(const struct worker *worker)
{
    return atomic_load(&worker->stopping);
}
