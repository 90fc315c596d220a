// SPDX-License-Identifier: MIT
#include "sessions/credentials.h"

#include "base/digest.h"
#include "passwords/hash_gate.h"
#include "support/test.h"

enum { FAR_MS = 20000, NEAR_MS = 50 };

static const struct password_costs costs = {19456, 2};

static struct call call_for_ms(int64_t ms)
{
    struct clock real = clock_real();

    return (struct call){.deadline_us = clock_now_us(&real) + ms * MICROS_PER_MS};
}

static void a_password_whose_turn_does_not_come_in_time_is_neither_right_nor_wrong(void **state)
{
    OWNED(hash_gate) gate = hash_gate_new(1);
    struct auth auth = {.hash_gate = gate};
    struct user_record user = {.is_active = true};
    struct call patient = call_for_ms(FAR_MS);
    struct call hasty = call_for_ms(NEAR_MS);
    char hash[PASSWORD_HASH_SIZE] = "";
    bool is_right = false;
    struct error error;

    (void)state;
    digest_start();
    assert_true(password_hasher_make(&costs, &auth.hasher, &error));
    assert_true(credentials_hash(&auth, &patient, "correct horse", hash, &error));
    user.password_hash = hash;
    assert_true(hash_gate_enter(gate, patient.deadline_us, &error));
    assert_false(credentials_match(&auth, &hasty, &user, "correct horse", &is_right, &error));
    assert_true(error_is(&error, REASON_DEADLINE_EXCEEDED));
    assert_false(credentials_require(&auth, &hasty, &user, "wrong horse", &error));
    assert_true(error_is(&error, REASON_DEADLINE_EXCEEDED));
    assert_false(credentials_hash(&auth, &hasty, "correct horse", hash, &error));
    assert_true(error_is(&error, REASON_DEADLINE_EXCEEDED));
    hash_gate_leave(gate);
    assert_true(credentials_match(&auth, &patient, &user, "correct horse", &is_right, &error));
    assert_true(is_right);
    assert_false(credentials_require(&auth, &patient, &user, "wrong horse", &error));
    assert_true(error_is(&error, REASON_WRONG_PASSWORD));
    assert_int_equal(hash_gate_count(gate).inside, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_whose_turn_does_not_come_in_time_is_neither_right_nor_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
