// SPDX-License-Identifier: MIT
#include "deadline.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { LOOK_EVERY_MS = 50, ADDRESS_SIZE = 48, DESCRIPTOR_MAX = 10 * 1000 * 1000 };

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

static void print_address(const struct sockaddr_storage *address, char *out, int *out_port)
{
    out[0] = '\0';
    *out_port = 0;
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &four->sin_addr, out, ADDRESS_SIZE);
        *out_port = ntohs(four->sin_port);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &six->sin6_addr, out, ADDRESS_SIZE);
        *out_port = ntohs(six->sin6_port);
    }
}

static bool is_connection_of(int descriptor, const struct deadline_slot *slot)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t peer_size = sizeof peer;
    socklen_t local_size = sizeof local;
    char peer_address[ADDRESS_SIZE];
    char local_address[ADDRESS_SIZE];
    int peer_port = 0;
    int local_port = 0;

    if (getpeername(descriptor, (struct sockaddr *)&peer, &peer_size) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&local, &local_size) != 0)
        return false;
    print_address(&peer, peer_address, &peer_port);
    print_address(&local, local_address, &local_port);
    return peer_port == slot->remote_port && local_port == slot->local_port &&
           strcmp(peer_address, slot->remote_address) == 0;
}

// The number of a descriptor as /proc names it; -1 for "." and "..".
static int read_number(const char *name)
{
    int number = 0;

    for (; *name >= '0' && *name <= '9' && number < DESCRIPTOR_MAX; name++)
        number = number * 10 + (*name - '0');
    return *name == '\0' ? number : -1;
}

static void shut_down(const struct deadline_slot *slot)
{
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *entry = NULL;

    while (descriptors != NULL && (entry = readdir(descriptors)) != NULL) {
        int descriptor = read_number(entry->d_name);

        if (descriptor >= 0 && is_connection_of(descriptor, slot))
            shutdown(descriptor, slot->also_writing ? SHUT_RDWR : SHUT_RD);
    }
    if (descriptors != NULL)
        closedir(descriptors);
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
