// SPDX-License-Identifier: MIT
#include "providers/redaction.h"

#include "support/test.h"

#include <stdio.h>

static void assert_redacted(const char *text, const char *key, const char *expected)
{
    char copy[128];

    (void)snprintf(copy, sizeof copy, "%s", text);
    redact(copy, key);
    assert_string_equal(copy, expected);
}

static void a_key_is_taken_out_wherever_it_stands(void **state)
{
    (void)state;
    assert_redacted("Q7PLANTED1", "Q7PLANTED1", "**********");
    assert_redacted("your key as Q7PLANTED1 and Q7PLANTED1.", "Q7PLANTED1",
                    "your key as ********** and **********.");
    assert_redacted("Q7PLANTED1Q7PLANTED1", "Q7PLANTED1", "********************");
}

static void a_key_that_is_shortened_or_in_another_case_is_too(void **state)
{
    (void)state;
    assert_redacted("key q7planted...", "Q7PLANTED1", "key *********...");
    assert_redacted("...NTED1XY", "Q7PLANTED1XY", "...*******");
    assert_redacted("a Q7PLA", "Q7PLANTED1", "a Q7PLA");
}

static void a_short_key_is_taken_out_whole(void **state)
{
    (void)state;
    assert_redacted("abc or ab", "abc", "*** or ab");
}

static void without_a_key_nothing_changes(void **state)
{
    (void)state;
    assert_redacted("all of it", "", "all of it");
    assert_redacted("", "Q7PLANTED1", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_taken_out_wherever_it_stands),
        cmocka_unit_test(a_key_that_is_shortened_or_in_another_case_is_too),
        cmocka_unit_test(a_short_key_is_taken_out_whole),
        cmocka_unit_test(without_a_key_nothing_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
