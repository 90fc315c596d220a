// SPDX-License-Identifier: MIT
// few_threads: linked into a program (target bourse_few_threads), this spares it idle threads.
//
// nng starts three threads for each core it sees, in every process, and works with one of them
// (task_threads.h). It asks sysconf for the number of cores; libnng finds this sysconf before the C
// library's, because a program comes first in the search for a symbol.
#include <unistd.h>

// The C library's own name for it, which nobody replaces.
extern long __sysconf(int name);

long sysconf(int name)
{
    return name == _SC_NPROCESSORS_ONLN ? 1 : __sysconf(name);
}
