// SPDX-License-Identifier: MIT
// admin: the port operators look at: /livez, /readyz (also as /healthz) and /metrics over HTTP/1.1.
//
// Kept apart from the public port, and small on purpose: GET only, requests of at most 4 KiB, two
// seconds for each, the connection closed after the answer, the oldest one given up when there are
// too many. It must stay able to answer when everything else is stuck.
//
// Threads: one of its own. The functions given to it run there and must not block.
#pragma once

#include <netdb.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "service/metrics.h"

enum { ADMIN_REQUEST_MAX = 4096, ADMIN_TIMEOUT_MS = 2000, ADMIN_CONNECTIONS_MAX = 32 };

struct admin_options {
    const char *listen; // "host:port"; port 0 takes a free one
    struct metrics *metrics;
    // Appends to `reasons` what keeps the service from being ready (nothing: it is), and to `notes`
    // what an operator should know but which takes no readiness away.
    void (*check)(void *context, struct strbuf *reasons, struct strbuf *notes);
    void *context;
};

struct admin;

// Listens and answers from now on. The caller owns it. Fails with INVALID_SETTING when the address
// cannot be listened on.
MUST_CHECK bool
admin_new(const struct admin_options *options, struct admin **out_admin, struct error *error);

// The port it listens on.
int admin_port(const struct admin *admin);

// Closes every connection and waits for the thread.
void admin_free(struct admin **admin);

// Splits "host:port" or "[host]:port" and resolves it; without a host all addresses of the machine
// are meant. The caller gives `out_addresses` to freeaddrinfo. Fails with INVALID_SETTING.
MUST_CHECK bool
admin_resolve(const char *listen, struct addrinfo **out_addresses, struct error *error);

// What is said to one whole request: the whole response goes to `out`. For admin.c and its tests.
void admin_answer(const struct admin_options *options, struct text request, struct strbuf *out);
