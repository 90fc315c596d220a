// SPDX-License-Identifier: MIT
#include "passwords/password.h"

#include "base/digest.h"
#include "base/random.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { KIB = 1024, ARGON2_MEMORY_KIB_MIN = 8 };

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash must fit");

// What OWASP's Password Storage Cheat Sheet advises; each is as good as the others.
static const struct password_costs advised[] = {
    {47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5}};

static bool are_enough(const struct password_costs *costs)
{
    for (size_t i = 0; i < COUNT_OF(advised); i++)
        if (costs->memory_kib >= advised[i].memory_kib && costs->passes >= advised[i].passes)
            return true;
    return false;
}

bool password_hasher_make(const struct password_costs *costs,
                          struct password_hasher *out_hasher,
                          struct error *error)
{
    struct password_hasher hasher = {.costs = *costs};
    char password[25];

    if (!are_enough(costs) || costs->memory_kib > PASSWORD_MEMORY_KIB_MAX ||
        costs->passes > PASSWORD_PASSES_MAX)
        return error_set(error, REASON_INVALID_SETTING,
                         "--password-memory-kib %" PRId64 " with --password-passes %" PRId64
                         " is refused: it must be at least 47104 with 1, 19456 with 2, 12288 with "
                         "3, 9216 with 4 or 7168 with 5, and at most %d with %d.",
                         costs->memory_kib, costs->passes, PASSWORD_MEMORY_KIB_MAX,
                         PASSWORD_PASSES_MAX);
    password_make(password);
    if (!password_hash(&hasher, password, hasher.hash_of_nobody, error))
        return false;
    digest_wipe(password, sizeof password);
    *out_hasher = hasher;
    return true;
}

bool password_hash(const struct password_hasher *hasher,
                   const char *password,
                   char out_hash[PASSWORD_HASH_SIZE],
                   struct error *error)
{
    char hash[crypto_pwhash_STRBYTES];

    if (crypto_pwhash_str_alg(
            hash, password, strlen(password), (unsigned long long)hasher->costs.passes,
            (size_t)hasher->costs.memory_kib * KIB, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return error_set(error, REASON_OVERLOADED,
                         "There is no memory for checking passwords just now.");
    memcpy(out_hash, hash, sizeof hash);
    return true;
}

// What a guess at the hash costs: KiB times passes, or 0 when it is none of ours.
static int64_t work_of(const char *hash)
{
    unsigned memory_kib = 0;
    unsigned passes = 0;

    if (sscanf(hash, "$argon2id$v=19$m=%9u,t=%9u,p=1$", &memory_kib, &passes) != 2)
        return 0;
    return (int64_t)memory_kib * passes;
}

// Works as long as a hash of today's costs takes longer than one of `work`.
static void make_up(const struct password_hasher *hasher, int64_t work, const char *password)
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES] = {0};
    int64_t missing = hasher->costs.memory_kib * hasher->costs.passes - work;
    int64_t memory_kib = missing / hasher->costs.passes;
    unsigned char result[32];

    // Where the memory for it cannot be had the time does tell something: better than no login.
    if (memory_kib >= ARGON2_MEMORY_KIB_MIN &&
        crypto_pwhash(result, sizeof result, password, strlen(password), salt,
                      (unsigned long long)hasher->costs.passes, (size_t)memory_kib * KIB,
                      crypto_pwhash_ALG_ARGON2ID13) == 0)
        digest_wipe(result, sizeof result);
}

bool password_verify(const struct password_hasher *hasher, const char *hash, const char *password)
{
    const char *compared = hash == NULL ? hasher->hash_of_nobody : hash;
    bool same = crypto_pwhash_str_verify(compared, password, strlen(password)) == 0;

    make_up(hasher, work_of(compared), password);
    return same && hash != NULL;
}

bool password_needs_rehash(const struct password_hasher *hasher, const char *hash)
{
    return work_of(hash) < hasher->costs.memory_kib * hasher->costs.passes;
}

void password_make(char out_password[25])
{
    struct random_source random = random_system();
    unsigned char bytes[18];

    random_fill(&random, bytes, sizeof bytes);
    digest_base64url(bytes, sizeof bytes, out_password, 25);
    digest_wipe(bytes, sizeof bytes);
}
