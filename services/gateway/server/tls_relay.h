// SPDX-License-Identifier: MIT
// tls_relay: ends TLS in front of civetweb.
//
// civetweb's own TLS cannot be used: Debian 12 builds it for OpenSSL 1.1, of which a function it
// needs is not in OpenSSL 3, and it would hold a thread through every handshake. So one thread here
// accepts, speaks TLS with all clients at once, and carries the bytes to and from a port of
// civetweb's on the loopback that nobody else is let in at. A connection reaches civetweb, and
// costs a thread there, only once the whole head of its first request has come.
//
// Threads: one of its own; tls_relay_find may be called from any.
// Memory: two buffers of 16 KiB for each connection with something under way, beside OpenSSL's.
#pragma once

#include "server/connection_limit.h"
#include "server/tls.h"

struct tls_relay_options {
    const char *listen; // "127.0.0.1:8443", several separated by commas
    struct tls_options files;
    size_t connections_max;         // more are closed at once
    struct connection_limit *limit; // must live longer
    int64_t head_limit_us;          // for the handshake and the first head together
};

struct tls_relay;

// Reads the files and listens; nobody is answered before tls_relay_start. Fails with
// INVALID_SETTING for files or addresses that cannot be used.
MUST_CHECK bool tls_relay_new(const struct tls_relay_options *options,
                              struct tls_relay **out_relay,
                              struct error *error);

// Relays from now on to civetweb's port of 127.0.0.1.
MUST_CHECK bool tls_relay_start(struct tls_relay *relay, int server_port, struct error *error);

// Stops listening, gives answers under way a moment to leave, and closes. To be called after the
// server has finished.
void tls_relay_free(struct tls_relay **relay);

// The client behind the connection that reached the server from that port of 127.0.0.1; false when
// it is not one of the relay's.
MUST_CHECK bool
tls_relay_find(struct tls_relay *relay, int port, char out_address[CLIENT_ADDRESS_SIZE]);
