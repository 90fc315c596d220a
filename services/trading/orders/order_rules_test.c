// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "orders/order_rules.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)

// Minutes of a day from its midnight in New York: the session from 570 to 960, trading before and
// after it from 240 to 1200; the next session is on the day after.
static struct platform_clock clock_at(int64_t minute)
{
    struct platform_clock clock = {.now = minute * MINUTE,
                                   .is_open = minute >= 570 && minute < 960,
                                   .next_open = (minute < 570 ? 570 : 2010) * MINUTE,
                                   .next_close = (minute < 960 ? 960 : 2400) * MINUTE,
                                   .extended_end =
                                       minute >= 240 && minute < 1200 ? 1200 * MINUTE : 0};

    return clock;
}

static const struct platform_clock around_the_clock = {
    .now = 600 * MINUTE, .is_open = true, .next_open = 1440 * MINUTE, .next_close = 1440 * MINUTE};

static const struct quote fresh = {.ticker = "AAPL",
                                   .price_micros = 95 * DOLLAR,
                                   .bid_micros = 94 * DOLLAR,
                                   .ask_micros = 96 * DOLLAR,
                                   .quoted_at = 580 * MINUTE,
                                   .valid_until = 2010 * MINUTE};

static struct order order_of(enum order_side side, enum order_type type)
{
    struct order order = {
        .ticker = "AAPL", .side = side, .type = type, .quantity = 10 * SHARE, .created_at = 1};

    if (order_type_has_limit(type))
        order.limit_price = 95 * DOLLAR;
    if (order_type_has_stop(type))
        order.stop_price = 95 * DOLLAR;
    if (type == ORDER_TRAILING_STOP)
        order.trail_price = 5 * DOLLAR;
    return order;
}

// Expects the order to break one rule, about that field.
static void expect_violation(const struct order *order, const char *field)
{
    struct error error;

    assert_false(order_rules_check(order, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    for (size_t i = 0; i < error.detail_count; i++)
        if (strcmp(error.details[i].name, field) == 0)
            return;
    fail_msg("nothing about %s, but %s", field, error.details[0].value);
}

static void expect_fine(const struct order *order)
{
    struct error error;

    if (!order_rules_check(order, &error))
        fail_msg("%s %s", error.details[0].name, error.details[0].value);
}

static void each_type_has_its_prices_and_no_other(void **state)
{
    (void)state;
    for (int type = 0; type < ORDER_TYPE_COUNT; type++) {
        struct order order = order_of(ORDER_SELL, (enum order_type)type);

        expect_fine(&order);
        order.limit_price = order.limit_price == 0 ? 95 * DOLLAR : 0;
        expect_violation(&order, "limit_price");
        order = order_of(ORDER_SELL, (enum order_type)type);
        order.stop_price = order.stop_price == 0 ? 95 * DOLLAR : 0;
        expect_violation(&order, "stop_price");
        order = order_of(ORDER_SELL, (enum order_type)type);
        order.trail_price = order.trail_price == 0 ? DOLLAR : 0;
        expect_violation(&order, "trail_price");
    }
}

static void a_trail_is_a_price_or_a_percentage_within_bounds(void **state)
{
    struct order order = order_of(ORDER_SELL, ORDER_TRAILING_STOP);

    (void)state;
    order.trail_percent = DOLLAR;
    expect_violation(&order, "trail_price");
    order.trail_price = 0;
    expect_fine(&order);
    order.trail_percent = 99999;
    expect_violation(&order, "trail_percent");
    order.trail_percent = 100000;
    expect_fine(&order);
    order.trail_percent = 100 * DOLLAR;
    expect_violation(&order, "trail_percent");
}

static void a_price_is_not_finer_than_its_increment(void **state)
{
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);

    (void)state;
    order.limit_price = 290123000;
    expect_violation(&order, "limit_price");
    order.limit_price = 290120000;
    expect_fine(&order);
    order.limit_price = 1001000;
    expect_violation(&order, "limit_price");
    order.limit_price = 999900;
    expect_fine(&order);
    order.limit_price = 999950;
    expect_violation(&order, "limit_price");
}

static void an_amount_is_a_quantity_or_a_notional(void **state)
{
    struct order order = order_of(ORDER_BUY, ORDER_MARKET);

    (void)state;
    order.notional = 100 * DOLLAR;
    expect_violation(&order, "notional");
    order.quantity = 0;
    expect_fine(&order);
    order.notional = DOLLAR - 1;
    expect_violation(&order, "notional");
    order.notional = DOLLAR;
    order.time_in_force = ORDER_GTC;
    expect_violation(&order, "time_in_force");
    order.time_in_force = ORDER_DAY;
    order.type = ORDER_LIMIT;
    order.limit_price = 95 * DOLLAR;
    expect_violation(&order, "notional");
    order.notional = 0;
    expect_violation(&order, "quantity");
}

static void a_fraction_is_ordered_for_the_day_at_the_market_or_a_limit(void **state)
{
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);

    (void)state;
    order.quantity = SHARE / 2;
    expect_fine(&order);
    order.time_in_force = ORDER_GTC;
    expect_violation(&order, "time_in_force");
    order = order_of(ORDER_SELL, ORDER_STOP);
    order.quantity = SHARE / 2;
    expect_violation(&order, "quantity");
}

static void a_stop_is_good_for_the_day_or_till_canceled(void **state)
{
    (void)state;
    for (int type = ORDER_STOP; type < ORDER_TYPE_COUNT; type++) {
        for (int time = 0; time < ORDER_TIME_IN_FORCE_COUNT; time++) {
            struct order order = order_of(ORDER_SELL, (enum order_type)type);

            order.time_in_force = (enum order_time_in_force)time;
            if (time == ORDER_DAY || time == ORDER_GTC)
                expect_fine(&order);
            else
                expect_violation(&order, "time_in_force");
        }
    }
}

static void extended_hours_are_for_limits_of_the_day_or_till_canceled(void **state)
{
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);

    (void)state;
    order.extended_hours = true;
    expect_fine(&order);
    order.time_in_force = ORDER_GTC;
    expect_fine(&order);
    order.time_in_force = ORDER_IOC;
    expect_violation(&order, "extended_hours");
    order = order_of(ORDER_BUY, ORDER_MARKET);
    order.extended_hours = true;
    expect_violation(&order, "extended_hours");
}

static struct order scheduled(enum order_time_in_force time_in_force, int64_t minute)
{
    struct platform_clock clock = clock_at(minute);
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);
    struct error error;

    order.time_in_force = time_in_force;
    if (!order_rules_schedule(&order, &clock, &error))
        fail_msg("%s", error.message);
    return order;
}

static bool is_too_late(enum order_time_in_force time_in_force, int64_t minute)
{
    struct platform_clock clock = clock_at(minute);
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);
    struct error error;

    order.time_in_force = time_in_force;
    return !order_rules_schedule(&order, &clock, &error) &&
           error_is(&error, REASON_ORDER_WINDOW_CLOSED);
}

static void an_order_of_the_day_lasts_until_the_session_closes_or_the_next_one(void **state)
{
    struct platform_clock clock = clock_at(1000);
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);
    struct error error;

    (void)state;
    assert_int_equal(scheduled(ORDER_DAY, 600).expires_at, 960 * MINUTE);
    assert_int_equal(scheduled(ORDER_DAY, 960).expires_at, 2400 * MINUTE);
    assert_int_equal(scheduled(ORDER_GTC, 600).expires_at, (600 + 90 * 1440) * MINUTE);
    order.extended_hours = true;
    assert_true(order_rules_schedule(&order, &clock, &error));
    assert_int_equal(order.expires_at, 1200 * MINUTE);
    clock = clock_at(1300);
    assert_true(order_rules_schedule(&order, &clock, &error));
    assert_int_equal(order.expires_at, 2640 * MINUTE);
}

static void an_order_for_the_opening_or_the_close_has_a_time_to_be_placed_in(void **state)
{
    (void)state;
    assert_int_equal(scheduled(ORDER_OPG, 500).starts_at, 570 * MINUTE);
    assert_int_equal(scheduled(ORDER_OPG, 567).expires_at, 571 * MINUTE);
    assert_true(is_too_late(ORDER_OPG, 568));
    assert_true(is_too_late(ORDER_OPG, 700));
    assert_true(is_too_late(ORDER_OPG, 1139));
    assert_int_equal(scheduled(ORDER_OPG, 1140).starts_at, 2010 * MINUTE);
    assert_int_equal(scheduled(ORDER_OPG, 1300).starts_at, 2010 * MINUTE);
    assert_int_equal(scheduled(ORDER_CLS, 500).starts_at, 959 * MINUTE);
    assert_int_equal(scheduled(ORDER_CLS, 949).expires_at, 960 * MINUTE);
    assert_true(is_too_late(ORDER_CLS, 950));
    assert_true(is_too_late(ORDER_CLS, 1000));
    assert_int_equal(scheduled(ORDER_CLS, 1140).starts_at, 2399 * MINUTE);
}

static void a_market_that_never_closes_has_no_first_and_no_last_quote(void **state)
{
    struct order order = order_of(ORDER_BUY, ORDER_LIMIT);
    struct error error;

    (void)state;
    for (int time = ORDER_OPG; time <= ORDER_CLS; time++) {
        order.time_in_force = (enum order_time_in_force)time;
        assert_false(order_rules_schedule(&order, &around_the_clock, &error));
        assert_true(error_is(&error, REASON_INVALID_REQUEST));
        assert_string_equal(error.details[0].name, "time_in_force");
    }
}

static void what_does_not_rest_is_refused_while_the_market_is_closed(void **state)
{
    struct platform_clock clock = clock_at(300);
    struct order order = order_of(ORDER_BUY, ORDER_MARKET);
    struct error error;

    (void)state;
    order.time_in_force = ORDER_IOC;
    assert_false(order_rules_schedule(&order, &clock, &error));
    assert_true(error_is(&error, REASON_MARKET_CLOSED));
    order = order_of(ORDER_BUY, ORDER_MARKET);
    order.quantity = 0;
    order.notional = 100 * DOLLAR;
    assert_false(order_rules_price(&order, &fresh, &clock, &error));
    assert_true(error_is(&error, REASON_MARKET_CLOSED));
}

// The copy of the clock runs on past the close until market tells of it; an order for the day that
// was placed then would have ended before it began.
static void a_clock_past_its_next_close_is_nothing_to_place_an_order_by(void **state)
{
    struct platform_clock clock = clock_at(600);

    (void)state;
    assert_true(order_rules_sees_sessions(&clock));
    clock.now = clock.next_close;
    clock.is_open = false;
    assert_false(order_rules_sees_sessions(&clock));
    clock = clock_at(500);
    clock.now = clock.next_open;
    assert_false(order_rules_sees_sessions(&clock));
    clock.is_open = true;
    assert_true(order_rules_sees_sessions(&clock));
}

static void a_stop_that_is_reached_already_is_refused_with_the_numbers(void **state)
{
    struct platform_clock clock = clock_at(600);
    struct order sell = order_of(ORDER_SELL, ORDER_STOP);
    struct order buy = order_of(ORDER_BUY, ORDER_STOP_LIMIT);
    struct error error;

    (void)state;
    assert_false(order_rules_price(&sell, &fresh, &clock, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_string_equal(error.details[0].name, "stop_price");
    assert_string_equal(error.details[2].name, "market_price");
    assert_string_equal(error.details[2].value, "95.00");
    sell.stop_price = 94990000;
    assert_true(order_rules_price(&sell, &fresh, &clock, &error));
    assert_false(order_rules_price(&buy, &fresh, &clock, &error));
    buy.stop_price = 95010000;
    assert_true(order_rules_price(&buy, &fresh, &clock, &error));
}

static void a_stop_to_buy_gets_a_limit_and_one_to_sell_does_not(void **state)
{
    struct platform_clock clock = clock_at(600);
    struct order buy = order_of(ORDER_BUY, ORDER_STOP);
    struct order sell = order_of(ORDER_SELL, ORDER_STOP);
    struct quote cheap = fresh;
    struct error error;

    (void)state;
    buy.stop_price = 100 * DOLLAR;
    sell.stop_price = 90 * DOLLAR;
    assert_true(order_rules_price(&buy, &fresh, &clock, &error));
    assert_int_equal(buy.type, ORDER_STOP_LIMIT);
    assert_int_equal(buy.limit_price, 102500000);
    assert_true(order_rules_price(&sell, &fresh, &clock, &error));
    assert_int_equal(sell.type, ORDER_STOP);
    assert_int_equal(sell.limit_price, 0);
    cheap.price_micros = 40 * DOLLAR;
    buy = order_of(ORDER_BUY, ORDER_STOP);
    buy.stop_price = 45 * DOLLAR;
    assert_true(order_rules_price(&buy, &cheap, &clock, &error));
    assert_int_equal(buy.limit_price, 46800000);
}

static void a_notional_buys_what_it_is_worth_at_the_quote(void **state)
{
    struct platform_clock clock = clock_at(600);
    struct order order = order_of(ORDER_BUY, ORDER_MARKET);
    struct quote stale = fresh;
    struct error error;

    (void)state;
    order.quantity = 0;
    order.notional = 100 * DOLLAR;
    order.starts_at = clock.now;
    order.expires_at = clock.next_close;
    assert_true(order_rules_price(&order, &fresh, &clock, &error));
    assert_int_equal(order.quantity, INT64_C(1041666666));
    order.side = ORDER_SELL;
    assert_true(order_rules_price(&order, &fresh, &clock, &error));
    assert_int_equal(order.quantity, INT64_C(1063829787));
    stale.stale = true;
    assert_false(order_rules_price(&order, &stale, &clock, &error));
    assert_true(error_is(&error, REASON_PRICE_UNAVAILABLE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_prices_and_no_other),
        cmocka_unit_test(a_trail_is_a_price_or_a_percentage_within_bounds),
        cmocka_unit_test(a_price_is_not_finer_than_its_increment),
        cmocka_unit_test(an_amount_is_a_quantity_or_a_notional),
        cmocka_unit_test(a_fraction_is_ordered_for_the_day_at_the_market_or_a_limit),
        cmocka_unit_test(a_stop_is_good_for_the_day_or_till_canceled),
        cmocka_unit_test(extended_hours_are_for_limits_of_the_day_or_till_canceled),
        cmocka_unit_test(an_order_of_the_day_lasts_until_the_session_closes_or_the_next_one),
        cmocka_unit_test(an_order_for_the_opening_or_the_close_has_a_time_to_be_placed_in),
        cmocka_unit_test(a_market_that_never_closes_has_no_first_and_no_last_quote),
        cmocka_unit_test(what_does_not_rest_is_refused_while_the_market_is_closed),
        cmocka_unit_test(a_clock_past_its_next_close_is_nothing_to_place_an_order_by),
        cmocka_unit_test(a_stop_that_is_reached_already_is_refused_with_the_numbers),
        cmocka_unit_test(a_stop_to_buy_gets_a_limit_and_one_to_sell_does_not),
        cmocka_unit_test(a_notional_buys_what_it_is_worth_at_the_quote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
