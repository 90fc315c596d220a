// SPDX-License-Identifier: MIT
// plain_name: names that users give and others read: on one line, and with nothing at their ends
// that cannot be seen. How long they are is the field's rule.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"

// Fails with INVALID_REQUEST, and what is wrong with `name` as violations of `field`.
MUST_CHECK bool plain_name_check(const char *field, const char *name, struct error *error);
