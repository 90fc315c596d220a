// SPDX-License-Identifier: MIT
// token_key: P-256 key pairs, and the ids they are known by.
#include "token_key.h"

#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

enum { COORDINATE_SIZE = 32, GROUP_NAME_SIZE = 32 };

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

static bool coordinate(EVP_PKEY *key, const char *name, char out[TOKEN_COORDINATE_SIZE])
{
    unsigned char bytes[COORDINATE_SIZE];
    BIGNUM *number = NULL;
    bool done = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                BN_bn2binpad(number, bytes, sizeof bytes) == sizeof bytes;

    if (done)
        digest_base64url(bytes, sizeof bytes, out, TOKEN_COORDINATE_SIZE);
    BN_free(number);
    return done;
}

// RFC 7638: the SHA-256 of the public key as JSON, with exactly these members in this order.
static bool write_id(EVP_PKEY *pair, struct token_key *key)
{
    char x[TOKEN_COORDINATE_SIZE];
    char y[TOKEN_COORDINATE_SIZE];
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

static bool is_p256(EVP_PKEY *key)
{
    char group[GROUP_NAME_SIZE];
    size_t length = 0;

    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

bool token_key_read_point(const char *public_pem,
                          char out_x[TOKEN_COORDINATE_SIZE],
                          char out_y[TOKEN_COORDINATE_SIZE])
{
    BIO *bio = BIO_new_mem_buf(public_pem, -1);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    bool done = key != NULL && is_p256(key) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, out_x) &&
                coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, out_y);

    EVP_PKEY_free(key);
    BIO_free(bio);
    // What OpenSSL noted of a key that could not be read is of no use to the next who asks.
    ERR_clear_error();
    return done;
}
