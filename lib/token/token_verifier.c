// SPDX-License-Identifier: MIT
// token_verifier: the keys, the tokens verified lately, and the sessions that ended.
//
// Verifying a signature happens without the lock, so that a hit never waits for it.
#include "base/checksum.h"
#include "base/digest.h"
#include "base/random.h"
#include "token/token.h"
#include "token_claims.h"
#include "token_key.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHE_CAPACITY = 16384,
    WAYS = 8, // tokens whose hash begins alike; a new one takes the place of one of them
    REVOCATIONS_FIRST = 256,
    REVOCATIONS_MAX = 256 * 1024, // slots, at most half of them used
};

struct key {
    struct token_web_key web;
    char public_pem[TOKEN_PEM_SIZE];
};

struct entry {
    unsigned char hash[SHA256_SIZE];
    struct token_claims claims; // expires_at 0: empty
};

struct revocation {
    char session_id[UUID_SIZE]; // "": empty
    int64_t forget_at;
};

struct token_verifier {
    struct clock clock;
    // OpenSSL's, which uses the processor's instructions: this is most of what a hit costs.
    EVP_MD *sha256;
    pthread_mutex_t lock; // guards everything below
    size_t key_count;
    struct key keys[TOKEN_KEYS_MAX];
    uint64_t keys_gone; // grows when a key is taken away
    size_t sets;        // a power of two
    struct entry *entries;
    size_t slots; // of revocations, a power of two
    size_t revocation_count;
    struct revocation *revocations;
    // When more sessions end than can be remembered, all tokens issued up to then are refused:
    // everybody refreshes, and nobody who was logged out slips through.
    int64_t refused_until;
};

struct token_verifier *token_verifier_new(const struct token_verifier_options *options)
{
    struct token_verifier *verifier = allocate(sizeof *verifier);
    size_t capacity = options->cache_capacity == 0 ? CACHE_CAPACITY : options->cache_capacity;

    digest_start();
    // Hash tables of JSON members are seeded once, before threads use them.
    json_object_seed(0);
    verifier->clock = options->clock;
    verifier->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (verifier->sha256 == NULL)
        abort(); // an OpenSSL without SHA-256 cannot be gone on with
    verifier->sets = 1;
    while (verifier->sets * WAYS < capacity)
        verifier->sets *= 2;
    verifier->entries = allocate_array(verifier->sets * WAYS, sizeof *verifier->entries);
    verifier->slots = REVOCATIONS_FIRST;
    verifier->revocations = allocate_array(verifier->slots, sizeof *verifier->revocations);
    pthread_mutex_init(&verifier->lock, NULL);
    return verifier;
}

void token_verifier_free(struct token_verifier **verifier)
{
    if (*verifier == NULL)
        return;
    pthread_mutex_destroy(&(*verifier)->lock);
    EVP_MD_free((*verifier)->sha256);
    release((*verifier)->entries);
    release((*verifier)->revocations);
    release(*verifier);
    *verifier = NULL;
}

static struct key *find_key(struct token_verifier *verifier, const char *key_id)
{
    for (size_t i = 0; i < verifier->key_count; i++)
        if (strcmp(verifier->keys[i].web.id, key_id) == 0)
            return &verifier->keys[i];
    return NULL;
}

static void forget_tokens(struct token_verifier *verifier)
{
    memset(verifier->entries, 0, verifier->sets * WAYS * sizeof *verifier->entries);
}

// True when these are the verifier's keys already, which is so nearly every time.
static bool has_these_keys(struct token_verifier *verifier,
                           const struct token_announced_key *keys,
                           size_t count)
{
    bool same = false;

    pthread_mutex_lock(&verifier->lock);
    same = count == verifier->key_count;
    for (size_t i = 0; i < count && same; i++)
        same = strcmp(verifier->keys[i].web.id, keys[i].id) == 0 &&
               strcmp(verifier->keys[i].public_pem, keys[i].public_pem) == 0;
    pthread_mutex_unlock(&verifier->lock);
    return same;
}

static bool
read_key(const struct token_announced_key *announced, struct key *out_key, struct error *error)
{
    // An empty key would make libjwt accept every token.
    if (announced->id[0] == '\0' || strlen(announced->id) >= TOKEN_KEY_ID_SIZE ||
        strlen(announced->public_pem) >= TOKEN_PEM_SIZE ||
        strncmp(announced->public_pem, "-----BEGIN PUBLIC KEY-----", 26) != 0 ||
        !token_key_read_point(announced->public_pem, out_key->web.x, out_key->web.y))
        return error_set(error, REASON_INVALID_SETTING,
                         "A signing key is not a P-256 public key in PEM.");
    memcpy(out_key->web.id, announced->id, strlen(announced->id) + 1);
    memcpy(out_key->public_pem, announced->public_pem, strlen(announced->public_pem) + 1);
    return true;
}

static void replace_keys(struct token_verifier *verifier, const struct key *keys, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const struct key *old = find_key(verifier, keys[i].web.id);

        kept += old != NULL && strcmp(old->public_pem, keys[i].public_pem) == 0 ? 1 : 0;
    }
    if (kept < verifier->key_count) {
        verifier->keys_gone++;
        forget_tokens(verifier);
    }
    memcpy(verifier->keys, keys, count * sizeof *keys);
    verifier->key_count = count;
}

bool token_verifier_set_keys(struct token_verifier *verifier,
                             const struct token_announced_key *keys,
                             size_t count,
                             struct error *error)
{
    struct key *read = NULL;
    bool done = true;

    if (count > TOKEN_KEYS_MAX)
        return error_set(error, REASON_INVALID_SETTING, "There are %zu signing keys, more than %d.",
                         count, TOKEN_KEYS_MAX);
    if (has_these_keys(verifier, keys, count))
        return true;
    read = allocate_array(TOKEN_KEYS_MAX, sizeof *read);
    for (size_t i = 0; i < count && done; i++)
        done = read_key(&keys[i], &read[i], error);
    if (done) {
        pthread_mutex_lock(&verifier->lock);
        replace_keys(verifier, read, count);
        pthread_mutex_unlock(&verifier->lock);
    }
    release(read);
    return done;
}

size_t token_verifier_list_keys(struct token_verifier *verifier,
                                struct token_web_key out_keys[TOKEN_KEYS_MAX])
{
    size_t count = 0;

    pthread_mutex_lock(&verifier->lock);
    for (count = 0; count < verifier->key_count; count++)
        out_keys[count] = verifier->keys[count].web;
    pthread_mutex_unlock(&verifier->lock);
    return count;
}

bool token_verifier_knows_key(struct token_verifier *verifier, const char *key_id)
{
    bool known = false;

    pthread_mutex_lock(&verifier->lock);
    known = find_key(verifier, key_id) != NULL;
    pthread_mutex_unlock(&verifier->lock);
    return known;
}

// The slot of a session: its own, or an empty one.
static struct revocation *
find_revocation(struct revocation *revocations, size_t slots, const char *session_id)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(session_id));
    size_t at = (size_t)(hash ^ hash >> 32) & (slots - 1);

    while (revocations[at].session_id[0] != '\0' &&
           strcmp(revocations[at].session_id, session_id) != 0)
        at = (at + 1) & (slots - 1);
    return &revocations[at];
}

// Moves what is still of use to a table of `slots`.
static void rebuild(struct token_verifier *verifier, size_t slots, int64_t now_us)
{
    struct revocation *moved = allocate_array(slots, sizeof *moved);
    size_t count = 0;

    for (size_t i = 0; i < verifier->slots; i++) {
        struct revocation *old = &verifier->revocations[i];
        if (old->session_id[0] == '\0' || old->forget_at <= now_us)
            continue;
        *find_revocation(moved, slots, old->session_id) = *old;
        count++;
    }
    release(verifier->revocations);
    verifier->revocations = moved;
    verifier->slots = slots;
    verifier->revocation_count = count;
}

static void make_room(struct token_verifier *verifier, int64_t now_us)
{
    if (verifier->revocation_count < verifier->slots / 2)
        return;
    rebuild(verifier, verifier->slots, now_us);
    // Leaves room before the next time, so that rebuilding does not become the rule.
    if (verifier->revocation_count < verifier->slots / 4)
        return;
    if (verifier->slots < REVOCATIONS_MAX) {
        rebuild(verifier, verifier->slots * 2, now_us);
    } else if (verifier->revocation_count >= verifier->slots / 2) {
        verifier->refused_until = now_us;
        forget_tokens(verifier);
        memset(verifier->revocations, 0, verifier->slots * sizeof *verifier->revocations);
        verifier->revocation_count = 0;
    }
}

void token_verifier_revoke(struct token_verifier *verifier,
                           const char *session_id,
                           int64_t forget_at)
{
    int64_t now_us = clock_now_us(&verifier->clock);
    struct revocation *slot = NULL;

    // Clocks may be apart, and a token counts until it expires by this one.
    forget_at += TOKEN_SKEW_SECONDS * MICROS_PER_SECOND;
    if (!uuid_is_valid(session_id) || forget_at <= now_us)
        return;
    pthread_mutex_lock(&verifier->lock);
    make_room(verifier, now_us);
    slot = find_revocation(verifier->revocations, verifier->slots, session_id);
    if (slot->session_id[0] == '\0') {
        verifier->revocation_count++;
        memcpy(slot->session_id, session_id, UUID_SIZE);
    }
    if (slot->forget_at < forget_at)
        slot->forget_at = forget_at;
    pthread_mutex_unlock(&verifier->lock);
}

static bool is_revoked(struct token_verifier *verifier, const char *session_id)
{
    return find_revocation(verifier->revocations, verifier->slots, session_id)->session_id[0] !=
           '\0';
}

static struct entry *set_of(struct token_verifier *verifier, const unsigned char hash[SHA256_SIZE])
{
    uint64_t number = 0;

    memcpy(&number, hash, sizeof number);
    return &verifier->entries[(number & (verifier->sets - 1)) * WAYS];
}

static bool recall(struct token_verifier *verifier,
                   const unsigned char hash[SHA256_SIZE],
                   struct token_claims *out_claims)
{
    const struct entry *set = set_of(verifier, hash);

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].claims.expires_at == 0 || memcmp(set[i].hash, hash, SHA256_SIZE) != 0)
            continue;
        *out_claims = set[i].claims;
        return true;
    }
    return false;
}

static void remember(struct token_verifier *verifier,
                     const unsigned char hash[SHA256_SIZE],
                     const struct token_claims *claims)
{
    struct entry *set = set_of(verifier, hash);
    size_t oldest = 0;

    // An empty place, or the token that expires first: it was issued first.
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].claims.expires_at < set[oldest].claims.expires_at)
            oldest = i;
    memcpy(set[oldest].hash, hash, SHA256_SIZE);
    set[oldest].claims = *claims;
}

// Checks the signature with the key the token names, and only with ES256.
static bool is_signed(struct token_verifier *verifier, const char *token, const char *key_id)
{
    char pem[TOKEN_PEM_SIZE] = "";
    const struct key *key = NULL;
    jwt_t *jwt = NULL;
    bool valid = false;

    pthread_mutex_lock(&verifier->lock);
    key = find_key(verifier, key_id);
    if (key != NULL)
        memcpy(pem, key->public_pem, sizeof pem);
    pthread_mutex_unlock(&verifier->lock);
    if (pem[0] == '\0')
        return false;
    valid = jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)) == 0 &&
            jwt_get_alg(jwt) == JWT_ALG_ES256;
    jwt_free(jwt);
    return valid;
}

static bool verify_anew(struct token_verifier *verifier,
                        const char *token,
                        int64_t now_us,
                        struct token_claims *out_claims,
                        int64_t *out_issued_at,
                        bool *out_expired)
{
    struct token_parts parts;
    char key_id[TOKEN_KEY_ID_SIZE];

    return token_split(token, &parts) && token_read_header(parts.header, key_id) &&
           token_signature_is_whole(parts.signature) && is_signed(verifier, token, key_id) &&
           token_read_claims(parts.claims, now_us, out_claims, out_issued_at, out_expired);
}

static bool
hash_token(struct token_verifier *verifier, const char *token, unsigned char out_hash[SHA256_SIZE])
{
    return EVP_Digest(token, strlen(token), out_hash, NULL, verifier->sha256, NULL) == 1;
}

static bool refuse(struct error *error)
{
    return error_set(error, REASON_INVALID_TOKEN, "The access token is not valid.");
}

bool token_verify(struct token_verifier *verifier,
                  const char *token,
                  struct token_claims *out_claims,
                  struct error *error)
{
    int64_t now_us = clock_now_us(&verifier->clock);
    unsigned char hash[SHA256_SIZE];
    struct token_claims claims;
    int64_t issued_at = 0;
    uint64_t keys_gone = 0;
    bool known = false;
    bool ended = false;
    bool expired = false;

    if (token == NULL || token[0] == '\0' || strnlen(token, TOKEN_MAX) == TOKEN_MAX ||
        !hash_token(verifier, token, hash))
        return refuse(error);
    pthread_mutex_lock(&verifier->lock);
    keys_gone = verifier->keys_gone;
    known = recall(verifier, hash, &claims);
    ended = known && is_revoked(verifier, claims.session_id);
    pthread_mutex_unlock(&verifier->lock);
    if (known)
        expired = now_us >= claims.expires_at;
    else if (!verify_anew(verifier, token, now_us, &claims, &issued_at, &expired) && !expired)
        return refuse(error);
    if (expired)
        return error_set(error, REASON_INVALID_TOKEN, "The access token has expired.");
    if (!known) {
        pthread_mutex_lock(&verifier->lock);
        ended = is_revoked(verifier, claims.session_id) || issued_at <= verifier->refused_until;
        // Its key may have been taken away while the signature was verified.
        if (!ended && keys_gone == verifier->keys_gone)
            remember(verifier, hash, &claims);
        pthread_mutex_unlock(&verifier->lock);
    }
    if (ended)
        return refuse(error);
    *out_claims = claims;
    return true;
}
