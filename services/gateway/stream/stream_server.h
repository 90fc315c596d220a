// SPDX-License-Identifier: MIT
// stream_server: everything that is sent to clients without being asked for each time: prices, the
// caller's orders and portfolios, over WebSocket or as server-sent events.
//
// civetweb would keep a thread for each stream. Here its socket is taken over once the head has
// been answered, and one thread serves all of them with epoll; a few more ask other services.
// README.md says what a client sees, and what streams may cost.
//
// Threads: one of its own and the asker's; everything here may be called from any.
#pragma once

#include "gateway.h"
#include "quotes/quotes.h"
#include "stream/stream_asker.h"

struct stream_server;

struct stream_server_options {
    struct gateway *gateway;
    size_t connections_max;
    size_t connections_each; // of one address
    size_t connections_user; // of one user
};

// Makes it without a thread: prices may be told of already.
MUST_CHECK bool stream_server_new(const struct stream_server_options *options,
                                  struct stream_server **out_server,
                                  struct error *error);
// Begins, once the gateway's quotes and calls can be used.
MUST_CHECK bool stream_server_start(struct stream_server *server, struct error *error);
// Tells all clients to go elsewhere and closes; no stream is begun any more.
void stream_server_stop(struct stream_server *server);
void stream_server_free(struct stream_server **server);

// How many streams are open.
size_t stream_server_count(const struct stream_server *server);

// For quotes_options.changed; the context is the server.
void stream_server_quotes_changed(void *context,
                                  const struct quote *quotes,
                                  size_t count,
                                  const struct platform_clock *clock,
                                  bool gap);

// A stream about to begin.
struct stream_start {
    struct stream_server *server;
    bool is_websocket;
    char client_address[CLIENT_ADDRESS_SIZE];
    struct stream_credential credential; // CREDENTIAL_NONE for none
    struct identity identity;            // of the credential
    char *token;                         // that it stands for; owned
    struct stream_topic topics[STREAM_SUBSCRIPTIONS_MAX];
    size_t topic_count;
};

// Counts a stream of that address, and makes its start. Fails with LIMIT_EXCEEDED or UNAVAILABLE.
MUST_CHECK bool stream_server_enter(struct stream_server *server,
                                    const char *client_address,
                                    struct stream_start **out_start,
                                    struct error *error);

// Begins the stream on its socket, or gives it up when there is none (-1). For http_response.take;
// the context is the start, which is freed.
void stream_server_take(void *start, struct http_server *http_server, int descriptor);
// Gives it up.
void stream_start_free(struct stream_start *start);
