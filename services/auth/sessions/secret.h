// SPDX-License-Identifier: MIT
// secret: what refresh tokens, browsers' cookies and API keys are made of.
//
// 32 random bytes in base64url. Only the SHA-256 is stored, so that who reads the database cannot
// log in as anybody; they need no slow hash, because nobody can guess them. Pure; threads: any.
#pragma once

#include "base/digest.h"
#include "base/random.h"

enum {
    SECRET_BYTES = 32,
    SECRET_SIZE = 44, // 43 characters and the terminator
};

void secret_make(const struct random_source *random, char out_secret[SECRET_SIZE]);

// The hash that a secret is stored under; false when the text cannot be a secret.
MUST_CHECK bool secret_hash(const char *secret, char out_hash[SHA256_HEX_SIZE]);
