// SPDX-License-Identifier: MIT
// What verifying an access token costs: the first time, when its signature is checked, and when it
// is remembered; beside OpenSSL checking the same signatures of the same bytes.
//
//     bench_auth_tokens ROUNDS
//
// One thread. The three are measured in turn, and the medians of the rounds are printed.
#include "base/digest.h"
#include "token/token.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = 400, REPEATS = 20, ROUNDS_MAX = 100, SIGNATURE_SIZE = 64, DER_SIZE = 80 };

enum { FIRST, REMEMBERED, BARE, KINDS };

// A token, and what OpenSSL needs of it.
struct sample {
    char token[TOKEN_MAX];
    size_t signed_length;
    unsigned char der[DER_SIZE];
    size_t der_length;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_auth_tokens: %s\n", what);
    exit(EXIT_FAILURE);
}

// JWS has r and s side by side; OpenSSL wants them in DER.
static void convert_signature(struct sample *sample)
{
    const char *dot = strrchr(sample->token, '.');
    unsigned char raw[SIGNATURE_SIZE];
    unsigned char *out = sample->der;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    size_t length = 0;
    int written = 0;

    if (dot == NULL || signature == NULL ||
        !digest_base64url_decode(text_of(dot + 1), raw, sizeof raw, &length) ||
        length != sizeof raw)
        fail("a token without a signature");
    sample->signed_length = (size_t)(dot - sample->token);
    if (ECDSA_SIG_set0(signature, BN_bin2bn(raw, SIGNATURE_SIZE / 2, NULL),
                       BN_bin2bn(raw + SIGNATURE_SIZE / 2, SIGNATURE_SIZE / 2, NULL)) != 1)
        fail("a signature of two numbers cannot be made");
    written = i2d_ECDSA_SIG(signature, NULL);
    if (written <= 0 || written > DER_SIZE)
        fail("a signature of another size");
    sample->der_length = (size_t)i2d_ECDSA_SIG(signature, &out);
    ECDSA_SIG_free(signature);
}

static void sign_all(struct token_signer *signer, struct sample *samples)
{
    struct clock clock = clock_real();
    struct token_claims claims = {.username = "bench"};
    struct error error;

    for (size_t i = 0; i < TOKENS; i++) {
        struct uuid user = uuid_new();
        struct uuid session = uuid_new();
        memcpy(claims.user_id, user.string, sizeof claims.user_id);
        memcpy(claims.session_id, session.string, sizeof claims.session_id);
        if (!token_sign(signer, &claims, &clock, samples[i].token, &error))
            fail(error.message);
        convert_signature(&samples[i]);
    }
}

static double verify_all(struct token_verifier *verifier, const struct sample *samples, int repeats)
{
    int64_t from_us = clock_monotonic_us();
    struct token_claims claims;
    struct error error;

    for (int repeat = 0; repeat < repeats; repeat++)
        for (size_t i = 0; i < TOKENS; i++)
            if (!token_verify(verifier, samples[i].token, &claims, &error))
                fail(error.message);
    return (double)(clock_monotonic_us() - from_us) / TOKENS / repeats;
}

static double verify_bare(EVP_PKEY *key, const struct sample *samples)
{
    int64_t from_us = clock_monotonic_us();

    for (size_t i = 0; i < TOKENS; i++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();

        if (context == NULL || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
            EVP_DigestVerify(context, samples[i].der, samples[i].der_length,
                             (const unsigned char *)samples[i].token,
                             samples[i].signed_length) != 1)
            fail("OpenSSL refuses a signature");
        EVP_MD_CTX_free(context);
    }
    return (double)(clock_monotonic_us() - from_us) / TOKENS;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    BIO_free(bio);
    if (key == NULL)
        fail("OpenSSL cannot read the public key");
    return key;
}

static int compare(const void *one, const void *other)
{
    double first = *(const double *)one;
    double second = *(const double *)other;

    return (first > second) - (first < second);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    size_t rounds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    static struct sample samples[TOKENS];
    static double us[KINDS][ROUNDS_MAX];
    struct token_signer *signer = NULL;
    struct token_key key;
    EVP_PKEY *public_key = NULL;
    struct error error;

    if (rounds == 0 || rounds > ROUNDS_MAX)
        fail("usage: bench_auth_tokens ROUNDS");
    digest_start();
    if (!token_key_generate(&key, &error) || !token_signer_new(&key, &signer, &error))
        fail(error.message);
    public_key = read_key(key.public_pem);
    for (size_t i = 0; i < rounds; i++) {
        OWNED(token_verifier)
        verifier = token_verifier_new(&(struct token_verifier_options){.clock = clock_real()});

        if (!token_verifier_set_keys(
                verifier, &(struct token_announced_key){key.id, key.public_pem}, 1, &error))
            fail(error.message);
        sign_all(signer, samples);
        us[FIRST][i] = verify_all(verifier, samples, 1);
        us[BARE][i] = verify_bare(public_key, samples);
        us[REMEMBERED][i] = verify_all(verifier, samples, REPEATS);
    }
    printf("%.2f %.2f %.2f\n", median(us[FIRST], rounds), median(us[REMEMBERED], rounds),
           median(us[BARE], rounds));
    EVP_PKEY_free(public_key);
    token_signer_free(&signer);
    return EXIT_SUCCESS;
}
