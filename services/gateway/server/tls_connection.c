// SPDX-License-Identifier: MIT
#include "server/tls_connection.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS_MAX = 32 }; // of a connection's before others have their turn
#define LINGER_LIMIT_US (2 * MICROS_PER_SECOND)
#define ANSWER_LIMIT_US (60 * MICROS_PER_SECOND) // for the client to take what waits for it

struct tls_connection *tls_connection_begin(
    struct tls *tls, int descriptor, const char *address, int server_port, int64_t until_us)
{
    SSL *ssl = tls_connection_new(tls, descriptor);
    struct tls_connection *connection = NULL;

    if (ssl == NULL) {
        close(descriptor);
        return NULL;
    }
    connection = allocate(sizeof *connection);
    connection->ssl = ssl;
    connection->client = (struct tls_connection_end){connection, descriptor, 0};
    connection->server = (struct tls_connection_end){connection, -1, 0};
    connection->server_port = server_port;
    connection->until_us = until_us;
    snprintf(connection->address, sizeof connection->address, "%s", address);
    return connection;
}

static void close_end(struct tls_connection_end *end)
{
    if (end->descriptor >= 0)
        close(end->descriptor); // epoll forgets it with that
    end->descriptor = -1;
    end->interest = 0;
}

void tls_connection_free(struct tls_connection **connection)
{
    if (*connection == NULL)
        return;
    SSL_free((*connection)->ssl);
    close_end(&(*connection)->client);
    close_end(&(*connection)->server);
    release((*connection)->request.data);
    release((*connection)->answer.data);
    release(*connection);
    *connection = NULL;
}

static size_t waiting(const struct tls_connection_buffer *buffer)
{
    return buffer->length - buffer->begin;
}

// Room at the buffer's end, after what waits has been moved to its beginning.
static size_t make_room(struct tls_connection_buffer *buffer)
{
    if (buffer->data == NULL)
        buffer->data = allocate(TLS_CONNECTION_BUFFER_SIZE);
    if (buffer->begin > 0) {
        memmove(buffer->data, buffer->data + buffer->begin, waiting(buffer));
        buffer->length -= buffer->begin;
        buffer->begin = 0;
    }
    return TLS_CONNECTION_BUFFER_SIZE - buffer->length;
}

// An idle connection keeps no buffer.
static void pass_on(struct tls_connection_buffer *buffer, size_t count)
{
    buffer->begin += count;
    if (buffer->begin == buffer->length) {
        release(buffer->data);
        *buffer = (struct tls_connection_buffer){NULL, 0, 0};
    }
}

// What a call of OpenSSL's that did nothing means. True when there is something new to go on with.
static bool understand(struct tls_connection *connection, int result)
{
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return false;
    case SSL_ERROR_WANT_WRITE:
        connection->wants_to_write = true;
        return false;
    case SSL_ERROR_ZERO_RETURN:
        connection->client_has_ended = true;
        return true;
    default:
        connection->phase = TLS_CONNECTION_IS_OVER;
        return false;
    }
}

static bool shake_hands(struct tls_connection *connection)
{
    int result = SSL_do_handshake(connection->ssl);

    if (result != 1)
        return understand(connection, result);
    connection->phase = TLS_CONNECTION_RELAYS;
    return true;
}

static bool take_from_client(struct tls_connection *connection)
{
    struct tls_connection_buffer *request = &connection->request;
    size_t room = 0;
    int got = 0;

    if (connection->client_has_ended)
        return false;
    room = make_room(request);
    if (room == 0)
        return false;
    got = SSL_read(connection->ssl, request->data + request->length, (int)room);
    if (got > 0) {
        request->length += (size_t)got;
        return true;
    }
    pass_on(request, 0);
    return understand(connection, got);
}

static bool has_whole_head(const struct tls_connection_buffer *request)
{
    for (size_t i = 0; i + 4 <= request->length; i++)
        if (memcmp(request->data + i, "\r\n\r\n", 4) == 0)
            return true;
    return false;
}

// The first request must have come as far as the server needs it to answer without waiting: its
// whole head, or more than a head may have.
static bool may_connect(const struct tls_connection *connection)
{
    const struct tls_connection_buffer *request = &connection->request;

    return request->length == TLS_CONNECTION_BUFFER_SIZE || has_whole_head(request);
}

static bool give_to_server(struct tls_connection *connection)
{
    struct tls_connection_buffer *request = &connection->request;
    ssize_t sent = 0;

    if (waiting(request) > 0) {
        sent = send(connection->server.descriptor, request->data + request->begin, waiting(request),
                    MSG_NOSIGNAL);
        if (sent > 0)
            pass_on(request, (size_t)sent);
        else if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
            pass_on(request,
                    waiting(request)); // nobody reads it; an answer may be there all the same
        return sent > 0;
    }
    if (connection->client_has_ended && !connection->server_is_told) {
        connection->server_is_told = true;
        shutdown(connection->server.descriptor, SHUT_WR);
    }
    return false;
}

static bool take_from_server(struct tls_connection *connection)
{
    struct tls_connection_buffer *answer = &connection->answer;
    ssize_t got = 0;

    connection->server_is_idle = false;
    if (connection->server_has_ended || waiting(answer) > 0)
        return false;
    make_room(answer);
    got = recv(connection->server.descriptor, answer->data, TLS_CONNECTION_BUFFER_SIZE, 0);
    if (got > 0) {
        answer->length = (size_t)got;
        return true;
    }
    pass_on(answer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) {
        connection->server_is_idle = true;
        return false;
    }
    connection->server_has_ended = true;
    return true;
}

static bool give_to_client(struct tls_connection *connection)
{
    struct tls_connection_buffer *answer = &connection->answer;
    int sent = 0;

    if (waiting(answer) == 0)
        return false;
    sent = SSL_write(connection->ssl, answer->data + answer->begin, (int)waiting(answer));
    if (sent <= 0)
        return understand(connection, sent);
    pass_on(answer, (size_t)sent);
    return true;
}

// Closing at once would, where something of the client's is still unread, reset the connection and
// take the answer away from under its eyes.
static void begin_to_linger(struct tls_connection *connection)
{
    (void)SSL_shutdown(connection->ssl);
    shutdown(connection->client.descriptor, SHUT_WR);
    close_end(&connection->server);
    connection->phase = TLS_CONNECTION_LINGERS;
    connection->until_us = clock_monotonic_us() + LINGER_LIMIT_US;
}

static void linger(struct tls_connection *connection)
{
    char scrap[4096];
    ssize_t got = 0;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        got = recv(connection->client.descriptor, scrap, sizeof scrap, 0);
        if (got <= 0)
            break;
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        connection->phase = TLS_CONNECTION_IS_OVER;
}

// The server only sees its bytes leave for here, so the time in which a client takes an answer is
// watched here, over the whole of what has piled up.
static void watch_answer(struct tls_connection *connection)
{
    if (connection->server_is_idle)
        connection->until_us = INT64_MAX;
    else if (waiting(&connection->answer) > 0 && connection->until_us == INT64_MAX)
        connection->until_us = clock_monotonic_us() + ANSWER_LIMIT_US;
}

static bool relay(struct tls_connection *connection, tls_connection_connect connect, void *context)
{
    bool has_moved = take_from_client(connection);

    if (connection->phase != TLS_CONNECTION_RELAYS)
        return false;
    if (connection->server.descriptor < 0) {
        if (!may_connect(connection) || !connect(context, connection)) {
            if (may_connect(connection) || connection->client_has_ended)
                connection->phase = TLS_CONNECTION_IS_OVER;
            return has_moved;
        }
        connection->until_us = INT64_MAX;
    }
    has_moved = give_to_server(connection) || has_moved;
    has_moved = take_from_server(connection) || has_moved;
    has_moved = give_to_client(connection) || has_moved;
    watch_answer(connection);
    if (connection->phase == TLS_CONNECTION_RELAYS && connection->server_has_ended &&
        waiting(&connection->answer) == 0)
        begin_to_linger(connection);
    return has_moved;
}

void tls_connection_pump(struct tls_connection *connection,
                         tls_connection_connect connect,
                         void *context)
{
    bool has_moved = true;

    ERR_clear_error(); // what another connection left would be taken for this one's
    connection->wants_to_write = false;
    for (int round = 0; has_moved && round < ROUNDS_MAX; round++) {
        has_moved = false;
        if (connection->phase == TLS_CONNECTION_SHAKES_HANDS)
            has_moved = shake_hands(connection);
        else if (connection->phase == TLS_CONNECTION_RELAYS)
            has_moved = relay(connection, connect, context);
    }
    if (connection->phase == TLS_CONNECTION_LINGERS)
        linger(connection);
    connection->goes_on = has_moved && connection->phase == TLS_CONNECTION_RELAYS;
}

uint32_t tls_connection_client_interest(const struct tls_connection *connection)
{
    bool has_room = waiting(&connection->request) < TLS_CONNECTION_BUFFER_SIZE;
    uint32_t interest = 0;

    if (!connection->client_has_ended && has_room)
        interest |= EPOLLIN;
    // A socket that can be written to wakes us at once: that is how a connection gets its next
    // turn.
    if (connection->wants_to_write || connection->goes_on)
        interest |= EPOLLOUT;
    return interest;
}

uint32_t tls_connection_server_interest(const struct tls_connection *connection)
{
    uint32_t interest = 0;

    if (connection->server.descriptor < 0)
        return 0;
    if (!connection->server_has_ended && waiting(&connection->answer) == 0)
        interest |= EPOLLIN;
    if (waiting(&connection->request) > 0)
        interest |= EPOLLOUT;
    return interest;
}
