// SPDX-License-Identifier: MIT
#include "accounts/user.h"

#include "support/test.h"

#include <string.h>

static struct registration ada(void)
{
    return (struct registration){
        .username = "ada", .email = "ada@example.org", .password = "correct horse"};
}

static void expect_violation(const struct registration *registration, const char *field)
{
    struct error error;

    assert_false(registration_check(registration, &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_int_equal(error.detail_count, 1);
    assert_string_equal(error.details[0].name, field);
}

static void a_person_needs_an_email_address_and_a_password(void **state)
{
    struct registration registration = ada();
    struct error error;

    (void)state;
    assert_true(registration_check(&registration, &error));
    registration.email = NULL;
    expect_violation(&registration, "email");
    registration = ada();
    registration.password = NULL;
    expect_violation(&registration, "password");
}

static void an_administrator_may_leave_both_out(void **state)
{
    struct registration registration = {.username = "bot", .by_administrator = true};
    struct error error;

    (void)state;
    assert_true(registration_check(&registration, &error));
    // But what is given has to be right.
    registration.password = "short";
    expect_violation(&registration, "password");
}

static void names_are_plain_and_begin_with_a_letter(void **state)
{
    static const char *const right[] = {"ada", "A.d-a_1", "abcdefghijklmnopqrstuvwxyzabcdef"};
    static const char *const wrong[] = {
        "",     "ab",   "1da",         "ada lovelace", "ad\xc3\xa4",
        "ada@", ".ada", "a/../../etc", "ada\n",        "abcdefghijklmnopqrstuvwxyzabcdefg"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(right); i++)
        assert_true(username_is_valid(right[i]));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(username_is_valid(wrong[i]));
}

static void passwords_are_counted_in_characters_and_not_in_bytes(void **state)
{
    struct registration registration = ada();
    char longest[4 * PASSWORD_MAX + 5] = "";
    struct error error;

    (void)state;
    // Eight characters of four bytes each.
    registration.password = "\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91"
                            "\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91\xf0\x9f\x94\x91";
    assert_true(registration_check(&registration, &error));
    registration.password += 4;
    expect_violation(&registration, "password");
    for (int i = 0; i < PASSWORD_MAX; i++)
        memcpy(longest + 4 * i, "\xf0\x9f\x94\x91", 5);
    registration.password = longest;
    assert_true(registration_check(&registration, &error));
    memcpy(longest + strlen(longest), "x", 2);
    expect_violation(&registration, "password");
}

static void a_password_is_text_and_not_the_name(void **state)
{
    struct registration registration = ada();

    (void)state;
    registration.password = "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7";
    expect_violation(&registration, "password");
    registration.password = "Ada@Example.org";
    expect_violation(&registration, "password");
    registration.username = "adalovelace";
    registration.password = "AdaLovelace";
    expect_violation(&registration, "password");
}

static void a_password_that_is_tried_first_is_refused_but_not_an_administrators(void **state)
{
    static const char *const easy[] = {
        "password",          "Password123", "trading2024",  "12345678",   "QWERTYUIOP",
        "1q2w3e4r",          "trustno1",    "aaaaaaaaaaaa", "Bourse2026", "stockmarket",
        "12345678987654321", "ZZZZZZZZ1",   "dragonfly",    "p@ssw0rd",   "BuyLowSellHigh",
    };
    static const char *const fine[] = {
        "correct horse",    "password of mine",   "trading-ideas-2024",
        "1234567890123457", "xpassword123",       "zzzzzzzzzzzy",
        "~~~~~~~~~~~!",     "password\npassword", "  !  !  !"};
    struct registration registration = ada();
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(easy); i++) {
        registration.password = easy[i];
        expect_violation(&registration, "password");
    }
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        registration.password = fine[i];
        if (!registration_check(&registration, &error))
            fail_msg("%s %s", fine[i], error.details[0].value);
    }
    registration.password = "password123";
    registration.by_administrator = true;
    assert_true(registration_check(&registration, &error));
}

static void a_password_is_not_made_of_the_name_or_the_address(void **state)
{
    static const struct {
        const char *username, *email, *password;
        bool is_fine;
    } cases[] = {
        {"lovelace", "countess@example.org", "the engine of LOVELACE", false},
        {"lovelace", "countess@example.org", "Countess of the engine", false},
        {"lovelace", "countess@example.org", "analytical engine", true},
        {"lovelace", "countess@example.org", "love and lace", true},
        // What is before the @ counts, and the rest does not.
        {"lovelace", "countess@example.org", "example of words", true},
        // A short one is in many words by chance; here it is most of the password.
        {"ada", "a@example.org", "a canadian lake", true},
        {"ada", "a@example.org", "ada-1843", false},
        {"ada", "a@example.org", "AdaAdaAdaAda", false},
        {"bob", "b@example.org", "babababababa", false},
        {"bob", "ba@example.org", "babababababa", false},
        {"bob", NULL, "something else", true},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct registration registration = {.username = cases[i].username,
                                            .email = cases[i].email,
                                            .password = cases[i].password,
                                            .without_email = true};
        if (cases[i].is_fine)
            assert_true(registration_check(&registration, &error));
        else
            expect_violation(&registration, "password");
    }
}

static void an_address_is_of_ascii(void **state)
{
    struct registration registration = ada();
    struct error error;

    (void)state;
    registration.email = "ad\xd0\xb0@example.org";
    expect_violation(&registration, "email");
    registration.email = "ada@xn--e1afmkfd.example";
    assert_true(registration_check(&registration, &error));
}

static void expect_same(const char *one, const char *other, bool same)
{
    char skeleton[USERNAME_SKELETON_SIZE];
    char of_other[USERNAME_SKELETON_SIZE];

    username_skeleton(one, skeleton);
    username_skeleton(other, of_other);
    if ((strcmp(skeleton, of_other) == 0) != same)
        fail_msg("%s is %s and %s is %s", one, skeleton, other, of_other);
}

static void names_that_look_alike_have_the_same_skeleton(void **state)
{
    static const char *const alike[][2] = {
        {"admin", "Admin"},     {"admin", "adm1n"},   {"admin", "adrnin"}, {"admin", "adrnln"},
        {"bob", "b0b"},         {"BOB", "B0B"},       {"alice", "aIice"},  {"alice", "AL1CE"},
        {"will", "vvill"},      {"wvw", "vwvv"},      {"vvvv", "ww"},      {"marry", "rnarry"},
        {"a.b-c_d", "a_b.c-d"}, {"Modern", "rnodem"},
    };
    static const char *const different[][2] = {
        {"admin", "admim"}, {"bob", "bab"},    {"alice", "alic"}, {"ada.l", "adal"},
        {"user2", "userz"}, {"vwvw", "vvvv-"}, {"nora", "mora"},  {"eve5", "eves"},
    };
    static const char longest[] = "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";
    char skeleton[USERNAME_SKELETON_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(alike); i++)
        expect_same(alike[i][0], alike[i][1], true);
    for (size_t i = 0; i < COUNT_OF(different); i++)
        expect_same(different[i][0], different[i][1], false);
    assert_int_equal(strlen(longest), USERNAME_MAX);
    username_skeleton(longest, skeleton);
    assert_int_equal(strlen(skeleton), 2 * USERNAME_MAX);
}

static void on_the_older_paths_the_email_address_may_be_left_out(void **state)
{
    struct registration registration = ada();
    struct error error;

    (void)state;
    registration.email = NULL;
    registration.without_email = true;
    assert_true(registration_check(&registration, &error));
    registration.password = NULL;
    expect_violation(&registration, "password");
}

static void everything_that_is_wrong_is_told_at_once(void **state)
{
    struct registration registration = {.username = "1", .password = "x"};
    struct error error;

    (void)state;
    assert_false(registration_check(&registration, &error));
    assert_int_equal(error.detail_count, 3);
}

static void what_has_an_at_sign_is_an_email_address(void **state)
{
    (void)state;
    assert_true(login_is_email("ada@example.org"));
    assert_false(login_is_email("ada"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_needs_an_email_address_and_a_password),
        cmocka_unit_test(an_administrator_may_leave_both_out),
        cmocka_unit_test(names_are_plain_and_begin_with_a_letter),
        cmocka_unit_test(passwords_are_counted_in_characters_and_not_in_bytes),
        cmocka_unit_test(a_password_is_text_and_not_the_name),
        cmocka_unit_test(a_password_that_is_tried_first_is_refused_but_not_an_administrators),
        cmocka_unit_test(a_password_is_not_made_of_the_name_or_the_address),
        cmocka_unit_test(an_address_is_of_ascii),
        cmocka_unit_test(names_that_look_alike_have_the_same_skeleton),
        cmocka_unit_test(on_the_older_paths_the_email_address_may_be_left_out),
        cmocka_unit_test(everything_that_is_wrong_is_told_at_once),
        cmocka_unit_test(what_has_an_at_sign_is_an_email_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
