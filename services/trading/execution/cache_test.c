// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>

#include "base/clock.h"
#include "execution/cache.h"

static void a_value_is_found_until_its_time_has_come(void **state)
{
    OWNED(cache) cache = cache_new(16, 50);
    int value = 5;
    int found = 0;

    (void)state;
    assert_false(cache_get(cache, "AAPL", 0, &found, sizeof(found)));
    cache_put(cache, "AAPL", 100, &value, sizeof(value));
    assert_true(cache_get(cache, "AAPL", 99, &found, sizeof(found)));
    assert_int_equal(found, 5);
    assert_false(cache_get(cache, "AAPL", 100, &found, sizeof(found)));
    value = 6;
    cache_put(cache, "AAPL", 200, &value, sizeof(value));
    assert_true(cache_get(cache, "AAPL", 150, &found, sizeof(found)));
    assert_int_equal(found, 6);
}

static void a_value_that_has_ended_is_kept_for_a_while(void **state)
{
    OWNED(cache) cache = cache_new(16, 50);
    int value = 5;
    int found = 0;

    (void)state;
    cache_put(cache, "AAPL", 100, &value, sizeof(value));
    assert_true(cache_get_ended(cache, "AAPL", 149, &found, sizeof(found)));
    assert_int_equal(found, 5);
    assert_false(cache_get_ended(cache, "AAPL", 150, &found, sizeof(found)));
    assert_false(cache_get_ended(cache, "MSFT", 0, &found, sizeof(found)));
}

static void silence_is_believed_for_two_seconds(void **state)
{
    OWNED(cache) cache = cache_new(16, 0);

    (void)state;
    assert_false(cache_is_silent(cache, 0));
    cache_note_silence(cache, 100);
    assert_true(cache_is_silent(cache, 100 + 2 * MICROS_PER_SECOND - 1));
    assert_false(cache_is_silent(cache, 100 + 2 * MICROS_PER_SECOND));
}

static void a_full_cache_forgets_what_ends_first(void **state)
{
    OWNED(cache) cache = cache_new(4, 0);
    int found = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char key[16];

        snprintf(key, sizeof(key), "key-%d", i);
        cache_put(cache, key, 100 + i, &i, sizeof(i));
    }
    assert_false(cache_get(cache, "key-0", 0, &found, sizeof(found)));
    assert_true(cache_get(cache, "key-4", 0, &found, sizeof(found)));
    assert_int_equal(found, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_until_its_time_has_come),
        cmocka_unit_test(a_value_that_has_ended_is_kept_for_a_while),
        cmocka_unit_test(silence_is_believed_for_two_seconds),
        cmocka_unit_test(a_full_cache_forgets_what_ends_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
