// SPDX-License-Identifier: MIT
#include "shards/worker_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { HOST_SIZE = 64 };

static void read_host(char out_host[HOST_SIZE])
{
    memset(out_host, 0, HOST_SIZE);
    if (gethostname(out_host, HOST_SIZE - 1) != 0)
        snprintf(out_host, HOST_SIZE, "unknown");
}

void worker_name_make(char out_name[WORKER_NAME_SIZE])
{
    char host[HOST_SIZE];

    read_host(host);
    snprintf(out_name, WORKER_NAME_SIZE, "%s:%ld", host, (long)getpid());
}

void worker_name_make_exact(char out_name[WORKER_NAME_SIZE])
{
    char host[HOST_SIZE];
    struct stat name_space = {0};

    read_host(host);
    // Without /proc all are taken to be of one.
    (void)stat("/proc/self/ns/pid", &name_space);
    snprintf(out_name, WORKER_NAME_SIZE, "%s:%lu:%ld", host, (unsigned long)name_space.st_ino,
             (long)getpid());
}

bool worker_name_is_dead(const char *own, const char *name)
{
    const char *colon = strrchr(name, ':');
    const char *own_colon = strrchr(own, ':');
    long pid = colon == NULL ? 0 : (long)strtoll(colon + 1, NULL, 10);

    if (colon == NULL || own_colon == NULL || colon - name != own_colon - own ||
        strncmp(name, own, (size_t)(colon - name)) != 0 || pid <= 0)
        return false;
    return pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}
