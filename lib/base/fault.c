// SPDX-License-Identifier: MIT
#include "base/fault.h"

#ifdef BOURSE_FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Longer than any thread that polls waits between two looks.
enum { DELAY_MS = 400 };

// How often the armed point has been passed; one process arms one point.
static atomic_ulong passages;

// Whether it is this passage, counted from 1: the one after '@', so many of each hundred after '%',
// or the first.
static bool is_meant(const char *action, unsigned long passage)
{
    const char *number = strpbrk(action, "@%");
    unsigned long wanted = number == NULL ? 1 : strtoul(number + 1, NULL, 10);

    return number != NULL && *number == '%' ? passage * wanted % 100 < wanted : passage == wanted;
}

static void delay(void)
{
    const struct timespec time = {.tv_nsec = DELAY_MS * 1000000L};

    nanosleep(&time, NULL);
}

bool fault_point(const char *name)
{
    const char *armed = getenv("BOURSE_FAULT");
    size_t length = strlen(name);
    const char *action = NULL;

    if (armed == NULL || strncmp(armed, name, length) != 0 || armed[length] != '=')
        return false;
    action = armed + length + 1;
    if (!is_meant(action, atomic_fetch_add(&passages, 1) + 1))
        return false;
    if (strncmp(action, "crash", 5) == 0)
        kill(getpid(), SIGKILL);
    if (strncmp(action, "delay", 5) == 0)
        delay();
    return strncmp(action, "fail", 4) == 0;
}

#else

// ISO C wants a translation unit to declare something.
typedef int fault_points_are_off;

#endif
