// SPDX-License-Identifier: MIT
// password: Argon2id, 19 MiB and two passes (OWASP's advice), by libsodium.
//
// A hash takes about 20 ms and its memory, so callers are the few threads of the slow lane.
// Threads: any. Memory: values only.
#pragma once

#include "base/error.h"

enum { PASSWORD_HASH_SIZE = 128 };

// Fails with OVERLOADED when the memory for it cannot be had.
MUST_CHECK bool
password_hash(const char *password, char out_hash[PASSWORD_HASH_SIZE], struct error *error);

// True when `hash` is of this password. With a NULL hash it takes as long and is never true: so
// nobody learns from the time taken whether there is such a user.
bool password_verify(const char *hash, const char *password);

// True for a hash that was made with other costs than today's.
bool password_needs_rehash(const char *hash);

// A password of 24 random characters.
void password_make(char out_password[25]);
