// SPDX-License-Identifier: MIT
#include "competitions/standings.h"

#include <stdio.h>

#include "support/test.h"

#define CASH INT64_C(100000000000)

static struct standing player(const char *name, int64_t total_value)
{
    struct standing standing = {.has_value = total_value >= 0, .total_value = total_value};

    snprintf(standing.display_name, sizeof(standing.display_name), "%s", name);
    return standing;
}

static void who_has_the_most_is_first_and_the_same_value_is_the_same_rank(void **state)
{
    struct standing all[] = {player("Cleo", CASH), player("Ada", CASH + 1), player("Bob", CASH),
                             player("Dan", CASH - 1)};
    static const char *const names[] = {"Ada", "Bob", "Cleo", "Dan"};
    static const size_t ranks[] = {1, 2, 2, 4};

    (void)state;
    standings_rank(all, COUNT_OF(all), CASH);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_string_equal(all[i].display_name, names[i]);
        assert_int_equal(all[i].rank, ranks[i]);
    }
}

static void what_is_not_known_comes_last_and_has_no_rank_and_no_return(void **state)
{
    struct standing all[] = {player("Ada", -1), player("Bob", 0), player("Aaron", -1)};

    (void)state;
    standings_rank(all, COUNT_OF(all), CASH);
    assert_string_equal(all[0].display_name, "Bob");
    assert_int_equal(all[0].rank, 1);
    assert_int_equal(all[0].return_percent, -100000000);
    assert_string_equal(all[1].display_name, "Aaron");
    assert_string_equal(all[2].display_name, "Ada");
    for (size_t i = 1; i < COUNT_OF(all); i++) {
        assert_int_equal(all[i].rank, 0);
        assert_false(all[i].has_return);
    }
}

static void the_return_is_against_what_all_began_with(void **state)
{
    struct standing all[] = {player("Ada", CASH + CASH / 25), player("Bob", CASH),
                             player("Cleo", CASH - CASH / 8)};

    (void)state;
    standings_rank(all, COUNT_OF(all), CASH);
    assert_int_equal(all[0].return_percent, 4000000);
    assert_int_equal(all[1].return_percent, 0);
    assert_int_equal(all[2].return_percent, -12500000);
}

static void a_return_that_cannot_be_counted_is_none(void **state)
{
    struct standing all[] = {player("Ada", INT64_MAX)};

    (void)state;
    standings_rank(all, COUNT_OF(all), 1);
    assert_int_equal(all[0].rank, 1);
    assert_false(all[0].has_return);
    standings_rank(all, 0, CASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_the_most_is_first_and_the_same_value_is_the_same_rank),
        cmocka_unit_test(what_is_not_known_comes_last_and_has_no_rank_and_no_return),
        cmocka_unit_test(the_return_is_against_what_all_began_with),
        cmocka_unit_test(a_return_that_cannot_be_counted_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
