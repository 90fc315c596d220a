// SPDX-License-Identifier: MIT
#include "rpc/task_threads.h"

#include <nng/nng.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/timing.h"

enum {
    NNG_THREADS_MAX = 16, // task threads that nng starts at most
    LOOK_EVERY_MS = 500,  // how often the watcher looks
    MISSES_MAX = 2,       // in a row: one may come from a stopped process or a busy machine
};

// nng's threads belong to the process, and so does this.
static struct parking {
    pthread_once_t once;
    pthread_mutex_t mutex; // guards `is_seen`
    pthread_cond_t seen;
    bool is_seen;
    nng_aio *canary;
    nng_aio *watcher;
    nng_aio *sleepers[NNG_THREADS_MAX];
} parking = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER};

static void on_canary(void *ignored)
{
    (void)ignored;
    pthread_mutex_lock(&parking.mutex);
    parking.is_seen = true;
    pthread_cond_signal(&parking.seen);
    pthread_mutex_unlock(&parking.mutex);
}

// Waits for the canary's callback; false when no thread came to run it in time.
static bool wait_for_canary(void)
{
    int64_t until_us = clock_monotonic_us() + 2 * LOOK_EVERY_MS * MICROS_PER_MS;
    bool is_seen = false;

    pthread_mutex_lock(&parking.mutex);
    while (!parking.is_seen && timing_wait(&parking.seen, &parking.mutex, until_us))
        continue;
    is_seen = parking.is_seen;
    pthread_mutex_unlock(&parking.mutex);
    return is_seen;
}

static void on_watcher(void *ignored)
{
    int misses = 0;

    (void)ignored;
    while (misses < MISSES_MAX) {
        if (misses == 0) {
            parking.is_seen = false;
            nng_sleep_aio(LOOK_EVERY_MS, parking.canary);
        }
        misses = wait_for_canary() ? 0 : misses + 1;
    }
}

static void on_sleeper(void *ignored)
{
    (void)ignored;
    for (;;)
        pause();
}

static void park(nng_aio **aio, void (*callback)(void *))
{
    if (nng_aio_alloc(aio, callback, NULL) == 0)
        nng_sleep_aio(1, *aio);
}

static void park_once(void)
{
    // As nng counts them.
    long threads = 2 * sysconf(_SC_NPROCESSORS_ONLN);

    if (threads > NNG_THREADS_MAX)
        threads = NNG_THREADS_MAX;
    timing_condition_start(&parking.seen);
    if (threads < 2 || nng_aio_alloc(&parking.canary, on_canary, NULL) != 0)
        return;
    park(&parking.watcher, on_watcher);
    for (long i = 2; i < threads; i++)
        park(&parking.sleepers[i], on_sleeper);
}

void task_threads_park(void)
{
    pthread_once(&parking.once, park_once);
}

// nng frees closed dialers and pipes on a thread of its own, some time after nng_close has come
// back; a program that ends just then would be told of a leak.
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HAS_LEAK_CHECK 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_LEAK_CHECK)
extern const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libnng";
}
#endif
