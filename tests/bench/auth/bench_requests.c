// SPDX-License-Identifier: MIT
// How long a GET takes that comes so many times a second, whatever happened to those before it.
//
//     bench_auth_requests PORT PATH RATE SECONDS
//
// The access token is in BENCH_TOKEN. One connection on 127.0.0.1. Latencies count from the time at
// which a request was due, so one that waits for a slow answer before it counts as slow too. Prints
// the median and the 99th percentile in microseconds.
#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_SIZE = 8192, ANSWER_SIZE = 64 * 1024, COUNT_MAX = 1000000 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench_auth_requests: %s\n", what);
    exit(EXIT_FAILURE);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connection < 0 || setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(connection, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("the gateway cannot be reached");
    return connection;
}

// Whether the answer is there to its last byte. Only 200 with a Content-Length is taken.
static bool is_whole(const char *answer, size_t length)
{
    static const char content_length[] = "\r\nContent-Length: ";
    const char *body = strstr(answer, "\r\n\r\n");
    const char *size = strstr(answer, content_length);

    if (body == NULL)
        return false;
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || size == NULL || size > body)
        fail(answer);
    return length >=
           (size_t)(body + 4 - answer) + strtoul(size + sizeof content_length - 1, NULL, 10);
}

static void ask(int connection, const char *request)
{
    static char answer[ANSWER_SIZE];
    size_t length = strlen(request);
    size_t got = 0;

    if (write(connection, request, length) != (ssize_t)length)
        fail("the request cannot be sent");
    do {
        ssize_t more = read(connection, answer + got, sizeof answer - 1 - got);
        if (more <= 0)
            fail("the answer ends in the middle, or is too long");
        got += (size_t)more;
        answer[got] = '\0';
    } while (!is_whole(answer, got));
}

static int compare(const void *one, const void *other)
{
    int64_t first = *(const int64_t *)one;
    int64_t second = *(const int64_t *)other;

    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    const char *token = getenv("BENCH_TOKEN");
    int64_t rate = argc == 5 ? (int64_t)strtoul(argv[3], NULL, 10) : 0;
    int64_t count = argc == 5 ? rate * (int64_t)strtoul(argv[4], NULL, 10) : 0;
    char request[REQUEST_SIZE];
    int64_t *took_us = NULL;
    int64_t from_us = 0;
    int connection = -1;

    if (rate <= 0 || count <= 0 || count > COUNT_MAX || token == NULL)
        fail("usage: bench_auth_requests PORT PATH RATE SECONDS");
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", argv[2],
             token);
    took_us = allocate_array((size_t)count, sizeof *took_us);
    connection = connect_to((uint16_t)strtoul(argv[1], NULL, 10));
    ask(connection, request);
    from_us = clock_monotonic_us();
    for (int64_t i = 0; i < count; i++) {
        int64_t due_us = from_us + i * MICROS_PER_SECOND / rate;

        clock_sleep_until_us(due_us);
        ask(connection, request);
        took_us[i] = clock_monotonic_us() - due_us;
    }
    qsort(took_us, (size_t)count, sizeof *took_us, compare);
    printf("%lld %lld\n", (long long)took_us[count / 2],
           (long long)took_us[count - 1 - count / 100]);
    close(connection);
    release(took_us);
    return EXIT_SUCCESS;
}
