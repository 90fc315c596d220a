// SPDX-License-Identifier: MIT
// Many clients of a stream in one thread: how long a tick takes to reach them.
//
//     bench_stream_clients HOST PORT PROCESS CLIENTS EACH SYMBOLS SECONDS [bare]
//
// Client i follows EACH of the symbols Q00000 ... over WebSocket; with `bare` it only connects, for
// bench_stream_fanout knows the same rule. The time of a tick is the `quoted_at` that was stamped
// when it was made. After the warm-up client 0 stops reading, and all others are measured. PROCESS
// is the server's: what it uses of CPU and memory is printed as well, as one line of numbers:
//
//     messages/s p50_ms p99_ms maximum_ms cpu_percent memory_kib_before memory_kib stopped_closed
#include "base/clock.h"
#include "base/timestamp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 32 * 1024,
    STOPPED_BUFFER_SIZE = 4096,
    SAMPLES_MAX = 20000000,
    WARM_UP_SECONDS = 3,
    EVENTS = 256
};

struct client {
    int descriptor;
    size_t length;
    char *buffer;
};

struct bench {
    struct client *clients;
    size_t count;
    int epoll;
    bool is_measured;
    uint32_t *micros;
    size_t samples;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_stream_clients: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_all(int descriptor, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(descriptor, data, length, MSG_NOSIGNAL);

        if (sent <= 0)
            fail("send");
        data += sent;
        length -= (size_t)sent;
    }
}

// A text frame whose mask is zero.
static void send_text(int descriptor, const char *text)
{
    size_t length = strlen(text);
    unsigned char head[8] = {0x81, 0xfe, (unsigned char)(length >> 8), (unsigned char)length};

    send_all(descriptor, (const char *)head, sizeof head);
    send_all(descriptor, text, length);
}

static void begin_stream(int descriptor)
{
    static const char head[] =
        "GET /api/v1/stream HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    char answer[2048];
    size_t length = 0;

    send_all(descriptor, head, sizeof head - 1);
    while (length < 4 || memcmp(answer + length - 4, "\r\n\r\n", 4) != 0) {
        ssize_t got = length < sizeof answer - 1 ? recv(descriptor, answer + length, 1, 0) : 0;

        if (got <= 0)
            fail("handshake");
        length += (size_t)got;
    }
    answer[length] = '\0';
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "bench_stream_clients: the server says %.40s\n", answer);
        exit(1);
    }
}

static void subscribe(int descriptor, size_t client, size_t each, size_t symbols)
{
    char text[4096] = "{\"subscribe\":[";
    size_t length = strlen(text);

    for (size_t i = 0; i < each; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s\"quotes:Q%05zu\"",
                                   i > 0 ? "," : "", (client + i * (symbols / each)) % symbols);
    snprintf(text + length, sizeof text - length, "]}");
    send_text(descriptor, text);
}

static void open_client(struct bench *bench, size_t index, const struct sockaddr_in *address)
{
    struct client *client = &bench->clients[index];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = client}};
    int on = 1;
    int size = STOPPED_BUFFER_SIZE;

    client->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->buffer = allocate(BUFFER_SIZE);
    // Its kernel would otherwise go on taking for it, for as long as the measuring lasts.
    if (index == 0)
        (void)setsockopt(client->descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (client->descriptor < 0 ||
        connect(client->descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
        fail("connect");
    (void)setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(bench->epoll, EPOLL_CTL_ADD, client->descriptor, &event) != 0)
        fail("epoll_ctl");
}

static void take_message(struct bench *bench, struct client *client, const char *data, size_t size)
{
    static const char name[] = "\"quoted_at\":\"";
    struct clock clock = clock_real();
    const char *at = NULL;
    const char *end = NULL;
    int64_t quoted_at = 0;

    if (((unsigned char)data[-1] & 0x80) != 0)
        return;
    at = memmem(data, size, name, sizeof name - 1);
    if (at == NULL || client == bench->clients || !bench->is_measured ||
        bench->samples == SAMPLES_MAX)
        return;
    at += sizeof name - 1;
    end = memchr(at, '"', size - (size_t)(at - data));
    if (end != NULL && timestamp_parse((struct text){at, (size_t)(end - at)}, &quoted_at))
        bench->micros[bench->samples++] = (uint32_t)(clock_now_us(&clock) - quoted_at);
}

// Takes whole frames out of the buffer; pings are answered.
static void take_frames(struct bench *bench, struct client *client)
{
    char *at = client->buffer;
    char *end = client->buffer + client->length;

    while (end - at >= 2) {
        size_t head = (unsigned char)at[1] == 126 ? 4 : 2;
        size_t size = (unsigned char)at[1];

        if ((size_t)(end - at) < head)
            break;
        if (head == 4)
            size = (size_t)((unsigned char)at[2] << 8 | (unsigned char)at[3]);
        if ((size_t)(end - at) < head + size)
            break;
        if ((unsigned char)at[0] == 0x89)
            send_all(client->descriptor, "\x8a\x80\0\0\0\0", 6);
        else if ((unsigned char)at[0] == 0x81)
            take_message(bench, client, at + head, size);
        at += head + size;
    }
    client->length = (size_t)(end - at);
    memmove(client->buffer, at, client->length);
}

static void receive(struct bench *bench, struct client *client)
{
    ssize_t got = recv(client->descriptor, client->buffer + client->length,
                       BUFFER_SIZE - client->length, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("a client was closed");
    client->length += (size_t)got;
    take_frames(bench, client);
}

static void run_for(struct bench *bench, int64_t seconds)
{
    int64_t end_us = clock_monotonic_us() + seconds * MICROS_PER_SECOND;
    struct epoll_event events[EVENTS];

    while (clock_monotonic_us() < end_us) {
        int count = epoll_wait(bench->epoll, events, EVENTS, 50);

        for (int i = 0; i < count; i++)
            receive(bench, events[i].data.ptr);
    }
}

// User and system time of a process, in clock ticks; and its resident memory in KiB.
static long cpu_ticks(const char *process)
{
    char path[64];
    char text[1024] = "";
    const char *at = NULL;
    unsigned long user = 0;
    unsigned long kernel = 0;
    FILE *file = NULL;

    snprintf(path, sizeof path, "/proc/%s/stat", process);
    file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        fail(path);
    fclose(file);
    at = strrchr(text, ')');
    if (at == NULL ||
        sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
        fail(path);
    return (long)(user + kernel);
}

static long memory_kib(const char *process)
{
    char path[64];
    char line[256];
    long kib = 0;
    FILE *file = NULL;

    snprintf(path, sizeof path, "/proc/%s/status", process);
    file = fopen(path, "r");
    if (file == NULL)
        fail(path);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

static int compare(const void *left, const void *right)
{
    uint32_t one = *(const uint32_t *)left;
    uint32_t other = *(const uint32_t *)right;

    return one < other ? -1 : one > other;
}

// Whether the server has given up the client that does not read: what is left can be read to its
// end.
static bool is_closed(int descriptor)
{
    static char scrap[BUFFER_SIZE];
    int64_t end_us = clock_monotonic_us() + 2 * MICROS_PER_SECOND;

    while (clock_monotonic_us() < end_us) {
        ssize_t got = recv(descriptor, scrap, sizeof scrap, MSG_DONTWAIT);

        if (got == 0 || (got < 0 && errno != EAGAIN))
            return true;
    }
    return false;
}

static void report(struct bench *bench, int64_t seconds, long ticks, long before, long after)
{
    double hertz = (double)sysconf(_SC_CLK_TCK);

    if (bench->samples == 0) {
        fputs("bench_stream_clients: nothing came\n", stderr);
        exit(1);
    }
    qsort(bench->micros, bench->samples, sizeof *bench->micros, compare);
    printf("%.0f %.2f %.2f %.2f %.0f %ld %ld %d\n", (double)bench->samples / (double)seconds,
           bench->micros[bench->samples / 2] / 1e3, bench->micros[bench->samples / 100 * 99] / 1e3,
           bench->micros[bench->samples - 1] / 1e3, 100.0 * (double)ticks / hertz / (double)seconds,
           before, after, is_closed(bench->clients[0].descriptor));
}

static void raise_limit(size_t count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("getrlimit");
    if (limit.rlim_cur < count + 64)
        limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("setrlimit");
}

int main(int argc, char **argv)
{
    struct bench bench = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
    struct sockaddr_in address = {.sin_family = AF_INET};
    size_t each = argc < 8 ? 0 : strtoul(argv[5], NULL, 10);
    size_t symbols = argc < 8 ? 0 : strtoul(argv[6], NULL, 10);
    int64_t seconds = argc < 8 ? 0 : (int64_t)strtoul(argv[7], NULL, 10);
    bool is_bare = argc > 8;
    long before = 0;
    long ticks = 0;

    if (each == 0 || symbols < each || seconds == 0) {
        fputs("usage: bench_stream_clients HOST PORT PROCESS CLIENTS EACH SYMBOLS SECONDS [bare]\n",
              stderr);
        return 2;
    }
    bench.count = strtoul(argv[4], NULL, 10);
    raise_limit(bench.count);
    address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    bench.clients = allocate_array(bench.count, sizeof *bench.clients);
    bench.micros = allocate_array(SAMPLES_MAX, sizeof *bench.micros);
    before = memory_kib(argv[3]);
    for (size_t i = 0; i < bench.count; i++) {
        open_client(&bench, i, &address);
        if (!is_bare)
            begin_stream(bench.clients[i].descriptor);
    }
    for (size_t i = 0; i < bench.count && !is_bare; i++)
        subscribe(bench.clients[i].descriptor, i, each, symbols);
    run_for(&bench, WARM_UP_SECONDS);
    // From here on client 0 is not read from.
    if (epoll_ctl(bench.epoll, EPOLL_CTL_DEL, bench.clients[0].descriptor, NULL) != 0)
        fail("epoll_ctl");
    bench.is_measured = true;
    ticks = cpu_ticks(argv[3]);
    run_for(&bench, seconds);
    ticks = cpu_ticks(argv[3]) - ticks;
    report(&bench, seconds, ticks, before, memory_kib(argv[3]));
    return 0;
}
