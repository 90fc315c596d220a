// SPDX-License-Identifier: MIT
#include "base/fault.h"

#ifdef BOURSE_FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// How often the armed point has been passed; one process arms one point.
static atomic_ulong passages;

bool fault_point(const char *name)
{
    const char *armed = getenv("BOURSE_FAULT");
    size_t length = strlen(name);
    unsigned long wanted = 1;
    const char *action = NULL;
    const char *at = NULL;

    if (armed == NULL || strncmp(armed, name, length) != 0 || armed[length] != '=')
        return false;
    action = armed + length + 1;
    at = strchr(action, '@');
    if (at != NULL)
        wanted = strtoul(at + 1, NULL, 10);
    if (atomic_fetch_add(&passages, 1) + 1 != wanted)
        return false;
    if (strncmp(action, "crash", 5) == 0)
        kill(getpid(), SIGKILL);
    return strncmp(action, "fail", 4) == 0;
}

#else

// ISO C wants a translation unit to declare something.
typedef int fault_points_are_off;

#endif
