// SPDX-License-Identifier: MIT
#include "simulation/simulated_days.h"

#include "support/test.h"

static const struct simulated_symbol apple = {.ticker = "AAPL",
                                              .sector = "Technology",
                                              .price_micros = 200000000,
                                              .volatility_basis_points = 2500};

static void a_day_is_found_by_what_its_prices_are_made_from(void **state)
{
    OWNED(simulated_days) days = simulated_days_new();
    const struct split split = {.day = 100, .numerator = 2, .denominator = 1};
    const struct timed_bar bar = {.at = 5, .open_micros = 7};
    struct simulated_symbol other = apple;
    uint64_t key = simulated_days_key(&apple, NULL, 0);
    struct timed_bar found;

    (void)state;
    assert_false(simulated_days_find(days, key, 20000, &found));
    simulated_days_put(days, key, 20000, &bar);
    assert_true(simulated_days_find(days, key, 20000, &found));
    assert_int_equal(found.open_micros, 7);
    assert_false(simulated_days_find(days, key, 20001, &found));
    assert_false(simulated_days_find(days, key, 20000 + SIMULATED_DAYS_BLOCK, &found));
    other.price_micros++;
    assert_false(simulated_days_find(days, simulated_days_key(&other, NULL, 0), 20000, &found));
    assert_false(simulated_days_find(days, simulated_days_key(&apple, &split, 1), 20000, &found));
}

static void more_than_there_is_room_for_take_the_places_of_others(void **state)
{
    OWNED(simulated_days) days = simulated_days_new();
    struct timed_bar bar = {0}, found;
    size_t kept = 0;
    const size_t blocks = 3 * SIMULATED_DAYS_BLOCKS;

    (void)state;
    for (size_t i = 0; i < blocks; i++) {
        bar.at = (int64_t)i;
        simulated_days_put(days, 42, (int64_t)i * SIMULATED_DAYS_BLOCK, &bar);
    }
    for (size_t i = 0; i < blocks; i++) {
        if (!simulated_days_find(days, 42, (int64_t)i * SIMULATED_DAYS_BLOCK, &found))
            continue;
        assert_int_equal(found.at, i);
        kept++;
    }
    assert_true(kept > SIMULATED_DAYS_BLOCKS / 2 && kept <= SIMULATED_DAYS_BLOCKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_found_by_what_its_prices_are_made_from),
        cmocka_unit_test(more_than_there_is_room_for_take_the_places_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
