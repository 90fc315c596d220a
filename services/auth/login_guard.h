// SPDX-License-Identifier: MIT
// login_guard: makes guessing passwords slow, name by name.
//
// Wrong logins are counted for each name that is tried, whether somebody has it or not. After ten
// in a row the name has to wait, twice as long after each further one, up to 15 minutes: that is
// also the longest that somebody else's guessing can keep its owner out. A right login ends the
// count. Counts live in this process and are forgotten half an hour after the last wrong login.
//
// Threads: any. Memory: fixed; when it is full the count untouched longest makes room.
#pragma once

#include "base/digest.h"

struct login_guard;

// The key keeps others from choosing names that push a certain one out.
struct login_guard *login_guard_new(const unsigned char key[KEY_SIZE]);
void login_guard_free(struct login_guard **guard);

// Whole seconds until this name (in either case) may be tried again; 0: at once.
int64_t login_guard_wait_seconds(struct login_guard *guard, const char *name, int64_t now_us);

void login_guard_count_wrong(struct login_guard *guard, const char *name, int64_t now_us);
void login_guard_forget(struct login_guard *guard, const char *name);
