// SPDX-License-Identifier: MIT
// sockets: the TCP sockets of this process, found among its descriptors.
//
// civetweb does not tell which descriptor a connection or a listener has, nor anything of those
// that wait for a thread; the kernel does.
//
// Threads: a list belongs to one; the descriptors in it may be closed, and their numbers used anew,
// by others at any time.
#pragma once

#include "base/base.h"

enum { SOCKET_ADDRESS_SIZE = 48 };

struct socket_entry {
    int descriptor;
    int peer_port;
    int local_port;
    char peer_address[SOCKET_ADDRESS_SIZE];
};

struct socket_list {
    struct socket_entry *entries;
    size_t count;
    size_t capacity;
};

// Fills the list anew. About two microseconds a descriptor.
void socket_list_read(struct socket_list *list);
void socket_list_clear(struct socket_list *list);

// True when the descriptor is, at this moment, a connection from that address and port to that
// port.
bool socket_is_from(int descriptor, const char *peer_address, int peer_port, int local_port);

// Has the sockets that listen on one of those ports take nothing more. Whoever waits for
// connections there is woken; closing them stays with whom they belong to.
void sockets_end_listening(const int *ports, size_t count);
