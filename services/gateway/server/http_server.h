// SPDX-License-Identifier: MIT
// http_server: HTTP/1.1 over civetweb, with one function that answers everything.
//
// civetweb has sharp edges (see README.md): it is given no document root and no handler of its own
// to fall back to; whatever it would answer by itself goes through here too, so that every answer
// has the same form and the same security headers.
//
// TLS is ended before civetweb, by tls_relay; its connections reach civetweb at a port of their
// own.
//
// Threads: civetweb's, one a connection; each has a worker with its own arena and buffers.
#pragma once

#include "server/http_message.h"
#include "server/tls.h"

struct http_server_options {
    const char *listen;          // "127.0.0.1:8080", several separated by commas; "" for none
    const char *tls_listen;      // of the same form, for TLS; "" for none
    struct tls_options tls;      // not looked at without tls_listen
    size_t tls_connections;      // at the same time; more are closed at once
    size_t threads;              // connections served at the same time
    size_t connections_each;     // of one address at the same time
    size_t streams;              // connections that may be handed over and open at the same time
    const char *trusted_proxies; // addresses and networks, separated by commas
    void *context;
    // Answers a request whose head is in order. Reads the body, if at all, by the functions below.
    void (*handle)(void *context, struct http_request *request, struct http_response *response);
    // Told of every answer after it has been sent, refused requests included.
    void (*finished)(void *context,
                     struct http_request *request,
                     const struct http_response *response,
                     int64_t micros);
    // Makes a problem answer out of an error.
    void (*refuse)(struct http_request *request,
                   struct http_response *response,
                   const struct error *error);
};

struct http_server;

// Listens and answers from now on. Fails with INVALID_SETTING when it cannot listen, and for
// proxies, certificates and keys that cannot be used.
MUST_CHECK bool http_server_new(const struct http_server_options *options,
                                struct http_server **out_server,
                                struct error *error);

// From now on every answer asks the client to connect anew (elsewhere).
void http_server_drain(struct http_server *server);

// Ends idle connections, waits for the requests under way and closes.
void http_server_free(struct http_server **server);

// Closes a connection that was handed over (http_response.take).
void http_server_close(struct http_server *server, int descriptor);

// Reads the whole body into the request's arena. Fails with BODY_TOO_LARGE above `limit`, and
// REQUEST_TIMEOUT when it does not arrive within five seconds.
MUST_CHECK bool http_read_body(struct http_request *request,
                               size_t limit,
                               struct text *out_body,
                               struct error *error);

// Reads up to `size` bytes of the body; `*out_length` is 0 at its end. Fails with REQUEST_TIMEOUT
// when they do not arrive within half a minute.
MUST_CHECK bool http_read_some(struct http_request *request,
                               char *buffer,
                               size_t size,
                               size_t *out_length,
                               struct error *error);
