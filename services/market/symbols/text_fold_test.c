// SPDX-License-Identifier: MIT
#include "symbols/text_fold.h"

#include "support/test.h"

static void assert_folded(const char *text, const char *expected)
{
    char *folded = text_fold(text_of(text));

    assert_non_null(folded);
    assert_string_equal(folded, expected);
    release(folded);
}

static void names_become_words_in_small_letters(void **state)
{
    (void)state;
    assert_folded("Apple Inc. - Common Stock", " apple inc common stock");
    assert_folded("  A. O. Smith ", " a o smith");
    assert_folded("3M", " 3m");
    assert_folded("Coca-Cola Company (The)", " coca cola company the");
    assert_folded("", "");
    assert_folded(" -- ", "");
}

static void accents_are_left_out(void **state)
{
    (void)state;
    assert_folded("Est\xc3\xa9"
                  "e Lauder",
                  " estee lauder");
    // The same, with the accent as a character of its own.
    assert_folded("Este\xcc\x81"
                  "e Lauder",
                  " estee lauder");
    assert_folded("NESTL\xc3\x89", " nestle");
    assert_folded("Stra\xc3\x9f"
                  "e",
                  " strasse");
    assert_folded("Brown\xe2\x80\x93"
                  "Forman",
                  " brown forman");
}

static void an_apostrophe_separates_nothing(void **state)
{
    (void)state;
    assert_folded("McDonald's", " mcdonalds");
    assert_folded("O\xe2\x80\x99Reilly", " oreilly");
}

static void what_is_not_text_is_refused(void **state)
{
    (void)state;
    assert_null(text_fold(text_of("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_words_in_small_letters),
        cmocka_unit_test(accents_are_left_out),
        cmocka_unit_test(an_apostrophe_separates_nothing),
        cmocka_unit_test(what_is_not_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
