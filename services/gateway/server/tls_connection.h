// SPDX-License-Identifier: MIT
// tls_connection: one client's TLS and the bytes between it and the server behind.
//
// Threads: one, the relay's. Nothing here blocks.
#pragma once

#include "server/connection_limit.h"
#include "server/tls.h"

enum { TLS_CONNECTION_BUFFER_SIZE = 16 * 1024 };

struct tls_connection;

// One of a connection's two sockets, as epoll knows it.
struct tls_connection_end {
    struct tls_connection *connection;
    int descriptor;    // -1 for none
    uint32_t interest; // of epoll's events; 0: not registered
};

// Bytes on their way in one direction.
struct tls_connection_buffer {
    char *data; // NULL until there is something
    size_t length;
    size_t begin; // of what has not been passed on
};

enum tls_connection_phase {
    TLS_CONNECTION_SHAKES_HANDS,
    TLS_CONNECTION_RELAYS,
    TLS_CONNECTION_LINGERS, // all is sent; what still comes is taken so that the client can read it
    TLS_CONNECTION_IS_OVER,
};

struct tls_connection {
    struct tls_connection *next; // the relay's list
    struct tls_connection *previous;
    enum tls_connection_phase phase;
    SSL *ssl;
    struct tls_connection_end client;
    struct tls_connection_end server;
    int server_port;                      // where the server listens
    int relay_port;                       // where the connection to it comes from; 0 without one
    struct tls_connection_buffer request; // from the client
    struct tls_connection_buffer answer;  // to the client
    bool wants_to_write;                  // TLS cannot go on before the client's socket takes more
    bool goes_on;                         // it was stopped to let others have a turn
    bool client_has_ended;
    bool server_has_ended;
    bool server_is_idle; // it had nothing more for the client at the last look
    bool server_is_told; // that the client has ended
    int64_t until_us;    // monotonic; INT64_MAX when the server watches the time
    char address[CLIENT_ADDRESS_SIZE];
};

// Makes the connection to the server; the relay notes its port.
typedef bool (*tls_connection_connect)(void *context, struct tls_connection *connection);

// Takes over the socket. NULL, with the socket closed, when TLS cannot be begun.
struct tls_connection *tls_connection_begin(
    struct tls *tls, int descriptor, const char *address, int server_port, int64_t until_us);

// Carries what can be carried now in both directions. Afterwards `phase` and the interests tell how
// it goes on.
void tls_connection_pump(struct tls_connection *connection,
                         tls_connection_connect connect,
                         void *context);

// The events to wait for on each end.
uint32_t tls_connection_client_interest(const struct tls_connection *connection);
uint32_t tls_connection_server_interest(const struct tls_connection *connection);

// Closes what is open and frees it.
void tls_connection_free(struct tls_connection **connection);
