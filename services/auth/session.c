// SPDX-License-Identifier: MIT
#include "session.h"

#include <string.h>

void refresh_token_make(const struct random_source *random, char out_token[REFRESH_TOKEN_SIZE])
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];

    random_fill(random, bytes, sizeof bytes);
    digest_base64url(bytes, sizeof bytes, out_token, REFRESH_TOKEN_SIZE);
    digest_wipe(bytes, sizeof bytes);
}

bool refresh_token_hash(const char *token, char out_hash[SHA256_HEX_SIZE])
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    size_t length = 0;

    // Decoded first, so that one token has one spelling.
    if (strlen(token) != REFRESH_TOKEN_SIZE - 1 ||
        !digest_base64url_decode(text_of(token), bytes, sizeof bytes, &length) ||
        length != REFRESH_TOKEN_BYTES)
        return false;
    digest_sha256_hex((struct text){(const char *)bytes, length}, out_hash);
    return true;
}
