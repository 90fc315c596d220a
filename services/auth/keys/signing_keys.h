// SPDX-License-Identifier: MIT
// signing_keys: the signing keys as this process has them, to sign with and to verify with.
//
// Follows the table of keys, so that all replicas sign with the same key at any moment, and forget
// those that have ended. The private part of a key is read once.
//
// Threads: signing_keys_sign any; the others one at a time.
#pragma once

#include "database/database.h"
#include "token/token.h"

struct signing_keys_options {
    struct database *database;
    struct token_verifier *verifier; // gets the public keys; NULL for none
    struct clock clock;              // real time
};

struct signing_keys;

// The caller owns it; what the options point to must outlive it.
struct signing_keys *signing_keys_new(const struct signing_keys_options *options);
void signing_keys_free(struct signing_keys **keys);

// Makes the first key when there is none, and follows.
MUST_CHECK bool
signing_keys_prepare(struct signing_keys *keys, struct arena *arena, struct error *error);

// Takes up the keys there are now, and forgets the others.
MUST_CHECK bool
signing_keys_follow(struct signing_keys *keys, struct arena *arena, struct error *error);

// Signs a token with the key whose turn it is.
MUST_CHECK bool signing_keys_sign(struct signing_keys *keys,
                                  const struct token_claims *claims,
                                  char out_token[TOKEN_MAX],
                                  struct error *error);
