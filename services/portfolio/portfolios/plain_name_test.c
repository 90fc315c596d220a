// SPDX-License-Identifier: MIT
#include "portfolios/plain_name.h"

#include "support/test.h"

static void a_name_is_one_line_that_begins_and_ends_visibly(void **state)
{
    static const char *const good[] = {"Tech", "a b", "x", "Öl & Gas", "東京"};
    static const char *const bad[] = {" Tech",
                                      "Tech ",
                                      " ",
                                      "\xC2\xA0Tech",
                                      "Tech\xC2\xA0",
                                      "a\nb",
                                      "a\x7F"
                                      "b",
                                      "a\xC2\x85"
                                      "b"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(plain_name_check("name", good[i], &error));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(plain_name_check("name", bad[i], &error));
        assert_true(error_is(&error, REASON_INVALID_REQUEST));
        assert_string_equal(error.details[0].name, "name");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_one_line_that_begins_and_ends_visibly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
