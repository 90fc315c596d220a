// SPDX-License-Identifier: MIT
#include "base/arena.h"

#include "support/test.h"

static void an_arena_hands_out_no_more_than_its_budget(void **state)
{
    OWNED(arena) arena = arena_new(1000);

    (void)state;
    assert_non_null(arena_allocate(arena, 900));
    assert_null(arena_allocate(arena, 200));
    arena_reset(arena);
    assert_non_null(arena_allocate(arena, 900));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_hands_out_no_more_than_its_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
