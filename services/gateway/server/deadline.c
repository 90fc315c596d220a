// SPDX-License-Identifier: MIT
#include "server/deadline.h"

#include "base/clock.h"
#include "server/sockets.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

enum { LOOK_EVERY_MS = 50 };

struct deadline_slot {
    struct deadlines *deadlines;
    struct deadline_slot *next; // guarded by deadlines->lock
    pthread_mutex_t lock;       // guards what follows; held while the socket is shut down, so that
                                // the connection cannot end, and its number be reused, meanwhile
    bool is_set;
    bool has_passed;
    bool also_writing;
    int64_t until_us; // monotonic
    int remote_port;
    int local_port;
    const char *remote_address;
};

struct deadlines {
    pthread_t thread;
    pthread_mutex_t lock; // guards the list and `stopping`
    pthread_cond_t stop;
    bool stopping;
    struct deadline_slot *slots;
};

static void shut_down(const struct deadline_slot *slot)
{
    struct socket_list sockets = {NULL, 0, 0};

    socket_list_read(&sockets);
    for (size_t i = 0; i < sockets.count; i++)
        if (sockets.entries[i].peer_port == slot->remote_port &&
            socket_is_from(sockets.entries[i].descriptor, slot->remote_address, slot->remote_port,
                           slot->local_port))
            shutdown(sockets.entries[i].descriptor, slot->also_writing ? SHUT_RDWR : SHUT_RD);
    socket_list_clear(&sockets);
}

static void check_slot(struct deadline_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    if (slot->is_set && !slot->has_passed && clock_monotonic_us() >= slot->until_us) {
        slot->has_passed = true;
        shut_down(slot);
    }
    pthread_mutex_unlock(&slot->lock);
}

static void *watch(void *context)
{
    struct deadlines *deadlines = context;

    pthread_mutex_lock(&deadlines->lock);
    while (!deadlines->stopping) {
        struct timespec until;

        for (struct deadline_slot *slot = deadlines->slots; slot != NULL; slot = slot->next)
            check_slot(slot);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&deadlines->stop, &deadlines->lock, &until);
    }
    pthread_mutex_unlock(&deadlines->lock);
    return NULL;
}

bool deadlines_new(struct deadlines **out_deadlines, struct error *error)
{
    struct deadlines *deadlines = allocate(sizeof *deadlines);
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&deadlines->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&deadlines->lock, NULL);
    if (pthread_create(&deadlines->thread, NULL, watch, deadlines) != 0) {
        pthread_cond_destroy(&deadlines->stop);
        pthread_mutex_destroy(&deadlines->lock);
        release(deadlines);
        return error_set(error, REASON_INTERNAL, "The thread for deadlines cannot be started.");
    }
    *out_deadlines = deadlines;
    return true;
}

void deadlines_free(struct deadlines **deadlines)
{
    if (*deadlines == NULL)
        return;
    pthread_mutex_lock(&(*deadlines)->lock);
    (*deadlines)->stopping = true;
    pthread_cond_signal(&(*deadlines)->stop);
    pthread_mutex_unlock(&(*deadlines)->lock);
    pthread_join((*deadlines)->thread, NULL);
    pthread_cond_destroy(&(*deadlines)->stop);
    pthread_mutex_destroy(&(*deadlines)->lock);
    release(*deadlines);
    *deadlines = NULL;
}

struct deadline_slot *deadline_slot_new(struct deadlines *deadlines)
{
    struct deadline_slot *slot = allocate(sizeof *slot);

    slot->deadlines = deadlines;
    pthread_mutex_init(&slot->lock, NULL);
    pthread_mutex_lock(&deadlines->lock);
    slot->next = deadlines->slots;
    deadlines->slots = slot;
    pthread_mutex_unlock(&deadlines->lock);
    return slot;
}

void deadline_slot_free(struct deadline_slot **slot)
{
    struct deadline_slot **at = NULL;

    if (*slot == NULL)
        return;
    pthread_mutex_lock(&(*slot)->deadlines->lock);
    at = &(*slot)->deadlines->slots;
    while (*at != *slot)
        at = &(*at)->next;
    *at = (*slot)->next;
    pthread_mutex_unlock(&(*slot)->deadlines->lock);
    pthread_mutex_destroy(&(*slot)->lock);
    release(*slot);
    *slot = NULL;
}

void deadline_begin(struct deadline_slot *slot,
                    const char *remote_address,
                    int remote_port,
                    int local_port,
                    bool also_writing,
                    int64_t limit_us)
{
    pthread_mutex_lock(&slot->lock);
    slot->remote_address = remote_address;
    slot->remote_port = remote_port;
    slot->local_port = local_port;
    slot->also_writing = also_writing;
    slot->until_us = clock_monotonic_us() + limit_us;
    slot->is_set = true;
    slot->has_passed = false;
    pthread_mutex_unlock(&slot->lock);
}

bool deadline_end(struct deadline_slot *slot)
{
    bool has_passed = false;

    pthread_mutex_lock(&slot->lock);
    has_passed = slot->has_passed;
    slot->is_set = false;
    pthread_mutex_unlock(&slot->lock);
    return has_passed;
}
