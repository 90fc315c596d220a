// SPDX-License-Identifier: MIT
#include "rpc/closer.h"

#include <pthread.h>

#include "base/clock.h"
#include "rpc/timing.h"

struct closing {
    struct closing *next;
    void (*close)(void *thing);
    void *thing;
};

struct closer {
    pthread_mutex_t mutex; // guards everything below
    pthread_cond_t changed;
    struct closing *first;
    struct closing *last;
    bool is_stopping;
    bool is_stopped;
    bool is_abandoned; // nobody waits for the thread any more
    pthread_t thread;
};

static struct closing *wait_for_next(struct closer *closer)
{
    struct closing *next = NULL;

    pthread_mutex_lock(&closer->mutex);
    while (closer->first == NULL && !closer->is_stopping)
        pthread_cond_wait(&closer->changed, &closer->mutex);
    next = closer->first;
    if (next != NULL) {
        closer->first = next->next;
        if (closer->first == NULL)
            closer->last = NULL;
    }
    pthread_mutex_unlock(&closer->mutex);
    return next;
}

static void destroy(struct closer *closer)
{
    pthread_cond_destroy(&closer->changed);
    pthread_mutex_destroy(&closer->mutex);
    release(closer);
}

// Tells who waits; true when nobody does any more.
static bool tell_stopped(struct closer *closer)
{
    bool is_abandoned = false;

    pthread_mutex_lock(&closer->mutex);
    closer->is_stopped = true;
    is_abandoned = closer->is_abandoned;
    pthread_cond_broadcast(&closer->changed);
    pthread_mutex_unlock(&closer->mutex);
    return is_abandoned;
}

static void *closer_run(void *argument)
{
    struct closer *closer = argument;
    struct closing *closing = NULL;

    while ((closing = wait_for_next(closer)) != NULL) {
        closing->close(closing->thing);
        release(closing);
    }
    if (tell_stopped(closer))
        destroy(closer);
    return NULL;
}

bool closer_new(struct closer **out_closer, struct error *error)
{
    struct closer *closer = allocate(sizeof *closer);

    pthread_mutex_init(&closer->mutex, NULL);
    timing_condition_start(&closer->changed);
    if (pthread_create(&closer->thread, NULL, closer_run, closer) != 0) {
        destroy(closer);
        return error_set(error, REASON_INTERNAL, "no thread can be started");
    }
    *out_closer = closer;
    return true;
}

void closer_give(struct closer *closer, void (*close)(void *thing), void *thing)
{
    struct closing *closing = allocate(sizeof *closing);

    closing->close = close;
    closing->thing = thing;
    pthread_mutex_lock(&closer->mutex);
    if (closer->last != NULL)
        closer->last->next = closing;
    else
        closer->first = closing;
    closer->last = closing;
    pthread_cond_broadcast(&closer->changed);
    pthread_mutex_unlock(&closer->mutex);
}

// Waits until the thread has nothing left. False when it takes too long: then the thread is on its
// own, and the closer is the thread's.
static bool wait_until_stopped(struct closer *closer, int64_t until_us)
{
    bool is_stopped = false;

    pthread_mutex_lock(&closer->mutex);
    closer->is_stopping = true;
    pthread_cond_broadcast(&closer->changed);
    while (!closer->is_stopped && timing_wait(&closer->changed, &closer->mutex, until_us))
        continue;
    is_stopped = closer->is_stopped;
    closer->is_abandoned = !is_stopped;
    if (!is_stopped)
        pthread_detach(closer->thread);
    pthread_mutex_unlock(&closer->mutex);
    return is_stopped;
}

bool closer_free(struct closer **closer_pointer,
                 void (*end)(void *thing),
                 void *thing,
                 int64_t timeout_ms)
{
    struct closer *closer = *closer_pointer;
    int64_t until_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;

    if (closer == NULL) {
        end(thing);
        return true;
    }
    // Here and not later: it may be a part of the thing.
    *closer_pointer = NULL;
    closer_give(closer, end, thing);
    if (!wait_until_stopped(closer, until_us))
        return false;
    pthread_join(closer->thread, NULL);
    destroy(closer);
    return true;
}
