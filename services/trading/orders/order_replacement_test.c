// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "fills/fill.h"
#include "orders/order_replacement.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)

static const struct platform_clock morning = {.now = 600 * MINUTE,
                                              .is_open = true,
                                              .next_open = 2010 * MINUTE,
                                              .next_close = 960 * MINUTE,
                                              .extended_end = 1200 * MINUTE};

static const struct quote fresh = {.ticker = "AAPL",
                                   .price_micros = 95 * DOLLAR,
                                   .bid_micros = 94 * DOLLAR,
                                   .ask_micros = 96 * DOLLAR,
                                   .quoted_at = 580 * MINUTE,
                                   .valid_until = 2010 * MINUTE};

static struct order order_of(enum order_type type)
{
    struct order order = {.id = "00000000-0000-7000-8000-000000000001",
                          .ticker = "AAPL",
                          .side = ORDER_SELL,
                          .type = type,
                          .quantity = 10 * SHARE,
                          .status = ORDER_NEW,
                          .created_at = 580 * MINUTE,
                          .starts_at = 580 * MINUTE,
                          .expires_at = 960 * MINUTE};

    if (order_type_has_limit(type))
        order.limit_price = 100 * DOLLAR;
    if (order_type_has_stop(type))
        order.stop_price = 90 * DOLLAR;
    if (type == ORDER_TRAILING_STOP) {
        order.trail_price = 10 * DOLLAR;
        (void)fill_trail(&order, 98 * DOLLAR);
    }
    return order;
}

static struct order replaced(const struct order *old, const struct order_change *change)
{
    struct order order;
    struct error error;

    if (!order_replacement_make(old, change, &fresh, &morning, &order, &error))
        fail_msg("%s: %s", error.details[0].name, error.details[0].value);
    return order;
}

static void
expect_refusal(const struct order *old, const struct order_change *change, const char *field)
{
    struct order order;
    struct error error;

    assert_false(order_replacement_make(old, change, &fresh, &morning, &order, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_string_equal(error.details[0].name, field);
}

static void what_is_not_said_stays_as_it_is(void **state)
{
    struct order old = order_of(ORDER_LIMIT);
    struct order_change change = {.limit_price = 99 * DOLLAR};
    struct order order = replaced(&old, &change);

    (void)state;
    assert_string_equal(order.replaces, old.id);
    assert_int_equal(order.status, ORDER_PENDING_NEW);
    assert_int_equal(order.limit_price, 99 * DOLLAR);
    assert_int_equal(order.quantity, old.quantity);
    assert_int_equal(order.expires_at, old.expires_at);
    // What was quoted before it was changed does not fill it.
    assert_int_equal(order.starts_at, morning.now);
    change = (struct order_change){.has_time_in_force = true, .time_in_force = ORDER_GTC};
    assert_int_equal(replaced(&old, &change).expires_at, (600 + 90 * 1440) * MINUTE);
}

static void a_change_that_changes_nothing_is_refused(void **state)
{
    struct order old = order_of(ORDER_LIMIT);
    struct order_change change = {.limit_price = old.limit_price, .quantity = old.quantity};

    (void)state;
    expect_refusal(&old, &change, "quantity");
    change.client_order_id = "another name";
    (void)replaced(&old, &change);
}

static void only_prices_of_the_type_can_be_changed(void **state)
{
    struct order limit = order_of(ORDER_LIMIT);
    struct order stop = order_of(ORDER_STOP);
    struct order trailing = order_of(ORDER_TRAILING_STOP);

    (void)state;
    expect_refusal(&limit, &(struct order_change){.stop_price = DOLLAR}, "stop_price");
    expect_refusal(&stop, &(struct order_change){.limit_price = DOLLAR}, "limit_price");
    expect_refusal(&stop, &(struct order_change){.trail_price = DOLLAR}, "trail_price");
    expect_refusal(&trailing, &(struct order_change){.trail_percent = DOLLAR}, "trail_percent");
    expect_refusal(&limit, &(struct order_change){.limit_price = 99999999}, "limit_price");
    expect_refusal(&limit,
                   &(struct order_change){.has_time_in_force = true, .time_in_force = ORDER_IOC},
                   "time_in_force");
}

static void a_stop_can_be_changed_until_it_was_reached(void **state)
{
    struct order old = order_of(ORDER_STOP_LIMIT);

    (void)state;
    assert_int_equal(replaced(&old, &(struct order_change){.stop_price = 91 * DOLLAR}).stop_price,
                     91 * DOLLAR);
    // The last price is 95.
    expect_refusal(&old, &(struct order_change){.stop_price = 95 * DOLLAR}, "stop_price");
    old.triggered_at = 590 * MINUTE;
    expect_refusal(&old, &(struct order_change){.stop_price = 91 * DOLLAR}, "stop_price");
    assert_int_equal(
        replaced(&old, &(struct order_change){.limit_price = 99 * DOLLAR}).triggered_at,
        old.triggered_at);
}

static void a_trailing_stop_goes_on_from_its_high_water(void **state)
{
    struct order old = order_of(ORDER_TRAILING_STOP);
    struct order order = replaced(&old, &(struct order_change){.trail_price = 5 * DOLLAR});

    (void)state;
    assert_int_equal(order.high_water, 98 * DOLLAR);
    assert_int_equal(order.stop_price, 93 * DOLLAR);
    expect_refusal(&old, &(struct order_change){.trail_price = 3 * DOLLAR}, "trail_price");
}

static void the_quantity_of_an_order_by_notional_stays(void **state)
{
    struct order old = order_of(ORDER_MARKET);

    (void)state;
    old.notional = 100 * DOLLAR;
    old.quantity = SHARE / 3;
    expect_refusal(&old, &(struct order_change){.quantity = SHARE}, "quantity");
    (void)replaced(&old, &(struct order_change){.client_order_id = "a name"});
}

static void the_quantity_counts_what_has_been_filled(void **state)
{
    struct order old = order_of(ORDER_LIMIT);
    struct order_change change = {.quantity = 15 * SHARE};
    struct order order;

    (void)state;
    old.status = ORDER_PARTIALLY_FILLED;
    old.filled_quantity = 4 * SHARE;
    old.terms.latency_ms = 250;
    order = replaced(&old, &change);
    assert_int_equal(order.quantity, 11 * SHARE);
    assert_int_equal(order.filled_quantity, 0);
    // It goes by the terms of the old one.
    assert_int_equal(order.terms.latency_ms, 250);
    assert_int_equal(replaced(&old, &(struct order_change){.limit_price = 101 * DOLLAR}).quantity,
                     6 * SHARE);
    change.quantity = 4 * SHARE;
    expect_refusal(&old, &change, "quantity");
    change.quantity = 10 * SHARE;
    expect_refusal(&old, &change, "quantity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_stays_as_it_is),
        cmocka_unit_test(a_change_that_changes_nothing_is_refused),
        cmocka_unit_test(only_prices_of_the_type_can_be_changed),
        cmocka_unit_test(a_stop_can_be_changed_until_it_was_reached),
        cmocka_unit_test(a_trailing_stop_goes_on_from_its_high_water),
        cmocka_unit_test(the_quantity_of_an_order_by_notional_stays),
        cmocka_unit_test(the_quantity_counts_what_has_been_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
