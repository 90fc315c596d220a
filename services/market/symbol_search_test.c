// SPDX-License-Identifier: MIT
#include "symbol_search.h"

#include "support/test.h"

static void what_is_typed_becomes_patterns_of_tickers_and_of_words(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct symbol_search search;

    (void)state;
    assert_true(symbol_search_read(arena, "  Coca-Co ", &search));
    assert_string_equal(search.ticker, "COCA-CO");
    assert_string_equal(search.ticker_prefix, "COCA-CO%");
    assert_string_equal(search.name_prefix, " coca co%");
    assert_string_equal(search.name_word, "% coca co%");
}

static void nothing_typed_is_everything(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct symbol_search search;

    (void)state;
    assert_true(symbol_search_read(arena, NULL, &search));
    assert_string_equal(search.ticker, "");
    assert_true(symbol_search_read(arena, "  ", &search));
    assert_string_equal(search.ticker, "");
}

static void the_characters_of_patterns_stand_for_themselves(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    struct symbol_search search;

    (void)state;
    assert_true(symbol_search_read(arena, "a%_\\", &search));
    assert_string_equal(search.ticker_prefix, "A\\%\\_\\\\%");
    assert_string_equal(search.name_word, "% a\\%\\_\\\\%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_becomes_patterns_of_tickers_and_of_words),
        cmocka_unit_test(nothing_typed_is_everything),
        cmocka_unit_test(the_characters_of_patterns_stand_for_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
