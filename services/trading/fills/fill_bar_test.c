// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>

#include "fills/fill_bar.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define DAY (1440 * MINUTE)

// The order is placed on day 1; the bar is of day 2, from 570 to 959 minutes.
static struct order order_for(enum order_side side, enum order_type type)
{
    struct order order = {.side = side,
                          .type = type,
                          .ticker = "ACME",
                          .quantity = 10 * SHARE,
                          .status = ORDER_NEW,
                          .created_at = DAY + 600 * MINUTE,
                          .looked_at = DAY + 600 * MINUTE,
                          .starts_at = 2 * DAY + 570 * MINUTE,
                          .expires_at = 2 * DAY + 960 * MINUTE,
                          .terms.model = FILL_MODEL_BAR};

    return order;
}

static struct fill_bar bar_of(int64_t open, int64_t high, int64_t low)
{
    struct fill_bar bar = {.start = 2 * DAY,
                           .length = DAY,
                           .opened_at = 2 * DAY + 570 * MINUTE,
                           .last_at = 2 * DAY + 959 * MINUTE,
                           .open = open * DOLLAR,
                           .high = high * DOLLAR,
                           .low = low * DOLLAR,
                           .close = open * DOLLAR,
                           .volume = 1000,
                           .is_over = true};

    return bar;
}

// What the order is filled at in dollars: at the open, or once the bar is over; -1 for nothing.
static int64_t
filled_at(struct order *order, int64_t open, int64_t high, int64_t low, bool *out_at_open)
{
    struct fill_bar bar = bar_of(open, high, low);
    struct fill_offer offer = {.price = -DOLLAR};
    enum fill_action action = FILL_NOTHING;

    bar.is_over = false;
    action = fill_bar_watch(order, &bar, &offer);
    *out_at_open = action == FILL_WHOLE;
    if (action == FILL_TRIGGER)
        order->triggered_at = bar.opened_at;
    if (action == FILL_NOTHING || action == FILL_TRIGGER) {
        bar.is_over = true;
        action = fill_bar_watch(order, &bar, &offer);
        if (action == FILL_TRIGGER)
            order->triggered_at = bar.last_at;
    }
    if (action == FILL_WHOLE)
        assert_int_equal(offer.quantity, order->quantity);
    return offer.price / DOLLAR;
}

static int64_t
price_of(struct order order, int64_t open, int64_t high, int64_t low, bool expect_at_open)
{
    bool is_at_open = false;
    int64_t price = filled_at(&order, open, high, low, &is_at_open);

    assert_int_equal(is_at_open, expect_at_open);
    return price;
}

static void the_market_is_the_open_of_the_next_bar(void **state)
{
    (void)state;
    assert_int_equal(price_of(order_for(ORDER_BUY, ORDER_MARKET), 100, 110, 90, true), 100);
    assert_int_equal(price_of(order_for(ORDER_SELL, ORDER_MARKET), 100, 110, 90, true), 100);
}

static void a_limit_is_filled_at_the_better_of_open_and_limit(void **state)
{
    struct order buy = order_for(ORDER_BUY, ORDER_LIMIT);
    struct order sell = order_for(ORDER_SELL, ORDER_LIMIT);

    (void)state;
    buy.limit_price = 95 * DOLLAR;
    sell.limit_price = 105 * DOLLAR;
    // A gap beyond the limit is to the order's good.
    assert_int_equal(price_of(buy, 92, 110, 90, true), 92);
    assert_int_equal(price_of(sell, 108, 110, 90, true), 108);
    assert_int_equal(price_of(buy, 100, 110, 90, false), 95);
    assert_int_equal(price_of(sell, 100, 110, 90, false), 105);
    assert_int_equal(price_of(buy, 100, 110, 96, false), -1);
    assert_int_equal(price_of(sell, 100, 104, 90, false), -1);
}

static void a_stop_is_filled_at_the_worse_of_open_and_stop(void **state)
{
    struct order sell = order_for(ORDER_SELL, ORDER_STOP);
    struct order buy = order_for(ORDER_BUY, ORDER_STOP_LIMIT);

    (void)state;
    sell.stop_price = 95 * DOLLAR;
    // A gap down is filled where it ends, and so is one up.
    assert_int_equal(price_of(sell, 90, 110, 85, true), 90);
    assert_int_equal(price_of(sell, 100, 110, 90, false), 95);
    assert_int_equal(price_of(sell, 100, 110, 96, false), -1);
    buy.stop_price = 105 * DOLLAR;
    buy.limit_price = 108 * DOLLAR;
    assert_int_equal(price_of(buy, 107, 110, 90, true), 107);
    assert_int_equal(price_of(buy, 100, 110, 90, false), 105);
    assert_int_equal(price_of(buy, 100, 104, 90, false), -1);
}

static void a_gap_beyond_stop_and_limit_waits_for_the_limit(void **state)
{
    struct order buy = order_for(ORDER_BUY, ORDER_STOP_LIMIT);

    (void)state;
    buy.stop_price = 105 * DOLLAR;
    buy.limit_price = 108 * DOLLAR;
    // From 110 it has come down to 90, and so to 108.
    assert_int_equal(price_of(buy, 110, 112, 90, false), 108);
    assert_int_equal(price_of(buy, 110, 112, 109, false), -1);
}

static void of_a_stop_beyond_its_limit_it_is_not_known_what_came_after_it(void **state)
{
    struct order buy = order_for(ORDER_BUY, ORDER_STOP_LIMIT);
    struct fill_bar next = bar_of(100, 110, 90);
    struct fill_offer offer;
    bool at_open = false;

    (void)state;
    buy.stop_price = 105 * DOLLAR;
    buy.limit_price = 103 * DOLLAR;
    assert_int_equal(filled_at(&buy, 104, 110, 90, &at_open), -1);
    assert_true(buy.triggered_at > 0);
    next.start += DAY;
    next.opened_at += DAY;
    next.last_at += DAY;
    buy.expires_at += DAY;
    next.is_over = false;
    assert_int_equal(fill_bar_watch(&buy, &next, &offer), FILL_WHOLE);
    assert_int_equal(offer.price, 100 * DOLLAR);
}

static void a_bar_that_reaches_a_stop_and_a_target_is_the_stops(void **state)
{
    struct order stop = order_for(ORDER_SELL, ORDER_STOP);
    struct order target = order_for(ORDER_SELL, ORDER_LIMIT);
    struct fill_bar bar = bar_of(100, 110, 90);
    struct fill_offer offer;

    (void)state;
    stop.stop_price = 95 * DOLLAR;
    target.limit_price = 105 * DOLLAR;
    // Neither before the bar is over, so that who shows it can begin with the stops.
    bar.is_over = false;
    bar.high = 106 * DOLLAR;
    assert_int_equal(fill_bar_watch(&target, &bar, &offer), FILL_NOTHING);
    assert_int_equal(fill_bar_watch(&stop, &bar, &offer), FILL_NOTHING);
    bar = bar_of(100, 110, 90);
    assert_int_equal(fill_bar_watch(&stop, &bar, &offer), FILL_WHOLE);
    assert_int_equal(offer.price, 95 * DOLLAR);
    assert_int_equal(fill_bar_watch(&target, &bar, &offer), FILL_WHOLE);
}

static void a_trailing_stop_follows_the_bars_that_are_over(void **state)
{
    struct order sell = order_for(ORDER_SELL, ORDER_TRAILING_STOP);

    (void)state;
    sell.trail_price = 10 * DOLLAR;
    assert_true(fill_trail(&sell, 100 * DOLLAR));
    // The stop is at 90 and, with an open of 104, at 94: the high of 120 may have come after the
    // low.
    assert_int_equal(price_of(sell, 104, 120, 95, false), -1);
    assert_int_equal(price_of(sell, 104, 120, 94, false), 94);
    assert_int_equal(price_of(sell, 89, 120, 80, true), 89);
}

static void a_high_of_a_bar_moves_the_stop_for_the_next(void **state)
{
    struct order sell = order_for(ORDER_SELL, ORDER_TRAILING_STOP);
    bool at_open = false;

    (void)state;
    sell.trail_price = 10 * DOLLAR;
    assert_true(fill_trail(&sell, 100 * DOLLAR));
    assert_int_equal(filled_at(&sell, 104, 120, 95, &at_open), -1);
    assert_int_equal(sell.high_water, 120 * DOLLAR);
    assert_int_equal(sell.stop_price, 110 * DOLLAR);
}

static void slippage_counts_in_bars_too_and_ends_at_the_limit(void **state)
{
    struct order sell = order_for(ORDER_SELL, ORDER_STOP);
    struct order buy = order_for(ORDER_BUY, ORDER_LIMIT);

    (void)state;
    sell.terms.slippage_bps_hundredths = buy.terms.slippage_bps_hundredths = 100000; // 10 %
    sell.stop_price = 100 * DOLLAR;
    assert_int_equal(price_of(sell, 105, 110, 90, false), 90);
    buy.limit_price = 95 * DOLLAR;
    assert_int_equal(price_of(buy, 100, 110, 90, false), 95);
    assert_int_equal(price_of(buy, 80, 110, 80, true), 88);
}

static void with_a_share_of_the_volume_an_order_waits_until_that_is_known(void **state)
{
    struct order order = order_for(ORDER_BUY, ORDER_MARKET);
    struct fill_bar bar = bar_of(100, 110, 90);
    struct fill_offer offer;

    (void)state;
    order.terms.participation_percent_hundredths = 60; // 6 of 1000
    bar.is_over = false;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
    bar.is_over = true;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_PART);
    assert_int_equal(offer.quantity, 6 * SHARE);
    assert_int_equal(offer.price, 100 * DOLLAR);
    bar.volume_before = 1000;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
}

static void what_does_not_rest_has_the_open_of_one_bar(void **state)
{
    struct order order = order_for(ORDER_BUY, ORDER_LIMIT);
    struct fill_bar bar = bar_of(100, 110, 90);
    struct fill_offer offer;

    (void)state;
    order.time_in_force = ORDER_IOC;
    order.limit_price = 95 * DOLLAR;
    bar.is_over = false;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_MISS);
    order.limit_price = 100 * DOLLAR;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_WHOLE);
    order.terms.participation_percent_hundredths = 60;
    bar.is_over = true;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_PART);
    order.time_in_force = ORDER_FOK;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_MISS);
}

static void a_bar_fills_no_order_that_it_began_before_or_that_has_seen_it(void **state)
{
    struct order order = order_for(ORDER_BUY, ORDER_MARKET);
    struct fill_bar bar = bar_of(100, 110, 90);
    struct fill_offer offer;

    (void)state;
    order.starts_at = bar.opened_at + 1;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
    order.starts_at = bar.opened_at;
    order.looked_at = bar.start + bar.length - 1;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
    order.looked_at--;
    order.expires_at = bar.last_at;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
    order.expires_at++;
    order.terms.model = FILL_MODEL_QUOTE;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
    order.terms.model = FILL_MODEL_BAR;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_WHOLE);
    order.time_in_force = ORDER_OPG;
    assert_int_equal(fill_bar_watch(&order, &bar, &offer), FILL_NOTHING);
}

static void
take(struct fill_bar *bar, const char *source, int64_t at, int64_t price, int64_t volume)
{
    struct quote quote = {.price_micros = price * DOLLAR, .quoted_at = at, .volume = volume};

    snprintf(quote.source, sizeof(quote.source), "%s", source);
    fill_bar_take(bar, &quote);
}

static void a_bar_is_a_day_of_a_replay(void **state)
{
    struct fill_bar bar = {0};

    (void)state;
    take(&bar, "replay", DAY + 570 * MINUTE, 100, 250);
    take(&bar, "replay", DAY + 660 * MINUTE, 95, 500);
    take(&bar, "replay", DAY + 840 * MINUTE, 110, 750);
    take(&bar, "replay", DAY + 959 * MINUTE, 105, 1000);
    assert_int_equal(bar.open, 100 * DOLLAR);
    assert_int_equal(bar.high, 110 * DOLLAR);
    assert_int_equal(bar.low, 95 * DOLLAR);
    assert_int_equal(bar.close, 105 * DOLLAR);
    assert_int_equal(bar.volume - bar.volume_before, 1000);
    assert_int_equal(bar.last_at, DAY + 959 * MINUTE);
    take(&bar, "replay", 2 * DAY + 570 * MINUTE, 90, 250);
    assert_int_equal(bar.open, 90 * DOLLAR);
    assert_int_equal(bar.high, 90 * DOLLAR);
    assert_int_equal(bar.volume - bar.volume_before, 250);
}

static void a_bar_is_a_minute_of_a_market_that_is_quoted_as_it_goes(void **state)
{
    struct fill_bar bar = {0};

    (void)state;
    // What of the first minute was before the first quote is not known.
    take(&bar, "simulated", DAY + 600 * MINUTE + 20 * MICROS_PER_SECOND, 100, 5000);
    take(&bar, "simulated", DAY + 600 * MINUTE + 21 * MICROS_PER_SECOND, 101, 5010);
    assert_int_equal(bar.volume - bar.volume_before, 10);
    take(&bar, "simulated", DAY + 601 * MINUTE, 102, 5015);
    assert_int_equal(bar.start, DAY + 601 * MINUTE);
    assert_int_equal(bar.open, 102 * DOLLAR);
    assert_int_equal(bar.volume - bar.volume_before, 5);
    // A session begins.
    take(&bar, "simulated", 2 * DAY, 103, 7);
    assert_int_equal(bar.volume - bar.volume_before, 7);
}

static void a_minute_has_ended_by_the_clock_and_a_day_with_its_session(void **state)
{
    struct fill_bar minute = {.start = DAY, .length = MINUTE, .last_at = DAY};
    struct fill_bar day = {.start = DAY, .length = DAY, .last_at = DAY + 959 * MINUTE};
    struct platform_clock clock = {
        .now = DAY + MINUTE - 1, .is_open = true, .next_close = DAY + 960 * MINUTE};

    (void)state;
    assert_false(fill_bar_has_ended(&minute, &clock));
    assert_false(fill_bar_has_ended(&day, &clock));
    clock.now++;
    assert_true(fill_bar_has_ended(&minute, &clock));
    clock.is_open = false;
    assert_true(fill_bar_has_ended(&day, &clock));
    clock.is_open = true;
    clock.next_close += DAY;
    assert_true(fill_bar_has_ended(&day, &clock));
}

static void who_goes_on_looks_back_to_before_the_bar(void **state)
{
    (void)state;
    assert_int_equal(fill_bar_before(DAY + 600 * MINUTE, DAY), DAY - 1);
    assert_int_equal(fill_bar_before(2 * DAY - 1, DAY), 2 * DAY - 1);
    assert_int_equal(fill_bar_before(DAY, MINUTE), DAY - 1);
}

static void an_order_waits_for_the_bar_after_the_present_one(void **state)
{
    struct order order = order_for(ORDER_BUY, ORDER_MARKET);
    struct quote replay = {.source = "replay"};
    struct quote simulated = {.source = "simulated"};
    struct platform_clock open = {.now = DAY + 600 * MINUTE,
                                  .is_open = true,
                                  .next_open = 2 * DAY + 570 * MINUTE,
                                  .next_close = DAY + 960 * MINUTE};

    (void)state;
    order.starts_at = open.now;
    order.expires_at = open.next_close;
    fill_bar_schedule(&order, &replay, &open);
    assert_int_equal(order.starts_at, open.next_open);
    assert_int_equal(order.expires_at, 2 * DAY + 960 * MINUTE);
    order.starts_at = open.now;
    order.expires_at = open.next_close;
    fill_bar_schedule(&order, &simulated, &open);
    assert_int_equal(order.starts_at, DAY + 601 * MINUTE);
    assert_int_equal(order.expires_at, open.next_close);
    // With its latency it comes after the next one has begun.
    order.terms.latency_ms = 60000;
    fill_bar_schedule(&order, &simulated, &open);
    assert_int_equal(order.starts_at, DAY + 602 * MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_market_is_the_open_of_the_next_bar),
        cmocka_unit_test(a_limit_is_filled_at_the_better_of_open_and_limit),
        cmocka_unit_test(a_stop_is_filled_at_the_worse_of_open_and_stop),
        cmocka_unit_test(a_gap_beyond_stop_and_limit_waits_for_the_limit),
        cmocka_unit_test(of_a_stop_beyond_its_limit_it_is_not_known_what_came_after_it),
        cmocka_unit_test(a_bar_that_reaches_a_stop_and_a_target_is_the_stops),
        cmocka_unit_test(a_trailing_stop_follows_the_bars_that_are_over),
        cmocka_unit_test(a_high_of_a_bar_moves_the_stop_for_the_next),
        cmocka_unit_test(slippage_counts_in_bars_too_and_ends_at_the_limit),
        cmocka_unit_test(with_a_share_of_the_volume_an_order_waits_until_that_is_known),
        cmocka_unit_test(what_does_not_rest_has_the_open_of_one_bar),
        cmocka_unit_test(a_bar_fills_no_order_that_it_began_before_or_that_has_seen_it),
        cmocka_unit_test(a_bar_is_a_day_of_a_replay),
        cmocka_unit_test(a_bar_is_a_minute_of_a_market_that_is_quoted_as_it_goes),
        cmocka_unit_test(a_minute_has_ended_by_the_clock_and_a_day_with_its_session),
        cmocka_unit_test(who_goes_on_looks_back_to_before_the_bar),
        cmocka_unit_test(an_order_waits_for_the_bar_after_the_present_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
