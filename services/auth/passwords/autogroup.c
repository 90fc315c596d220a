// SPDX-License-Identifier: MIT
#include "passwords/autogroup.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

// A third of the share of others (niceness 5). They are let go first at once by any that is less;
// with niceness 10 logins got no turn any more for seconds on a machine that was busy with builds.
static const char niceness[] = "5";

void autogroup_give_way(void)
{
    int file = -1;

    // A person's shell and what else runs in its terminal are not ours to slow down.
    if (getsid(0) != getpid())
        return;
    file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    // When it is refused, logins disturb others more and everything works all the same.
    ssize_t ignored = write(file, niceness, sizeof niceness - 1);
    (void)ignored;
    close(file);
}
