// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

void digest_start(void)
{
    if (sodium_init() < 0) {
        fprintf(stderr, "libsodium cannot start: the system has no source of random numbers\n");
        abort();
    }
}

void digest_sha256(struct text data, unsigned char out[SHA256_SIZE])
{
    crypto_hash_sha256(out, (const unsigned char *)data.data, data.length);
}

void digest_sha256_hex(struct text data, char out[SHA256_HEX_SIZE])
{
    unsigned char hash[SHA256_SIZE];

    digest_sha256(data, hash);
    sodium_bin2hex(out, SHA256_HEX_SIZE, hash, sizeof hash);
}

void digest_keyed(struct text data,
                  const unsigned char key[KEY_SIZE],
                  unsigned char out[KEYED_HASH_SIZE])
{
    crypto_generichash(out, KEYED_HASH_SIZE, (const unsigned char *)data.data, data.length, key,
                       KEY_SIZE);
}

void digest_keyed_pair(struct text first,
                       struct text second,
                       const unsigned char key[KEY_SIZE],
                       unsigned char out[KEYED_HASH_SIZE])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, KEY_SIZE, KEYED_HASH_SIZE);
    crypto_generichash_update(&state, (const unsigned char *)first.data, first.length);
    crypto_generichash_update(&state, (const unsigned char *)second.data, second.length);
    crypto_generichash_final(&state, out, KEYED_HASH_SIZE);
}

bool digest_equal(const void *one, const void *other, size_t length)
{
    return sodium_memcmp(one, other, length) == 0;
}

void digest_base64url(const void *data, size_t length, char *out, size_t out_size)
{
    sodium_bin2base64(out, out_size, data, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

// libsodium 1.0.18 takes every byte from 0x80 up for the last of the 64 characters.
static bool is_ascii(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

static bool decode(struct text text, int variant, void *out, size_t out_size, size_t *out_length)
{
    return is_ascii(text) && sodium_base642bin(out, out_size, text.data, text.length, NULL,
                                               out_length, NULL, variant) == 0;
}

bool digest_base64_decode(struct text text, void *out, size_t out_size, size_t *out_length)
{
    return decode(text, sodium_base64_VARIANT_ORIGINAL, out, out_size, out_length);
}

bool digest_base64url_decode(struct text text, void *out, size_t out_size, size_t *out_length)
{
    return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out, out_size, out_length);
}

void digest_hex(const void *data, size_t length, char *out, size_t out_size)
{
    sodium_bin2hex(out, out_size, data, length);
}

void digest_wipe(void *secret, size_t length)
{
    sodium_memzero(secret, length);
}
