// SPDX-License-Identifier: MIT
// session: the form of refresh tokens, and how long things of a session live.
//
// A refresh token is 32 random bytes in base64url. Only its SHA-256 is stored, so that who reads
// the database cannot log in as anybody. Pure; threads: any.
#pragma once

#include "base/digest.h"
#include "base/random.h"

enum {
    REFRESH_TOKEN_BYTES = 32,
    REFRESH_TOKEN_SIZE = 44, // 43 characters and the terminator
};

void refresh_token_make(const struct random_source *random, char out_token[REFRESH_TOKEN_SIZE]);

// The hash that a token is stored under; false when the text cannot be a refresh token.
MUST_CHECK bool refresh_token_hash(const char *token, char out_hash[SHA256_HEX_SIZE]);
