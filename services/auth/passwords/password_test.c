// SPDX-License-Identifier: MIT
#include "passwords/password.h"

#include "base/clock.h"
#include "base/digest.h"
#include "support/test.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct password_hasher hasher_of(int64_t memory_kib, int64_t passes)
{
    struct password_costs costs = {memory_kib, passes};
    struct password_hasher hasher;
    struct error error;

    if (!password_hasher_make(&costs, &hasher, &error))
        fail_msg("%s", error.message);
    return hasher;
}

static void a_hash_is_of_its_password_and_of_no_other(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    char again[PASSWORD_HASH_SIZE];
    struct password_hasher hasher = hasher_of(19456, 2);
    struct error error;

    (void)state;
    assert_true(password_hash(&hasher, "correct horse", hash, &error));
    assert_true(password_verify(&hasher, hash, "correct horse"));
    assert_false(password_verify(&hasher, hash, "correct horsf"));
    assert_false(password_verify(&hasher, hash, "Correct horse"));
    assert_false(password_verify(&hasher, hash, ""));
    assert_true(password_hash(&hasher, "correct horse", again, &error));
    assert_string_not_equal(hash, again);
}

static void long_passwords_are_not_cut(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    char password[513];
    struct password_hasher hasher = hasher_of(19456, 2);
    struct error error;

    (void)state;
    memset(password, 'x', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    assert_true(password_hash(&hasher, password, hash, &error));
    password[sizeof password - 2] = 'y';
    assert_false(password_verify(&hasher, hash, password));
}

static void a_hash_is_argon2id_with_the_costs_of_the_setting(void **state)
{
    static const struct password_costs costs[] = {{19456, 2}, {47104, 1}, {12288, 3},
                                                  {9216, 4},  {7168, 5},  {20000, 3}};
    char hash[PASSWORD_HASH_SIZE];
    char expected[64];
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(costs); i++) {
        struct password_hasher hasher = hasher_of(costs[i].memory_kib, costs[i].passes);
        snprintf(expected, sizeof expected, "$argon2id$v=19$m=%lld,t=%lld,p=1$",
                 (long long)costs[i].memory_kib, (long long)costs[i].passes);
        assert_true(password_hash(&hasher, "correct horse", hash, &error));
        assert_int_equal(strncmp(hash, expected, strlen(expected)), 0);
        assert_int_equal(strncmp(hasher.hash_of_nobody, expected, strlen(expected)), 0);
        assert_false(password_needs_rehash(&hasher, hash));
    }
}

static void costs_below_what_is_advised_are_refused_with_what_would_do(void **state)
{
    static const struct password_costs weak[] = {
        {47103, 1}, {19455, 2},   {12287, 3},  {9215, 4},    {7168, 4},
        {7167, 10}, {1048577, 2}, {19456, 11}, {1048576, 0}, {-1, 2}};
    struct password_hasher hasher;
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(weak); i++) {
        assert_false(password_hasher_make(&weak[i], &hasher, &error));
        assert_string_equal(error.reason, "INVALID_SETTING");
        assert_non_null(strstr(error.message, "--password-memory-kib"));
        assert_non_null(strstr(error.message, "47104 with 1, 19456 with 2, 12288 with 3, 9216 with "
                                              "4 or 7168 with 5"));
        assert_non_null(strstr(error.message, "1048576 with 10."));
    }
}

static void hashes_are_raised_and_never_weakened(void **state)
{
    struct password_hasher low = hasher_of(7168, 5);
    struct password_hasher middle = hasher_of(19456, 2);
    struct password_hasher high = hasher_of(47104, 1);

    (void)state;
    assert_true(password_needs_rehash(&middle, low.hash_of_nobody));
    assert_true(password_needs_rehash(&high, middle.hash_of_nobody));
    assert_false(password_needs_rehash(&middle, high.hash_of_nobody));
    assert_false(password_needs_rehash(&low, middle.hash_of_nobody));
}

static void a_hash_of_other_costs_or_of_another_kind_is_taken_up(void **state)
{
    struct password_hasher hasher = hasher_of(19456, 2);
    char hash[crypto_pwhash_STRBYTES];

    (void)state;
    assert_int_equal(crypto_pwhash_str_alg(hash, "correct horse", 13, 1, 8 * 1024 * 1024,
                                           crypto_pwhash_ALG_ARGON2ID13),
                     0);
    assert_true(password_verify(&hasher, hash, "correct horse"));
    assert_true(password_needs_rehash(&hasher, hash));
    // The other Argon2, with more memory and passes than ours.
    assert_int_equal(crypto_pwhash_str_alg(hash, "correct horse", 13, 3, 32 * 1024 * 1024,
                                           crypto_pwhash_ALG_ARGON2I13),
                     0);
    assert_true(password_verify(&hasher, hash, "correct horse"));
    assert_true(password_needs_rehash(&hasher, hash));
}

// The processor time of this thread, which others on the machine do not change.
static int64_t used_us(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * MICROS_PER_SECOND + used.tv_nsec / 1000;
}

static int64_t cheapest_us(const struct password_hasher *hasher, const char *hash)
{
    int64_t cheapest = INT64_MAX;

    for (int i = 0; i < 9; i++) {
        int64_t from = used_us();
        assert_false(password_verify(hasher, hash, "wrong password"));
        int64_t took = used_us() - from;
        if (took < cheapest)
            cheapest = took;
    }
    return cheapest;
}

static void a_user_who_is_not_there_takes_as_long_as_one_who_is(void **state)
{
    struct password_hasher hasher = hasher_of(19456, 2);
    char hash[PASSWORD_HASH_SIZE];
    int64_t there = 0;
    int64_t absent = 0;
    struct error error;

    (void)state;
    assert_true(password_hash(&hasher, "correct horse", hash, &error));
    there = cheapest_us(&hasher, hash);
    absent = cheapest_us(&hasher, NULL);
    // A hash costs hundreds of times as much as anything else here: without one this is far off.
    assert_true(absent > there / 3 && absent < there * 3);
}

static void a_user_whose_hash_is_of_lower_costs_takes_as_long_too(void **state)
{
    struct password_hasher low = hasher_of(7168, 5);
    struct password_hasher high = hasher_of(32768, 6);
    int64_t absent = cheapest_us(&high, NULL);
    int64_t older = cheapest_us(&high, low.hash_of_nobody);

    (void)state;
    // By itself the older hash takes less than a fifth.
    assert_true(older > absent * 2 / 3 && older < absent * 3 / 2);
}

static void nobody_has_the_empty_hash(void **state)
{
    struct password_hasher hasher = hasher_of(19456, 2);

    (void)state;
    assert_false(password_verify(&hasher, NULL, ""));
    assert_false(password_verify(&hasher, "", ""));
    assert_false(password_verify(&hasher, "no hash", "no hash"));
}

static void made_passwords_differ(void **state)
{
    char one[25];
    char other[25];

    (void)state;
    password_make(one);
    password_make(other);
    assert_int_equal(strlen(one), 24);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_of_its_password_and_of_no_other),
        cmocka_unit_test(long_passwords_are_not_cut),
        cmocka_unit_test(a_hash_is_argon2id_with_the_costs_of_the_setting),
        cmocka_unit_test(costs_below_what_is_advised_are_refused_with_what_would_do),
        cmocka_unit_test(hashes_are_raised_and_never_weakened),
        cmocka_unit_test(a_hash_of_other_costs_or_of_another_kind_is_taken_up),
        cmocka_unit_test(a_user_who_is_not_there_takes_as_long_as_one_who_is),
        cmocka_unit_test(a_user_whose_hash_is_of_lower_costs_takes_as_long_too),
        cmocka_unit_test(nobody_has_the_empty_hash),
        cmocka_unit_test(made_passwords_differ),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
