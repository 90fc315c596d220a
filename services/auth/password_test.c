// SPDX-License-Identifier: MIT
#include "password.h"

#include "base/clock.h"
#include "base/digest.h"
#include "support/test.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void a_hash_is_of_its_password_and_of_no_other(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    char again[PASSWORD_HASH_SIZE];
    struct error error;

    (void)state;
    assert_true(password_hash("correct horse", hash, &error));
    assert_true(password_verify(hash, "correct horse"));
    assert_false(password_verify(hash, "correct horsf"));
    assert_false(password_verify(hash, ""));
    assert_true(password_hash("correct horse", again, &error));
    assert_string_not_equal(hash, again);
}

static void long_passwords_are_not_cut(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    char password[513];
    struct error error;

    (void)state;
    memset(password, 'x', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    assert_true(password_hash(password, hash, &error));
    password[sizeof password - 2] = 'y';
    assert_false(password_verify(hash, password));
}

static void a_hash_is_argon2id_with_19_mib_and_two_passes(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    struct error error;

    (void)state;
    assert_true(password_hash("correct horse", hash, &error));
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_false(password_needs_rehash(hash));
}

static void a_hash_made_with_other_costs_is_taken_up(void **state)
{
    char hash[crypto_pwhash_STRBYTES];

    (void)state;
    assert_int_equal(crypto_pwhash_str_alg(hash, "correct horse", 13, 1, 8 * 1024 * 1024,
                                           crypto_pwhash_ALG_ARGON2ID13),
                     0);
    assert_true(password_verify(hash, "correct horse"));
    assert_true(password_needs_rehash(hash));
}

// The processor time of this thread, which others on the machine do not change.
static int64_t used_us(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * MICROS_PER_SECOND + used.tv_nsec / 1000;
}

static int64_t cheapest_us(const char *hash)
{
    int64_t cheapest = INT64_MAX;

    for (int i = 0; i < 7; i++) {
        int64_t from = used_us();
        assert_false(password_verify(hash, "wrong password"));
        int64_t took = used_us() - from;
        if (took < cheapest)
            cheapest = took;
    }
    return cheapest;
}

static void a_user_who_is_not_there_takes_as_long_as_one_who_is(void **state)
{
    char hash[PASSWORD_HASH_SIZE];
    int64_t there = 0;
    int64_t absent = 0;
    struct error error;

    (void)state;
    assert_true(password_hash("correct horse", hash, &error));
    there = cheapest_us(hash);
    absent = cheapest_us(NULL);
    // A hash costs hundreds of times as much as anything else here: without one this is far off.
    assert_true(absent > there / 3 && absent < there * 3);
}

static void nobody_has_the_empty_hash(void **state)
{
    (void)state;
    assert_false(password_verify(NULL, ""));
    assert_false(password_verify("", ""));
    assert_false(password_verify("no hash", "no hash"));
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
        cmocka_unit_test(a_hash_is_argon2id_with_19_mib_and_two_passes),
        cmocka_unit_test(a_hash_made_with_other_costs_is_taken_up),
        cmocka_unit_test(a_user_who_is_not_there_takes_as_long_as_one_who_is),
        cmocka_unit_test(nobody_has_the_empty_hash),
        cmocka_unit_test(made_passwords_differ),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
