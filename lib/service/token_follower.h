// SPDX-License-Identifier: MIT
// token_follower: keeps a service's token verifier up to date from auth.
//
// Every service checks access tokens itself. What it needs for that it asks of auth, again and
// again: the public signing keys, and the sessions that ended while their tokens still look valid.
// So a logout, and the end of a key, is known everywhere within a second or two, and a check costs
// no call. Whoever has not heard of auth for a minute cannot know who has logged out, and stops
// trusting tokens.
//
// Threads: one of its own; token_follower_authenticate may be called from any and does not block.
#pragma once

#include "rpc/rpc_client.h"
#include "token/token.h"

struct token_follower_options {
    struct rpc_client *auth;         // borrowed
    struct token_verifier *verifier; // borrowed
    int64_t period_ms;               // between two questions; 0 for 300
    int64_t trust_ms;                // how long tokens are trusted without an answer; 0 for 60000
};

struct token_follower;

// Starts asking in the background. The caller owns it.
struct token_follower *token_follower_new(const struct token_follower_options *options);
void token_follower_free(struct token_follower **follower);

// Milliseconds since auth last answered; INT64_MAX when it never has.
int64_t token_follower_silence_ms(const struct token_follower *follower);

// Verifies an access token. Fails with INVALID_TOKEN, and with UNAVAILABLE while it cannot be known
// which sessions have ended.
MUST_CHECK bool token_follower_authenticate(struct token_follower *follower,
                                            const char *access_token,
                                            struct token_claims *out_claims,
                                            struct error *error);

// Copies the public keys that tokens are verified with. Fails with UNAVAILABLE while it cannot be
// known whether they still are.
MUST_CHECK bool token_follower_list_keys(struct token_follower *follower,
                                         struct token_web_key out_keys[TOKEN_KEYS_MAX],
                                         size_t *out_count,
                                         struct error *error);
