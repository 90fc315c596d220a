// SPDX-License-Identifier: MIT
// password: Argon2id with the costs of the settings, by libsodium.
//
// A hash takes about 20 ms and 19 MiB by default, so callers are the few threads of the slow lane.
// Threads: a hasher is set at the start and then read only; any may use it. Memory: values only.
#pragma once

#include "base/error.h"

enum {
    PASSWORD_HASH_SIZE = 128,
    PASSWORD_MEMORY_KIB_MIN = 7168,
    PASSWORD_MEMORY_KIB_MAX = 1024 * 1024,
    PASSWORD_PASSES_MAX = 10,
};

struct password_costs {
    int64_t memory_kib;
    int64_t passes;
};

struct password_hasher {
    struct password_costs costs;
    char hash_of_nobody[PASSWORD_HASH_SIZE]; // of a password that nobody knows, with these costs
};

// Makes a hasher of these costs, which takes as long as a hash.
//
// Fails with INVALID_SETTING for costs that are less than each pair which OWASP advises, or more
// than the maxima; with OVERLOADED when the memory cannot be had.
MUST_CHECK bool password_hasher_make(const struct password_costs *costs,
                                     struct password_hasher *out_hasher,
                                     struct error *error);

// Fails with OVERLOADED when the memory for it cannot be had.
MUST_CHECK bool password_hash(const struct password_hasher *hasher,
                              const char *password,
                              char out_hash[PASSWORD_HASH_SIZE],
                              struct error *error);

// True when `hash` is of this password. With a NULL hash, or one made when the costs were lower, it
// takes as long as with one of today's and a NULL hash is never right: so nobody learns from the
// time taken whether there is such a user. (A hash made when the costs were higher takes longer.)
bool password_verify(const struct password_hasher *hasher, const char *hash, const char *password);

// True for a hash that was made with lower costs than today's (memory times passes), or by
// something else. One that was made with higher costs is never weakened.
bool password_needs_rehash(const struct password_hasher *hasher, const char *hash);

// A password of 24 random characters.
void password_make(char out_password[25]);
