// SPDX-License-Identifier: MIT
#include "base/traceparent.h"

#include <string.h>

#include "support/test.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static void what_the_recommendation_allows_is_valid(void **state)
{
    static const char *const valid[] = {
        "00-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-00",
        "00-" TRACE "-" SPAN "-ff",
        "01-" TRACE "-" SPAN "-01",
        "cc-" TRACE "-" SPAN "-01-what the future brings",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(valid); i++)
        assert_true(traceparent_is_valid(valid[i]));
}

static void anything_else_is_not(void **state)
{
    static const char *const invalid[] = {
        "",
        "00",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-01x",
        "00-" TRACE "-" SPAN "-01-more",
        "01-" TRACE "-" SPAN "-01more",
        "ff-" TRACE "-" SPAN "-01",
        "0x-" TRACE "-" SPAN "-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "-0g",
    };

    (void)state;
    assert_false(traceparent_is_valid(NULL));
    for (size_t i = 0; i < COUNT_OF(invalid); i++)
        if (traceparent_is_valid(invalid[i]))
            fail_msg("%s is valid", invalid[i]);
}

static void a_new_trace_is_valid_sampled_as_asked_and_never_the_same(void **state)
{
    char one[TRACEPARENT_SIZE];
    char other[TRACEPARENT_SIZE];

    (void)state;
    traceparent_begin(true, one);
    traceparent_begin(false, other);
    assert_true(traceparent_is_valid(one) && traceparent_is_valid(other));
    assert_true(traceparent_is_sampled(one));
    assert_false(traceparent_is_sampled(other));
    assert_string_not_equal(one, other);
    assert_memory_not_equal(one + 3, other + 3, TRACE_ID_SIZE - 1);
}

static void a_span_is_in_its_parents_trace_and_sampled_as_it_is(void **state)
{
    static const char *const parents[] = {"00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-00",
                                          "cc-" TRACE "-" SPAN "-03-x"};
    char child[TRACEPARENT_SIZE];
    char id[TRACE_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parents); i++) {
        traceparent_descend(parents[i], child);
        assert_true(traceparent_is_valid(child));
        assert_int_equal(strlen(child), TRACEPARENT_SIZE - 1);
        assert_int_equal(strncmp(child, "00-", 3), 0);
        traceparent_trace_id(child, id);
        assert_string_equal(id, TRACE);
        traceparent_span_id(child, id);
        assert_string_not_equal(id, SPAN);
        assert_int_equal(traceparent_is_sampled(child), traceparent_is_sampled(parents[i]));
    }
}

static void without_a_valid_parent_a_trace_begins_that_is_not_sampled(void **state)
{
    static const char *const parents[] = {NULL, "", "00-" TRACE "-" SPAN "-01x"};
    char child[TRACEPARENT_SIZE];
    char id[TRACE_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(parents); i++) {
        traceparent_descend(parents[i], child);
        assert_true(traceparent_is_valid(child));
        assert_false(traceparent_is_sampled(child));
        traceparent_trace_id(child, id);
        assert_string_not_equal(id, TRACE);
    }
}

static void what_is_not_valid_has_no_ids(void **state)
{
    char id[TRACE_ID_SIZE] = "x";

    (void)state;
    traceparent_trace_id("00-" TRACE, id);
    assert_string_equal(id, "");
    traceparent_span_id(NULL, id);
    assert_string_equal(id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_recommendation_allows_is_valid),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(a_new_trace_is_valid_sampled_as_asked_and_never_the_same),
        cmocka_unit_test(a_span_is_in_its_parents_trace_and_sampled_as_it_is),
        cmocka_unit_test(without_a_valid_parent_a_trace_begins_that_is_not_sampled),
        cmocka_unit_test(what_is_not_valid_has_no_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
