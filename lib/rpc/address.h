// SPDX-License-Identifier: MIT
// address: lists of "host:port", and the IPv4 addresses behind the names in them.
//
// Names are resolved here because nng 1.5.2 uses only the first address of a name.
// Threads: pure, except that address_resolve asks the resolver and may block for seconds.
#pragma once

#include "base/base.h"
#include "base/error.h"

enum { ADDRESS_NAMES_MAX = 32, ADDRESS_REPLICAS_MAX = 64, ADDRESS_HOST_SIZE = 254 };

// One "host:port" as it was written.
struct address_name {
    char host[ADDRESS_HOST_SIZE];
    uint16_t port;
};

struct address_list {
    struct address_name names[ADDRESS_NAMES_MAX];
    size_t count;
};

// One replica.
struct address {
    char host[16]; // dotted IPv4
    uint16_t port;
};

struct address_set {
    struct address addresses[ADDRESS_REPLICAS_MAX];
    size_t count;
};

// Reads "host:port[,host:port...]". Fails with INVALID_SETTING. The port leaves room for the lanes
// after it.
MUST_CHECK bool
address_list_parse(const char *text, struct address_list *out_list, struct error *error);

// True when every host is a dotted IPv4 address, so that nothing has to be asked.
bool address_list_is_numeric(const struct address_list *list);

// Finds all IPv4 addresses, each once, at most ADDRESS_REPLICAS_MAX. False when a name could not be
// resolved now; `out_set` then has what the others gave.
MUST_CHECK bool address_resolve(const struct address_list *list, struct address_set *out_set);

bool address_set_has(const struct address_set *set, const struct address *address);
