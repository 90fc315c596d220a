// SPDX-License-Identifier: MIT
#include "support/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// Below those that the launcher takes, and those that the kernel gives to outgoing connections.
enum {
    FIRST = 10000,
    RANGES = 50,
    SIZE = 200, // of a range: the port that says whose it is, and fours
    OF_A_SERVER = 4,
    FOURS = (SIZE - 1) / OF_A_SERVER,
};

// A socket that listens there; -1 when the port is somebody's.
static int listen_on(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    // What is left of connections that have ended takes no port.
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(file, (const struct sockaddr *)&address, sizeof address) == 0 && listen(file, 1) == 0)
        return file;
    close(file);
    return -1;
}

static bool is_free(int port)
{
    int file = listen_on(port);

    if (file < 0)
        return false;
    close(file);
    return true;
}

// The range is this process's while it listens on its first port: until it ends.
static int take_range(void)
{
    for (int i = 0; i < RANGES; i++) {
        int first = FIRST + ((int)getpid() + i) % RANGES * SIZE;

        if (listen_on(first) >= 0)
            return first;
    }
    fprintf(stderr, "all %d ranges of ports are taken\n", RANGES);
    abort();
}

uint16_t ports_take(void)
{
    static int range;
    static int given;

    if (range == 0)
        range = take_range();
    for (int tries = 0; tries < FOURS; tries++) {
        int port = range + 1 + given++ % FOURS * OF_A_SERVER;
        bool are_free = true;

        for (int i = 0; i < OF_A_SERVER; i++)
            are_free = are_free && is_free(port + i);
        if (are_free)
            return (uint16_t)port;
    }
    fprintf(stderr, "no four free ports in a row from %d on\n", range);
    abort();
}

void ports_take_address(char out_address[PORTS_ADDRESS_SIZE])
{
    snprintf(out_address, PORTS_ADDRESS_SIZE, "127.0.0.1:%u", (unsigned)ports_take());
}
