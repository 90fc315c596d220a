// SPDX-License-Identifier: MIT
#include "passwords/password_easy.h"

#include "accounts/user.h"
#include "support/test.h"

#include <string.h>

extern const char password_words_begin[];
extern const char password_words_end[];

enum { WORDS_MIN = 30000, LINE_SIZE = 600 };

static void every_word_of_the_list_is_found_with_digits_behind_it_and_in_either_case(void **state)
{
    const char *line = password_words_begin;
    char password[LINE_SIZE];
    size_t count = 0;

    (void)state;
    for (; line < password_words_end; count++) {
        size_t length = strcspn(line, "\n");

        assert_true(length > 0 && length < sizeof password - 3);
        memcpy(password, line, length);
        password[length] = '\0';
        if (!password_is_easy(password))
            fail_msg("%s is not found", password);
        if (password[length - 1] < '0' || password[length - 1] > '9') {
            memcpy(password + length, "07", 3);
            password[0] = (char)(password[0] >= 'a' && password[0] <= 'z' ? password[0] - 'a' + 'A'
                                                                          : password[0]);
            if (!password_is_easy(password))
                fail_msg("%s is not found", password);
        }
        line += length + 1;
    }
    assert_true(count >= WORDS_MIN);
}

static void what_is_between_before_and_behind_the_words_is_not_found(void **state)
{
    static const char *const others[] = {
        "~~~~~~~~~~~~~|", "\x01\x02",     "\xff\xfe",           "password\n",
        "passwor\td",     "password\x7f", "zzzzzzzzzzzzzzzzzy",
    };
    char longest[4 * PASSWORD_MAX + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(password_is_easy(others[i]));
    memset(longest, 'q', sizeof longest - 1);
    longest[0] = 'p';
    longest[sizeof longest - 1] = '\0';
    assert_false(password_is_easy(longest));
}

static void signs_behind_a_word_hide_it_no_better_than_digits(void **state)
{
    static const char *const easy[] = {"Password1!", "password!2024", "Trading#1", "dragon-2024-!?",
                                       "qwerty!!!!"};
    static const char *const others[] = {"horse!staple", "!password", "Password1!x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(easy); i++)
        if (!password_is_easy(easy[i]))
            fail_msg("%s is taken", easy[i]);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (password_is_easy(others[i]))
            fail_msg("%s is refused", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_of_the_list_is_found_with_digits_behind_it_and_in_either_case),
        cmocka_unit_test(what_is_between_before_and_behind_the_words_is_not_found),
        cmocka_unit_test(signs_behind_a_word_hide_it_no_better_than_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
