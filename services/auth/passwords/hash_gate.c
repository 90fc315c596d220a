// SPDX-License-Identifier: MIT
#include "passwords/hash_gate.h"

#include "base/clock.h"

#include <pthread.h>
#include <sys/sysinfo.h>
#include <time.h>

// One that waits.
struct waiter {
    struct waiter *next;
    pthread_cond_t admitted;
    bool is_admitted;
};

struct hash_gate {
    size_t places;        // constant
    pthread_mutex_t lock; // guards everything below
    size_t inside;
    struct waiter *first; // who waits, in the order of coming
    struct waiter **last; // where the next one is put
    size_t waiting;
    uint64_t late;
};

struct hash_gate *hash_gate_new(size_t places)
{
    struct hash_gate *gate = allocate(sizeof *gate);
    int cores = get_nprocs();

    gate->places = places > 0 ? places : cores > 1 ? (size_t)cores / 2 : 1;
    pthread_mutex_init(&gate->lock, NULL);
    gate->last = &gate->first;
    return gate;
}

void hash_gate_free(struct hash_gate **gate)
{
    if (*gate == NULL)
        return;
    pthread_mutex_destroy(&(*gate)->lock);
    release(*gate);
    *gate = NULL;
}

static void append(struct hash_gate *gate, struct waiter *waiter)
{
    *gate->last = waiter;
    gate->last = &waiter->next;
    gate->waiting++;
}

static void take_out(struct hash_gate *gate, struct waiter *waiter)
{
    struct waiter **link = &gate->first;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
    if (*link == NULL)
        gate->last = link;
    gate->waiting--;
}

// True when there is a place for it in time. With the lock.
static bool wait_for_place(struct hash_gate *gate, int64_t deadline_us)
{
    struct clock real = clock_real();
    struct timespec end = {.tv_sec = (time_t)(deadline_us / MICROS_PER_SECOND),
                           .tv_nsec = (long)(deadline_us % MICROS_PER_SECOND * 1000)};
    struct waiter waiter = {0};

    pthread_cond_init(&waiter.admitted, NULL);
    append(gate, &waiter);
    while (!waiter.is_admitted && clock_now_us(&real) < deadline_us)
        (void)pthread_cond_timedwait(&waiter.admitted, &gate->lock, &end);
    if (!waiter.is_admitted)
        take_out(gate, &waiter);
    pthread_cond_destroy(&waiter.admitted);
    return waiter.is_admitted;
}

// With the lock.
static bool take_place(struct hash_gate *gate, int64_t deadline_us)
{
    struct clock real = clock_real();

    if (deadline_us <= clock_now_us(&real))
        return false;
    // A place that becomes free while somebody waits is handed on: nobody gets ahead.
    if (gate->inside == gate->places)
        return wait_for_place(gate, deadline_us);
    gate->inside++;
    return true;
}

bool hash_gate_enter(struct hash_gate *gate, int64_t deadline_us, struct error *error)
{
    bool is_inside = false;

    pthread_mutex_lock(&gate->lock);
    is_inside = take_place(gate, deadline_us);
    if (!is_inside)
        gate->late++;
    pthread_mutex_unlock(&gate->lock);
    return is_inside ||
           error_set(error, REASON_DEADLINE_EXCEEDED,
                     "The deadline passed while %zu other passwords were being checked.",
                     gate->places);
}

void hash_gate_leave(struct hash_gate *gate)
{
    struct waiter *next = NULL;

    pthread_mutex_lock(&gate->lock);
    next = gate->first;
    if (next == NULL) {
        gate->inside--;
    } else {
        take_out(gate, next);
        next->is_admitted = true;
        pthread_cond_signal(&next->admitted);
    }
    pthread_mutex_unlock(&gate->lock);
}

struct hash_gate_numbers hash_gate_count(struct hash_gate *gate)
{
    struct hash_gate_numbers numbers;

    pthread_mutex_lock(&gate->lock);
    numbers = (struct hash_gate_numbers){.places = gate->places,
                                         .inside = gate->inside,
                                         .waiting = gate->waiting,
                                         .late = gate->late};
    pthread_mutex_unlock(&gate->lock);
    return numbers;
}
