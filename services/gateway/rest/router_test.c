// SPDX-License-Identifier: MIT
#include "rest/router.h"

#include "support/test.h"

static const char one[] = "one quote", all[] = "all quotes", orders[] = "orders", place[] = "place",
                  import[] = "import", search[] = "search", stock[] = "stock", price[] = "price";

static const struct router_entry entries[] = {
    {"GET", "/stocks/{ticker}", stock},
    {"GET", "/stocks/{ticker}/price", price},
    {"GET", "/stocks/search", search},
    {"GET", "/api/v1/quotes/{ticker}", one},
    {"GET", "/api/v1/quotes", all},
    {"GET", "/api/v1/portfolios/{portfolio_id}/orders", orders},
    {"POST", "/api/v1/portfolios/{portfolio_id}/orders", place},
    {"POST", "/api/v1/bars:import", import},
};

static enum router_outcome find(const char *method, const char *path, struct router_match *match)
{
    OWNED(router) router = router_new(entries, COUNT_OF(entries));

    return router_find(router, method, text_of(path), match);
}

static void a_variable_takes_one_segment_as_it_came(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("POST", "/api/v1/portfolios/a%20b/orders", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, place);
    assert_int_equal(match.variable_count, 1);
    assert_true(text_equals(match.variables[0].name, "portfolio_id"));
    assert_true(text_equals(match.variables[0].value, "a%20b"));
}

static void a_slash_at_the_end_makes_no_difference_and_nothing_else_is_overlooked(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("GET", "/api/v1/quotes/", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, all);
    assert_int_equal(find("GET", "/api/v1/quotes//", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "//api/v1/quotes", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "/api/../api/v1/quotes", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "/API/v1/quotes", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "api/v1/quotes", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("GET", "/", &match), ROUTER_NO_SUCH_PATH);
}

static void a_literal_comes_before_a_variable_whatever_the_order_of_the_table(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("GET", "/stocks/search", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, search);
    assert_int_equal(match.variable_count, 0);
    assert_int_equal(find("GET", "/stocks/IBM", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, stock);
}

static void a_verb_after_a_colon_is_part_of_its_segment(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("POST", "/api/v1/bars:import", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, import);
    assert_int_equal(find("POST", "/api/v1/bars:export", &match), ROUTER_NO_SUCH_PATH);
    assert_int_equal(find("POST", "/api/v1/bars", &match), ROUTER_NO_SUCH_PATH);
}

static void another_method_is_told_which_ones_there_are(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("DELETE", "/api/v1/portfolios/x/orders", &match), ROUTER_OTHER_METHOD);
    assert_string_equal(match.allow, "GET, HEAD, POST, OPTIONS");
    assert_int_equal(find("OPTIONS", "/api/v1/bars:import", &match), ROUTER_OTHER_METHOD);
    assert_string_equal(match.allow, "POST, OPTIONS");
    assert_int_equal(find("HEAD", "/api/v1/quotes/IBM", &match), ROUTER_FOUND);
    assert_ptr_equal(match.entry->target, one);
}

static void an_address_with_more_segments_than_any_template_is_nowhere(void **state)
{
    struct router_match match;

    (void)state;
    assert_int_equal(find("GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", &match), ROUTER_NO_SUCH_PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_takes_one_segment_as_it_came),
        cmocka_unit_test(a_slash_at_the_end_makes_no_difference_and_nothing_else_is_overlooked),
        cmocka_unit_test(a_literal_comes_before_a_variable_whatever_the_order_of_the_table),
        cmocka_unit_test(a_verb_after_a_colon_is_part_of_its_segment),
        cmocka_unit_test(another_method_is_told_which_ones_there_are),
        cmocka_unit_test(an_address_with_more_segments_than_any_template_is_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
