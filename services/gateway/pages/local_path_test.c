// SPDX-License-Identifier: MIT
#include "pages/local_path.h"

#include "support/test.h"

#include <string.h>

static void a_path_of_this_site_may_be_gone_to(void **state)
{
    (void)state;
    assert_true(local_path_is_valid("/"));
    assert_true(local_path_is_valid("/symbols/BRK-A?range=1y&portfolio="));
    assert_true(local_path_is_valid("/login?next=%2Fsymbols%2FAAPL"));
    assert_true(local_path_is_valid("/search?q=//x"));
}

static void nothing_that_a_browser_could_take_for_another_site_may(void **state)
{
    static const char *const others[] = {
        "",           "dashboard",    "//evil.example", "/\\evil.example", "\\/evil.example",
        "/a//b",      "https://evil", "javascript:x",   " /dashboard",     "/a/../b",
        "/a\r\nB: c", "/a b",         "/a#b",           "/\xc3\xa9",       "/\t/evil.example",
        "/a\x7f",     "/.//evil",     "/a\"b",          "/a<b>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_false(local_path_is_valid(others[i]));
}

static void a_path_is_at_most_as_long_as_the_limit(void **state)
{
    char path[LOCAL_PATH_MAX + 2];

    (void)state;
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[LOCAL_PATH_MAX] = '\0';
    assert_true(local_path_is_valid(path));
    path[LOCAL_PATH_MAX] = 'a';
    path[LOCAL_PATH_MAX + 1] = '\0';
    assert_false(local_path_is_valid(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_of_this_site_may_be_gone_to),
        cmocka_unit_test(nothing_that_a_browser_could_take_for_another_site_may),
        cmocka_unit_test(a_path_is_at_most_as_long_as_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
