// SPDX-License-Identifier: MIT
// digest: hashes, keyed hashes and the text forms they travel in, over libsodium.
//
// Threads: safe after digest_start, which every program calls first. Memory: caller's buffers.
#pragma once

#include "base/base.h"

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65, KEYED_HASH_SIZE = 16, KEY_SIZE = 32 };

// Prepares libsodium; aborts when the machine has no random numbers. May be called again.
void digest_start(void);

void digest_sha256(struct text data, unsigned char out[SHA256_SIZE]);
void digest_sha256_hex(struct text data, char out[SHA256_HEX_SIZE]);

// BLAKE2b-128 of `data` under a 32-byte key: proves that the sender knows the key.
void digest_keyed(struct text data,
                  const unsigned char key[KEY_SIZE],
                  unsigned char out[KEYED_HASH_SIZE]);

// The same over `first` followed by `second`, which need not lie side by side.
void digest_keyed_pair(struct text first,
                       struct text second,
                       const unsigned char key[KEY_SIZE],
                       unsigned char out[KEYED_HASH_SIZE]);

// Compares in a time that does not depend on where the two differ.
bool digest_equal(const void *one, const void *other, size_t length);

// Writes base64url without padding (RFC 4648 section 5), terminated. `out` has room for
// `length` * 4 / 3 + 4 bytes.
void digest_base64url(const void *data, size_t length, char *out, size_t out_size);

// Reads base64url without padding; false when it is not, or when it is longer than `out_size`.
MUST_CHECK bool
digest_base64url_decode(struct text text, void *out, size_t out_size, size_t *out_length);

// Reads base64 with padding (RFC 4648 section 4), as HTTP Basic has it; false as above.
MUST_CHECK bool
digest_base64_decode(struct text text, void *out, size_t out_size, size_t *out_length);

void digest_hex(const void *data, size_t length, char *out, size_t out_size);

// Overwrites a secret; the compiler cannot leave it out.
void digest_wipe(void *secret, size_t length);
