// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <string.h>

#include "base/random.h"
#include "ledger/lot.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

static struct lot lot_of(int64_t quantity, int64_t quantity_after, int64_t cost, int64_t cost_after)
{
    return (struct lot){.ticker = "AAPL",
                        .series = 1,
                        .quantity = quantity,
                        .quantity_after = quantity_after,
                        .cost = cost,
                        .cost_after = cost_after};
}

static void a_lot_has_the_shares_above_the_one_before_and_up_to_its_last(void **state)
{
    struct lot lot = lot_of(2 * SHARE, 5 * SHARE, DOLLAR, DOLLAR);

    (void)state;
    assert_false(lot_has(&lot, "AAPL", 1, 3 * SHARE));
    assert_true(lot_has(&lot, "AAPL", 1, 3 * SHARE + 1));
    assert_true(lot_has(&lot, "AAPL", 1, 5 * SHARE));
    assert_false(lot_has(&lot, "AAPL", 1, 5 * SHARE + 1));
    assert_false(lot_has(&lot, "AAPL", 2, 5 * SHARE));
    assert_false(lot_has(&lot, "MSFT", 1, 5 * SHARE));
}

static void a_part_of_a_lot_costs_its_share_rounded_down_and_the_rest_goes_last(void **state)
{
    struct lot lot = lot_of(3 * SHARE, 13 * SHARE, 100, 1100);

    (void)state;
    assert_int_equal(lot_cost_until(&lot, 10 * SHARE), 1000);
    assert_int_equal(lot_cost_until(&lot, 11 * SHARE), 1033);
    assert_int_equal(lot_cost_until(&lot, 12 * SHARE), 1066);
    assert_int_equal(lot_cost_until(&lot, 13 * SHARE), 1100);
    assert_int_equal(lot_rest_after(&lot, 0).cost, 100);
    assert_int_equal(lot_rest_after(&lot, 12 * SHARE).cost, 34);
    assert_int_equal(lot_rest_after(&lot, 12 * SHARE).quantity, SHARE);
    lot.quantity = lot.quantity_after = INT64_MAX;
    lot.cost = lot.cost_after = INT64_MAX;
    assert_true(lot_cost_until(&lot, INT64_MAX - 1) == INT64_MAX - 1);
}

static void a_sale_closes_the_part_of_a_lot_that_it_overlaps(void **state)
{
    struct lot first = lot_of(100 * SHARE, 100 * SHARE, 9500 * DOLLAR, 9500 * DOLLAR);
    struct lot second = lot_of(200 * SHARE, 300 * SHARE, 21000 * DOLLAR, 30500 * DOLLAR);
    struct sale sale = {.ticker = "AAPL",
                        .series = 1,
                        .quantity = 150 * SHARE,
                        .quantity_after = 150 * SHARE,
                        .proceeds = 16500 * DOLLAR};
    struct closing closing = lot_close(&first, &sale);

    (void)state;
    assert_int_equal(closing.quantity, 100 * SHARE);
    assert_int_equal(closing.cost, 9500 * DOLLAR);
    assert_int_equal(closing.realized_pl, 1500 * DOLLAR);
    closing = lot_close(&second, &sale);
    assert_int_equal(closing.quantity, 50 * SHARE);
    assert_int_equal(closing.quantity_after, 150 * SHARE);
    assert_int_equal(closing.cost, 5250 * DOLLAR);
    assert_int_equal(closing.proceeds, 5500 * DOLLAR);
    assert_int_equal(closing.realized_pl, 250 * DOLLAR);
}

// Whatever is cut where, nothing of cost or proceeds is lost or counted twice.
static void the_parts_of_lots_and_sales_sum_to_the_whole(void **state)
{
    enum { COUNT = 20 };
    uint64_t seed = 7;
    struct random_source random = random_seeded(&seed);

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct lot lots[COUNT];
        int64_t quantity = 0, cost = 0, sold = 0, closed_cost = 0, closed_proceeds = 0, all = 0;

        for (int i = 0; i < COUNT; i++) {
            int64_t bought = (int64_t)random_below(&random, 5 * (uint64_t)SHARE) + 1;
            int64_t paid = (int64_t)random_below(&random, 1000) - 1;

            paid = paid < 0 ? 0 : paid;
            lots[i] = lot_of(bought, quantity += bought, paid, cost += paid);
        }
        while (sold < quantity) {
            int64_t part = (int64_t)random_below(&random, (uint64_t)(quantity - sold)) + 1;
            struct sale sale = {.quantity = part,
                                .quantity_after = sold + part,
                                .proceeds = (int64_t)random_below(&random, 2000) - 1000};

            for (int i = 0; i < COUNT; i++) {
                struct closing closing;

                if (lots[i].quantity_after <= sold ||
                    lots[i].quantity_after - lots[i].quantity >= sold + part)
                    continue;
                closing = lot_close(&lots[i], &sale);
                assert_true(closing.quantity > 0 && closing.cost >= 0);
                closed_cost += closing.cost;
                closed_proceeds += closing.proceeds;
            }
            sold += part;
            all += sale.proceeds;
        }
        assert_int_equal(closed_cost, cost);
        assert_int_equal(closed_proceeds, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lot_has_the_shares_above_the_one_before_and_up_to_its_last),
        cmocka_unit_test(a_part_of_a_lot_costs_its_share_rounded_down_and_the_rest_goes_last),
        cmocka_unit_test(a_sale_closes_the_part_of_a_lot_that_it_overlaps),
        cmocka_unit_test(the_parts_of_lots_and_sales_sum_to_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
