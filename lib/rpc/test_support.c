// SPDX-License-Identifier: MIT
#include "rpc/test_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORTS = 4, PORT_FIRST = 20000, PORT_LAST = 29900 };

static bool is_free(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    bool result = false;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    result = bind(file, (struct sockaddr *)&address, sizeof address) == 0;
    close(file);
    return result;
}

uint16_t test_free_port(void)
{
    // Tests that run side by side begin at different places.
    static unsigned step;
    unsigned start = (unsigned)getpid() * 8;

    for (;; step++) {
        uint16_t port = (uint16_t)(PORT_FIRST + (start + step * PORTS) % (PORT_LAST - PORT_FIRST) /
                                                    PORTS * PORTS);
        bool is_good = true;

        for (uint16_t i = 0; i < PORTS; i++)
            is_good = is_good && is_free((uint16_t)(port + i));
        if (is_good) {
            step++;
            return port;
        }
    }
}

void test_temporary_file(char *path, size_t size)
{
    int file = -1;

    snprintf(path, size, "/tmp/bourse-rpc-test-XXXXXX");
    file = mkstemp(path);
    if (file < 0)
        abort();
    close(file);
}

int test_count_lines(const char *path, const char *prefix)
{
    char line[256];
    FILE *file = fopen(path, "r");
    int count = 0;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, prefix, strlen(prefix)) == 0)
            count++;
    fclose(file);
    return count;
}

extern char **environ;

pid_t test_spawn(const char *const *arguments)
{
    pid_t process = 0;

    // Not fork: a copy of a process that has used nng must not touch it.
    if (posix_spawn(&process, arguments[0], NULL, NULL, (char *const *)(uintptr_t)arguments,
                    environ) != 0)
        abort();
    return process;
}

void test_kill(pid_t process, int signal)
{
    kill(process, signal);
    if (signal == SIGKILL)
        waitpid(process, NULL, 0);
}
