// SPDX-License-Identifier: MIT
// connection_limit: how many connections one address has, and whether it may have another. Of IPv6
// the /64 counts: whoever has one address there has all of them.
//
// Each connection takes one of a bounded number of threads, so nobody may have all of them. Proxies
// that are trusted are many clients in one and are not counted.
//
// Threads: any; one lock.
#pragma once

#include "server/client_address.h"

struct connection_limit;

// At most `maximum` connections of one address. `proxies` must live longer.
struct connection_limit *connection_limit_new(size_t maximum, const struct proxy_list *proxies);
void connection_limit_free(struct connection_limit **limit);

// Counts a connection of that address and returns true, or returns false and counts nothing when it
// has as many as it may. What was counted must be given back by connection_limit_leave.
MUST_CHECK bool connection_limit_enter(struct connection_limit *limit, const char *address);
void connection_limit_leave(struct connection_limit *limit, const char *address);

size_t connection_limit_maximum(const struct connection_limit *limit);
