// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>

#include "base/clock.h"
#include "valuation/close_cache.h"

static void a_price_is_found_by_symbol_and_close_until_it_is_old(void **state)
{
    struct close_cache *cache = close_cache_new();
    struct close_price price = {0};

    (void)state;
    close_cache_put(cache, "AAPL", MICROS_PER_DAY, (struct close_price){95, true}, 0);
    assert_true(close_cache_get(cache, "AAPL", MICROS_PER_DAY, 29 * MICROS_PER_SECOND, &price));
    assert_int_equal(price.price, 95);
    assert_true(price.is_of_day);
    assert_false(close_cache_get(cache, "AAPL", MICROS_PER_DAY, 30 * MICROS_PER_SECOND, &price));
    assert_false(close_cache_get(cache, "AAPL", 2 * MICROS_PER_DAY, 0, &price));
    assert_false(close_cache_get(cache, "MSFT", MICROS_PER_DAY, 0, &price));
    close_cache_free(&cache);
    close_cache_free(&cache);
}

static void whatever_has_the_place_of_another_is_never_taken_for_it(void **state)
{
    struct close_cache *cache = close_cache_new();
    size_t found = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char ticker[16];

        snprintf(ticker, sizeof(ticker), "T%d", i);
        close_cache_put(cache, ticker, MICROS_PER_DAY, (struct close_price){i, true}, 0);
    }
    for (int i = 0; i < 100000; i++) {
        struct close_price price;
        char ticker[16];

        snprintf(ticker, sizeof(ticker), "T%d", i);
        if (!close_cache_get(cache, ticker, MICROS_PER_DAY, 0, &price))
            continue;
        assert_int_equal(price.price, i);
        found++;
    }
    assert_true(found > 40000);
    close_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_price_is_found_by_symbol_and_close_until_it_is_old),
        cmocka_unit_test(whatever_has_the_place_of_another_is_never_taken_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
