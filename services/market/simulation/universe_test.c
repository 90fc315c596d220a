// SPDX-License-Identifier: MIT
#include "simulation/universe.h"

#include "money/money.h"
#include "support/test.h"

#include <string.h>

static void the_universe_is_in_order_and_keeps_the_rules_of_symbols(void **state)
{
    const struct universe_entry *entries;
    size_t count = universe_entries(&entries);

    (void)state;
    assert_in_range(count, 150, UNIVERSE_MAX);
    for (size_t i = 0; i < count; i++) {
        char ticker[TICKER_SIZE];

        assert_true(bar_read_ticker(text_of(entries[i].ticker), ticker));
        assert_string_equal(ticker, entries[i].ticker);
        assert_true(i == 0 || strcmp(entries[i - 1].ticker, ticker) < 0);
        assert_in_range(strlen(entries[i].name), 2, 200);
        assert_in_range(strlen(entries[i].exchange), 1, 32);
        assert_in_range(strlen(entries[i].sector), 1, 64);
        assert_in_range(entries[i].price, 1, 10000);
        assert_in_range(entries[i].volatility, 5, 100);
    }
}

static void a_symbol_is_simulated_from_the_universe_its_last_bar_or_its_ticker(void **state)
{
    struct simulated_symbol known = universe_simulate("AAPL", "Technology", 7 * MICROS_PER_UNIT);
    struct simulated_symbol traded = universe_simulate("ACME", NULL, 92117142);
    struct simulated_symbol dearest = universe_simulate("ACME", NULL, PRICE_MICROS_MAX);
    struct simulated_symbol new = universe_simulate("NEWCO", "", 0);

    (void)state;
    assert_int_equal(known.price_micros, 230 * MICROS_PER_UNIT);
    assert_int_equal(known.volatility_basis_points, 2800);
    assert_string_equal(known.sector, "Technology");
    assert_int_equal(traded.price_micros, 92117142);
    assert_int_equal(traded.volatility_basis_points, 3000);
    assert_int_equal(dearest.price_micros, PRICE_MICROS_MAX / 10);
    assert_in_range(new.price_micros, 10 * MICROS_PER_UNIT, 250 * MICROS_PER_UNIT);
    assert_int_equal(new.price_micros, universe_simulate("NEWCO", "", 0).price_micros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_universe_is_in_order_and_keeps_the_rules_of_symbols),
        cmocka_unit_test(a_symbol_is_simulated_from_the_universe_its_last_bar_or_its_ticker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
