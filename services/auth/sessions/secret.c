// SPDX-License-Identifier: MIT
#include "sessions/secret.h"

#include <string.h>

void secret_make(const struct random_source *random, char out_secret[SECRET_SIZE])
{
    unsigned char bytes[SECRET_BYTES];

    random_fill(random, bytes, sizeof bytes);
    digest_base64url(bytes, sizeof bytes, out_secret, SECRET_SIZE);
    digest_wipe(bytes, sizeof bytes);
}

bool secret_hash(const char *secret, char out_hash[SHA256_HEX_SIZE])
{
    unsigned char bytes[SECRET_BYTES];
    size_t length = 0;

    // Decoded first, so that one secret has one spelling.
    if (strlen(secret) != SECRET_SIZE - 1 ||
        !digest_base64url_decode(text_of(secret), bytes, sizeof bytes, &length) ||
        length != SECRET_BYTES)
        return false;
    digest_sha256_hex((struct text){(const char *)bytes, length}, out_hash);
    return true;
}
