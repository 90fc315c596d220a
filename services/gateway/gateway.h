// SPDX-License-Identifier: MIT
// gateway: the state the whole program shares, and the service that owns it.
//
// Threads: everything here is made before the first request and read-only afterwards, or guarded
// by what it belongs to.
#pragma once

#include "quotes/quotes.h"
#include "rest/router.h"
#include "server/http_server.h"
#include "service/service.h"

#include <stdatomic.h>

struct endpoint;
struct movers_cache;
struct page_source;
struct stream_server;

struct gateway {
    struct service *service;
    struct quotes *quotes;
    struct movers_cache *movers;
    struct endpoint *endpoints; // everything that can be asked for, native and seeds'
    struct router_entry *entries;
    size_t endpoint_count;
    struct router *router;
    struct credential_cache *credentials;
    struct stream_server *streams;
    struct page_source *page_source;
    struct http_server *server;
    struct metric *requests;
    struct metric *durations;
    atomic_bool draining;
    atomic_uint fetch_waiters; // threads that wait for what is being fetched from elsewhere
    unsigned fetch_waiters_max;
};

extern const struct service_definition gateway_definition;
