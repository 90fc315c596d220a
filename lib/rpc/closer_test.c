// SPDX-License-Identifier: MIT
#include "support/wait.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "rpc/closer.h"

enum { LONG_MS = 10 * 1000, SHORT_MS = 20 };

// Something whose closing takes until it is let go.
struct thing {
    atomic_bool may_close;
    atomic_int closed;
    atomic_bool is_ended;
};

static void wait_for(atomic_bool *condition)
{
    assert_true_within(LONG_MS, atomic_load(condition));
}

static void close_thing(void *argument)
{
    struct thing *thing = argument;

    wait_for(&thing->may_close);
    atomic_fetch_add(&thing->closed, 1);
}

static void end_thing(void *argument)
{
    struct thing *thing = argument;

    // What was given before is closed by now.
    assert_int_equal(atomic_load(&thing->closed), 2);
    atomic_store(&thing->is_ended, true);
}

static struct closer *closer_of_two(struct thing *thing)
{
    struct closer *closer = NULL;
    struct error error;

    assert_true(closer_new(&closer, &error));
    closer_give(closer, close_thing, thing);
    closer_give(closer, close_thing, thing);
    return closer;
}

static void what_is_closed_in_time_has_been_ended_when_the_closer_is_freed(void **state)
{
    struct thing thing = {.may_close = true};
    struct closer *closer = closer_of_two(&thing);

    (void)state;
    assert_true(closer_free(&closer, end_thing, &thing, LONG_MS));
    assert_null(closer);
    assert_true(atomic_load(&thing.is_ended));
}

// That the closer is freed, too, is seen by the leak check at the end of this program.
static void what_is_closed_late_is_not_waited_for_and_ended_all_the_same(void **state)
{
    static struct thing thing;
    struct closer *closer = closer_of_two(&thing);

    (void)state;
    assert_false(closer_free(&closer, end_thing, &thing, SHORT_MS));
    assert_null(closer);
    assert_false(atomic_load(&thing.is_ended));
    atomic_store(&thing.may_close, true);
    wait_for(&thing.is_ended);
}

static void without_a_closer_the_thing_is_ended_at_once(void **state)
{
    struct thing thing = {.closed = 2};
    struct closer *closer = NULL;

    (void)state;
    assert_true(closer_free(&closer, end_thing, &thing, SHORT_MS));
    assert_true(atomic_load(&thing.is_ended));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_closed_in_time_has_been_ended_when_the_closer_is_freed),
        cmocka_unit_test(what_is_closed_late_is_not_waited_for_and_ended_all_the_same),
        cmocka_unit_test(without_a_closer_the_thing_is_ended_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
