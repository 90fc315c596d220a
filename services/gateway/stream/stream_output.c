// SPDX-License-Identifier: MIT
// What clients are sent. A message is made when the socket can take it, of the state there is then.
#include "stream/stream.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { OUTPUT_MAX = 32 * 1024, LINE_SIZE = 96, CLOSE_REASON_MAX = 120 };
#define CLOSE_LIMIT_US (1 * MICROS_PER_SECOND) // for the client to close as well

void stream_touch(struct stream_connection *connection)
{
    if (connection->is_touched)
        return;
    connection->is_touched = true;
    connection->next_touched = connection->server->touched;
    connection->server->touched = connection;
}

// The members that every message begins with.
static void write_start(struct strbuf *out, const char *type, uint64_t sequence, bool is_snapshot)
{
    strbuf_reset(out);
    strbuf_append_string(out, "{\"type\":\"");
    strbuf_append_string(out, type);
    strbuf_append_string(out, "\",\"sequence\":");
    strbuf_append_int(out, (int64_t)sequence);
    strbuf_append_string(out, is_snapshot ? ",\"snapshot\":true," : ",");
}

static void append_frame(struct strbuf *out,
                         enum websocket_opcode opcode,
                         struct text first,
                         struct text second)
{
    unsigned char head[WEBSOCKET_HEAD_MAX];

    strbuf_append(out, head, websocket_write_head(opcode, first.length + second.length, head));
    strbuf_append_text(out, first);
    strbuf_append_text(out, second);
}

// Appends one message as its kind of stream has it.
static void append_message(struct stream_connection *connection,
                           struct strbuf *out,
                           const char *type,
                           bool is_snapshot,
                           struct text members)
{
    struct strbuf *text = connection->server->text;

    connection->sequence++;
    metric_add(connection->server->sent, 1, type, NULL);
    write_start(text, type, connection->sequence, is_snapshot);
    if (connection->is_websocket) {
        append_frame(out, WEBSOCKET_TEXT, strbuf_text(text), members);
        return;
    }
    strbuf_append_string(out, "id: ");
    strbuf_append_int(out, (int64_t)connection->sequence);
    strbuf_append_string(out, "\nevent: ");
    strbuf_append_string(out, type);
    strbuf_append_string(out, "\ndata: ");
    strbuf_append_text(out, strbuf_text(text));
    strbuf_append_text(out, members);
    strbuf_append_string(out, "\n\n");
}

// Keeps what cannot be sent yet.
static void keep(struct stream_connection *connection, const char *data, size_t length)
{
    size_t left = connection->left_length - connection->left_begin;
    char *all = allocate(left + length);

    if (left > 0)
        memcpy(all, connection->left + connection->left_begin, left);
    memcpy(all + left, data, length);
    release(connection->left);
    connection->left = all;
    connection->left_begin = 0;
    connection->left_length = left + length;
}

void stream_keep(struct stream_connection *connection, struct text bytes)
{
    keep(connection, bytes.data, bytes.length);
    stream_touch(connection);
}

static void keep_scratch(struct stream_connection *connection)
{
    stream_keep(connection, strbuf_text(connection->server->scratch));
}

void stream_say(struct stream_connection *connection, const char *type, struct text members)
{
    if (connection->phase != STREAM_IS_OPEN)
        return;
    strbuf_reset(connection->server->scratch);
    append_message(connection, connection->server->scratch, type, false, members);
    keep_scratch(connection);
}

void stream_say_error(struct stream_connection *connection,
                      const struct error *error,
                      const struct stream_topic *topic)
{
    OWNED(strbuf) members = strbuf_new(STREAM_INPUT_SIZE);
    char name[STREAM_TOPIC_SIZE];

    strbuf_append_string(members, "\"reason\":");
    strbuf_append_json(members, text_of(error->reason));
    strbuf_append_string(members, ",\"detail\":");
    strbuf_append_json(members, text_of(error->message));
    if (topic != NULL) {
        stream_topic_print(topic, name);
        strbuf_append_string(members, ",\"topic\":");
        strbuf_append_json(members, text_of(name));
    }
    strbuf_append_char(members, '}');
    stream_say(connection, "error", strbuf_text(members));
}

void stream_send_control(struct stream_connection *connection,
                         enum websocket_opcode opcode,
                         struct text data)
{
    strbuf_reset(connection->server->scratch);
    if (connection->is_websocket)
        append_frame(connection->server->scratch, opcode, data, (struct text){"", 0});
    else
        strbuf_append_string(connection->server->scratch, ":\n\n"); // a comment
    keep_scratch(connection);
}

void stream_close(struct stream_connection *connection, int code, const struct error *cause)
{
    char data[2 + CLOSE_REASON_MAX];
    const char *reason = cause != NULL ? cause->message : "";
    size_t length = strnlen(reason, CLOSE_REASON_MAX);

    if (connection->phase != STREAM_IS_OPEN)
        return;
    if (connection->is_websocket) {
        data[0] = (char)(code >> 8);
        data[1] = (char)code;
        memcpy(data + 2, reason, length);
        stream_send_control(connection, WEBSOCKET_CLOSE,
                            (struct text){data, code == CLOSE_NO_STATUS ? 0 : 2 + length});
    } else if (cause != NULL) {
        stream_say_error(connection, cause, NULL);
    }
    metric_add(connection->server->closed, 1, cause == NULL ? "client" : "server", NULL);
    connection->phase = STREAM_CLOSES;
    connection->until_us = clock_monotonic_us() + CLOSE_LIMIT_US;
    stream_touch(connection);
}

// True when the socket has taken all.
static bool send_left(struct stream_connection *connection)
{
    while (connection->left != NULL) {
        ssize_t sent = send(connection->descriptor, connection->left + connection->left_begin,
                            connection->left_length - connection->left_begin, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            connection->phase = STREAM_IS_OVER;
        if (sent < 0)
            return false;
        metric_add(connection->server->bytes, sent, NULL, NULL);
        connection->progress_us = clock_monotonic_us();
        connection->left_begin += (size_t)sent;
        if (connection->left_begin == connection->left_length) {
            release(connection->left);
            connection->left = NULL;
            connection->left_begin = connection->left_length = 0;
        }
    }
    return true;
}

static const char *const types[] = {
    [STREAM_QUOTES] = "quote",
    [STREAM_BARS] = "bar",
    [STREAM_CLOCK] = "clock",
    [STREAM_ORDERS] = "orders",
    [STREAM_PORTFOLIO] = "portfolio",
    [STREAM_ORDER_EVENTS] = "order_events",
    [STREAM_BALANCE_EVENTS] = "balance_events",
    [STREAM_RUN_EVENTS] = "run_events",
    [STREAM_BACKTEST] = "backtest",
};

// Appends the next message that waits; false when none does.
static bool append_next(struct stream_connection *connection, struct strbuf *out)
{
    struct stream_event *event = NULL;
    struct stream_subscription *subscription = stream_topics_next(&connection->topics);
    struct text text;
    bool is_snapshot = subscription != NULL && subscription->is_snapshot;

    if (subscription == NULL) {
        event = stream_topics_next_event(&connection->topics);
        if (event == NULL)
            return false;
        text = (struct text){event->text->data, event->text->length};
        append_message(connection, out, "order", false, text);
        stream_event_free(event);
        return true;
    }
    subscription->is_snapshot = false;
    if (subscription->feed != NULL) {
        text = (struct text){subscription->feed->text, subscription->feed->length};
        append_message(connection, out, types[subscription->topic.kind], is_snapshot, text);
        return true;
    }
    text = (struct text){subscription->text, subscription->length};
    append_message(connection, out, types[subscription->topic.kind], is_snapshot, text);
    // That of a state is kept to see whether the next one differs.
    if (subscription->topic.kind != STREAM_PORTFOLIO &&
        subscription->topic.kind != STREAM_BACKTEST) {
        release(subscription->text);
        subscription->text = NULL;
    }
    return true;
}

// One write for all that waits, up to a limit.
static bool send_waiting(struct stream_connection *connection)
{
    struct strbuf *scratch = connection->server->scratch;
    ssize_t sent = 0;

    strbuf_reset(scratch);
    while (scratch->length < OUTPUT_MAX && append_next(connection, scratch))
        continue;
    if (scratch->length == 0)
        return false;
    sent = send(connection->descriptor, scratch->data, scratch->length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        connection->phase = STREAM_IS_OVER;
        return false;
    }
    sent = sent < 0 ? 0 : sent;
    if (sent > 0)
        connection->progress_us = clock_monotonic_us();
    metric_add(connection->server->bytes, sent, NULL, NULL);
    if ((size_t)sent < scratch->length)
        keep(connection, scratch->data + sent, scratch->length - (size_t)sent);
    return true;
}

void stream_flush(struct stream_connection *connection)
{
    uint32_t interest = 0;

    while (connection->phase != STREAM_IS_OVER && send_left(connection))
        if (connection->phase == STREAM_CLOSES || !send_waiting(connection))
            break;
    if (connection->phase == STREAM_IS_OVER)
        return;
    if (connection->left == NULL)
        connection->progress_us = clock_monotonic_us();
    if (connection->phase == STREAM_CLOSES && connection->left == NULL && !connection->is_shut) {
        connection->is_shut = true;
        (void)shutdown(connection->descriptor, SHUT_WR);
    }
    interest = stream_interest(connection);
    if (interest != connection->interest) {
        struct epoll_event event = {.events = interest, .data = {.ptr = connection}};

        connection->interest = interest;
        if (epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->descriptor, &event) !=
            0)
            connection->phase = STREAM_IS_OVER;
    }
}
