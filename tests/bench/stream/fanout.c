// SPDX-License-Identifier: MIT
// The reference for `./bourse bench stream`: the same messages to the same clients, and nothing
// else: no publications, no JSON, no subscriptions, no conflation. What a client does not take is
// lost.
//
//     bench_stream_fanout PORT CLIENTS EACH SYMBOLS TICKS_PER_SECOND BYTES
//
// Begins to tick once all clients are connected, one write a message.
#include "base/clock.h"
#include "base/timestamp.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

// A text frame of `bytes` bytes with the time in it.
static void make_message(char *message, size_t bytes)
{
    struct clock clock = clock_real();
    char now[TIMESTAMP_SIZE];
    int length = 0;

    memset(message, ' ', bytes);
    message[0] = (char)0x81;
    message[1] = 126;
    message[2] = (char)((bytes - 4) >> 8);
    message[3] = (char)(bytes - 4);
    timestamp_print(clock_now_us(&clock), now);
    length = snprintf(message + 4, bytes - 4, "{\"quoted_at\":\"%s\"", now);
    message[4 + length] = ',';
}

static void tick(const int *clients,
                 size_t count,
                 size_t each,
                 size_t symbols,
                 size_t symbol,
                 const char *message,
                 size_t bytes)
{
    // Client i follows (i + k * symbols / each) % symbols for k below `each`: so a symbol has every
    // (symbols / each)th client.
    size_t apart = symbols / each;

    for (size_t i = symbol % apart; i < count; i += apart)
        (void)!send(clients[i], message, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void accept_all(int listener, int *clients, size_t count)
{
    int on = 1;

    for (size_t i = 0; i < count; i++) {
        clients[i] = accept(listener, NULL, NULL);
        if (clients[i] < 0)
            fail("accept");
        (void)setsockopt(clients[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct rlimit limit;
    char message[MESSAGE_MAX];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t numbers[6] = {0};
    int *clients = NULL;
    int64_t began_us = 0;

    for (int i = 1; i < argc && i < 7; i++)
        numbers[i - 1] = strtoul(argv[i], NULL, 10);
    if (argc != 7 || numbers[2] == 0 || numbers[4] == 0 || numbers[5] < 100 ||
        numbers[5] > MESSAGE_MAX) {
        fputs("usage: bench_stream_fanout PORT CLIENTS EACH SYMBOLS TICKS_PER_SECOND BYTES\n",
              stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    address.sin_port = htons((uint16_t)numbers[0]);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    clients = allocate_array(numbers[1] + 1, sizeof *clients);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1024) != 0)
        fail("listen");
    accept_all(listener, clients, numbers[1]);
    began_us = clock_monotonic_us();
    for (size_t i = 0;; i++) {
        clock_sleep_until_us(began_us + (int64_t)(i * 1000000 / numbers[4]));
        make_message(message, numbers[5]);
        tick(clients, numbers[1], numbers[2], numbers[3], i % numbers[3], message, numbers[5]);
    }
}
