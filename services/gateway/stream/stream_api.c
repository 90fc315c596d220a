// SPDX-License-Identifier: MIT
// GET /api/v1/stream: where a WebSocket or a stream of server-sent events begins.
#include "stream/stream_server.h"

#include "rest/csrf.h"
#include "rest/endpoint.h"
#include "stream/websocket.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool names_token(const char *list, const char *token)
{
    size_t length = strlen(token);

    while (list != NULL && *list != '\0') {
        list += strspn(list, " \t,");
        if (strncasecmp(list, token, length) == 0 && strchr(" \t,", list[length]) != NULL)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

// A browser sends its cookie with every WebSocket, whichever page opens it, and lets that page read
// what comes; so the cookie counts for pages of this site alone.
static bool check_origin(const struct exchange *exchange, struct error *error)
{
    if (exchange->credential.kind != CREDENTIAL_COOKIE ||
        (http_request_header(exchange->request, "Origin") != NULL &&
         csrf_is_same_site(exchange->request)))
        return true;
    return error_set(error, REASON_CSRF_REJECTED,
                     "With a session's cookie a WebSocket is opened by a page of this site only.");
}

// Who it is, when a credential came along. A wrong one makes its bearer nobody where prices are
// all that is asked for, as with other open operations.
static bool
identify(struct exchange *exchange, struct stream_start *start, bool is_needed, struct error *error)
{
    const struct credential *credential = &exchange->credential;
    const char *token = NULL;
    bool is_known = credential->kind != CREDENTIAL_NONE &&
                    exchange_identity(exchange, &start->identity, error) &&
                    credential_token(exchange, &token, error);

    if (!is_known && !is_needed)
        return true;
    if (!is_known)
        return credential->kind == CREDENTIAL_NONE
                   ? error_set(error, REASON_UNAUTHENTICATED, "This needs an access token.")
                   : false;
    start->token = allocate_string(token);
    start->credential.kind = credential->kind;
    snprintf(start->credential.id, sizeof start->credential.id, "%s",
             credential->id != NULL ? credential->id : "");
    snprintf(start->credential.secret, sizeof start->credential.secret, "%s", credential->secret);
    return true;
}

static bool read_topics(struct exchange *exchange,
                        struct stream_start *start,
                        bool *out_is_private,
                        struct error *error)
{
    const char *topics = NULL;
    char topic[STREAM_TOPIC_SIZE];
    struct quote quote;

    if (!exchange_refuse_parameters(exchange, "topics", error) ||
        !exchange_parameter(exchange, "topics", &topics, error))
        return false;
    for (const char *at = topics; *at != '\0'; at += *at == ',') {
        size_t length = strcspn(at, ",");
        struct stream_topic *read = &start->topics[start->topic_count];

        if (start->topic_count == STREAM_SUBSCRIPTIONS_MAX)
            return error_set(error, REASON_LIMIT_EXCEEDED, "A stream follows at most %d topics.",
                             STREAM_SUBSCRIPTIONS_MAX);
        // One that is too long is cut to what is no topic either.
        snprintf(topic, sizeof topic, "%.*s", (int)length, at);
        if (!stream_topic_read(topic, read, error))
            return false;
        if (read->kind == STREAM_QUOTES &&
            !quotes_get(exchange->gateway->quotes, read->name, &quote))
            return quotes_refuse_ticker(exchange->gateway->quotes, text_of(read->name), error);
        *out_is_private |= !stream_kind_is_of_market(read->kind);
        start->topic_count++;
        at += length;
    }
    return true;
}

static bool begin_events(struct exchange *exchange, struct stream_start *start, struct error *error)
{
    bool is_private = false;

    if (!read_topics(exchange, start, &is_private, error) ||
        !identify(exchange, start, is_private, error))
        return false;
    if (start->topic_count == 0) {
        error_clear(error);
        error_add_violation(error, "topics", "is required: topics, separated by commas");
        return false;
    }
    exchange->response->content_type = "text/event-stream";
    http_response_header(exchange->response, "Connection", "close");
    http_response_header(exchange->response, "X-Accel-Buffering", "no");
    return true;
}

static bool
begin_websocket(struct exchange *exchange, struct stream_start *start, struct error *error)
{
    const char *key = http_request_header(exchange->request, "Sec-WebSocket-Key");
    const char *version = http_request_header(exchange->request, "Sec-WebSocket-Version");
    char accept[WEBSOCKET_ACCEPT_SIZE];

    if (!names_token(http_request_header(exchange->request, "Connection"), "upgrade") ||
        version == NULL || strcmp(version, "13") != 0 || key == NULL ||
        !websocket_accept(key, accept)) {
        http_response_header(exchange->response, "Sec-WebSocket-Version", "13");
        return error_set(error, REASON_MALFORMED_REQUEST,
                         "A WebSocket begins with Connection: Upgrade, Sec-WebSocket-Version: 13 "
                         "and a Sec-WebSocket-Key of 16 bytes in base64.");
    }
    start->is_websocket = true;
    if (exchange->request->query.length > 0)
        return error_set(
            error, REASON_MALFORMED_REQUEST,
            "A WebSocket takes no parameters: subscribe and authenticate in messages.");
    if (!check_origin(exchange, error) || !identify(exchange, start, false, error))
        return false;
    exchange->response->status = 101;
    http_response_header(exchange->response, "Upgrade", "websocket");
    http_response_header(exchange->response, "Connection", "Upgrade");
    http_response_header(exchange->response, "Sec-WebSocket-Accept", accept);
    return true;
}

bool stream_begin(struct exchange *exchange, struct error *error)
{
    struct http_request *request = exchange->request;
    struct stream_start *start = NULL;
    bool is_websocket = names_token(http_request_header(request, "Upgrade"), "websocket");
    bool has_begun = false;

    if (request->is_head ||
        (!is_websocket && !http_request_accepts(request, "Accept", "text/event-stream")))
        return error_set(error, REASON_MALFORMED_REQUEST,
                         "Ask with GET, and with Upgrade: websocket or Accept: text/event-stream.");
    if (!stream_server_enter(exchange->gateway->streams, request->client_address, &start, error))
        return false;
    has_begun = is_websocket ? begin_websocket(exchange, start, error)
                             : begin_events(exchange, start, error);
    if (!has_begun) {
        stream_start_free(start);
        return false;
    }
    exchange->response->policy = HTTP_PRIVATE;
    exchange->response->take = stream_server_take;
    exchange->response->take_context = start;
    return true;
}
