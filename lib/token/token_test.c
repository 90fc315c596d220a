// SPDX-License-Identifier: MIT
#include "token/token.h"

#include "base/digest.h"
#include "support/test.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define USER "0190a5f0-7c3e-7abc-8def-0123456789ab"
#define SESSION "0190a5f0-7c3e-7abc-8def-0123456789ac"
#define TOKEN_ID "0190a5f0-7c3e-7abc-8def-0123456789ad"

enum { NOW = 1800000000, LARGE = 16 * 1024 };

struct fixture {
    int64_t now_us;
    struct clock clock;
    struct token_key key;
    struct token_verifier *verifier;
    struct error error;
};

static int64_t read_now(void *context)
{
    return *(int64_t *)context;
}

static bool set_key(struct fixture *f, const char *id, const char *public_pem)
{
    struct token_announced_key key = {id, public_pem};

    return token_verifier_set_keys(f->verifier, &key, 1, &f->error);
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    digest_start();
    f->now_us = NOW * MICROS_PER_SECOND;
    f->clock = (struct clock){read_now, &f->now_us};
    assert_true(token_key_generate(&f->key, &f->error));
    f->verifier = token_verifier_new(&(struct token_verifier_options){.clock = f->clock});
    assert_true(set_key(f, f->key.id, f->key.public_pem));
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    token_verifier_free(&f->verifier);
    release(f);
    return 0;
}

static const struct token_claims ada = {.user_id = USER,
                                        .session_id = SESSION,
                                        .username = "ada",
                                        .is_administrator = true,
                                        .scope = TOKEN_SCOPE_ACCOUNT};

static void sign(struct fixture *f, const struct token_claims *claims, char token[TOKEN_MAX])
{
    struct token_signer *signer = NULL;

    assert_true(token_signer_new(&f->key, &signer, &f->error));
    assert_true(token_sign(signer, claims, &f->clock, token, &f->error));
    token_signer_free(&signer);
}

static bool verify(struct fixture *f, const char *token)
{
    struct token_claims claims;

    return token_verify(f->verifier, token, &claims, &f->error);
}

static void a_signed_token_gives_its_claims_back(void **state)
{
    struct fixture *f = *state;
    struct token_claims claims = {0};
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    // The second time comes from memory.
    for (int i = 0; i < 2; i++) {
        memset(&claims, 0, sizeof claims);
        assert_true(token_verify(f->verifier, token, &claims, &f->error));
        assert_string_equal(claims.user_id, USER);
        assert_string_equal(claims.session_id, SESSION);
        assert_string_equal(claims.username, "ada");
        assert_true(claims.is_administrator);
        assert_int_equal(claims.expires_at, (NOW + TOKEN_LIFETIME_SECONDS) * MICROS_PER_SECOND);
    }
}

static void a_token_says_what_its_bearer_may_do_and_in_which_portfolio(void **state)
{
    struct fixture *f = *state;
    struct token_claims claims = {0};
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    assert_true(token_verify(f->verifier, token, &claims, &f->error));
    assert_int_equal(claims.scope, TOKEN_SCOPE_ACCOUNT);
    assert_string_equal(claims.portfolio_id, "");
    claims = ada;
    claims.scope = TOKEN_SCOPE_TRADE;
    snprintf(claims.portfolio_id, sizeof claims.portfolio_id, "%s", SESSION);
    sign(f, &claims, token);
    memset(&claims, 0, sizeof claims);
    assert_true(token_verify(f->verifier, token, &claims, &f->error));
    assert_int_equal(claims.scope, TOKEN_SCOPE_TRADE);
    assert_string_equal(claims.portfolio_id, SESSION);
}

static void a_token_ends_when_it_expires_also_when_it_is_remembered(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    f->now_us += TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND - 1;
    assert_true(verify(f, token));
    f->now_us += 1;
    assert_false(verify(f, token));
    assert_string_equal(f->error.reason, "INVALID_TOKEN");
}

static void tokens_of_an_ended_session_are_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct token_claims other = ada;
    char token[TOKEN_MAX];
    char fresh[TOKEN_MAX];
    char of_other[TOKEN_MAX];

    memcpy(other.session_id, TOKEN_ID, UUID_SIZE);
    sign(f, &ada, token);
    sign(f, &ada, fresh);
    sign(f, &other, of_other);
    assert_true(verify(f, token));
    token_verifier_revoke(f->verifier, SESSION,
                          f->now_us + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND);
    assert_false(verify(f, token));
    assert_false(verify(f, fresh));
    assert_true(verify(f, of_other));
}

static void ended_sessions_are_remembered_beyond_the_first_hundred_thousand(void **state)
{
    struct fixture *f = *state;
    int64_t forget_at = f->now_us + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND;
    char session[UUID_SIZE];
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    token_verifier_revoke(f->verifier, SESSION, forget_at);
    for (unsigned i = 0; i < 120000; i++) {
        snprintf(session, sizeof session, "00000000-0000-7000-8000-%012x", i);
        token_verifier_revoke(f->verifier, session, forget_at);
    }
    assert_false(verify(f, token));
}

static void when_too_many_sessions_end_all_earlier_tokens_are_refused(void **state)
{
    struct fixture *f = *state;
    int64_t forget_at = f->now_us + TOKEN_LIFETIME_SECONDS * MICROS_PER_SECOND;
    struct token_claims other = ada;
    char session[UUID_SIZE];
    char token[TOKEN_MAX];
    char of_other[TOKEN_MAX];

    memcpy(other.session_id, TOKEN_ID, UUID_SIZE);
    sign(f, &ada, token);
    sign(f, &other, of_other);
    assert_true(verify(f, of_other));
    token_verifier_revoke(f->verifier, SESSION, forget_at);
    for (unsigned i = 0; i < 140000; i++) {
        snprintf(session, sizeof session, "00000000-0000-7000-8000-%012x", i);
        token_verifier_revoke(f->verifier, session, forget_at);
    }
    assert_false(verify(f, token));
    assert_false(verify(f, of_other));
    // A new one of a session that goes on is fine.
    f->now_us += MICROS_PER_SECOND;
    sign(f, &other, of_other);
    assert_true(verify(f, of_other));
}

static void a_small_memory_forgets_tokens_but_never_mistakes_them(void **state)
{
    struct fixture *f = *state;
    char tokens[40][TOKEN_MAX];
    struct token_claims claims = ada;

    token_verifier_free(&f->verifier);
    f->verifier = token_verifier_new(
        &(struct token_verifier_options){.clock = f->clock, .cache_capacity = 8});
    assert_true(set_key(f, f->key.id, f->key.public_pem));
    for (int i = 0; i < 40; i++) {
        snprintf(claims.username, sizeof claims.username, "user%d", i);
        sign(f, &claims, tokens[i]);
    }
    for (int i = 0; i < 120; i++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, "user%d", i % 40);
        assert_true(token_verify(f->verifier, tokens[i % 40], &claims, &f->error));
        assert_string_equal(claims.username, wanted);
    }
}

static void a_replaced_key_vouches_for_nothing_any_more(void **state)
{
    struct fixture *f = *state;
    struct token_key other;
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    assert_true(verify(f, token));
    assert_true(token_key_generate(&other, &f->error));
    assert_true(set_key(f, f->key.id, other.public_pem));
    assert_false(verify(f, token));
}

static void a_key_that_is_taken_away_vouches_for_nothing_and_the_others_go_on(void **state)
{
    struct fixture *f = *state;
    struct token_key old = f->key;
    struct token_key new;
    char of_old[TOKEN_MAX];
    char unseen[TOKEN_MAX];
    char of_new[TOKEN_MAX];

    assert_true(token_key_generate(&new, &f->error));
    assert_true(token_verifier_set_keys(
        f->verifier,
        (struct token_announced_key[]){{new.id, new.public_pem}, {old.id, old.public_pem}}, 2,
        &f->error));
    sign(f, &ada, of_old);
    sign(f, &ada, unseen);
    f->key = new;
    sign(f, &ada, of_new);
    assert_true(verify(f, of_old));
    assert_true(verify(f, of_new));
    assert_true(set_key(f, new.id, new.public_pem));
    // Also the one that was remembered.
    assert_false(verify(f, of_old));
    assert_false(verify(f, unseen));
    assert_true(verify(f, of_new));
    assert_false(token_verifier_knows_key(f->verifier, old.id));
}

// PEM of a public key that is none of ours: ES256 is P-256 and nothing else.
static void make_p384(char pem[TOKEN_PEM_SIZE])
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    long length = 0;

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    length = BIO_get_mem_data(bio, &data);
    memcpy(pem, data, (size_t)length);
    pem[length] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static void keys_that_are_empty_wrong_or_too_many_are_refused_and_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct token_signer *signer = NULL;
    struct token_key empty = {.id = "x"};
    struct token_announced_key many[TOKEN_KEYS_MAX + 1];
    char ids[TOKEN_KEYS_MAX + 1][8];
    char pem[TOKEN_PEM_SIZE];
    char token[TOKEN_MAX];

    sign(f, &ada, token);
    make_p384(pem);
    assert_false(set_key(f, "x", ""));
    assert_false(set_key(f, "", f->key.public_pem));
    assert_false(set_key(f, "x", f->key.private_pem));
    assert_false(set_key(f, "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    assert_false(set_key(f, "x", pem));
    assert_string_equal(f->error.reason, "INVALID_SETTING");
    assert_false(token_signer_new(&empty, &signer, &f->error));
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        snprintf(ids[i], sizeof ids[i], "k%zu", i);
        many[i] = (struct token_announced_key){ids[i], f->key.public_pem};
    }
    assert_false(token_verifier_set_keys(f->verifier, many, TOKEN_KEYS_MAX + 1, &f->error));
    assert_false(token_verifier_knows_key(f->verifier, "k0"));
    assert_true(verify(f, token));
    assert_true(token_verifier_set_keys(f->verifier, many, TOKEN_KEYS_MAX, &f->error));
    assert_true(token_verifier_knows_key(f->verifier, "k15"));
}

// Computed another way than the code does: from the uncompressed point.
static void a_key_is_listed_as_its_point_and_known_by_its_rfc_7638_thumbprint(void **state)
{
    struct fixture *f = *state;
    struct token_web_key listed[TOKEN_KEYS_MAX];
    BIO *bio = BIO_new_mem_buf(f->key.public_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    unsigned char *point = NULL;
    char x[48];
    char y[48];
    char json[256];
    char id[TOKEN_KEY_ID_SIZE];
    unsigned char hash[SHA256_SIZE];

    assert_int_equal(EVP_PKEY_get1_encoded_public_key(key, &point), 65);
    digest_base64url(point + 1, 32, x, sizeof x);
    digest_base64url(point + 33, 32, y, sizeof y);
    snprintf(json, sizeof json, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x,
             y);
    digest_sha256(text_of(json), hash);
    digest_base64url(hash, sizeof hash, id, sizeof id);
    assert_string_equal(f->key.id, id);
    assert_int_equal(token_verifier_list_keys(f->verifier, listed), 1);
    assert_string_equal(listed[0].id, id);
    assert_string_equal(listed[0].x, x);
    assert_string_equal(listed[0].y, y);
    OPENSSL_free(point);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

// Hostile tokens are made by hand, so that nothing keeps them from being wrong.

static void append_part(char *token, const void *data, size_t length)
{
    size_t used = strlen(token);

    digest_base64url(data, length, token + used, LARGE - used);
}

// ES256 as RFC 7518 section 3.4 has it: the two numbers, 32 bytes each.
static void append_signature(char *token, const char *private_pem)
{
    BIO *bio = BIO_new_mem_buf(private_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[128];
    const unsigned char *at = der;
    unsigned char raw[64];
    size_t length = sizeof der;
    ECDSA_SIG *signature = NULL;

    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, der, &length, (unsigned char *)token, strlen(token)),
                     1);
    signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
    strncat(token, ".", 2);
    append_part(token, raw, sizeof raw);
    ECDSA_SIG_free(signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static void make(struct fixture *f,
                 const char *header,
                 const char *claims,
                 size_t claims_length,
                 char token[LARGE])
{
    token[0] = '\0';
    append_part(token, header, strlen(header));
    strncat(token, ".", 2);
    append_part(token, claims, claims_length);
    append_signature(token, f->key.private_pem);
}

#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\"}"
#define TIMES "\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800000900"
#define IDENTITY                                                                                   \
    "\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"jti\":"          \
    "\"" TOKEN_ID "\",\"name\":\"ada\",\"scope\":\"account\""
#define WHO "\"sub\":\"" USER "\",\"sid\":\"" SESSION "\""
#define GOOD "{" IDENTITY "," WHO "," TIMES "}"

struct hostile {
    const char *what;
    const char *header;
    const char *claims;
};

static const struct hostile hostiles[] = {
    {"no algorithm", "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"KEY\"}", GOOD},
    {"lower-case algorithm", "{\"alg\":\"es256\",\"typ\":\"JWT\",\"kid\":\"KEY\"}", GOOD},
    {"other algorithm", "{\"alg\":\"ES384\",\"typ\":\"JWT\",\"kid\":\"KEY\"}", GOOD},
    {"numeric algorithm", "{\"alg\":256,\"typ\":\"JWT\",\"kid\":\"KEY\"}", GOOD},
    {"algorithm twice", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\"}",
     GOOD},
    {"no type", "{\"alg\":\"ES256\",\"kid\":\"KEY\"}", GOOD},
    {"other type", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"KEY\"}", GOOD},
    {"no key", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", GOOD},
    {"unknown key", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"other\"}", GOOD},
    {"path as key", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"../../dev/null\"}", GOOD},
    {"quote in the key", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"' OR 1=1 --\"}", GOOD},
    {"empty key", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"\"}", GOOD},
    {"key is a number", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":1}", GOOD},
    {"crit", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\",\"crit\":[\"exp\"]}", GOOD},
    {"jku", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\",\"jku\":\"https://x\"}", GOOD},
    {"x5u", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\",\"x5u\":\"https://x\"}", GOOD},
    {"jwk", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"KEY\",\"jwk\":{}}", GOOD},
    {"header is an array", "[\"ES256\"]", GOOD},
    {"expired", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1799999000,\"nbf\":1799999000,\"exp\":1799999900}"},
    {"not yet", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000061,\"exp\":1800000900}"},
    {"issued in the future", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000061,\"nbf\":1800000000,\"exp\":1800000900}"},
    {"lives too long", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800000901}"},
    {"expires as a string", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":\"1800000900\"}"},
    {"expires as a real", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800000900.0}"},
    {"expires at nothing", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":null}"},
    {"never expires", HEADER, "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000}"},
    {"expires far beyond", HEADER,
     "{" IDENTITY "," WHO ",\"iat\":1800000000,\"nbf\":1800000000,\"exp\":9223372036854775807}"},
    {"was never issued", HEADER, "{" IDENTITY "," WHO ",\"nbf\":1800000000,\"exp\":1800000900}"},
    {"duplicate claim", HEADER, "{" IDENTITY "," WHO "," TIMES ",\"sub\":\"" USER "\"}"},
    {"duplicate expiry", HEADER, "{\"exp\":1," IDENTITY "," WHO "," TIMES "}"},
    {"numeric user", HEADER, "{" IDENTITY ",\"sub\":1,\"sid\":\"" SESSION "\"," TIMES "}"},
    {"user is no id", HEADER, "{" IDENTITY ",\"sub\":\"admin\",\"sid\":\"" SESSION "\"," TIMES "}"},
    {"no user", HEADER, "{" IDENTITY ",\"sid\":\"" SESSION "\"," TIMES "}"},
    {"no session", HEADER, "{" IDENTITY ",\"sub\":\"" USER "\"," TIMES "}"},
    {"NUL in the user", HEADER,
     "{" IDENTITY ",\"sub\":\"" USER "\\u0000\",\"sid\":\"" SESSION "\"," TIMES "}"},
    {"no id of its own", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"name\":\"ada\","
     "\"scope\":\"account\"," WHO "," TIMES "}"},
    {"never begins", HEADER, "{" IDENTITY "," WHO ",\"iat\":1800000000,\"exp\":1800000900}"},
    {"other issuer", HEADER,
     "{\"iss\":\"else\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"jti\":\"" TOKEN_ID
     "\",\"name\":\"ada\",\"scope\":\"account\"," WHO "," TIMES "}"},
    {"other audience", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"else\",\"use\":\"access\",\"role\":\"user\",\"jti\":\"" TOKEN_ID
     "\",\"name\":\"ada\",\"scope\":\"account\"," WHO "," TIMES "}"},
    {"list of audiences", HEADER,
     "{\"iss\":\"bourse\",\"aud\":[\"bourse\"],\"use\":\"access\",\"role\":\"user\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"ada\",\"scope\":\"account\"," WHO "," TIMES "}"},
    {"other use", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"refresh\",\"role\":\"user\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"ada\",\"scope\":\"account\"," WHO "," TIMES "}"},
    {"unknown role", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"root\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"ada\",\"scope\":\"account\"," WHO "," TIMES "}"},
    {"name too long", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"scope\":\"account\"," WHO
     "," TIMES "}"},
    {"no scope", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"ada\"," WHO "," TIMES "}"},
    {"unknown scope", HEADER,
     "{\"iss\":\"bourse\",\"aud\":\"bourse\",\"use\":\"access\",\"role\":\"user\",\"jti\":"
     "\"" TOKEN_ID "\",\"name\":\"ada\",\"scope\":\"everything\"," WHO "," TIMES "}"},
    {"portfolio is no id", HEADER, "{" IDENTITY ",\"pid\":\"*\"," WHO "," TIMES "}"},
    {"portfolio is null", HEADER, "{" IDENTITY ",\"pid\":null," WHO "," TIMES "}"},
    {"claims are an array", HEADER, "[\"sub\",\"" USER "\"]"},
    {"claims end early", HEADER, "{" IDENTITY "," WHO "," TIMES},
    {"text after the claims", HEADER, GOOD "x"},
    {"two objects", HEADER, GOOD GOOD},
    {"empty claims", HEADER, "{}"},
    {"bad UTF-8", HEADER, "{" IDENTITY "," WHO "," TIMES ",\"x\":\"\xff\"}"},
};

// Puts the key's id where the table says KEY.
static void with_key_id(const char *header, const char *id, char out[512])
{
    const char *at = strstr(header, "\"KEY\"");

    if (at == NULL)
        snprintf(out, 512, "%s", header);
    else
        snprintf(out, 512, "%.*s\"%s\"%s", (int)(at - header), header, id, at + 5);
}

static void tokens_made_by_hand_pass_when_they_are_right(void **state)
{
    struct fixture *f = *state;
    char header[512];
    char token[LARGE];

    with_key_id(HEADER, f->key.id, header);
    make(f, header, GOOD, strlen(GOOD), token);
    assert_true(verify(f, token));
}

static void hostile_tokens_are_refused_though_their_signature_is_right(void **state)
{
    struct fixture *f = *state;
    char header[512];
    char token[LARGE];

    for (size_t i = 0; i < COUNT_OF(hostiles); i++) {
        with_key_id(hostiles[i].header, f->key.id, header);
        make(f, header, hostiles[i].claims, strlen(hostiles[i].claims), token);
        f->error.reason[0] = '\0';
        if (verify(f, token))
            fail_msg("accepted: %s", hostiles[i].what);
        assert_string_equal(f->error.reason, "INVALID_TOKEN");
        assert_false(verify(f, token));
    }
}

static void bytes_after_the_claims_are_refused(void **state)
{
    struct fixture *f = *state;
    char header[512];
    char token[LARGE];

    with_key_id(HEADER, f->key.id, header);
    make(f, header, GOOD "\0junk", sizeof GOOD + 4, token);
    assert_false(verify(f, token));
}

static void a_public_key_used_as_a_secret_opens_nothing(void **state)
{
    struct fixture *f = *state;
    unsigned char mac[32];
    unsigned length = sizeof mac;
    char header[512];
    char token[LARGE] = "";

    with_key_id("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"KEY\"}", f->key.id, header);
    append_part(token, header, strlen(header));
    strncat(token, ".", 2);
    append_part(token, GOOD, strlen(GOOD));
    assert_non_null(HMAC(EVP_sha256(), f->key.public_pem, (int)strlen(f->key.public_pem),
                         (unsigned char *)token, strlen(token), mac, &length));
    strncat(token, ".", 2);
    append_part(token, mac, sizeof mac);
    assert_false(verify(f, token));
}

static void another_key_pair_signs_nothing_here(void **state)
{
    struct fixture *f = *state;
    struct token_key other;
    char id[TOKEN_KEY_ID_SIZE];
    char header[512];
    char token[LARGE];

    memcpy(id, f->key.id, sizeof id);
    assert_true(token_key_generate(&other, &f->error));
    f->key = other;
    with_key_id(HEADER, id, header);
    make(f, header, GOOD, strlen(GOOD), token);
    assert_false(verify(f, token));
}

static void a_token_that_was_touched_is_refused(void **state)
{
    struct fixture *f = *state;
    char good[TOKEN_MAX];
    char token[LARGE];
    size_t length = 0;

    sign(f, &ada, good);
    length = strlen(good);
    // Every character of it counts.
    for (size_t i = 0; i < length; i++) {
        memcpy(token, good, length + 1);
        token[i] = token[i] == 'A' ? 'B' : 'A';
        if (verify(f, token))
            fail_msg("accepted with another character at %zu", i);
    }
    for (size_t cut = 1; cut < 90; cut++) {
        memcpy(token, good, length + 1);
        token[length - cut] = '\0';
        assert_false(verify(f, token));
    }
    snprintf(token, sizeof token, "%s.%s", good, "AAAA");
    assert_false(verify(f, token));
    snprintf(token, sizeof token, "%sAAAA", good);
    assert_false(verify(f, token));
    snprintf(token, sizeof token, "%s=", good);
    assert_false(verify(f, token));
    snprintf(token, sizeof token, " %s", good);
    assert_false(verify(f, token));
    assert_true(verify(f, good));
}

static void what_is_no_token_at_all_is_refused(void **state)
{
    static const char *const texts[] = {"",    ".",    "..",  "...",        "a.b.c",
                                        "a.b", "a..c", ".b.", "e30.e30.e30"};
    struct fixture *f = *state;
    char large[5 * 1024];

    assert_false(verify(f, NULL));
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(verify(f, texts[i]));
    memset(large, 'A', sizeof large);
    large[100] = '.';
    large[4000] = '.';
    large[sizeof large - 1] = '\0';
    assert_false(verify(f, large));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signed_token_gives_its_claims_back),
        TEST(a_token_says_what_its_bearer_may_do_and_in_which_portfolio),
        TEST(a_token_ends_when_it_expires_also_when_it_is_remembered),
        TEST(tokens_of_an_ended_session_are_refused_at_once),
        TEST(ended_sessions_are_remembered_beyond_the_first_hundred_thousand),
        TEST(when_too_many_sessions_end_all_earlier_tokens_are_refused),
        TEST(a_small_memory_forgets_tokens_but_never_mistakes_them),
        TEST(a_replaced_key_vouches_for_nothing_any_more),
        TEST(a_key_that_is_taken_away_vouches_for_nothing_and_the_others_go_on),
        TEST(keys_that_are_empty_wrong_or_too_many_are_refused_and_change_nothing),
        TEST(a_key_is_listed_as_its_point_and_known_by_its_rfc_7638_thumbprint),
        TEST(tokens_made_by_hand_pass_when_they_are_right),
        TEST(hostile_tokens_are_refused_though_their_signature_is_right),
        TEST(bytes_after_the_claims_are_refused),
        TEST(a_public_key_used_as_a_secret_opens_nothing),
        TEST(another_key_pair_signs_nothing_here),
        TEST(a_token_that_was_touched_is_refused),
        TEST(what_is_no_token_at_all_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
