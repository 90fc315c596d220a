// SPDX-License-Identifier: MIT
#include "base/tracestate.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static void what_the_recommendation_allows_is_passed_on(void **state)
{
    static const char *const cases[][2] = {
        {"a=1", "a=1"},
        {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
        {"tenant@vendor=a value, b_-*/=~! ", "tenant@vendor=a value,b_-*/=~!"},
        {"0a=1\t,\t,,b=2,", "0a=1,b=2"},
        {"", ""},
        {" \t", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char kept[TRACESTATE_SIZE] = "";

        assert_true(tracestate_append(kept, cases[i][0]));
        assert_string_equal(kept, cases[i][1]);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const cases[] = {
        "a", "a=", "=1", "A=1", "a=1=2", "_a=1", "a b=1", "a=1,a=2", "a=\x7f", "a=\xc3\xa9", "a= ",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char kept[TRACESTATE_SIZE] = "";

        assert_false(tracestate_append(kept, cases[i]));
    }
}

static void several_headers_are_one(void **state)
{
    char kept[TRACESTATE_SIZE] = "";

    (void)state;
    assert_true(tracestate_append(kept, "a=1"));
    assert_true(tracestate_append(kept, "b=2,c=3"));
    assert_string_equal(kept, "a=1,b=2,c=3");
    assert_false(tracestate_append(kept, "b=4"));
}

static void there_are_32_members_at_most(void **state)
{
    char header[1024] = "";
    char kept[TRACESTATE_SIZE] = "";

    (void)state;
    for (int i = 0; i < TRACESTATE_MEMBERS_MAX; i++)
        snprintf(header + strlen(header), sizeof header - strlen(header), "k%d=v,", i);
    assert_true(tracestate_append(kept, header));
    assert_false(tracestate_append(kept, "one=more"));
}

// Of 512 characters all is kept. Of more the members longer than 128 go, and then the last ones.
static void one_that_is_too_long_loses_whole_members(void **state)
{
    char header[1024] = "";
    char kept[TRACESTATE_SIZE] = "";

    (void)state;
    memset(header, 'v', 512);
    memcpy(header, "a=", 2);
    memcpy(header + 256, ",b=", 3);
    assert_true(tracestate_append(kept, header));
    assert_string_equal(kept, header);
    kept[0] = '\0';
    memcpy(header + 400, ",c=", 3);
    memset(header + 512, 'w', 8);
    memcpy(header + 512, ",d=", 3);
    assert_true(tracestate_append(kept, header));
    // "a" has 256 characters, "b" 143, and "c" 111.
    assert_int_equal(strlen(kept), 111 + 1 + 7);
    assert_memory_equal(kept, "c=vv", 4);
    assert_string_equal(kept + 111, ",d=wwwww");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_recommendation_allows_is_passed_on),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(several_headers_are_one),
        cmocka_unit_test(there_are_32_members_at_most),
        cmocka_unit_test(one_that_is_too_long_loses_whole_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
