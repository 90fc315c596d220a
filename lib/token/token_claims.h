// SPDX-License-Identifier: MIT
// token_claims: what the two JSON parts of a token must say, to the letter.
//
// Private to lib/token. libjwt lets through what RFC 8725 warns of (times as strings, duplicate
// names, critical headers), so both parts are read again here.
// Threads: any. Memory: values only.
#pragma once

#include "token/token.h"

#define TOKEN_ISSUER "bourse"
#define TOKEN_AUDIENCE "bourse"
#define TOKEN_USE "access"
#define TOKEN_ROLE_USER "user"
#define TOKEN_ROLE_ADMINISTRATOR "administrator"

// The scopes' names in tokens, by enum token_scope.
extern const char *const token_scope_names[TOKEN_SCOPE_ACCOUNT + 1];

// The three parts of a token, still in base64url.
struct token_parts {
    struct text header;
    struct text claims;
    struct text signature;
};

// Splits a token; false unless it is exactly three parts that are not empty.
MUST_CHECK bool token_split(const char *token, struct token_parts *out_parts);

// Reads the header: ES256, a JWT, signed with a named key, and nothing else in it.
MUST_CHECK bool token_read_header(struct text header, char out_key_id[TOKEN_KEY_ID_SIZE]);

// True for a signature of ES256's size.
MUST_CHECK bool token_signature_is_whole(struct text signature);

// Reads the claims and checks them against the time. False for anything that is not exactly right;
// `out_expired` is then true when time alone is to blame.
MUST_CHECK bool token_read_claims(struct text claims,
                                  int64_t now_us,
                                  struct token_claims *out_claims,
                                  int64_t *out_issued_at,
                                  bool *out_expired);
