// SPDX-License-Identifier: MIT
// token_signer: writes tokens. libjwt reads the key anew for each, so nothing is shared but bytes.
#include "base/digest.h"
#include "token/token.h"
#include "token_claims.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

struct token_signer {
    struct token_key key;
};

bool token_signer_new(const struct token_key *key,
                      struct token_signer **out_signer,
                      struct error *error)
{
    // With an empty key libjwt would sign nothing at all.
    if (key->private_pem[0] == '\0' || key->id[0] == '\0')
        return error_set(error, REASON_INVALID_SETTING, "The signing key is empty.");
    *out_signer = allocate(sizeof **out_signer);
    (*out_signer)->key = *key;
    return true;
}

void token_signer_free(struct token_signer **signer)
{
    if (*signer == NULL)
        return;
    digest_wipe(*signer, sizeof **signer);
    release(*signer);
    *signer = NULL;
}

static bool add_grants(jwt_t *jwt, const struct token_claims *claims, int64_t now_seconds)
{
    struct uuid id = uuid_new();
    int64_t expires = now_seconds + TOKEN_LIFETIME_SECONDS;

    if (claims->expires_at > 0 && claims->expires_at / MICROS_PER_SECOND < expires)
        expires = claims->expires_at / MICROS_PER_SECOND;

    return jwt_add_grant(jwt, "iss", TOKEN_ISSUER) == 0 &&
           jwt_add_grant(jwt, "aud", TOKEN_AUDIENCE) == 0 &&
           jwt_add_grant(jwt, "sub", claims->user_id) == 0 &&
           jwt_add_grant(jwt, "sid", claims->session_id) == 0 &&
           jwt_add_grant(jwt, "name", claims->username) == 0 &&
           jwt_add_grant(jwt, "role",
                         claims->is_administrator ? TOKEN_ROLE_ADMINISTRATOR : TOKEN_ROLE_USER) ==
               0 &&
           jwt_add_grant(jwt, "scope", token_scope_names[claims->scope]) == 0 &&
           (claims->portfolio_id[0] == '\0' ||
            jwt_add_grant(jwt, "pid", claims->portfolio_id) == 0) &&
           jwt_add_grant(jwt, "use", TOKEN_USE) == 0 && jwt_add_grant(jwt, "jti", id.string) == 0 &&
           jwt_add_grant_int(jwt, "iat", (long)now_seconds) == 0 &&
           jwt_add_grant_int(jwt, "nbf", (long)now_seconds) == 0 &&
           jwt_add_grant_int(jwt, "exp", (long)expires) == 0;
}

bool token_sign(struct token_signer *signer,
                const struct token_claims *claims,
                const struct clock *clock,
                char out_token[TOKEN_MAX],
                struct error *error)
{
    const struct token_key *key = &signer->key;
    jwt_t *jwt = NULL;
    char *token = NULL;

    if (jwt_new(&jwt) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)key->private_pem,
                    (int)strlen(key->private_pem)) == 0 &&
        jwt_add_header(jwt, "kid", key->id) == 0 &&
        add_grants(jwt, claims, clock_now_us(clock) / MICROS_PER_SECOND))
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    if (token == NULL || strlen(token) >= TOKEN_MAX) {
        free(token);
        return error_set(error, REASON_INTERNAL, "An access token could not be signed.");
    }
    memcpy(out_token, token, strlen(token) + 1);
    // Not release(): libjwt allocated it. Versions before 1.12 have no function for it.
    free(token);
    return true;
}
