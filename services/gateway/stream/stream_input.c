// SPDX-License-Identifier: MIT
// What clients say. While somebody has not taken what was sent, or it is being found out who it is,
// nothing is read.
#include "stream/stream.h"

#include "base/clock.h"
#include "base/digest.h"
#include "bourse/gateway/v1/stream.pb-c.h"
#include "bourse/gateway/v1/stream_rules.h"
#include "message/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

uint32_t stream_interest(const struct stream_connection *connection)
{
    bool may_read = connection->phase == STREAM_CLOSES ||
                    (connection->left == NULL && connection->waiting_request == NULL);

    return (may_read ? EPOLLIN : 0) | (connection->left != NULL ? EPOLLOUT : 0);
}

static bool read_credential(const Stream__Credential *asked,
                            struct stream_credential *out_credential,
                            struct error *error)
{
    bool is_key = asked->api_key_id != NULL || asked->api_key_secret != NULL;

    if ((asked->token != NULL) == is_key || (is_key && asked->api_key_id == NULL) ||
        (is_key && asked->api_key_secret == NULL))
        return error_set(error, REASON_UNAUTHENTICATED,
                         "authenticate takes either token, or api_key_id and api_key_secret.");
    *out_credential =
        (struct stream_credential){.kind = is_key ? CREDENTIAL_API_KEY : CREDENTIAL_TOKEN};
    snprintf(out_credential->id, sizeof out_credential->id, "%s", is_key ? asked->api_key_id : "");
    snprintf(out_credential->secret, sizeof out_credential->secret, "%s",
             is_key ? asked->api_key_secret : asked->token);
    return true;
}

static void append_topics(struct strbuf *out, const char *name, const char *const *texts, size_t n)
{
    struct stream_topic topic;
    char printed[STREAM_TOPIC_SIZE];
    struct error ignored;

    strbuf_printf(out, "\"%s\":[", name);
    for (size_t i = 0; i < n; i++) {
        if (!stream_topic_read(texts[i], &topic, &ignored))
            continue;
        stream_topic_print(&topic, printed);
        if (i > 0)
            strbuf_append_char(out, ',');
        strbuf_append_json(out, text_of(printed));
    }
    strbuf_append_char(out, ']');
}

// Does all that a request says of topics; at the first that cannot be, says so and stops.
static void follow(struct stream_connection *connection, const Stream__Request *request)
{
    OWNED(strbuf) members = strbuf_new(2 * WEBSOCKET_MESSAGE_MAX);
    struct stream_topic topic;
    struct error error;

    for (size_t i = 0; i < request->n_unsubscribe + request->n_subscribe; i++) {
        bool is_end = i < request->n_unsubscribe;
        const char *text =
            is_end ? request->unsubscribe[i] : request->subscribe[i - request->n_unsubscribe];

        if (!stream_topic_read(text, &topic, &error)) {
            stream_say_error(connection, &error, NULL);
            return;
        }
        if (is_end && stream_topics_find(&connection->topics, &topic) != NULL)
            stream_unsubscribe(connection, stream_topics_find(&connection->topics, &topic));
        if (!is_end && !stream_subscribe(connection, &topic, &error)) {
            stream_say_error(connection, &error, &topic);
            return;
        }
    }
    append_topics(members, "subscribed", (const char *const *)request->subscribe,
                  request->n_subscribe);
    strbuf_append_char(members, ',');
    append_topics(members, "unsubscribed", (const char *const *)request->unsubscribe,
                  request->n_unsubscribe);
    strbuf_append_char(members, '}');
    stream_say(connection, "subscribed", strbuf_text(members));
}

static bool read_request(struct stream_connection *connection,
                         struct text text,
                         const Stream__Request **out_request)
{
    ProtobufCMessage *message = NULL;
    struct error error;

    arena_reset(connection->server->arena);
    if (message_from_json(&stream_request_info, connection->server->arena, text, &message,
                          &error) &&
        message_validate(&stream_request_info, message, &error)) {
        *out_request = (const Stream__Request *)message;
        return true;
    }
    // What is wrong with a field is worth more than that something is.
    if (error.detail_count > 0 && error.details[0].kind == ERROR_VIOLATION)
        error_set(&error, REASON_INVALID_REQUEST, "%.90s: %.190s", error.details[0].name,
                  error.details[0].value);
    stream_say_error(connection, &error, NULL);
    return false;
}

static void take_request(struct stream_connection *connection, struct text text)
{
    const Stream__Request *request = NULL;
    struct stream_credential credential;
    struct error error;

    if (!read_request(connection, text, &request))
        return;
    if (request->authenticate == NULL) {
        follow(connection, request);
        return;
    }
    if (!read_credential(request->authenticate, &credential, &error)) {
        stream_say_error(connection, &error, NULL);
        return;
    }
    // The rest of the request is for when it is known who it is from.
    connection->waiting_request = allocate(text.length + 1);
    memcpy(connection->waiting_request, text.data, text.length);
    connection->waiting_length = text.length;
    stream_ask_who(connection, &credential);
}

// Counts what comes in each second; false when it is too much.
static bool may_say_more(struct stream_connection *connection)
{
    int64_t second = clock_monotonic_us() / MICROS_PER_SECOND;

    if (second != connection->second) {
        connection->second = second;
        connection->messages = 0;
    }
    return ++connection->messages <= STREAM_MESSAGES_PER_SECOND;
}

static void
handle(struct stream_connection *connection, enum websocket_event event, struct websocket_input *in)
{
    struct error cause;

    if (event == WEBSOCKET_BROKEN) {
        error_set(&cause, REASON_MALFORMED_REQUEST, "%s", in->rule);
        stream_close(connection, in->code, &cause);
        return;
    }
    if (event == WEBSOCKET_GOT_CLOSE) {
        stream_close(connection, in->code, NULL); // the same code, as is usual
        return;
    }
    if (!may_say_more(connection)) {
        error_set(&cause, REASON_LIMIT_EXCEEDED, "at most %d messages a second are taken",
                  STREAM_MESSAGES_PER_SECOND);
        stream_close(connection, CLOSE_POLICY, &cause);
        return;
    }
    if (event == WEBSOCKET_GOT_PING)
        stream_send_control(connection, WEBSOCKET_PONG, in->data);
    else if (event == WEBSOCKET_GOT_TEXT)
        take_request(connection, in->data);
}

// Reads frames until there are no more bytes, or something has to happen before the next one.
static void read_frames(struct stream_connection *connection, struct text bytes)
{
    while (bytes.length > 0 && connection->phase == STREAM_IS_OPEN &&
           connection->waiting_request == NULL) {
        struct websocket_input input;
        enum websocket_event event = websocket_read(&connection->reader, &bytes, &input);

        if (event != WEBSOCKET_NOTHING)
            handle(connection, event, &input);
    }
    if (bytes.length == 0 || connection->phase != STREAM_IS_OPEN)
        return;
    connection->unread = allocate(bytes.length);
    memcpy(connection->unread, bytes.data, bytes.length);
    connection->unread_length = bytes.length;
}

void stream_receive(struct stream_connection *connection)
{
    char buffer[STREAM_INPUT_SIZE];
    ssize_t length = recv(connection->descriptor, buffer, sizeof buffer, 0);
    struct error cause;

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        connection->phase = STREAM_IS_OVER;
        return;
    }
    connection->heard_us = clock_monotonic_us();
    if (connection->phase != STREAM_IS_OPEN)
        return;
    if (connection->is_websocket) {
        read_frames(connection, (struct text){buffer, (size_t)length});
        return;
    }
    error_set(&cause, REASON_MALFORMED_REQUEST, "nothing is read on server-sent events");
    stream_close(connection, CLOSE_PROTOCOL_ERROR, &cause);
}

void stream_resume(struct stream_connection *connection)
{
    OWNED(strbuf) request = strbuf_new(WEBSOCKET_MESSAGE_MAX);
    char *unread = connection->unread;
    size_t length = connection->unread_length;
    const Stream__Request *asked = NULL;

    if (connection->waiting_request != NULL) {
        strbuf_append(request, connection->waiting_request, connection->waiting_length);
        digest_wipe(connection->waiting_request, connection->waiting_length); // holds a credential
    }
    release(connection->waiting_request);
    connection->waiting_request = NULL;
    connection->unread = NULL;
    connection->unread_length = 0;
    if (request->length > 0 && read_request(connection, strbuf_text(request), &asked) &&
        asked->n_subscribe + asked->n_unsubscribe > 0)
        follow(connection, asked);
    if (unread != NULL)
        read_frames(connection, (struct text){unread, length});
    release(unread);
    stream_touch(connection);
}
