// SPDX-License-Identifier: MIT
// worker_name: what a process of this service is called in the database: its host and its number.
#pragma once

#include "base/base.h"

enum { WORKER_NAME_SIZE = 96 };

void worker_name_make(char out_name[WORKER_NAME_SIZE]);

// True for the name of a process of the machine that the process `own` is on (which is this one)
// that does not run any more, or of a former one with the number of this one. That it is so is said
// of this moment: on another machine of the same name it may be otherwise.
bool worker_name_is_dead(const char *own, const char *name);
