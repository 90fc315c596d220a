// SPDX-License-Identifier: MIT
#include "server/idle_watch.h"

#include "base/clock.h"
#include "server/sockets.h"
#include "service/rate_limit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { LOOK_EVERY_MS = 50, PEEK_SIZE = HTTP_HEAD_MAX };

struct idle_slot {
    struct idle_watch *watch;
    struct idle_slot *next; // guarded by watch->lock
    pthread_mutex_t lock;   // guards what follows
    bool is_taken;
    bool is_busy;   // with a request
    bool is_known;  // which connection it is
    int64_t end_us; // of its last request; monotonic
    int peer_port;
    int local_port;
    char peer_address[SOCKET_ADDRESS_SIZE];
};

// A connection as it was at one look.
struct seen {
    struct socket_entry socket;
    char place[RATE_PLACE_SIZE]; // of its peer; whom it is counted with
    int64_t since_us;            // that it has only waited; 0 while it is being answered
    bool is_ended;               // by us; its thread has yet to notice
};

struct seen_list {
    struct seen *entries; // by place, then peer address and port
    size_t count;
};

struct idle_watch {
    struct idle_watch_options options;
    pthread_t thread;
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t wake;  // to begin, or to stop
    bool stopping;
    struct idle_slot *slots;
    size_t slot_count;
    int ports[IDLE_PORTS_MAX];
    size_t port_count;
    int shared_port;
    pthread_mutex_t aside_lock; // guards what follows; held for a moment only
    unsigned char *aside;       // one bit a descriptor
    size_t aside_size;
    // Of the watching thread alone.
    struct socket_list sockets;
    struct seen_list seen;
    char *peeked;
};

static int compare(const void *left, const void *right)
{
    const struct socket_entry *one = &((const struct seen *)left)->socket;
    const struct socket_entry *other = &((const struct seen *)right)->socket;
    int order = strcmp(((const struct seen *)left)->place, ((const struct seen *)right)->place);

    if (order == 0)
        order = strcmp(one->peer_address, other->peer_address);
    if (order == 0)
        order = one->peer_port - other->peer_port;
    return order != 0 ? order : one->local_port - other->local_port;
}

static struct seen *find(const struct seen_list *list, const struct socket_entry *socket)
{
    struct seen key = {.socket = *socket};

    if (list->count == 0)
        return NULL;
    rate_limit_place(socket->peer_address, key.place);
    return bsearch(&key, list->entries, list->count, sizeof *list->entries, compare);
}

static bool is_at_our_ports(const struct idle_watch *watch, int port)
{
    for (size_t i = 0; i < watch->port_count; i++)
        if (watch->ports[i] == port)
            return true;
    return false;
}

static bool is_set_aside(struct idle_watch *watch, int descriptor)
{
    size_t byte = (size_t)descriptor / 8;
    bool found = false;

    pthread_mutex_lock(&watch->aside_lock);
    found = byte < watch->aside_size && (watch->aside[byte] >> (descriptor % 8) & 1) != 0;
    pthread_mutex_unlock(&watch->aside_lock);
    return found;
}

// Reads the connections there are now. What was there at the last look keeps its time.
static void look_at_sockets(struct idle_watch *watch, int64_t now_us)
{
    struct seen_list now = {NULL, 0};

    socket_list_read(&watch->sockets);
    now.entries = allocate_array(watch->sockets.count + 1, sizeof *now.entries);
    for (size_t i = 0; i < watch->sockets.count; i++) {
        const struct socket_entry *socket = &watch->sockets.entries[i];
        const struct seen *before = find(&watch->seen, socket);
        struct seen seen = {.socket = *socket, .since_us = now_us};

        if (!is_at_our_ports(watch, socket->local_port) || is_set_aside(watch, socket->descriptor))
            continue;
        if (before != NULL && before->socket.descriptor == socket->descriptor) {
            seen.since_us = before->since_us;
            seen.is_ended = before->is_ended;
        }
        rate_limit_place(socket->peer_address, seen.place);
        now.entries[now.count++] = seen;
    }
    qsort(now.entries, now.count, sizeof *now.entries, compare);
    release(watch->seen.entries);
    watch->seen = now;
}

static size_t count_taken(struct idle_watch *watch)
{
    size_t taken = 0;

    for (struct idle_slot *slot = watch->slots; slot != NULL; slot = slot->next) {
        pthread_mutex_lock(&slot->lock);
        taken += slot->is_taken;
        pthread_mutex_unlock(&slot->lock);
    }
    return taken;
}

// Adds what the threads know: which connections are being answered, and since when the others are
// not. Gives how many threads have a connection.
static size_t look_at_slots(struct idle_watch *watch)
{
    size_t taken = 0;

    for (struct idle_slot *slot = watch->slots; slot != NULL; slot = slot->next) {
        struct socket_entry socket;
        struct seen *seen = NULL;

        pthread_mutex_lock(&slot->lock);
        taken += slot->is_taken;
        if (slot->is_taken && slot->is_known) {
            socket = (struct socket_entry){-1, slot->peer_port, slot->local_port, ""};
            memcpy(socket.peer_address, slot->peer_address, sizeof socket.peer_address);
            seen = find(&watch->seen, &socket);
        }
        if (seen != NULL)
            seen->since_us = slot->is_busy ? 0 : slot->end_us;
        pthread_mutex_unlock(&slot->lock);
    }
    return taken;
}

static bool holds_head_end(const char *bytes, size_t length)
{
    for (size_t i = 0; i + 4 <= length; i++)
        if (memcmp(bytes + i, "\r\n\r\n", 4) == 0)
            return true;
    return false;
}

// True when a request waits to be read: it is the server's turn, not the client's. (What a thread
// has read of a head already does not show here; it has had its time too.)
static bool has_request(const struct idle_watch *watch, int descriptor)
{
    ssize_t length = recv(descriptor, watch->peeked, PEEK_SIZE, MSG_PEEK | MSG_DONTWAIT);

    return length == PEEK_SIZE || (length > 0 && holds_head_end(watch->peeked, (size_t)length));
}

// Between the question whether the descriptor is still this connection and the end of it, another
// may have taken its number; it would have to be accepted in that microsecond, and loses nothing
// but a connection on which nothing has come yet.
static void end_reading(struct seen *seen)
{
    const struct socket_entry *socket = &seen->socket;

    if (!socket_is_from(socket->descriptor, socket->peer_address, socket->peer_port,
                        socket->local_port))
        return;
    shutdown(socket->descriptor, SHUT_RD);
    seen->is_ended = true;
}

static bool is_waiting(const struct idle_watch *watch, const struct seen *seen)
{
    return seen->since_us != 0 && !seen->is_ended && !has_request(watch, seen->socket.descriptor);
}

// Ends waiting connections, as many as others queue for a thread.
static void make_room(struct idle_watch *watch, size_t queued, int64_t now_us)
{
    for (size_t i = 0; i < watch->seen.count && queued > 0; i++) {
        struct seen *seen = &watch->seen.entries[i];

        if (now_us - seen->since_us < watch->options.wait_min_us || !is_waiting(watch, seen))
            continue;
        end_reading(seen);
        queued--;
    }
}

// Ends the waiting connections of each address beyond those that it may have.
static void enforce_each(struct idle_watch *watch)
{
    const char *place = NULL;
    size_t count = 0;

    for (size_t i = 0; i < watch->seen.count; i++) {
        struct seen *seen = &watch->seen.entries[i];

        if (seen->socket.local_port == watch->shared_port || seen->since_us == 0 ||
            proxy_list_holds(watch->options.proxies, seen->socket.peer_address))
            continue;
        count = place != NULL && strcmp(place, seen->place) == 0 ? count + 1 : 1;
        place = seen->place;
        if (count > watch->options.each_max && is_waiting(watch, seen))
            end_reading(seen);
    }
}

static size_t count_ended(const struct seen_list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += list->entries[i].is_ended;
    return count;
}

// The caller holds watch->lock.
static void look(struct idle_watch *watch)
{
    int64_t now_us = clock_monotonic_us();
    size_t taken = count_taken(watch);
    size_t alive = 0;

    // Nobody queues and nobody can have too many: nothing to look for.
    if (taken < watch->slot_count && taken <= watch->options.each_max) {
        watch->seen.count = 0;
        return;
    }
    look_at_sockets(watch, now_us);
    taken = look_at_slots(watch);
    enforce_each(watch);
    alive = watch->seen.count - count_ended(&watch->seen);
    if (taken == watch->slot_count && alive > taken)
        make_room(watch, alive - taken, now_us);
}

static void *run(void *context)
{
    struct idle_watch *watch = context;

    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        struct timespec until;

        if (watch->port_count > 0)
            look(watch);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&watch->wake, &watch->lock, &until);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void release_watch(struct idle_watch *watch)
{
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->lock);
    pthread_mutex_destroy(&watch->aside_lock);
    release(watch->aside);
    socket_list_clear(&watch->sockets);
    release(watch->seen.entries);
    release(watch->peeked);
    release(watch);
}

bool idle_watch_new(const struct idle_watch_options *options,
                    struct idle_watch **out_watch,
                    struct error *error)
{
    struct idle_watch *watch = allocate(sizeof *watch);
    pthread_condattr_t attributes;

    watch->options = *options;
    watch->peeked = allocate(PEEK_SIZE);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_mutex_init(&watch->aside_lock, NULL);
    if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
        release_watch(watch);
        return error_set(error, REASON_INTERNAL,
                         "The thread for idle connections cannot be started.");
    }
    *out_watch = watch;
    return true;
}

void idle_watch_free(struct idle_watch **watch)
{
    if (*watch == NULL)
        return;
    pthread_mutex_lock(&(*watch)->lock);
    (*watch)->stopping = true;
    pthread_cond_signal(&(*watch)->wake);
    pthread_mutex_unlock(&(*watch)->lock);
    pthread_join((*watch)->thread, NULL);
    release_watch(*watch);
    *watch = NULL;
}

void idle_watch_start(struct idle_watch *watch, const int *ports, size_t count, int shared_port)
{
    pthread_mutex_lock(&watch->lock);
    watch->port_count = count < IDLE_PORTS_MAX ? count : IDLE_PORTS_MAX;
    memcpy(watch->ports, ports, watch->port_count * sizeof *ports);
    watch->shared_port = shared_port;
    pthread_mutex_unlock(&watch->lock);
}

void idle_watch_set_aside(struct idle_watch *watch, int descriptor, bool is_aside)
{
    size_t byte = (size_t)descriptor / 8;
    unsigned char bit = (unsigned char)(1 << (descriptor % 8));

    pthread_mutex_lock(&watch->aside_lock);
    if (byte >= watch->aside_size) {
        size_t size = 2 * byte + 64;

        watch->aside = reallocate_array(watch->aside, size, 1);
        memset(watch->aside + watch->aside_size, 0, size - watch->aside_size);
        watch->aside_size = size;
    }
    if (is_aside)
        watch->aside[byte] |= bit;
    else
        watch->aside[byte] &= (unsigned char)~bit;
    pthread_mutex_unlock(&watch->aside_lock);
}

struct idle_slot *idle_slot_new(struct idle_watch *watch)
{
    struct idle_slot *slot = allocate(sizeof *slot);

    slot->watch = watch;
    pthread_mutex_init(&slot->lock, NULL);
    pthread_mutex_lock(&watch->lock);
    slot->next = watch->slots;
    watch->slots = slot;
    watch->slot_count++;
    pthread_mutex_unlock(&watch->lock);
    return slot;
}

void idle_slot_free(struct idle_slot **slot)
{
    struct idle_slot **at = NULL;

    if (*slot == NULL)
        return;
    pthread_mutex_lock(&(*slot)->watch->lock);
    at = &(*slot)->watch->slots;
    while (*at != *slot)
        at = &(*at)->next;
    *at = (*slot)->next;
    (*slot)->watch->slot_count--;
    pthread_mutex_unlock(&(*slot)->watch->lock);
    pthread_mutex_destroy(&(*slot)->lock);
    release(*slot);
    *slot = NULL;
}

void idle_slot_take(struct idle_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    slot->is_taken = true;
    slot->is_known = false;
    slot->is_busy = false;
    pthread_mutex_unlock(&slot->lock);
}

void idle_slot_leave(struct idle_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    slot->is_taken = false;
    slot->is_busy = false;
    pthread_mutex_unlock(&slot->lock);
}

void idle_slot_begin_request(struct idle_slot *slot,
                             const char *peer_address,
                             int peer_port,
                             int local_port)
{
    pthread_mutex_lock(&slot->lock);
    if (!slot->is_known) {
        size_t length = strnlen(peer_address, sizeof slot->peer_address - 1);

        memcpy(slot->peer_address, peer_address, length);
        slot->peer_address[length] = '\0';
        slot->peer_port = peer_port;
        slot->local_port = local_port;
        slot->is_known = true;
    }
    slot->is_busy = true;
    pthread_mutex_unlock(&slot->lock);
}

void idle_slot_end_request(struct idle_slot *slot)
{
    pthread_mutex_lock(&slot->lock);
    slot->is_busy = false;
    slot->end_us = clock_monotonic_us();
    pthread_mutex_unlock(&slot->lock);
}
