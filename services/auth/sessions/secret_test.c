// SPDX-License-Identifier: MIT
#include "sessions/secret.h"

#include "support/test.h"

#include <string.h>

static void a_secret_has_one_spelling_and_one_hash(void **state)
{
    uint64_t seed = 1;
    struct random_source random = random_seeded(&seed);
    char token[SECRET_SIZE];
    char other[SECRET_SIZE];
    char hash[SHA256_HEX_SIZE];
    char again[SHA256_HEX_SIZE];

    (void)state;
    secret_make(&random, token);
    secret_make(&random, other);
    assert_int_equal(strlen(token), 43);
    assert_string_not_equal(token, other);
    assert_true(secret_hash(token, hash));
    assert_true(secret_hash(token, again));
    assert_string_equal(hash, again);
    assert_null(strstr(hash, token));
    assert_true(secret_hash(other, again));
    assert_string_not_equal(hash, again);
}

static void what_cannot_be_a_secret_has_no_hash(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   // 42
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", // 44
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",  // the other base64
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",  // bits that mean nothing
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    char hash[SHA256_HEX_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(secret_hash(texts[i], hash));
    assert_true(secret_hash("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_has_one_spelling_and_one_hash),
        cmocka_unit_test(what_cannot_be_a_secret_has_no_hash),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
