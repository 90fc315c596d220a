// SPDX-License-Identifier: MIT
// idle_watch: ends connections that only wait when others need their place.
//
// civetweb gives each connection a thread, also while nothing comes on it, and lets the others
// queue. So a few hundred connections that say nothing would keep everybody out for seconds. While
// connections queue, a thread here ends those that have waited for a moment and have no whole head
// to show, on a thread or in the queue; and at any time those of an address that has too many of
// them. What is being answered is never touched, and reading alone is ended: what has arrived is
// still answered.
//
// Threads: one of its own; a slot belongs to one of civetweb's threads.
#pragma once

#include "server/client_address.h"

enum { IDLE_PORTS_MAX = 64 };

struct idle_watch;
struct idle_slot;

struct idle_watch_options {
    int64_t wait_min_us; // that every connection may wait for its next head
    size_t each_max;     // waiting connections of one address
    // Proxies that may have more of them; must live longer.
    const struct proxy_list *proxies;
};

MUST_CHECK bool idle_watch_new(const struct idle_watch_options *options,
                               struct idle_watch **out_watch,
                               struct error *error);
// All slots must have been given back.
void idle_watch_free(struct idle_watch **watch);

// Begins, with the ports that connections come in at. `shared_port`, 0 for none, is one of them
// whose peers are all the same program's; they are not counted by address.
void idle_watch_start(struct idle_watch *watch, const int *ports, size_t count, int shared_port);

// The descriptor is, or is no more, a connection of which somebody else takes care: it neither
// waits nor queues here.
void idle_watch_set_aside(struct idle_watch *watch, int descriptor, bool is_aside);

// A slot for each thread that serves connections.
struct idle_slot *idle_slot_new(struct idle_watch *watch);
void idle_slot_free(struct idle_slot **slot);

// The thread has taken up a connection, and has done with it.
void idle_slot_take(struct idle_slot *slot);
void idle_slot_leave(struct idle_slot *slot);

// A request of the connection from that address and port is being answered from now on. The address
// must live until the connection is left.
void idle_slot_begin_request(struct idle_slot *slot,
                             const char *peer_address,
                             int peer_port,
                             int local_port);
void idle_slot_end_request(struct idle_slot *slot);
