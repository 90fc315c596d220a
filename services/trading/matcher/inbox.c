// SPDX-License-Identifier: MIT
#include "matcher/inbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"

enum {
    EVENTS_MAX = 4096,
    QUOTES_MAX = 65536, // among the events
};

struct inbox {
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t changed;
    struct inbox_event *first;
    struct inbox_event *last;
    size_t event_count;
    size_t quote_count; // among the events
    size_t order_count; // among the events
    struct inbox_missed missed;
    bool is_stopped;
    size_t taken_orders;  // and not settled; of the taker
    atomic_size_t orders; // put in and not settled; read without the lock
};

void inbox_event_free(struct inbox_event *event)
{
    release(event->quotes);
    release(event);
}

struct inbox *inbox_new(void)
{
    struct inbox *inbox = allocate(sizeof(*inbox));
    pthread_condattr_t attributes;

    pthread_mutex_init(&inbox->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&inbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return inbox;
}

void inbox_free(struct inbox **inbox)
{
    struct inbox_event *next = NULL;

    if (*inbox == NULL)
        return;
    for (struct inbox_event *event = (*inbox)->first; event != NULL; event = next) {
        next = event->next;
        inbox_event_free(event);
    }
    pthread_cond_destroy(&(*inbox)->changed);
    pthread_mutex_destroy(&(*inbox)->lock);
    release(*inbox);
    *inbox = NULL;
}

static void append(struct inbox *inbox, struct inbox_event *event)
{
    if (inbox->last == NULL)
        inbox->first = event;
    else
        inbox->last->next = event;
    inbox->last = event;
    inbox->event_count++;
    inbox->quote_count += event->count;
    if (event->is_order) {
        inbox->order_count++;
        atomic_fetch_add(&inbox->orders, 1);
    }
}

void inbox_put(struct inbox *inbox, struct inbox_event *events, size_t count)
{
    struct inbox_event *next = NULL;
    bool fits = false;

    pthread_mutex_lock(&inbox->lock);
    // One publication fits whatever its size.
    fits = inbox->event_count + count <= EVENTS_MAX && inbox->quote_count < QUOTES_MAX &&
           !inbox->is_stopped;
    if (!fits && events->is_order)
        inbox->missed.orders = true;
    else if (!fits)
        inbox->missed.quotes = true;
    for (struct inbox_event *event = events; event != NULL; event = next) {
        next = event->next;
        event->next = NULL;
        if (fits)
            append(inbox, event);
        else
            inbox_event_free(event);
    }
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_miss_orders(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->missed.orders = true;
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_wake(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

void inbox_stop(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->is_stopped = true;
    pthread_cond_signal(&inbox->changed);
    pthread_mutex_unlock(&inbox->lock);
}

bool inbox_is_stopped(struct inbox *inbox)
{
    bool is_stopped = false;

    pthread_mutex_lock(&inbox->lock);
    is_stopped = inbox->is_stopped;
    pthread_mutex_unlock(&inbox->lock);
    return is_stopped;
}

struct inbox_event *
inbox_take(struct inbox *inbox, int64_t wait_ms, struct inbox_missed *out_missed)
{
    struct timespec until;
    struct inbox_event *events = NULL;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += wait_ms % 1000 * 1000000L;
    until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&inbox->lock);
    // Any wake will do: who takes looks at everything there is.
    if (inbox->first == NULL && !inbox->is_stopped && wait_ms > 0)
        pthread_cond_timedwait(&inbox->changed, &inbox->lock, &until);
    events = inbox->first;
    inbox->first = inbox->last = NULL;
    inbox->taken_orders += inbox->order_count;
    inbox->event_count = inbox->quote_count = inbox->order_count = 0;
    *out_missed = inbox->missed;
    inbox->missed = (struct inbox_missed){.quotes = false};
    pthread_mutex_unlock(&inbox->lock);
    return events;
}

void inbox_settle(struct inbox *inbox)
{
    atomic_fetch_sub(&inbox->orders, inbox->taken_orders);
    inbox->taken_orders = 0;
}

size_t inbox_count_orders(struct inbox *inbox)
{
    return atomic_load(&inbox->orders);
}

bool inbox_has_orders(struct inbox *inbox)
{
    bool has_orders = false;

    pthread_mutex_lock(&inbox->lock);
    has_orders = inbox->order_count > 0 || inbox->missed.orders;
    pthread_mutex_unlock(&inbox->lock);
    return has_orders;
}
