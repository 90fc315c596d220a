// SPDX-License-Identifier: MIT
#include "password.h"

#include "base/digest.h"
#include "base/random.h"

#include <sodium.h>
#include <string.h>

// Of a random password that nobody knows, made with the costs below.
#define HASH_OF_NOBODY                                                                             \
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

enum { MEMORY = 19 * 1024 * 1024, PASSES = 2 };

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "a hash must fit");

bool password_hash(const char *password, char out_hash[PASSWORD_HASH_SIZE], struct error *error)
{
    char hash[crypto_pwhash_STRBYTES];

    if (crypto_pwhash_str_alg(hash, password, strlen(password), PASSES, MEMORY,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return error_set(error, REASON_OVERLOADED,
                         "There is no memory for checking passwords just now.");
    memcpy(out_hash, hash, sizeof hash);
    return true;
}

bool password_verify(const char *hash, const char *password)
{
    const char *compared = hash == NULL ? HASH_OF_NOBODY : hash;
    bool same = crypto_pwhash_str_verify(compared, password, strlen(password)) == 0;

    return same && hash != NULL;
}

bool password_needs_rehash(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, PASSES, MEMORY) != 0;
}

void password_make(char out_password[25])
{
    struct random_source random = random_system();
    unsigned char bytes[18];

    random_fill(&random, bytes, sizeof bytes);
    digest_base64url(bytes, sizeof bytes, out_password, 25);
    digest_wipe(bytes, sizeof bytes);
}
