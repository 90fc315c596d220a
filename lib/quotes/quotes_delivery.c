// SPDX-License-Identifier: MIT
#include "quotes/quotes_delivery.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/fault.h"

enum { QUOTES_WAITING_MAX = 65536, EVENTS_WAITING_MAX = 4096 };

struct event {
    struct event *next;
    struct platform_clock clock;
    struct quotes_position position;
    size_t count;
    struct quote quotes[];
};

struct quotes_delivery {
    struct quotes_delivery_options options;
    pthread_t thread;
    pthread_mutex_t lock; // guards all below
    pthread_cond_t changed;
    struct event *first, *last;
    size_t event_count, quote_count; // waiting
    bool all;                        // everything is to be told next
    bool stopping;
    struct quotes_position told;
};

static void tell_all(struct quotes_delivery *delivery)
{
    struct quotes_state state = {0};

    delivery->all = false;
    (void)pthread_mutex_unlock(&delivery->lock);
    delivery->options.copy_all(delivery->options.source, &state);
    delivery->options.changed(delivery->options.context, state.quotes, state.count, &state.clock,
                              true);
    release(state.quotes);
    (void)pthread_mutex_lock(&delivery->lock);
    delivery->told = state.position;
}

static void tell_first(struct quotes_delivery *delivery)
{
    struct event *event = delivery->first;
    // A copy of everything may be ahead of what was queued while it was told.
    bool is_told = event->position.epoch == delivery->told.epoch &&
                   event->position.sequence <= delivery->told.sequence;

    delivery->first = event->next;
    if (delivery->first == NULL)
        delivery->last = NULL;
    delivery->event_count--;
    delivery->quote_count -= event->count;
    if (!is_told) {
        (void)pthread_mutex_unlock(&delivery->lock);
        if (event->count > 0)
            (void)fault_point("quotes.before_delivery");
        delivery->options.changed(delivery->options.context, event->quotes, event->count,
                                  &event->clock, false);
        (void)pthread_mutex_lock(&delivery->lock);
        delivery->told = event->position;
    }
    release(event);
}

static void *run(void *argument)
{
    struct quotes_delivery *delivery = argument;

    (void)pthread_mutex_lock(&delivery->lock);
    while (!delivery->stopping) {
        if (delivery->all)
            tell_all(delivery);
        else if (delivery->first != NULL)
            tell_first(delivery);
        else
            (void)pthread_cond_wait(&delivery->changed, &delivery->lock);
        (void)pthread_cond_broadcast(&delivery->changed);
    }
    (void)pthread_mutex_unlock(&delivery->lock);
    return NULL;
}

struct quotes_delivery *quotes_delivery_new(const struct quotes_delivery_options *options)
{
    struct quotes_delivery *delivery = allocate(sizeof *delivery);
    pthread_condattr_t monotonic;

    delivery->options = *options;
    if (delivery->options.quotes_max == 0)
        delivery->options.quotes_max = QUOTES_WAITING_MAX;
    (void)pthread_mutex_init(&delivery->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&delivery->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&delivery->thread, NULL, run, delivery) != 0) {
        (void)pthread_cond_destroy(&delivery->changed);
        (void)pthread_mutex_destroy(&delivery->lock);
        release(delivery);
        return NULL;
    }
    return delivery;
}

static void drop_waiting(struct quotes_delivery *delivery)
{
    while (delivery->first != NULL) {
        struct event *next = delivery->first->next;

        release(delivery->first);
        delivery->first = next;
    }
    delivery->last = NULL;
    delivery->event_count = 0;
    delivery->quote_count = 0;
}

void quotes_delivery_free(struct quotes_delivery **delivery)
{
    struct quotes_delivery *old = *delivery;

    if (old == NULL)
        return;
    (void)pthread_mutex_lock(&old->lock);
    old->stopping = true;
    (void)pthread_cond_broadcast(&old->changed);
    (void)pthread_mutex_unlock(&old->lock);
    (void)pthread_join(old->thread, NULL);
    drop_waiting(old);
    (void)pthread_cond_destroy(&old->changed);
    (void)pthread_mutex_destroy(&old->lock);
    release(old);
    *delivery = NULL;
}

void quotes_delivery_put(struct quotes_delivery *delivery,
                         const struct quote *quotes,
                         size_t count,
                         const struct platform_clock *clock,
                         struct quotes_position position)
{
    struct event *event = allocate(sizeof *event + count * sizeof event->quotes[0]);

    event->clock = *clock;
    event->position = position;
    event->count = count;
    if (count > 0)
        memcpy(event->quotes, quotes, count * sizeof event->quotes[0]);
    (void)pthread_mutex_lock(&delivery->lock);
    if (delivery->last == NULL)
        delivery->first = event;
    else
        delivery->last->next = event;
    delivery->last = event;
    delivery->event_count++;
    delivery->quote_count += count;
    if (delivery->event_count > EVENTS_WAITING_MAX ||
        delivery->quote_count > delivery->options.quotes_max) {
        drop_waiting(delivery);
        delivery->all = true;
    }
    (void)pthread_cond_broadcast(&delivery->changed);
    (void)pthread_mutex_unlock(&delivery->lock);
}

void quotes_delivery_put_all(struct quotes_delivery *delivery)
{
    (void)pthread_mutex_lock(&delivery->lock);
    drop_waiting(delivery);
    delivery->all = true;
    (void)pthread_cond_broadcast(&delivery->changed);
    (void)pthread_mutex_unlock(&delivery->lock);
}

bool quotes_delivery_wait(struct quotes_delivery *delivery,
                          struct quotes_position position,
                          int64_t deadline_us)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_us / MICROS_PER_SECOND),
                             .tv_nsec = (long)(deadline_us % MICROS_PER_SECOND) * 1000};
    bool is_told = false;
    int result = 0;

    (void)pthread_mutex_lock(&delivery->lock);
    while (!is_told && result != ETIMEDOUT) {
        is_told =
            delivery->told.epoch == position.epoch && delivery->told.sequence >= position.sequence;
        if (!is_told)
            result = pthread_cond_timedwait(&delivery->changed, &delivery->lock, &until);
    }
    (void)pthread_mutex_unlock(&delivery->lock);
    return is_told;
}
