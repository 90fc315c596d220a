// SPDX-License-Identifier: MIT
// fuzz_token: what passes for a token has exactly the members and values that it was made of.
//
// A line of header and claims after it, both in JSON, become a token with a right signature, as
// only a thief of the key could make it: it passes when both parts do, and only then. Without a
// line feed the bytes are the token itself.
#include "fuzz.h"

#include "base/digest.h"
#include "base/strbuf.h"
#include "token/token.h"
#include "token/token_claims.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { NOW = 1800000000, CACHE_CAPACITY = 64, COORDINATE_SIZE = 32 };

// Of these tests alone: the seeds hold tokens that it has signed.
#define KEY_ID "fuzz"
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1xMp+7sbU7VYQY16\n"
    "PF7KuEL37A510ayVOg6Qd9L5lTahRANCAAQEK8Jt+cgBhEgK54zhyEMVYikYTqIx\n"
    "jKOZbGkBW3Tw5q7ilZfDtbfaIlGE27RcGKmslmrGAVfWDDLoBX64TUxY\n"
    "-----END PRIVATE KEY-----\n";
static const char public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBCvCbfnIAYRICueM4chDFWIpGE6i\n"
    "MYyjmWxpAVt08Oau4pWXw7W32iJRhNu0XBiprJZqxgFX1gwy6AV+uE1MWA==\n"
    "-----END PUBLIC KEY-----\n";

// What is read of the two parts, and whether each was taken.
struct reading {
    bool has_header;
    bool has_claims;
    bool has_expired;
    char key_id[TOKEN_KEY_ID_SIZE];
    struct token_claims claims;
};

static int64_t read_now(void *context)
{
    (void)context;
    return NOW * MICROS_PER_SECOND;
}

// Made once and kept: keys and caches are what makes a verifier dear.
static struct token_verifier *the_verifier(void)
{
    static struct token_verifier *verifier;
    const struct token_announced_key key = {KEY_ID, public_pem};
    struct error error;

    if (verifier == NULL) {
        verifier = token_verifier_new(&(struct token_verifier_options){
            .clock = {read_now, NULL}, .cache_capacity = CACHE_CAPACITY});
        MUST(token_verifier_set_keys(verifier, &key, 1, &error));
    }
    return verifier;
}

static EVP_PKEY *the_private_key(void)
{
    static EVP_PKEY *key;

    if (key == NULL) {
        BIO *bio = BIO_new_mem_buf(private_pem, -1);

        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
        MUST(key != NULL);
    }
    return key;
}

static void append_part(struct strbuf *token, struct text part)
{
    char *encoded = allocate(part.length * 4 / 3 + 4);

    digest_base64url(part.data, part.length, encoded, part.length * 4 / 3 + 4);
    strbuf_append_string(token, encoded);
    release(encoded);
}

// ES256 as RFC 7518 section 3.4 has it: the two numbers, 32 bytes each.
static void append_signature(struct strbuf *token)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[128];
    const unsigned char *at = der;
    unsigned char raw[2 * COORDINATE_SIZE];
    size_t length = sizeof der;
    ECDSA_SIG *signature = NULL;

    MUST(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, the_private_key()) == 1);
    MUST(EVP_DigestSign(context, der, &length, (const unsigned char *)token->data, token->length) ==
         1);
    signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, COORDINATE_SIZE);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + COORDINATE_SIZE, COORDINATE_SIZE);
    strbuf_append_char(token, '.');
    append_part(token, (struct text){(const char *)raw, sizeof raw});
    ECDSA_SIG_free(signature);
    EVP_MD_CTX_free(context);
}

// The JSON of a part; NULL when it is none. The caller gives it back.
static json_t *read_json(struct text part)
{
    char *json = allocate(part.length + 1);
    size_t length = 0;
    json_t *value = NULL;

    if (digest_base64url_decode(part, json, part.length, &length))
        value = json_loadb(json, length, JSON_REJECT_DUPLICATES, NULL);
    release(json);
    return value;
}

// What a header with that key id must say as a whole.
static void check_header(struct text part, const char *key_id)
{
    json_t *found = read_json(part);
    json_t *expected = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "typ", "JWT", "kid", key_id);

    MUST(found != NULL && json_equal(found, expected));
    json_decref(found);
    json_decref(expected);
}

static int64_t seconds_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    MUST(json_is_integer(value));
    return json_integer_value(value);
}

// The claims say what was read of them. Members with other names mean nothing here.
static void check_claims(struct text part, const struct token_claims *claims, int64_t issued_at)
{
    json_t *found = read_json(part);
    json_t *expected = NULL;
    json_t *with_found = NULL;
    int64_t not_before = seconds_of(found, "nbf");
    const char *id = json_string_value(json_object_get(found, "jti"));

    MUST(id != NULL && uuid_is_valid(id) && uuid_is_valid(claims->user_id));
    MUST(uuid_is_valid(claims->session_id) && claims->username[0] != '\0');
    expected = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "iss", TOKEN_ISSUER,
                         "aud", TOKEN_AUDIENCE, "use", TOKEN_USE, "role",
                         claims->is_administrator ? "administrator" : "user", "sub",
                         claims->user_id, "sid", claims->session_id, "name", claims->username,
                         "scope", token_scope_names[claims->scope], "iat",
                         (json_int_t)(issued_at / MICROS_PER_SECOND), "exp",
                         (json_int_t)(claims->expires_at / MICROS_PER_SECOND));
    if (claims->portfolio_id[0] != '\0')
        json_object_set_new(expected, "pid", json_string(claims->portfolio_id));
    MUST((claims->portfolio_id[0] != '\0') == (json_object_get(found, "pid") != NULL));
    // Setting what is expected must change nothing.
    with_found = json_copy(found);
    json_object_update(with_found, expected);
    MUST(json_equal(found, with_found));
    MUST(claims->expires_at > read_now(NULL) && claims->expires_at > issued_at);
    MUST(claims->expires_at - issued_at <= TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND);
    MUST(issued_at <= read_now(NULL) + TOKEN_SKEW_SECONDS * MICROS_PER_SECOND);
    MUST(not_before <= NOW + TOKEN_SKEW_SECONDS);
    json_decref(found);
    json_decref(with_found);
    json_decref(expected);
}

static struct reading read_parts(struct text header, struct text claims)
{
    struct reading reading = {.has_header = false};
    int64_t issued_at = 0;

    reading.has_header = token_read_header(header, reading.key_id);
    if (reading.has_header)
        check_header(header, reading.key_id);
    reading.has_claims = token_read_claims(claims, read_now(NULL), &reading.claims, &issued_at,
                                           &reading.has_expired);
    MUST(!(reading.has_claims && reading.has_expired));
    if (reading.has_claims)
        check_claims(claims, &reading.claims, issued_at);
    return reading;
}

static bool claims_are_equal(const struct token_claims *one, const struct token_claims *other)
{
    return strcmp(one->user_id, other->user_id) == 0 &&
           strcmp(one->session_id, other->session_id) == 0 &&
           strcmp(one->username, other->username) == 0 &&
           strcmp(one->portfolio_id, other->portfolio_id) == 0 &&
           one->is_administrator == other->is_administrator && one->scope == other->scope &&
           one->expires_at == other->expires_at;
}

// A token passes with what its parts say, also when it is remembered.
static void check_token(const char *token, bool is_signed)
{
    struct token_parts parts = {0};
    struct token_claims claims;
    struct reading reading = {.has_header = false};
    struct error error;
    bool is_whole = strlen(token) < TOKEN_MAX && token_split(token, &parts);

    if (is_whole) {
        MUST(parts.header.length + parts.claims.length + parts.signature.length + 2 ==
             strlen(token));
        reading = read_parts(parts.header, parts.claims);
    }
    for (int i = 0; i < 2; i++) {
        bool passes = token_verify(the_verifier(), token, &claims, &error);
        bool may_pass = is_whole && reading.has_header && reading.has_claims &&
                        strcmp(reading.key_id, KEY_ID) == 0;

        MUST(passes || error_is(&error, REASON_INVALID_TOKEN));
        MUST(!passes || (may_pass && token_signature_is_whole(parts.signature)));
        MUST(passes || !(may_pass && is_signed));
        MUST(!passes || claims_are_equal(&claims, &reading.claims));
    }
}

// Signatures are dear, so that of the tokens that must fail only some get one.
static bool deserves_signature(struct text header, struct text claims)
{
    struct token_claims ignored;
    char key_id[TOKEN_KEY_ID_SIZE];
    int64_t issued_at = 0;
    bool has_expired = false;

    return (token_read_header(header, key_id) &&
            token_read_claims(claims, read_now(NULL), &ignored, &issued_at, &has_expired)) ||
           (header.length + claims.length) % 32 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct text header = cut_line(&rest);
    OWNED(strbuf) token = strbuf_new(4 * size + 512);
    size_t claims_at = 0;
    struct text parts[2];

    if (header.length == size) {
        char *whole = copy_terminated(header);

        check_token(whole, false);
        release(whole);
        return 0;
    }
    the_verifier(); // which prepares libsodium and jansson
    append_part(token, header);
    strbuf_append_char(token, '.');
    claims_at = token->length;
    append_part(token, rest);
    parts[0] = (struct text){token->data, claims_at - 1};
    parts[1] = (struct text){token->data + claims_at, token->length - claims_at};
    if (deserves_signature(parts[0], parts[1])) {
        append_signature(token);
        check_token(token->data, true);
    } else {
        (void)read_parts(parts[0], parts[1]);
    }
    return 0;
}
