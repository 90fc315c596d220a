// SPDX-License-Identifier: MIT
#include "support/test.h"

#include "valuation/valuation.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static void a_portfolio_of_cash_alone_is_worth_its_cash(void **state)
{
    struct valuation valuation = valuation_compute(NULL, 0, 100 * DOLLAR, 0);

    (void)state;
    assert_true(valuation.has_value);
    assert_int_equal(valuation.market_value, 0);
    assert_int_equal(valuation.total_value, 100 * DOLLAR);
    assert_true(valuation.has_day_change);
    assert_int_equal(valuation.day_change, 0);
}

static void a_position_is_worth_its_price_times_its_quantity(void **state)
{
    struct holding holding = {.quantity = 10 * SHARE,
                              .cost_basis = 951100000,
                              .has_price = true,
                              .price = 96420000,
                              .previous_close = 95110000};
    struct valuation valuation = valuation_compute(&holding, 1, 49 * DOLLAR, 0);

    (void)state;
    assert_int_equal(holding.average_price, 95110000);
    assert_int_equal(holding.market_value, 964200000);
    assert_int_equal(holding.unrealized_pl, 13100000);
    assert_int_equal(holding.unrealized_pl_percent, 1377400); // 1.3774 %
    assert_int_equal(holding.day_change, 13100000);
    assert_int_equal(valuation.total_value, 1013200000);
    assert_int_equal(holding.weight, 95163800);
}

static void one_position_without_a_price_leaves_the_totals_absent(void **state)
{
    struct holding holdings[2] = {
        {.quantity = SHARE, .cost_basis = DOLLAR, .has_price = true, .price = 2 * DOLLAR},
        {.quantity = SHARE, .cost_basis = DOLLAR},
    };
    struct valuation valuation = valuation_compute(holdings, 2, 0, 0);

    (void)state;
    assert_false(valuation.has_value);
    assert_false(valuation.has_day_change);
    assert_true(holdings[0].has_value);
    assert_false(holdings[0].has_weight);
    assert_false(holdings[1].has_value);
}

// Ten were held, four more bought at 97 and two of all sold at 98; the price was 95 and is 96.
static void what_was_traded_in_a_day_counts_at_its_prices(void **state)
{
    struct holding holding = {.quantity = 12 * SHARE,
                              .cost_basis = 1100 * DOLLAR,
                              .has_price = true,
                              .price = 96 * DOLLAR,
                              .previous_close = 95 * DOLLAR,
                              .day_quantity = 2 * SHARE,
                              .day_cash = (2 * 98 - 4 * 97) * DOLLAR};
    struct valuation valuation = valuation_compute(&holding, 1, 0, -3 * DOLLAR);

    (void)state;
    assert_int_equal(holding.day_change, (12 * 96 - 10 * 95 + 2 * 98 - 4 * 97) * DOLLAR);
    assert_int_equal(valuation.day_change, holding.day_change - 3 * DOLLAR); // a fee
}

static void what_was_bought_today_needs_no_close_of_before(void **state)
{
    struct holding holding = {.quantity = 5 * SHARE,
                              .cost_basis = 100 * DOLLAR,
                              .has_price = true,
                              .price = 21 * DOLLAR,
                              .day_quantity = 5 * SHARE,
                              .day_cash = -100 * DOLLAR};
    struct valuation valuation = valuation_compute(&holding, 1, 0, 0);

    (void)state;
    assert_true(valuation.has_day_change);
    assert_int_equal(valuation.day_change, 5 * DOLLAR);
    holding.day_quantity = 4 * SHARE;
    assert_false(valuation_compute(&holding, 1, 0, 0).has_day_change);
}

static void what_was_sold_today_is_part_of_the_change_and_worth_nothing(void **state)
{
    struct holding holding = {.has_price = true,
                              .previous_close = 20 * DOLLAR,
                              .day_quantity = -5 * SHARE,
                              .day_cash = 90 * DOLLAR};
    struct valuation valuation = valuation_compute(&holding, 1, 90 * DOLLAR, 0);

    (void)state;
    assert_int_equal(valuation.total_value, 90 * DOLLAR);
    assert_int_equal(valuation.day_change, -10 * DOLLAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_portfolio_of_cash_alone_is_worth_its_cash),
        cmocka_unit_test(a_position_is_worth_its_price_times_its_quantity),
        cmocka_unit_test(one_position_without_a_price_leaves_the_totals_absent),
        cmocka_unit_test(what_was_traded_in_a_day_counts_at_its_prices),
        cmocka_unit_test(what_was_bought_today_needs_no_close_of_before),
        cmocka_unit_test(what_was_sold_today_is_part_of_the_change_and_worth_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
