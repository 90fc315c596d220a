// SPDX-License-Identifier: MIT
#include "symbols/edit_distance.h"

#include "support/test.h"

#include <string.h>

static int whole(const char *typed, const char *word, int limit)
{
    return edit_distance(text_of(typed), text_of(word), limit).whole;
}

static int prefix(const char *typed, const char *word, int limit)
{
    return edit_distance(text_of(typed), text_of(word), limit).prefix;
}

static void each_of_the_four_errors_counts_one(void **state)
{
    (void)state;
    assert_int_equal(whole("apple", "apple", 2), 0);
    assert_int_equal(whole("aple", "apple", 2), 1);
    assert_int_equal(whole("appple", "apple", 2), 1);
    assert_int_equal(whole("appie", "apple", 2), 1);
    assert_int_equal(whole("appel", "apple", 2), 1);
    assert_int_equal(whole("micorsoft", "microsoft", 2), 1);
    assert_int_equal(whole("gogle", "google", 2), 1);
}

static void errors_add_up_to_the_limit(void **state)
{
    (void)state;
    assert_int_equal(whole("mcrosfot", "microsoft", 2), 2);
    assert_int_equal(whole("kitten", "sitting", 3), 3);
    assert_int_equal(whole("kitten", "sitting", 2), 3);
    assert_int_equal(whole("kitten", "sitting", 1), 2);
    assert_int_equal(whole("", "ab", 2), 2);
    assert_int_equal(whole("ab", "", 2), 2);
}

static void no_letter_is_touched_twice(void **state)
{
    (void)state;
    // "ca" to "abc" is 2 when "ac" may be parted after the swap, and 3 when not.
    assert_int_equal(whole("ca", "abc", 5), 3);
}

static void the_nearest_beginning_counts_for_words_not_typed_to_the_end(void **state)
{
    (void)state;
    assert_int_equal(prefix("micorsof", "microsoft", 2), 1);
    assert_int_equal(whole("micorsof", "microsoft", 2), 2);
    assert_int_equal(prefix("micro", "microsoft", 2), 0);
    assert_int_equal(whole("micro", "microsoft", 2), 3);
}

static void words_that_are_too_long_are_far_from_everything(void **state)
{
    char longest[EDIT_WORD_MAX + 2] = "";

    (void)state;
    memset(longest, 'a', EDIT_WORD_MAX);
    assert_int_equal(whole(longest, longest, 2), 0);
    memset(longest, 'a', EDIT_WORD_MAX + 1);
    assert_int_equal(whole(longest, longest, 2), 3);
}

// The definition, as written in the paper, without anything to make it quick.
static int plain_distance(const char *a, const char *b)
{
    int d[8][8];
    int rows = (int)strlen(a), columns = (int)strlen(b);

    for (int i = 0; i <= rows; i++) {
        for (int j = 0; j <= columns; j++) {
            int best = i == 0 ? j : j == 0 ? i : 99;

            if (i > 0 && j > 0) {
                best = d[i - 1][j] + 1;
                best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
                best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]) < best
                           ? d[i - 1][j - 1] + (a[i - 1] != b[j - 1])
                           : best;
            }
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[rows][columns];
}

static void make_word(unsigned number, char out[8])
{
    size_t length = 0;

    for (; number > 0; number /= 3)
        out[length++] = (char)('a' + number % 3);
    out[length] = '\0';
}

static void the_limit_changes_no_distance_within_it(void **state)
{
    char a[8], b[8];

    (void)state;
    // All pairs of words of up to five letters of three, and some.
    for (unsigned i = 0; i < 400; i++) {
        make_word(i, a);
        for (unsigned j = 0; j < 400; j++) {
            int plain;

            make_word(j, b);
            plain = plain_distance(a, b);
            assert_int_equal(whole(a, b, 2), plain > 2 ? 3 : plain);
            assert_int_equal(whole(a, b, 1), plain > 1 ? 2 : plain);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_the_four_errors_counts_one),
        cmocka_unit_test(errors_add_up_to_the_limit),
        cmocka_unit_test(no_letter_is_touched_twice),
        cmocka_unit_test(the_nearest_beginning_counts_for_words_not_typed_to_the_end),
        cmocka_unit_test(words_that_are_too_long_are_far_from_everything),
        cmocka_unit_test(the_limit_changes_no_distance_within_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
