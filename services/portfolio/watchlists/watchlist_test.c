// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "watchlists/watchlist.h"

// A list in the caller's memory.
struct fixture {
    const char *tickers[WATCHLIST_SYMBOLS_MAX];
    char names[WATCHLIST_SYMBOLS_MAX][24];
    struct watchlist list;
};

static struct watchlist *list_of(struct fixture *fixture, size_t count)
{
    fixture->list = (struct watchlist){.id = "a list", .tickers = fixture->tickers};
    for (size_t i = 0; i < count; i++) {
        snprintf(fixture->names[i], sizeof(fixture->names[i]), "T%zu", i);
        fixture->tickers[i] = fixture->names[i];
    }
    fixture->list.count = count;
    return &fixture->list;
}

static void a_new_symbol_goes_to_the_end(void **state)
{
    struct fixture fixture;
    struct watchlist *list = list_of(&fixture, 2);
    struct error error;
    bool added = false;

    (void)state;
    assert_true(watchlist_add(list, "ACME", &added, &error));
    assert_true(added);
    assert_int_equal(list->count, 3);
    assert_string_equal(list->tickers[2], "ACME");
}

static void adding_one_that_is_there_changes_nothing(void **state)
{
    struct fixture fixture;
    struct watchlist *list = list_of(&fixture, WATCHLIST_SYMBOLS_MAX);
    struct error error;
    bool added = true;

    // Not even in a list that is full.
    (void)state;
    assert_true(watchlist_add(list, "T0", &added, &error));
    assert_false(added);
    assert_int_equal(list->count, WATCHLIST_SYMBOLS_MAX);
}

static void one_symbol_more_than_the_limit_is_refused_with_the_numbers(void **state)
{
    struct fixture fixture;
    struct watchlist *list = list_of(&fixture, WATCHLIST_SYMBOLS_MAX - 1);
    struct error error;
    bool added = false;

    (void)state;
    assert_true(watchlist_add(list, "LAST", &added, &error));
    assert_false(watchlist_add(list, "MORE", &added, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_string_equal(error.details[0].value, "500");
    assert_string_equal(error.details[1].name, "maximum");
    assert_int_equal(list->count, WATCHLIST_SYMBOLS_MAX);
}

static void what_is_removed_leaves_the_others_in_their_order(void **state)
{
    struct fixture fixture;
    struct watchlist *list = list_of(&fixture, 3);
    struct error error;

    (void)state;
    assert_true(watchlist_remove(list, "T1", &error));
    assert_int_equal(list->count, 2);
    assert_string_equal(list->tickers[0], "T0");
    assert_string_equal(list->tickers[1], "T2");
    assert_true(watchlist_remove(list, "T2", &error));
    assert_true(watchlist_remove(list, "T0", &error));
    assert_int_equal(list->count, 0);
}

static void what_is_not_there_cannot_be_removed(void **state)
{
    struct fixture fixture;
    struct watchlist *list = list_of(&fixture, 2);
    struct error error;

    (void)state;
    assert_false(watchlist_remove(list, "T2", &error));
    assert_true(error_is(&error, REASON_WATCHLIST_SYMBOL_NOT_FOUND));
    assert_string_equal(error.details[0].value, "T2");
    assert_int_equal(list->count, 2);
}

static void a_ticker_may_be_given_once_only(void **state)
{
    static const char *const good[] = {"A", "B", "AB"};
    static const char *const bad[] = {"A", "B", "C", "B"};
    struct error error;

    (void)state;
    assert_true(watchlist_check_symbols(good, 3, &error));
    assert_true(watchlist_check_symbols(NULL, 0, &error));
    assert_false(watchlist_check_symbols(bad, 4, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_string_equal(error.details[0].name, "symbols[3]");
    assert_string_equal(error.details[0].value, "is B, as symbols[1] is already");
}

static void one_list_more_than_the_limit_is_refused_with_the_numbers(void **state)
{
    struct error error;

    (void)state;
    assert_true(watchlist_check_count(WATCHLISTS_MAX - 1, &error));
    assert_false(watchlist_check_count(WATCHLISTS_MAX, &error));
    assert_true(error_is(&error, REASON_LIMIT_EXCEEDED));
    assert_string_equal(error.details[0].value, "50");
    assert_string_equal(error.details[1].value, "50");
}

static void the_default_list_cannot_be_deleted(void **state)
{
    struct watchlist list = {.is_default = true};
    struct error error;

    (void)state;
    assert_false(watchlist_check_delete(&list, &error));
    assert_true(error_is(&error, REASON_WATCHLIST_IS_DEFAULT));
    list.is_default = false;
    assert_true(watchlist_check_delete(&list, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_symbol_goes_to_the_end),
        cmocka_unit_test(adding_one_that_is_there_changes_nothing),
        cmocka_unit_test(one_symbol_more_than_the_limit_is_refused_with_the_numbers),
        cmocka_unit_test(what_is_removed_leaves_the_others_in_their_order),
        cmocka_unit_test(what_is_not_there_cannot_be_removed),
        cmocka_unit_test(a_ticker_may_be_given_once_only),
        cmocka_unit_test(one_list_more_than_the_limit_is_refused_with_the_numbers),
        cmocka_unit_test(the_default_list_cannot_be_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
