// SPDX-License-Identifier: MIT
#include "service/healthcheck.h"

#include "base/clock.h"
#include "service/admin.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char ready[] = "HTTP/1.1 200 ";

// Waits for `events`; false when the time is up.
static bool wait_for(int socket, short events, int64_t until_us)
{
    struct pollfd polled = {.fd = socket, .events = events};
    int count = 0;

    do {
        int64_t left_ms = (until_us - clock_monotonic_us()) / MICROS_PER_MS;

        count = poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

static bool connect_within(int socket, const struct addrinfo *address, int64_t until_us)
{
    int failure = 0;
    socklen_t size = sizeof failure;

    if (connect(socket, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    return errno == EINPROGRESS && wait_for(socket, POLLOUT, until_us) &&
           getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
}

// Reads until the other side closes; false when it does not, or says more than fits.
static bool read_answer(int socket, int64_t until_us, char *answer, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && wait_for(socket, POLLIN, until_us)) {
        ssize_t count = recv(socket, answer + length, size - 1 - length, 0);

        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (count <= 0) {
            answer[length] = '\0';
            return count == 0;
        }
        length += (size_t)count;
    }
    return false;
}

static bool exchange(const struct addrinfo *address, int64_t until_us, char *answer, size_t size)
{
    int asked = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_answered =
        asked >= 0 && connect_within(asked, address, until_us) &&
        send(asked, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1 &&
        read_answer(asked, until_us, answer, size);

    if (asked >= 0)
        close(asked);
    return is_answered;
}

bool healthcheck_ask(const char *listen,
                     int64_t timeout_ms,
                     struct strbuf *out_said,
                     struct error *error)
{
    int64_t until_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    struct addrinfo *addresses = NULL;
    char answer[4 * ADMIN_REQUEST_MAX];
    const char *body = NULL;
    bool is_answered = false;

    if (!admin_resolve(listen, &addresses, error))
        return false;
    // Connecting to the address that stands for all of this machine's reaches it.
    is_answered = exchange(addresses, until_us, answer, sizeof answer);
    freeaddrinfo(addresses);
    if (!is_answered)
        return error_set(error, REASON_UNAVAILABLE, "%s has not answered within %lld ms", listen,
                         (long long)timeout_ms);
    body = strstr(answer, "\r\n\r\n");
    strbuf_append_string(out_said, body != NULL ? body + 4 : "");
    if (body == NULL || strncmp(answer, ready, sizeof ready - 1) != 0)
        return error_set(error, REASON_UNAVAILABLE, "%s is not ready", listen);
    return true;
}
