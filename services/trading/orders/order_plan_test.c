// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>

#include "orders/order_plan.h"
#include "orders/order_rules.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)

// A session from 570 to 960 minutes (09:30 to 16:00), seen at 10:00.
static const struct platform_clock morning = {.now = 600 * MINUTE,
                                              .is_open = true,
                                              .next_open = 2010 * MINUTE,
                                              .next_close = 960 * MINUTE,
                                              .extended_end = 1200 * MINUTE};

static const struct quote fresh = {.ticker = "AAPL",
                                   .price_micros = 100 * DOLLAR,
                                   .bid_micros = 99 * DOLLAR,
                                   .ask_micros = 101 * DOLLAR,
                                   .volume = 250,
                                   .volume_before = 200,
                                   .quoted_at = 580 * MINUTE,
                                   .valid_until = 2010 * MINUTE,
                                   .source = "replay"};

static struct order planned(struct order order)
{
    struct error error;

    order.created_at = morning.now;
    if (!order_rules_schedule(&order, &morning, &error) ||
        !order_plan(&order, &fresh, &morning, &error))
        fail_msg("%s", error.message);
    return order;
}

static const struct order buy = {.ticker = "AAPL", .quantity = 10 * SHARE};

static void a_plain_order_is_decided_whole_at_the_quote(void **state)
{
    struct order order = planned(buy);

    (void)state;
    assert_int_equal(order.decided.quantity, 10 * SHARE);
    assert_int_equal(order.decided.price, 101 * DOLLAR);
    assert_int_equal(order.decided.commission, 0);
    assert_int_equal(order.decided.quote_at, 580 * MINUTE);
    assert_int_equal(order.hold_amount, 1010 * DOLLAR);
}

static void slippage_and_commission_are_decided_with_it(void **state)
{
    struct order order = buy;

    (void)state;
    order.terms.slippage_bps_hundredths = 10000;
    order.terms.commission_per_order = DOLLAR;
    order = planned(order);
    assert_int_equal(order.decided.price, 102010000);
    assert_int_equal(order.decided.commission, DOLLAR);
    assert_int_equal(order.hold_amount, 1021100000);
}

static void a_part_is_decided_and_all_of_it_is_held(void **state)
{
    struct order order = buy;

    (void)state;
    order.terms.participation_percent_hundredths = 1000;
    order = planned(order);
    assert_int_equal(order.decided.quantity, 5 * SHARE);
    assert_int_equal(order.hold_amount, 1025 * DOLLAR);
    assert_int_equal(order.volume_seen, 250);
}

static void what_takes_its_time_is_not_decided(void **state)
{
    struct order late = buy;
    struct order by_bars = buy;

    (void)state;
    late.terms.latency_ms = 250;
    late = planned(late);
    assert_int_equal(late.decided.quantity, 0);
    assert_int_equal(late.starts_at, morning.now + 250 * MICROS_PER_MS);
    assert_int_equal(late.hold_amount, 1025 * DOLLAR);
    by_bars.terms.model = FILL_MODEL_BAR;
    by_bars = planned(by_bars);
    assert_int_equal(by_bars.decided.quantity, 0);
    assert_int_equal(by_bars.starts_at, morning.next_open);
}

static void a_notional_buys_what_it_is_worth_with_the_slippage(void **state)
{
    struct order order = buy;

    (void)state;
    order.quantity = 0;
    order.notional = 1010 * DOLLAR;
    order.terms.latency_ms = 250;
    order.terms.participation_percent_hundredths = 1;
    order = planned(order);
    assert_int_equal(order.quantity, 10 * SHARE);
}

static void other_terms_change_what_is_held_and_leave_the_rest_undecided(void **state)
{
    const struct fill_terms terms = {.version = 1, .commission_per_order = 7 * DOLLAR};
    struct order order = planned(buy);
    struct error error;

    (void)state;
    assert_true(order_plan_again(&order, &terms, &fresh, &morning, &error));
    assert_false(order_is_decided(&order));
    assert_int_equal(order.hold_amount, 1017 * DOLLAR);
    assert_int_equal(order.quantity, 10 * SHARE);
    assert_int_equal(order.terms.version, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_order_is_decided_whole_at_the_quote),
        cmocka_unit_test(slippage_and_commission_are_decided_with_it),
        cmocka_unit_test(a_part_is_decided_and_all_of_it_is_held),
        cmocka_unit_test(what_takes_its_time_is_not_decided),
        cmocka_unit_test(a_notional_buys_what_it_is_worth_with_the_slippage),
        cmocka_unit_test(other_terms_change_what_is_held_and_leave_the_rest_undecided),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
