// SPDX-License-Identifier: MIT
// The reference of the gateway's benchmark: civetweb with the same options and a handler that
// returns a constant, so that an answer has as many bytes as the gateway's.
//
//     bench_gateway_constant PORT THREADS BYTES
#include "base/base.h"

#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 64 * 1024 };

struct answer {
    char bytes[ANSWER_MAX];
    size_t length;
};

static int handle(struct mg_connection *connection, void *context)
{
    const struct answer *answer = context;

    (void)mg_write(connection, answer->bytes, answer->length);
    return 200;
}

// A head with the length of the body that makes the whole `total` bytes.
static bool fill(struct answer *answer, size_t total)
{
    size_t body = total;

    for (int attempt = 0; attempt < 8; attempt++) {
        int head = snprintf(answer->bytes, sizeof answer->bytes,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            body);

        answer->length = (size_t)head + body;
        if (answer->length == total) {
            memset(answer->bytes + head, 'x', body);
            return true;
        }
        if ((size_t)head >= total || answer->length > 2 * sizeof answer->bytes)
            return false;
        body = total - (size_t)head;
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct answer answer; // the handler reads it from all threads
    sigset_t signals;
    int signal_number = 0;
    struct mg_context *server = NULL;

    if (argc != 4 || !fill(&answer, (size_t)strtoul(argv[3], NULL, 10))) {
        fputs("usage: bench_gateway_constant PORT THREADS BYTES\n", stderr);
        return 2;
    }
    const char *options[] = {"listening_ports",
                             argv[1],
                             "num_threads",
                             argv[2],
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             "4000",
                             "request_timeout_ms",
                             "5000",
                             "linger_timeout_ms",
                             "1000",
                             "tcp_nodelay",
                             "1",
                             "max_request_size",
                             "16384",
                             "connection_queue",
                             "1024",
                             "listen_backlog",
                             "1024",
                             NULL};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    mg_init_library(0);
    server = mg_start(NULL, NULL, options);
    if (server == NULL) {
        fprintf(stderr, "bench_gateway_constant: cannot listen on %s\n", argv[1]);
        return 1;
    }
    mg_set_request_handler(server, "/", handle, &answer);
    (void)sigwait(&signals, &signal_number);
    mg_stop(server);
    mg_exit_library();
    return 0;
}
