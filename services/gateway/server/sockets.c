// SPDX-License-Identifier: MIT
#include "server/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { DESCRIPTOR_MAX = 10 * 1000 * 1000, CAPACITY_FIRST = 256 };

static int port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

static void print_address(const struct sockaddr_storage *address, char out[SOCKET_ADDRESS_SIZE])
{
    out[0] = '\0';
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, out,
                  SOCKET_ADDRESS_SIZE);
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, out,
                  SOCKET_ADDRESS_SIZE);
}

// False for what is no TCP connection.
static bool look_up(int descriptor, struct socket_entry *out_entry)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t peer_size = sizeof peer;
    socklen_t local_size = sizeof local;

    if (getpeername(descriptor, (struct sockaddr *)&peer, &peer_size) != 0 ||
        getsockname(descriptor, (struct sockaddr *)&local, &local_size) != 0 || port_of(&peer) == 0)
        return false;
    out_entry->descriptor = descriptor;
    out_entry->peer_port = port_of(&peer);
    out_entry->local_port = port_of(&local);
    print_address(&peer, out_entry->peer_address);
    return true;
}

// The number of a descriptor as /proc names it; -1 for "." and "..".
static int read_number(const char *name)
{
    int number = 0;

    for (; *name >= '0' && *name <= '9' && number < DESCRIPTOR_MAX; name++)
        number = number * 10 + (*name - '0');
    return *name == '\0' ? number : -1;
}

static void each_descriptor(void (*visit)(void *context, int descriptor), void *context)
{
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *entry = NULL;

    while (descriptors != NULL && (entry = readdir(descriptors)) != NULL) {
        int descriptor = read_number(entry->d_name);

        if (descriptor >= 0)
            visit(context, descriptor);
    }
    if (descriptors != NULL)
        closedir(descriptors);
}

static void add(void *context, int descriptor)
{
    struct socket_list *list = context;

    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? CAPACITY_FIRST : 2 * list->capacity;
        list->entries = reallocate_array(list->entries, list->capacity, sizeof *list->entries);
    }
    if (look_up(descriptor, &list->entries[list->count]))
        list->count++;
}

void socket_list_read(struct socket_list *list)
{
    list->count = 0;
    each_descriptor(add, list);
}

void socket_list_clear(struct socket_list *list)
{
    release(list->entries);
    *list = (struct socket_list){NULL, 0, 0};
}

bool socket_is_from(int descriptor, const char *peer_address, int peer_port, int local_port)
{
    struct socket_entry entry;

    return look_up(descriptor, &entry) && entry.peer_port == peer_port &&
           entry.local_port == local_port && strcmp(entry.peer_address, peer_address) == 0;
}

struct listeners {
    const int *ports;
    size_t count;
};

static void end_listening(void *context, int descriptor)
{
    const struct listeners *listeners = context;
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t local_size = sizeof local;
    int listens = 0;
    socklen_t listens_size = sizeof listens;

    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) != 0 ||
        !listens || getsockname(descriptor, (struct sockaddr *)&local, &local_size) != 0)
        return;
    for (size_t i = 0; i < listeners->count; i++)
        if (port_of(&local) == listeners->ports[i])
            (void)shutdown(descriptor, SHUT_RD);
}

void sockets_end_listening(const int *ports, size_t count)
{
    each_descriptor(end_listening, &(struct listeners){ports, count});
}
