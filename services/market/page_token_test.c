// SPDX-License-Identifier: MIT
#include "page_token.h"

#include "support/test.h"

static void a_token_is_read_as_it_was_written(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    const struct page_position written = {.number = -3, .text = "BRK-A"};
    struct page_position position = {0};
    struct error error;

    (void)state;
    assert_true(page_token_read(page_token_write(arena, "symbols", &written), "symbols", &position,
                                &error));
    assert_int_equal(position.number, -3);
    assert_string_equal(position.text, "BRK-A");
}

static void a_token_of_another_list_or_of_nobody_is_refused(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    const struct page_position written = {.number = 16000};
    struct page_position position = {0};
    struct error error;
    static const char *const wrong[] = {
        "", "x", "!!!!", "c3ltYm9scw", "c3ltYm9scyB4IHk", "c3ltYm9scyAxAA", "c3ltYm9scyAxIP8"};

    (void)state;
    assert_false(
        page_token_read(page_token_write(arena, "bars", &written), "symbols", &position, &error));
    assert_string_equal(error.reason, "INVALID_PAGE_TOKEN");
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(page_token_read(wrong[i], "symbols", &position, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_read_as_it_was_written),
        cmocka_unit_test(a_token_of_another_list_or_of_nobody_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
