// SPDX-License-Identifier: MIT
#include "moment.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "bourse/market/v1/market_client.h"

enum { ASK_TIMEOUT_MS = 1000, WAIT_MS = 1500 };

struct moment {
    pthread_mutex_t lock; // guards nothing but the waiting
    pthread_cond_t moved;
};

struct moment *moment_new(void)
{
    struct moment *moment = allocate(sizeof(*moment));
    pthread_condattr_t attributes;

    pthread_mutex_init(&moment->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&moment->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    return moment;
}

void moment_free(struct moment **moment)
{
    if (*moment == NULL)
        return;
    pthread_cond_destroy(&(*moment)->moved);
    pthread_mutex_destroy(&(*moment)->lock);
    release(*moment);
    *moment = NULL;
}

void moment_signal(struct moment *moment)
{
    pthread_mutex_lock(&moment->lock);
    pthread_cond_broadcast(&moment->moved);
    pthread_mutex_unlock(&moment->lock);
}

static bool
ask_market(struct trading *trading, struct arena *arena, int64_t *out_now, struct error *error)
{
    Market__GetClockRequest request = MARKET__GET_CLOCK_REQUEST__INIT;
    Market__GetClockResponse *response = NULL;
    struct call call = call_start(arena, ASK_TIMEOUT_MS);

    if (!market_client_get_clock(trading->market_client, &call, &request, &response, error))
        return false;
    if (response->clock == NULL || !response->clock->has_now)
        return error_set(error, REASON_INTERNAL, "market told no time.");
    *out_now = response->clock->now;
    return true;
}

static bool refuse(struct error *error)
{
    return error_set(error, REASON_UNAVAILABLE,
                     "The latest prices are not known here yet. Try again soon.");
}

// Waits until the copy shows that time or a later one.
static bool wait_for(struct trading *trading,
                     int64_t wanted,
                     struct platform_clock *out_clock,
                     struct error *error)
{
    struct moment *moment = trading->moment;
    struct timespec until;
    bool in_time = true;
    bool is_known = false;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (WAIT_MS % 1000) * 1000000L;
    until.tv_sec += WAIT_MS / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&moment->lock);
    is_known = quotes_clock(trading->quotes, out_clock);
    while (in_time && (!is_known || out_clock->now < wanted)) {
        in_time = pthread_cond_timedwait(&moment->moved, &moment->lock, &until) != ETIMEDOUT;
        is_known = quotes_clock(trading->quotes, out_clock);
    }
    pthread_mutex_unlock(&moment->lock);
    return is_known && out_clock->now >= wanted ? true : refuse(error);
}

bool moment_now(struct trading *trading,
                struct arena *arena,
                struct platform_clock *out_clock,
                struct error *error)
{
    int64_t wanted = 0;

    if (!quotes_clock(trading->quotes, out_clock))
        return refuse(error);
    if (out_clock->mode != MARKET__CLOCK_MODE__CLOCK_MODE_STEP)
        return true;
    return ask_market(trading, arena, &wanted, error) &&
           (out_clock->now >= wanted || wait_for(trading, wanted, out_clock, error));
}
