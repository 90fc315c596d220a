// SPDX-License-Identifier: MIT
// http_worker: what the parts of http_server share; private to them.
//
// http_server starts, stops and reads heads; http_body reads bodies, http_answer writes answers,
// http_handover gives a connection to whoever goes on with it.
//
// Threads: a worker belongs to one of civetweb's threads.
#pragma once

#include "base/clock.h"
#include "server/connection_limit.h"
#include "server/deadline.h"
#include "server/http_server.h"
#include "server/idle_watch.h"
#include "server/tls_relay.h"

#include <civetweb.h>
#include <stdatomic.h>

enum {
    RANDOM_POOL_SIZE = 1024,
    DATE_HEADER_SIZE = 40,
    PEER_ADDRESS_SIZE = 48,
};

struct http_server {
    struct http_server_options options;
    struct mg_context *civetweb;
    struct deadlines *deadlines;
    struct proxy_list *proxies;
    struct connection_limit *limit; // of those that have asked something
    struct idle_watch *idle;
    struct tls_relay *relay; // NULL without TLS
    atomic_int relay_port;   // of civetweb, for the relay alone; 0 until it is known
    int streams_begin;       // descriptors of streams are above this, where there is room
    atomic_bool draining;
};

// What a thread of civetweb's needs to answer, one request after the other.
struct worker {
    struct http_server *server;
    struct arena *arena;
    struct strbuf *body;
    struct strbuf *headers;
    struct strbuf *answer; // head and body together, for one write
    struct deadline_slot *deadline;
    struct http_request request;
    struct http_response response;
    struct idle_slot *idle;
    // Of the connection that is being served.
    bool is_admitted; // what follows is known
    bool is_counted;  // in the limit of its address
    bool is_stranger; // at the relay's port
    bool is_tls;
    bool is_from_proxy;
    char peer_address[PEER_ADDRESS_SIZE];
    char client_address[CLIENT_ADDRESS_SIZE];
    int64_t active_us; // when it began or was last answered; monotonic
    int64_t date_second;
    char date[DATE_HEADER_SIZE];
    unsigned char pool[RANDOM_POOL_SIZE]; // random bytes fetched in advance: a call for each
    size_t pool_used;                     // request would be a tenth of a quote's cost
};

struct http_connection {
    struct mg_connection *civetweb;
    const struct mg_request_info *info;
    struct worker *worker;
    uint64_t consumed; // bytes of the body
    bool is_broken;    // the body cannot be read any further
    bool continued;    // 100 Continue was sent, or not asked for
};

// From now until deadline_end, at most `limit_us` for reading, or for both directions.
void http_set_deadline(struct http_connection *connection, bool also_writing, int64_t limit_us);

// Writes the worker's response, or a problem in its place when it is too large.
void http_send_answer(struct http_connection *connection);

// Gives the connection to whoever the response says.
void http_hand_over(struct http_connection *connection);

// Takes what is left of a body nobody wanted, so that the connection can go on.
void http_discard_body(struct http_connection *connection);
