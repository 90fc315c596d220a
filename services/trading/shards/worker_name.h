// SPDX-License-Identifier: MIT
// worker_name: what a process of this service is called in the database: its host and its number.
#pragma once

#include "base/base.h"

enum { WORKER_NAME_SIZE = 96 };

void worker_name_make(char out_name[WORKER_NAME_SIZE]);

// The same with the name space that the number is of: containers may share a host's name, and have
// numbers of their own.
void worker_name_make_exact(char out_name[WORKER_NAME_SIZE]);

// True for the name of a process of the machine that the process `own` is on (which is this one)
// that does not run any more, or of a former one with the number of this one. Both names must have
// been made alike. On another machine of the same name it may be otherwise.
bool worker_name_is_dead(const char *own, const char *name);
