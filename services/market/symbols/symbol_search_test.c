// SPDX-License-Identifier: MIT
#include "symbols/symbol_search.h"

#include "support/test.h"

static int64_t rank(const char *typed, const char *ticker, const char *name)
{
    OWNED(arena) arena = arena_new(64 * 1024);
    struct symbol_search search;
    struct searched_symbol symbol;
    int64_t found;

    assert_true(symbol_search_read(arena, typed, &search));
    assert_true(symbol_search_prepare(arena, ticker, name, &symbol));
    found = symbol_search_rank(&search, &symbol);
    assert_in_range(found + 1, 0, SYMBOL_RANK_MAX);
    return found;
}

// Each of these is a better match than the next.
static void assert_in_order(const char *typed, const char *const (*symbols)[2], size_t count)
{
    int64_t last = -1;

    for (size_t i = 0; i < count; i++) {
        int64_t found = rank(typed, symbols[i][0], symbols[i][1]);

        if (found <= last)
            fail_msg("%s: %s (%s) has rank %lld after %lld", typed, symbols[i][0], symbols[i][1],
                     (long long)found, (long long)last);
        last = found;
    }
}

static void the_ticker_comes_first_then_words_then_middles_then_errors(void **state)
{
    static const char *const symbols[][2] = {
        {"CAT", "Zzz"},        {"CATO", "Zzz"},      {"CATHX", "Zzz"},      {"X", "Cat Corp"},
        {"X", "Catalent Inc"}, {"X", "Big Cat Inc"}, {"X", "Big Catalent"}, {"X", "Education Co"},
    };
    static const char *const misspelt[][2] = {
        {"X", "Apple Inc"},      {"X", "Maple Applesoft"}, // as a beginning, without an error
        {"X", "Pineapples Inc"}, {"X", "Appel Inc"},       {"X", "Appel Incorporated"},
    };

    (void)state;
    assert_in_order("cat", symbols, COUNT_OF(symbols));
    assert_in_order("apple", misspelt, COUNT_OF(misspelt));
}

static void typing_errors_are_forgiven(void **state)
{
    (void)state;
    assert_true(rank("aple", "AAPL", "Apple Inc. - Common Stock") > 0);
    assert_true(rank("appel", "AAPL", "Apple Inc.") > 0);
    assert_true(rank("micorsoft", "MSFT", "Microsoft Corporation - Common Stock") > 0);
    assert_true(rank("mcrosfot", "MSFT", "Microsoft") > 0);
    assert_true(rank("micorsof", "MSFT", "Microsoft") > 0);
    assert_true(rank("micorsoft corpration", "MSFT", "Microsoft Corporation") > 0);
    assert_true(rank("gogle", "GOOG", "Alphabet Inc. (Google)") > 0);
    assert_true(rank("estee lauderr", "EL",
                     "Est\xc3\xa9"
                     "e Lauder Companies (The)") > 0);
}

static void a_word_has_as_many_errors_as_its_length_allows(void **state)
{
    (void)state;
    // One up to five letters.
    assert_int_equal(rank("aplle", "X", "Apple") < 0, false);
    assert_int_equal(rank("aplel", "X", "Apple"), -1);
    assert_int_equal(rank("aepll", "X", "Apple"), -1);
    // Two above.
    assert_true(rank("micorsfot", "X", "Microsoft") > 0);
    assert_int_equal(rank("imcorsfot", "X", "Microsoft"), -1);
    // None below four.
    assert_int_equal(rank("cta", "X", "Cat"), -1);
    // Each word by itself, so one that is right does not help another.
    assert_int_equal(rank("apple xqzwv", "X", "Apple Inc"), -1);
}

static void fewer_errors_come_before_more(void **state)
{
    static const char *const symbols[][2] = {
        {"X", "Microsoft"},
        {"X", "Micorsoft"},
        {"X", "Micorsfot"},
    };

    (void)state;
    assert_in_order("microsoft", symbols, COUNT_OF(symbols));
}

static void case_accents_and_punctuation_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(rank("brk-b", "BRK.B", "Berkshire Hathaway"), 0);
    assert_int_equal(rank("BRK B", "BRK.B", "Berkshire Hathaway"), 0);
    assert_true(rank("COCA cola", "KO", "Coca-Cola Company (The)") > 0);
    assert_true(rank("mcdonalds", "MCD", "McDonald's") > 0);
    assert_true(rank("mcdonald's", "MCD", "McDonald\xe2\x80\x99s") > 0);
    assert_true(rank("nestl\xc3\xa9", "NSRGY", "NESTLE SA") > 0);
    assert_true(rank("nestle", "NSRGY", "Nestl\xc3\xa9 SA") > 0);
    assert_true(rank("hathaway berkshire", "BRK.B", "Berkshire Hathaway") > 0);
}

static void nothing_typed_is_everything_and_punctuation_alone_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(rank(NULL, "X", "Any"), 0);
    assert_int_equal(rank("  ", "X", "Any"), 0);
    assert_int_equal(rank("%", "X", "100% Any"), -1);
    assert_int_equal(rank("\xff", "X", "Any"), -1);
    assert_int_equal(rank("q", "X", "Any"), -1);
}

static void the_longest_text_that_may_be_typed_is_searched(void **state)
{
    (void)state;
    // 64 letters as one word, and as 32 words.
    assert_int_equal(
        rank("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "X", "Any"), -1);
    assert_true(rank("a n a n a n a n a n a n a n a n a n a n a n a n a n a n a n a n", "X",
                     "Any Name") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ticker_comes_first_then_words_then_middles_then_errors),
        cmocka_unit_test(typing_errors_are_forgiven),
        cmocka_unit_test(a_word_has_as_many_errors_as_its_length_allows),
        cmocka_unit_test(fewer_errors_come_before_more),
        cmocka_unit_test(case_accents_and_punctuation_do_not_matter),
        cmocka_unit_test(nothing_typed_is_everything_and_punctuation_alone_is_nothing),
        cmocka_unit_test(the_longest_text_that_may_be_typed_is_searched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
