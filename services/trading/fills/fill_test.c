// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>

#include "fills/fill.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)

// A session from 570 to 960 minutes (09:30 to 16:00), seen at 10:00.
static const struct platform_clock morning = {
    .now = 600 * MINUTE, .is_open = true, .next_close = 960 * MINUTE};

static const struct quote fresh = {
    .ticker = "AAPL",
    .price_micros = 95 * DOLLAR,
    .bid_micros = 94 * DOLLAR,
    .ask_micros = 96 * DOLLAR,
    .quoted_at = 570 * MINUTE,
    .valid_until = 660 * MINUTE,
};

static struct order order_for(enum order_side side)
{
    struct order order = {.side = side,
                          .ticker = "AAPL",
                          .quantity = 10 * SHARE,
                          .status = ORDER_NEW,
                          .created_at = 580 * MINUTE,
                          .starts_at = 580 * MINUTE,
                          .expires_at = 960 * MINUTE};

    return order;
}

static bool decide(const struct order *order,
                   const struct quote *quote,
                   const struct platform_clock *clock,
                   int64_t *out_price)
{
    struct fill_offer offer;

    if (!fill_decide(order, quote, clock, &offer))
        return false;
    assert_int_equal(offer.quantity, order->quantity);
    *out_price = offer.price;
    return true;
}

static void a_buy_is_filled_at_the_ask_and_a_sell_at_the_bid(void **state)
{
    struct order buy = order_for(ORDER_BUY);
    struct order sell = order_for(ORDER_SELL);
    int64_t price = 0;

    (void)state;
    assert_true(decide(&buy, &fresh, &morning, &price));
    assert_int_equal(price, 96 * DOLLAR);
    assert_true(decide(&sell, &fresh, &morning, &price));
    assert_int_equal(price, 94 * DOLLAR);
}

static void a_quote_that_is_not_fit_fills_nothing(void **state)
{
    struct order order = order_for(ORDER_BUY);
    struct quote other = fresh;
    struct quote stale = fresh;
    struct quote old = fresh;
    struct quote outlived = fresh;
    struct quote future = fresh;
    struct quote empty = fresh;
    struct platform_clock closed = morning;
    struct platform_clock late = morning;
    int64_t price = 7;

    (void)state;
    snprintf(other.ticker, sizeof(other.ticker), "MSFT");
    stale.stale = true;
    old.quoted_at = 959 * MINUTE - 1440 * MINUTE;
    outlived.valid_until = 600 * MINUTE;
    future.quoted_at = 600 * MINUTE + 1;
    empty.ask_micros = 0;
    closed.is_open = false;
    late.now = 960 * MINUTE;
    late.next_close = 2400 * MINUTE;
    assert_false(decide(&order, &other, &morning, &price));
    assert_false(decide(&order, &stale, &morning, &price));
    assert_false(decide(&order, &old, &morning, &price));
    assert_false(decide(&order, &outlived, &morning, &price));
    assert_false(decide(&order, &future, &morning, &price));
    assert_false(decide(&order, &empty, &morning, &price));
    assert_false(decide(&order, &fresh, &closed, &price));
    assert_false(decide(&order, &fresh, &late, &price));
    assert_int_equal(price, 7);
}

static enum fill_action watch_past(struct order *order, const struct quote *quote, int64_t *price)
{
    struct fill_moment moment = fill_moment_past(quote);
    struct fill_offer offer = {0};
    enum fill_action action = fill_watch(order, quote, &moment, &offer);

    if (action == FILL_WHOLE)
        *price = offer.price;
    return action;
}

static void a_missed_quote_fills_within_the_orders_own_time(void **state)
{
    struct order order = order_for(ORDER_BUY);
    struct quote before = fresh;
    struct quote within = fresh;
    struct quote after = fresh;
    int64_t price = 0;

    (void)state;
    before.quoted_at = 579 * MINUTE;
    within.quoted_at = 660 * MINUTE;
    after.quoted_at = 960 * MINUTE;
    assert_int_equal(watch_past(&order, &before, &price), FILL_NOTHING);
    assert_int_equal(watch_past(&order, &within, &price), FILL_WHOLE);
    assert_int_equal(watch_past(&order, &after, &price), FILL_NOTHING);
}

static void around_the_clock_a_session_is_the_day_of_utc(void **state)
{
    struct order order = order_for(ORDER_BUY);
    struct quote quote = fresh;
    struct platform_clock clock = {.now = 2879 * MINUTE,
                                   .is_open = true,
                                   .next_open = 2880 * MINUTE,
                                   .next_close = 2880 * MINUTE};
    int64_t price = 0;

    (void)state;
    quote.valid_until = order.expires_at = clock.next_close;
    order.created_at = order.starts_at = 1440 * MINUTE;
    quote.quoted_at = 1440 * MINUTE;
    assert_true(decide(&order, &quote, &clock, &price));
    quote.quoted_at = 1440 * MINUTE - 1;
    assert_false(decide(&order, &quote, &clock, &price));
}

static struct order limit_for(enum order_side side, int64_t limit_price)
{
    struct order order = order_for(side);

    order.type = ORDER_LIMIT;
    order.limit_price = limit_price;
    return order;
}

static void a_limit_is_filled_at_the_quote_when_that_is_as_good_or_better(void **state)
{
    struct order at = limit_for(ORDER_BUY, 96 * DOLLAR);
    struct order below = limit_for(ORDER_BUY, 96 * DOLLAR - 1);
    struct order better = limit_for(ORDER_SELL, 90 * DOLLAR);
    struct order above = limit_for(ORDER_SELL, 94 * DOLLAR + 1);
    int64_t price = 0;

    (void)state;
    assert_true(decide(&at, &fresh, &morning, &price));
    assert_int_equal(price, 96 * DOLLAR);
    assert_false(decide(&below, &fresh, &morning, &price));
    assert_true(decide(&better, &fresh, &morning, &price));
    assert_int_equal(price, 94 * DOLLAR);
    assert_false(decide(&above, &fresh, &morning, &price));
}

static void a_stop_is_reached_by_the_last_price_and_filled_at_the_quote(void **state)
{
    struct order sell = order_for(ORDER_SELL);
    struct order buy = order_for(ORDER_BUY);
    int64_t price = 0;

    (void)state;
    sell.type = buy.type = ORDER_STOP;
    // The bid is below it, the last price is not.
    sell.stop_price = 94 * DOLLAR;
    assert_false(decide(&sell, &fresh, &morning, &price));
    sell.stop_price = 95 * DOLLAR;
    assert_true(decide(&sell, &fresh, &morning, &price));
    assert_int_equal(price, 94 * DOLLAR);
    buy.stop_price = 96 * DOLLAR;
    assert_false(decide(&buy, &fresh, &morning, &price));
    buy.stop_price = 95 * DOLLAR;
    assert_true(decide(&buy, &fresh, &morning, &price));
    assert_int_equal(price, 96 * DOLLAR);
}

static void a_stop_beyond_its_limit_is_triggered_and_not_filled(void **state)
{
    struct order order = limit_for(ORDER_BUY, 95 * DOLLAR);
    int64_t price = 7;

    (void)state;
    order.type = ORDER_STOP_LIMIT;
    order.stop_price = 94 * DOLLAR;
    assert_int_equal(watch_past(&order, &fresh, &price), FILL_NOTHING);
    order.starts_at = 0;
    assert_int_equal(watch_past(&order, &fresh, &price), FILL_TRIGGER);
    order.triggered_at = 1;
    assert_int_equal(watch_past(&order, &fresh, &price), FILL_NOTHING);
    order.limit_price = 96 * DOLLAR;
    assert_int_equal(watch_past(&order, &fresh, &price), FILL_WHOLE);
}

static void a_trailing_stop_is_a_distance_or_a_part_below_the_best_price(void **state)
{
    struct order sell = order_for(ORDER_SELL);
    struct order buy = order_for(ORDER_BUY);

    (void)state;
    sell.type = buy.type = ORDER_TRAILING_STOP;
    sell.trail_price = 5 * DOLLAR;
    assert_true(fill_trail(&sell, 100 * DOLLAR));
    assert_int_equal(sell.stop_price, 95 * DOLLAR);
    assert_false(fill_trail(&sell, 99 * DOLLAR));
    assert_int_equal(sell.stop_price, 95 * DOLLAR);
    assert_true(fill_trail(&sell, 101 * DOLLAR));
    assert_int_equal(sell.stop_price, 96 * DOLLAR);
    buy.trail_percent = 10 * DOLLAR;
    assert_true(fill_trail(&buy, 100 * DOLLAR));
    assert_int_equal(buy.stop_price, 110 * DOLLAR);
    assert_false(fill_trail(&buy, 101 * DOLLAR));
    assert_true(fill_trail(&buy, 50 * DOLLAR));
    assert_int_equal(buy.stop_price, 55 * DOLLAR);
    sell.trail_price = 200 * DOLLAR;
    assert_true(fill_trail(&sell, 102 * DOLLAR));
    assert_int_equal(sell.stop_price, 1);
}

static void after_hours_fill_who_asked_for_them_at_a_quote_of_that_day(void **state)
{
    struct order order = limit_for(ORDER_BUY, 96 * DOLLAR);
    struct platform_clock evening = {.now = 1000 * MINUTE,
                                     .next_open = 2010 * MINUTE,
                                     .next_close = 2400 * MINUTE,
                                     .extended_end = 1200 * MINUTE};
    struct quote quote = fresh;
    int64_t price = 0;

    (void)state;
    quote.quoted_at = 959 * MINUTE;
    quote.valid_until = 2010 * MINUTE;
    order.expires_at = 1200 * MINUTE;
    assert_false(decide(&order, &quote, &evening, &price));
    order.extended_hours = true;
    assert_true(decide(&order, &quote, &evening, &price));
    quote.quoted_at = 239 * MINUTE;
    assert_false(decide(&order, &quote, &evening, &price));
    quote.quoted_at = 959 * MINUTE;
    evening.extended_end = 0;
    assert_false(decide(&order, &quote, &evening, &price));
}

static void what_has_a_limit_holds_the_cost_at_the_limit(void **state)
{
    struct order order = limit_for(ORDER_BUY, 97 * DOLLAR);
    int64_t amount = 0;

    (void)state;
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 970 * DOLLAR);
}

static void what_trails_holds_its_stop_and_a_cushion(void **state)
{
    struct order order = order_for(ORDER_BUY);
    int64_t amount = 0;

    (void)state;
    order.type = ORDER_TRAILING_STOP;
    order.trail_price = 5 * DOLLAR;
    assert_true(fill_trail(&order, 95 * DOLLAR));
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 1025 * DOLLAR);
}

static void what_does_not_rest_holds_a_cushion_even_when_it_can_be_filled(void **state)
{
    struct order order = order_for(ORDER_BUY);
    int64_t amount = 0;

    (void)state;
    order.time_in_force = ORDER_FOK;
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 973750000);
}

static void what_fills_now_holds_exactly_its_cost(void **state)
{
    struct order order = order_for(ORDER_BUY);
    int64_t amount = 0;

    (void)state;
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 960 * DOLLAR);
    order.quantity = 1;
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 1);
    order.side = ORDER_SELL;
    assert_true(fill_hold(&order, &fresh, &morning, &amount));
    assert_int_equal(amount, 0);
}

static void what_must_wait_holds_a_cushion(void **state)
{
    struct order order = order_for(ORDER_BUY);
    struct platform_clock closed = morning;
    struct quote cheap = fresh;
    int64_t amount = 0;

    (void)state;
    closed.is_open = false;
    assert_true(fill_hold(&order, &fresh, &closed, &amount));
    assert_int_equal(amount, 973750000);
    cheap.price_micros = 49990000;
    assert_true(fill_hold(&order, &cheap, &closed, &amount));
    assert_int_equal(amount, 519896000);
}

static void a_buy_is_covered_up_to_what_it_holds(void **state)
{
    struct order order = order_for(ORDER_BUY);
    struct fill_offer offer = {10 * SHARE, 96 * DOLLAR};

    (void)state;
    order.hold_amount = 960 * DOLLAR;
    assert_true(fill_is_covered(&order, &offer));
    offer.price++;
    assert_false(fill_is_covered(&order, &offer));
    offer.price = INT64_MAX;
    assert_false(fill_is_covered(&order, &offer));
    order.side = ORDER_SELL;
    order.hold_amount = 0;
    assert_true(fill_is_covered(&order, &offer));
}

static void a_value_too_large_to_count_is_refused(void **state)
{
    struct order order = order_for(ORDER_BUY);
    int64_t amount = 7;

    (void)state;
    order.quantity = INT64_C(1000000000000000000);
    assert_false(fill_hold(&order, &(struct quote){.ticker = "AAPL", .price_micros = INT64_MAX},
                           &morning, &amount));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buy_is_filled_at_the_ask_and_a_sell_at_the_bid),
        cmocka_unit_test(a_quote_that_is_not_fit_fills_nothing),
        cmocka_unit_test(a_missed_quote_fills_within_the_orders_own_time),
        cmocka_unit_test(around_the_clock_a_session_is_the_day_of_utc),
        cmocka_unit_test(a_limit_is_filled_at_the_quote_when_that_is_as_good_or_better),
        cmocka_unit_test(a_stop_is_reached_by_the_last_price_and_filled_at_the_quote),
        cmocka_unit_test(a_stop_beyond_its_limit_is_triggered_and_not_filled),
        cmocka_unit_test(a_trailing_stop_is_a_distance_or_a_part_below_the_best_price),
        cmocka_unit_test(after_hours_fill_who_asked_for_them_at_a_quote_of_that_day),
        cmocka_unit_test(what_has_a_limit_holds_the_cost_at_the_limit),
        cmocka_unit_test(what_trails_holds_its_stop_and_a_cushion),
        cmocka_unit_test(what_does_not_rest_holds_a_cushion_even_when_it_can_be_filled),
        cmocka_unit_test(what_fills_now_holds_exactly_its_cost),
        cmocka_unit_test(what_must_wait_holds_a_cushion),
        cmocka_unit_test(a_buy_is_covered_up_to_what_it_holds),
        cmocka_unit_test(a_value_too_large_to_count_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
