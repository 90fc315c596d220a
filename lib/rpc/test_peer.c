// SPDX-License-Identifier: MIT
// A server of the test service as a program of its own: test_peer PORT KEY_BYTE JOURNAL. It is
// stopped by a signal, if it lives that long.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rpc/rpc_server.h"
#include "rpc/test_methods.h"

int main(int count, char **arguments)
{
    struct test_service service;
    struct rpc_server_options options = {
        .service = "test",
        .handlers = test_handlers,
        .handler_count = test_handler_count,
        .context = &service,
        .authenticate = test_authenticate,
    };
    struct rpc_server *server = NULL;
    struct error error;
    char listen[32];

    if (count != 4)
        return 2;
    // A test that is killed leaves nothing behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(listen, sizeof listen, "127.0.0.1:%s", arguments[1]);
    options.listen = listen;
    memset(options.key.bytes, (int)strtoul(arguments[2], NULL, 10), sizeof options.key.bytes);
    service.journal = arguments[3];
    if (!rpc_server_new(&options, &server, &error) || !rpc_server_start(server, &error)) {
        fprintf(stderr, "test_peer: %s\n", error.message);
        return 1;
    }
    for (;;)
        pause();
}
