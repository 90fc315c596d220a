// SPDX-License-Identifier: MIT
// token: access tokens, signed by auth and verified by every service on its own.
//
// JWT (RFC 7519) signed with ES256 and nothing else; the algorithm is fixed here and never taken
// from the token (RFC 8725). Claims: iss, aud, sub (user id), sid (session, or API key), name,
// role, use ("access"), scope, pid (the one portfolio an API key is for), iat, nbf, exp, jti.
// Verifying costs 0.4 ms, so verified claims are remembered by the token's SHA-256 until they
// expire; ended sessions and the tokens of keys that are gone are forgotten at once.
//
// Threads: a signer and a verifier may be shared by all threads.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"

enum {
    TOKEN_MAX = 2048, // bytes of a token
    TOKEN_LIFETIME_SECONDS = 15 * 60,
    TOKEN_KEY_ID_SIZE = 44, // RFC 7638 thumbprint in base64url
    TOKEN_PEM_SIZE = 2048,
    TOKEN_KEYS_MAX = 16,        // keys that tokens are verified with at the same time
    TOKEN_COORDINATE_SIZE = 48, // of a point, in base64url
    // How far the clocks of those who sign and those who verify may be apart.
    TOKEN_SKEW_SECONDS = 60,
};

// What the bearer may do: everything the user may, or what an API key was made for.
enum token_scope { TOKEN_SCOPE_READ, TOKEN_SCOPE_TRADE, TOKEN_SCOPE_ACCOUNT };

struct token_claims {
    char user_id[UUID_SIZE];
    char session_id[UUID_SIZE]; // or the API key's id: what a revocation names
    char username[33];
    bool is_administrator;
    enum token_scope scope;
    char portfolio_id[UUID_SIZE]; // empty: all of the user's
    int64_t expires_at;
};

// A key pair in PEM, and the id that tokens name it by.
struct token_key {
    char id[TOKEN_KEY_ID_SIZE];
    char private_pem[TOKEN_PEM_SIZE]; // empty for a public key alone
    char public_pem[TOKEN_PEM_SIZE];
};

// A public key as auth announces it; both texts are borrowed.
struct token_announced_key {
    const char *id;
    const char *public_pem;
};

// A public key as a JSON Web Key has it (RFC 7518 section 6.2.1): the id and the point.
struct token_web_key {
    char id[TOKEN_KEY_ID_SIZE];
    char x[TOKEN_COORDINATE_SIZE];
    char y[TOKEN_COORDINATE_SIZE];
};

// Makes a new P-256 key pair.
MUST_CHECK bool token_key_generate(struct token_key *out_key, struct error *error);

struct token_signer;
MUST_CHECK bool token_signer_new(const struct token_key *key,
                                 struct token_signer **out_signer,
                                 struct error *error);
void token_signer_free(struct token_signer **signer);

// Writes a token for the claims, valid from now for TOKEN_LIFETIME_SECONDS, but not beyond
// claims->expires_at unless that is 0.
MUST_CHECK bool token_sign(struct token_signer *signer,
                           const struct token_claims *claims,
                           const struct clock *clock,
                           char out_token[TOKEN_MAX],
                           struct error *error);

struct token_verifier;

struct token_verifier_options {
    struct clock clock;    // real time
    size_t cache_capacity; // verified tokens remembered; 0 for 16384
};

struct token_verifier *token_verifier_new(const struct token_verifier_options *options);
void token_verifier_free(struct token_verifier **verifier);

// Makes these public keys the only ones. What a key that is gone had vouched for counts no more.
//
// Fails with INVALID_SETTING, and changes nothing, for more than TOKEN_KEYS_MAX of them and for
// what is no P-256 public key in PEM.
MUST_CHECK bool token_verifier_set_keys(struct token_verifier *verifier,
                                        const struct token_announced_key *keys,
                                        size_t count,
                                        struct error *error);
bool token_verifier_knows_key(struct token_verifier *verifier, const char *key_id);

// Copies the keys in the order in which they were set; returns how many there are.
size_t token_verifier_list_keys(struct token_verifier *verifier,
                                struct token_web_key out_keys[TOKEN_KEYS_MAX]);

// From now on tokens of this session are refused; remembered until `forget_at` (real time, when the
// last of its tokens has expired).
void token_verifier_revoke(struct token_verifier *verifier,
                           const char *session_id,
                           int64_t forget_at);

// Fails with INVALID_TOKEN for every token that is not exactly right. Does not block.
MUST_CHECK bool token_verify(struct token_verifier *verifier,
                             const char *token,
                             struct token_claims *out_claims,
                             struct error *error);
