// SPDX-License-Identifier: MIT
// http_message: a request as the rest of the gateway sees it, and the answer it fills in. Only
// http_server.c knows how the two travel.
//
// Threads: one request belongs to the thread that serves its connection.
// Memory: a request's texts live until it has been answered; what a handler makes is in `arena`.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/uuid.h"
#include "rpc/rpc.h"

enum {
    HTTP_HEADERS_MAX = 60,             // header lines; more are refused
    HTTP_HEAD_MAX = 16 * 1024,         // bytes of request line and headers
    HTTP_BODY_MAX = 64 * 1024,         // bytes of a body, where an operation says nothing else
    HTTP_ANSWER_MAX = 8 * 1024 * 1024, // bytes of an answer
    CLIENT_ADDRESS_SIZE = 46,          // of an address as text, with its end
};

struct http_header {
    const char *name;
    const char *value;
};

struct http_connection; // of http_server.c
struct http_server;

struct http_request {
    const char *method; // "GET"; a HEAD request is a GET whose body is not sent
    bool is_head;
    struct text path;  // as it came, still percent-encoded
    struct text query; // as it came, without the question mark; empty without one
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    const char *remote_address; // of the peer: the client, or the proxy in front
    const char *client_address; // of who asks, as far as the proxies in front can be believed; at
                                // most 45 characters
    bool is_secure;             // the client speaks TLS, here or to a trusted proxy
    uint64_t content_length;
    struct arena *arena;
    struct uuid id;                     // random; told to the client as X-Request-Id
    char traceparent[TRACEPARENT_SIZE]; // empty until http_request_trace is asked
    char tracestate[TRACESTATE_SIZE];   // the client's, from then on
    bool is_sampled;                    // whether a trace that begins here is
    const char *route;                  // the template of the address, for the log; "" for none
    const char *operation; // method and template, for metrics and traces; "other" for none
    struct http_connection *connection;
};

// What kind of answer it is: which security and cache headers go with it.
enum http_policy {
    HTTP_PRIVATE,   // data: no store
    HTTP_PUBLIC,    // the same for everybody: may be kept, but must be asked for again
    HTTP_CACHED,    // the same for everybody: may be kept for five minutes
    HTTP_PAGE,      // HTML of ours with styles and scripts of ours
    HTTP_OWN_PAGE,  // the same for one person: no store
    HTTP_IMMUTABLE, // never changes at this address
};

struct http_response {
    int status;
    const char *content_type; // NULL: application/json
    enum http_policy policy;
    struct strbuf *body;
    struct text fixed_body; // bytes that live on (a file in the program), instead of `body`
    struct strbuf *headers; // further header lines, each with its line end
    bool close;             // the connection cannot be used again
    // For a connection that goes on as something else: told of its socket, which it owns from then
    // on and closes with http_server_close, once the head has been sent; or of -1 when it was not.
    void (*take)(void *context, struct http_server *server, int descriptor);
    void *take_context;
    bool is_cut_off; // the answer could not be sent
};

// The first header of that name, in any case; NULL when there is none.
const char *http_request_header(const struct http_request *request, const char *name);

// The value of a cookie, in a copy; NULL when it is not there, and when it is there twice: then one
// of them was put there by somebody else.
const char *http_request_cookie(const struct http_request *request, const char *name);

// The W3C trace context that the client sent; NULL when it sent none that is valid.
const char *http_request_trace_parent(const struct http_request *request);

// The span of the request itself: in the client's trace, or the first of a new one.
const char *http_request_trace(struct http_request *request);

// What other systems have written of the client's trace; NULL for nothing that is valid.
const char *http_request_trace_state(struct http_request *request);

// True when the comma-separated header `name` holds `token`, in any case, not refused by ";q=0".
bool http_request_accepts(const struct http_request *request, const char *name, const char *token);

// Adds a header line. `value` must not come from a client unchecked: it is not escaped.
void http_response_header(struct http_response *response, const char *name, const char *value);

// The reason phrase of a status.
const char *http_status_text(int status);

// The status as a constant string, for labels; "other" for one that is never answered here.
const char *http_status_digits(int status);
