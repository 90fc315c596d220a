// SPDX-License-Identifier: MIT
// token_key: P-256 key pairs, and the ids they are known by.
#include "base/digest.h"
#include "token/token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

enum { COORDINATE_SIZE = 32, COORDINATE_TEXT_SIZE = 48 };

static bool failed(struct error *error)
{
    return error_set(error, REASON_INTERNAL, "A signing key could not be made.");
}

// Copies what was written into a memory BIO, terminated.
static bool take_text(BIO *bio, char *out, size_t size)
{
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);

    if (length <= 0 || (size_t)length >= size)
        return false;
    memcpy(out, data, (size_t)length);
    out[length] = '\0';
    return true;
}

static bool write_pems(EVP_PKEY *pair, struct token_key *key)
{
    BIO *private_bio = BIO_new(BIO_s_mem());
    BIO *public_bio = BIO_new(BIO_s_mem());
    bool done = private_bio != NULL && public_bio != NULL &&
                PEM_write_bio_PKCS8PrivateKey(private_bio, pair, NULL, NULL, 0, NULL, NULL) == 1 &&
                PEM_write_bio_PUBKEY(public_bio, pair) == 1 &&
                take_text(private_bio, key->private_pem, sizeof key->private_pem) &&
                take_text(public_bio, key->public_pem, sizeof key->public_pem);

    BIO_free(private_bio);
    BIO_free(public_bio);
    return done;
}

static bool coordinate(EVP_PKEY *pair, const char *name, char out[COORDINATE_TEXT_SIZE])
{
    unsigned char bytes[COORDINATE_SIZE];
    BIGNUM *number = NULL;
    bool done = EVP_PKEY_get_bn_param(pair, name, &number) == 1 &&
                BN_bn2binpad(number, bytes, sizeof bytes) == sizeof bytes;

    if (done)
        digest_base64url(bytes, sizeof bytes, out, COORDINATE_TEXT_SIZE);
    BN_free(number);
    return done;
}

// RFC 7638: the SHA-256 of the public key as JSON, with exactly these members in this order.
static bool write_id(EVP_PKEY *pair, struct token_key *key)
{
    char x[COORDINATE_TEXT_SIZE];
    char y[COORDINATE_TEXT_SIZE];
    char json[256];
    unsigned char hash[SHA256_SIZE];

    if (!coordinate(pair, OSSL_PKEY_PARAM_EC_PUB_X, x) ||
        !coordinate(pair, OSSL_PKEY_PARAM_EC_PUB_Y, y))
        return false;
    snprintf(json, sizeof json, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x,
             y);
    digest_sha256(text_of(json), hash);
    digest_base64url(hash, sizeof hash, key->id, sizeof key->id);
    return true;
}

bool token_key_generate(struct token_key *out_key, struct error *error)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    struct token_key key = {0};
    bool done = pair != NULL && write_pems(pair, &key) && write_id(pair, &key);

    EVP_PKEY_free(pair);
    if (done)
        *out_key = key;
    digest_wipe(&key, sizeof key);
    return done || failed(error);
}
