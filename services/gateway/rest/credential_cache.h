// SPDX-License-Identifier: MIT
// credential_cache: which access token an API key or a cookie was exchanged for, for a minute; and
// which ones were wrong, for a few seconds, so that a program with an old key does not keep auth
// busy.
//
// A minute, because auth notes the last use of a key or session at each exchange.
//
// Threads: any. Memory: at most 4096 tokens; a new one takes the place of one that came earlier.
#pragma once

#include "base/arena.h"
#include "base/digest.h"

struct credential_cache;

enum credential_verdict { CREDENTIAL_UNKNOWN, CREDENTIAL_GOOD, CREDENTIAL_WRONG };

struct credential_cache *credential_cache_new(void);
void credential_cache_free(struct credential_cache **cache);

// What is known of the credential with that hash. The token of a good one is copied into `arena`;
// without room there it counts as unknown. `now_us` is monotonic.
enum credential_verdict credential_cache_find(struct credential_cache *cache,
                                              const unsigned char hash[SHA256_SIZE],
                                              int64_t now_us,
                                              struct arena *arena,
                                              const char **out_token);

// Remembers the token of a credential, or with NULL that it is wrong.
void credential_cache_put(struct credential_cache *cache,
                          const unsigned char hash[SHA256_SIZE],
                          int64_t now_us,
                          const char *token);

// Forgets that a credential stands for a token which a service has refused. Another token that has
// taken its place meanwhile stays.
void credential_cache_forget(struct credential_cache *cache,
                             const unsigned char hash[SHA256_SIZE],
                             const char *token);
