// SPDX-License-Identifier: MIT
#include "service/ownership.h"

#include "support/test.h"

#define ADA "00000000-0000-7000-8000-00000000000a"
#define BOB "00000000-0000-7000-8000-00000000000b"
#define FIRST "00000000-0000-7000-8000-000000000001"
#define SECOND "00000000-0000-7000-8000-000000000002"

static void one_sees_ones_own_and_nobody_elses(void **state)
{
    struct identity ada = {.user_id = ADA, .role = ROLE_USER, .scope = SCOPE_ACCOUNT};

    (void)state;
    assert_true(ownership_may_see(&ada, ADA, FIRST));
    assert_true(ownership_may_see(&ada, ADA, NULL));
    assert_false(ownership_may_see(&ada, BOB, FIRST));
    assert_false(ownership_may_see(&ada, BOB, NULL));
}

static void an_administrator_sees_everybodys(void **state)
{
    struct identity admin = {.user_id = ADA, .role = ROLE_ADMINISTRATOR, .scope = SCOPE_ACCOUNT};

    (void)state;
    assert_true(ownership_may_see(&admin, BOB, FIRST));
    assert_true(ownership_may_see(&admin, BOB, NULL));
}

static void a_key_for_one_portfolio_sees_that_one_alone(void **state)
{
    struct identity key = {
        .user_id = ADA, .role = ROLE_USER, .scope = SCOPE_TRADE, .portfolio_id = FIRST};

    (void)state;
    assert_true(ownership_may_see(&key, ADA, FIRST));
    assert_false(ownership_may_see(&key, ADA, SECOND));
    assert_false(ownership_may_see(&key, ADA, NULL));
    assert_false(ownership_may_see(&key, BOB, FIRST));
}

static void only_an_administrator_acts_for_another(void **state)
{
    struct identity ada = {.user_id = ADA, .role = ROLE_USER};
    struct identity admin = {.user_id = ADA, .role = ROLE_ADMINISTRATOR};
    const char *user_id = NULL;
    struct error error;

    (void)state;
    assert_true(ownership_choose_user(&ada, NULL, &user_id, &error));
    assert_string_equal(user_id, ADA);
    assert_true(ownership_choose_user(&ada, ADA, &user_id, &error));
    assert_false(ownership_choose_user(&ada, BOB, &user_id, &error));
    assert_true(error_is(&error, REASON_PERMISSION_DENIED));
    assert_true(ownership_choose_user(&admin, BOB, &user_id, &error));
    assert_string_equal(user_id, BOB);
}

static void
what_an_administrator_does_is_for_another_unless_it_is_the_administrators_own(void **state)
{
    struct identity ada = {.user_id = ADA, .role = ROLE_USER};
    struct identity admin = {.user_id = ADA, .role = ROLE_ADMINISTRATOR};

    (void)state;
    assert_true(ownership_is_for_another(&admin, BOB));
    assert_false(ownership_is_for_another(&admin, ADA));
    assert_false(ownership_is_for_another(&ada, BOB));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sees_ones_own_and_nobody_elses),
        cmocka_unit_test(an_administrator_sees_everybodys),
        cmocka_unit_test(a_key_for_one_portfolio_sees_that_one_alone),
        cmocka_unit_test(only_an_administrator_acts_for_another),
        cmocka_unit_test(
            what_an_administrator_does_is_for_another_unless_it_is_the_administrators_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
