// SPDX-License-Identifier: MIT
// local_path: whether an address may be gone to after a form: one of this site, and nothing that a
// browser could take for another.
//
// Threads: a pure function.
#pragma once

#include "base/base.h"

enum { LOCAL_PATH_MAX = 512 };

// True for a path of printable ASCII that begins with one slash, perhaps with a query: no scheme,
// host, fragment, backslash, "//" or ".." anywhere in the path.
bool local_path_is_valid(const char *path);
