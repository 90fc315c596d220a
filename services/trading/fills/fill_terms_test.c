// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "fills/commission.h"
#include "fills/fill.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define MS MICROS_PER_MS

// A session from 570 to 960 minutes (09:30 to 16:00), seen at 10:00.
static const struct platform_clock morning = {
    .now = 600 * MINUTE, .is_open = true, .next_close = 960 * MINUTE};

// 250 shares have been traded in the day, 50 of them with this quote.
static const struct quote fresh = {
    .ticker = "AAPL",
    .price_micros = 95 * DOLLAR,
    .bid_micros = 94 * DOLLAR,
    .ask_micros = 96 * DOLLAR,
    .volume = 250,
    .volume_before = 200,
    .quoted_at = 570 * MINUTE,
    .valid_until = 660 * MINUTE,
};

static struct order order_for(enum order_side side, int64_t quantity)
{
    struct order order = {.side = side,
                          .ticker = "AAPL",
                          .quantity = quantity,
                          .status = ORDER_NEW,
                          .created_at = 580 * MINUTE,
                          .starts_at = 580 * MINUTE,
                          .looked_at = 580 * MINUTE,
                          .expires_at = 960 * MINUTE};

    return order;
}

static void terms_are_read_as_they_were_printed(void **state)
{
    const struct fill_terms terms = {.version = 12,
                                     .model = FILL_MODEL_BAR,
                                     .slippage_bps_hundredths = 50,
                                     .participation_percent_hundredths = 1000,
                                     .commission_per_order = DOLLAR,
                                     .commission_per_share = 5000,
                                     .commission_bps_hundredths = 100000,
                                     .commission_minimum = 350000,
                                     .commission_maximum = 99 * DOLLAR,
                                     .latency_ms = 60000};
    struct fill_terms read;
    char text[FILL_TERMS_SIZE];

    (void)state;
    fill_terms_print(&terms, text);
    assert_string_equal(text, "model=bar version=12 slippage_bps=0.5 participation_percent=10 "
                              "commission_per_order=1 commission_per_share=0.005 "
                              "commission_bps=1000 commission_minimum=0.35 commission_maximum=99 "
                              "latency_ms=60000");
    assert_true(fill_terms_parse(text, &read));
    assert_memory_equal(&read.version, &terms.version, sizeof(terms.version));
    assert_int_equal(read.model, terms.model);
    assert_int_equal(read.slippage_bps_hundredths, terms.slippage_bps_hundredths);
    assert_int_equal(read.participation_percent_hundredths, terms.participation_percent_hundredths);
    assert_int_equal(read.commission_per_order, terms.commission_per_order);
    assert_int_equal(read.commission_per_share, terms.commission_per_share);
    assert_int_equal(read.commission_bps_hundredths, terms.commission_bps_hundredths);
    assert_int_equal(read.commission_minimum, terms.commission_minimum);
    assert_int_equal(read.commission_maximum, terms.commission_maximum);
    assert_int_equal(read.latency_ms, terms.latency_ms);
    assert_false(fill_terms_are_plain(&terms));
}

static void the_largest_terms_can_be_printed(void **state)
{
    const struct fill_terms most = {.version = INT64_MAX,
                                    .model = FILL_MODEL_BAR,
                                    .slippage_bps_hundredths = 99999,
                                    .participation_percent_hundredths = 9999,
                                    .commission_per_order = 999999999,
                                    .commission_per_share = 99999999,
                                    .commission_bps_hundredths = 99999,
                                    .commission_minimum = 999999999,
                                    .commission_maximum = 99999999999,
                                    .latency_ms = 60000};
    struct fill_terms read;
    char text[FILL_TERMS_SIZE];

    (void)state;
    fill_terms_print(&most, text);
    assert_true(fill_terms_parse(text, &read));
    assert_int_equal(read.latency_ms, 60000);
}

static void plain_terms_are_an_empty_text(void **state)
{
    struct fill_terms terms = {0};
    char text[FILL_TERMS_SIZE] = "other";

    (void)state;
    fill_terms_print(&terms, text);
    assert_string_equal(text, "");
    assert_true(fill_terms_parse("", &terms));
    assert_true(fill_terms_are_plain(&terms));
    // Those of a portfolio that was given others once.
    terms.version = 3;
    assert_true(fill_terms_are_plain(&terms));
    fill_terms_print(&terms, text);
    assert_string_equal(text, "version=3");
}

static void a_text_that_is_no_terms_is_refused(void **state)
{
    static const char *const wrong[] = {
        "model=other",  "slippage", "slippage_bps=", "latency_ms=1.5", "latency_ms=-1",
        "commission=1", "=1"};
    struct fill_terms terms = {.version = 9};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(fill_terms_parse(wrong[i], &terms));
    assert_int_equal(terms.version, 9);
}

static void slippage_is_against_the_trader_and_rounded_against_them(void **state)
{
    struct order buy = order_for(ORDER_BUY, SHARE);
    struct order sell = order_for(ORDER_SELL, SHARE);

    (void)state;
    buy.terms.slippage_bps_hundredths = sell.terms.slippage_bps_hundredths = 500;
    // 5 basis points of 100.00 are 0.05.
    assert_int_equal(fill_slip(&buy, 100 * DOLLAR), 100050000);
    assert_int_equal(fill_slip(&sell, 100 * DOLLAR), 99950000);
    // Of 0.000001 they are less than a micro, which is the least.
    assert_int_equal(fill_slip(&buy, 1), 2);
    assert_int_equal(fill_slip(&sell, 1), 1);
    buy.terms.slippage_bps_hundredths = 0;
    assert_int_equal(fill_slip(&buy, 1), 1);
}

static void slippage_ends_at_the_limit(void **state)
{
    struct order buy = order_for(ORDER_BUY, SHARE);
    struct order sell = order_for(ORDER_SELL, SHARE);

    (void)state;
    buy.terms.slippage_bps_hundredths = sell.terms.slippage_bps_hundredths = 10000; // 1 %
    buy.limit_price = 100500000;
    assert_int_equal(fill_slip(&buy, 100 * DOLLAR), 100500000);
    assert_int_equal(fill_slip(&buy, 99 * DOLLAR), 99990000);
    sell.limit_price = 99500000;
    assert_int_equal(fill_slip(&sell, 100 * DOLLAR), 99500000);
    assert_int_equal(fill_slip(&sell, 101 * DOLLAR), 99990000);
}

static void a_share_of_the_volume_is_in_whole_shares(void **state)
{
    struct order order = order_for(ORDER_BUY, 10 * SHARE);

    (void)state;
    assert_int_equal(fill_share(&order, 0), 10 * SHARE); // without a limit
    order.terms.participation_percent_hundredths = 1000;
    assert_int_equal(fill_share(&order, 59), 5 * SHARE);
    assert_int_equal(fill_share(&order, 100), 10 * SHARE);
    assert_int_equal(fill_share(&order, INT64_MAX), 10 * SHARE);
    assert_int_equal(fill_share(&order, 9), 0);
    // One share of a volume of 0.
    order.quantity = SHARE;
    assert_int_equal(fill_share(&order, 0), 0);
    assert_int_equal(fill_share(&order, -5), 0);
    // What is left of a fraction goes with the last share.
    order.quantity = SHARE * 3 / 2;
    assert_int_equal(fill_share(&order, 10), SHARE);
    order.filled_quantity = SHARE;
    assert_int_equal(fill_share(&order, 10), SHARE / 2);
    order.filled_quantity = 0;
    order.time_in_force = ORDER_FOK;
    assert_int_equal(fill_share(&order, 10), 0);
    assert_int_equal(fill_share(&order, 20), SHARE * 3 / 2);
}

static enum fill_action
watch(struct order *order, struct quote quote, int64_t at, int64_t volume, int64_t *out_quantity)
{
    struct fill_moment moment = {0};
    struct fill_offer offer = {0};
    enum fill_action action = FILL_NOTHING;

    quote.quoted_at = at;
    quote.volume = volume;
    moment = fill_moment_past(&quote);
    action = fill_watch(order, &quote, &moment, &offer);
    order->looked_at = at;
    order->filled_quantity += offer.quantity;
    *out_quantity = offer.quantity;
    return action;
}

// 10 % of 50, of 9 and then of 25 together, and of 100.
static void an_order_is_filled_with_its_share_of_what_each_quote_brings(void **state)
{
    struct order order = order_for(ORDER_BUY, 12 * SHARE);
    struct fill_offer offer;
    int64_t quantity = 0;

    (void)state;
    order.terms.participation_percent_hundredths = 1000;
    assert_true(fill_decide(&order, &fresh, &morning, &offer));
    assert_int_equal(offer.quantity, 5 * SHARE);
    order.filled_quantity = 5 * SHARE;
    order.volume_seen = 250;
    order.looked_at = fresh.quoted_at;
    assert_int_equal(watch(&order, fresh, 601 * MINUTE, 259, &quantity), FILL_NOTHING);
    assert_int_equal(watch(&order, fresh, 602 * MINUTE, 275, &quantity), FILL_PART);
    assert_int_equal(quantity, 2 * SHARE);
    assert_int_equal(watch(&order, fresh, 603 * MINUTE, 375, &quantity), FILL_WHOLE);
    assert_int_equal(quantity, 5 * SHARE);
}

static void what_was_traded_beyond_its_limit_is_not_for_an_order(void **state)
{
    struct order order = order_for(ORDER_BUY, 12 * SHARE);
    struct quote dear = fresh;
    int64_t quantity = 0;

    (void)state;
    order.type = ORDER_LIMIT;
    order.limit_price = 96 * DOLLAR;
    order.terms.participation_percent_hundredths = 1000;
    order.volume_seen = 250;
    dear.ask_micros = 97 * DOLLAR;
    assert_int_equal(watch(&order, dear, 601 * MINUTE, 1250, &quantity), FILL_NOTHING);
    assert_int_equal(watch(&order, fresh, 602 * MINUTE, 1290, &quantity), FILL_PART);
    assert_int_equal(quantity, 4 * SHARE);
}

static void the_volume_of_another_session_is_counted_from_its_start(void **state)
{
    struct order order = order_for(ORDER_BUY, 100 * SHARE);
    int64_t quantity = 0;

    (void)state;
    order.expires_at = INT64_MAX;
    order.terms.participation_percent_hundredths = 1000;
    order.volume_seen = 250;
    assert_int_equal(watch(&order, fresh, (1440 + 570) * MINUTE, 400, &quantity), FILL_PART);
    assert_int_equal(quantity, 40 * SHARE);
    // A volume below the one before is of another session, whenever it was.
    assert_int_equal(watch(&order, fresh, (1440 + 580) * MINUTE, 100, &quantity), FILL_PART);
    assert_int_equal(quantity, 10 * SHARE);
}

static void what_a_quote_tells_that_is_older_than_the_last_look_was_counted(void **state)
{
    struct order order = order_for(ORDER_BUY, 100 * SHARE);
    struct quote dear = fresh;
    int64_t quantity = 0;

    (void)state;
    order.type = ORDER_LIMIT;
    order.limit_price = 96 * DOLLAR;
    order.terms.participation_percent_hundredths = 1000;
    order.volume_seen = 250;
    dear.ask_micros = 97 * DOLLAR;
    assert_int_equal(watch(&order, fresh, 620 * MINUTE, 400, &quantity), FILL_PART);
    assert_int_equal(quantity, 15 * SHARE);
    assert_int_equal(watch(&order, fresh, 610 * MINUTE, 300, &quantity), FILL_NOTHING);
    order.looked_at = 620 * MINUTE;
    assert_int_equal(watch(&order, dear, 610 * MINUTE, 300, &quantity), FILL_NOTHING);
    order.looked_at = 620 * MINUTE;
    assert_int_equal(watch(&order, fresh, 630 * MINUTE, 500, &quantity), FILL_PART);
    assert_int_equal(quantity, 10 * SHARE);
}

static void an_order_meets_no_quote_from_before_its_latency_has_passed(void **state)
{
    struct order order = order_for(ORDER_BUY, SHARE);
    struct platform_clock later = morning;
    int64_t quantity = 0;
    struct fill_offer offer;

    (void)state;
    later.now += MINUTE;
    order.terms.latency_ms = 250;
    order.starts_at = 600 * MINUTE + 250 * MS;
    assert_false(fill_decide(&order, &fresh, &morning, &offer));
    // Nor of one that holds still when it has.
    assert_false(fill_decide(&order, &fresh, &later, &offer));
    assert_int_equal(watch(&order, fresh, 600 * MINUTE + 250 * MS - 1, 0, &quantity), FILL_NOTHING);
    assert_int_equal(watch(&order, fresh, 600 * MINUTE + 250 * MS, 0, &quantity), FILL_WHOLE);
}

static void what_does_not_rest_ends_with_the_first_quote_that_it_meets(void **state)
{
    struct order order = order_for(ORDER_BUY, SHARE);
    int64_t quantity = 0;

    (void)state;
    order.type = ORDER_LIMIT;
    order.time_in_force = ORDER_IOC;
    order.limit_price = 95 * DOLLAR;
    order.terms.latency_ms = 250;
    order.starts_at = 600 * MINUTE + 250 * MS;
    assert_int_equal(watch(&order, fresh, 600 * MINUTE, 0, &quantity), FILL_NOTHING);
    assert_int_equal(watch(&order, fresh, 601 * MINUTE, 0, &quantity), FILL_MISS);
}

static int64_t hold_of(const struct order *order, const struct quote *quote)
{
    int64_t amount = 0;

    assert_true(fill_hold(order, quote, &morning, &amount));
    return amount;
}

static void what_is_held_covers_slippage_and_commission(void **state)
{
    struct order order = order_for(ORDER_BUY, 10 * SHARE);

    (void)state;
    order.terms.slippage_bps_hundredths = 10000; // 1 %
    order.terms.commission_per_order = DOLLAR;
    order.terms.commission_bps_hundredths = 1000; // 0.1 %
    // Filled now: 10 at 96.96, and 1 and 0.9696.
    assert_int_equal(hold_of(&order, &fresh), 969600000 + 1969600);
    // Not all of it now: 95 and 2.5 %, and 1 % of that: 98.34875.
    order.terms.participation_percent_hundredths = 100;
    assert_int_equal(hold_of(&order, &fresh), 983487500 + 1983488);
    // A limit holds the limit.
    order.type = ORDER_LIMIT;
    order.limit_price = 97 * DOLLAR;
    assert_int_equal(hold_of(&order, &fresh), 970 * DOLLAR + 1970000);
}

static void parts_that_were_filled_count_in_what_an_order_costs(void **state)
{
    struct order order = order_for(ORDER_BUY, 10 * SHARE);
    struct fill_offer offer = {6 * SHARE, 101 * DOLLAR};

    (void)state;
    order.terms.commission_per_order = DOLLAR;
    order.filled_quantity = 4 * SHARE;
    order.filled_value.micros = 400 * DOLLAR;
    order.commission = DOLLAR;
    order.hold_amount = 1007 * DOLLAR;
    assert_true(fill_is_covered(&order, &offer));
    order.hold_amount--;
    assert_false(fill_is_covered(&order, &offer));
}

static int64_t commission_for(const struct order *order, int64_t quantity, int64_t price)
{
    int64_t commission = -1;

    assert_true(commission_of_fill(order, quantity, price, &commission));
    return commission;
}

static void a_commission_is_of_the_order_its_shares_and_its_value(void **state)
{
    struct order order = order_for(ORDER_BUY, 300 * SHARE);

    (void)state;
    order.terms.commission_per_order = DOLLAR;
    order.terms.commission_per_share = 5000;
    order.terms.commission_bps_hundredths = 200;
    // 1.00, 300 * 0.005 and 2 basis points of 30,000.
    assert_int_equal(commission_for(&order, 300 * SHARE, 100 * DOLLAR),
                     1000000 + 1500000 + 6000000);
    order.terms.commission_minimum = 8500001;
    assert_int_equal(commission_for(&order, 300 * SHARE, 100 * DOLLAR), 8500001);
    // 1.00, 600 * 0.005 and 2 basis points of 60,000 are 16.00.
    order.terms.commission_maximum = 15999999;
    order.quantity = 600 * SHARE;
    assert_int_equal(commission_for(&order, 600 * SHARE, 100 * DOLLAR), 15999999);
    order.terms.commission_maximum = 16 * DOLLAR;
    assert_int_equal(commission_for(&order, 600 * SHARE, 100 * DOLLAR), 16 * DOLLAR);
    order.terms.commission_minimum = order.terms.commission_maximum = 10 * DOLLAR;
    assert_int_equal(commission_for(&order, SHARE, DOLLAR), 10 * DOLLAR);
}

static void a_commission_is_rounded_half_to_even_once(void **state)
{
    struct order order = order_for(ORDER_BUY, 3);

    (void)state;
    // Half a micro for a billionth of a share, and one and a half for three.
    order.terms.commission_per_share = 500 * DOLLAR;
    assert_int_equal(commission_for(&order, 1, DOLLAR), 0);
    assert_int_equal(commission_for(&order, 3, DOLLAR), 2);
}

static void parts_cost_what_the_whole_does(void **state)
{
    struct order order = order_for(ORDER_BUY, 7 * SHARE);
    struct order whole = order;
    int64_t sum = 0;

    (void)state;
    order.terms.commission_per_order = whole.terms.commission_per_order = DOLLAR;
    order.terms.commission_bps_hundredths = whole.terms.commission_bps_hundredths = 333;
    order.terms.commission_minimum = whole.terms.commission_minimum = 1200000;
    for (int i = 0; i < 7; i++) {
        struct order_execution execution = {.quantity = SHARE, .price = 99990001};
        struct order_fill fill;

        execution.commission = commission_for(&order, SHARE, execution.price);
        sum += execution.commission;
        assert_true(order_fill_at(&order, &execution, &fill));
    }
    assert_int_equal(order.status, ORDER_FILLED);
    assert_int_equal(order.commission, sum);
    assert_int_equal(sum, commission_for(&whole, 7 * SHARE, 99990001));
}

static void parts_that_have_come_to_the_maximum_cost_nothing_more(void **state)
{
    struct order order = order_for(ORDER_BUY, 3 * SHARE);
    const int64_t charged[] = {2 * DOLLAR, DOLLAR / 2, 0};

    (void)state;
    order.terms.commission_per_share = 2 * DOLLAR;
    order.terms.commission_maximum = 2500000;
    for (size_t i = 0; i < COUNT_OF(charged); i++) {
        struct order_execution execution = {.quantity = SHARE, .price = 100 * DOLLAR};
        struct order_fill fill;

        execution.commission = commission_for(&order, SHARE, execution.price);
        assert_int_equal(execution.commission, charged[i]);
        assert_true(order_fill_at(&order, &execution, &fill));
    }
    assert_int_equal(order.commission, order.terms.commission_maximum);
}

static void a_sale_is_never_charged_more_than_it_brings(void **state)
{
    struct order order = order_for(ORDER_SELL, 10 * SHARE);
    struct order_execution execution = {.quantity = SHARE, .price = DOLLAR / 2};
    struct order_fill fill;

    (void)state;
    order.terms.commission_per_order = 2 * DOLLAR;
    execution.commission = commission_for(&order, SHARE, execution.price);
    assert_int_equal(execution.commission, DOLLAR / 2);
    assert_true(order_fill_at(&order, &execution, &fill));
    // What was not charged then is, once there is something to charge it on.
    assert_int_equal(commission_for(&order, 9 * SHARE, DOLLAR), 1500000);
    assert_int_equal(commission_for(&order, SHARE, DOLLAR), DOLLAR);
}

static void a_sale_is_charged_to_the_last_micro_that_it_brings(void **state)
{
    struct order order = order_for(ORDER_SELL, 10 * SHARE);
    struct order_execution execution = {
        .quantity = SHARE, .price = DOLLAR / 2, .commission = DOLLAR / 2};
    struct order_fill fill;

    (void)state;
    order.terms.commission_per_order = DOLLAR / 2 + 1;
    assert_int_equal(commission_for(&order, SHARE, execution.price), execution.commission);
    assert_true(order_fill_at(&order, &execution, &fill));
    assert_int_equal(commission_for(&order, 9 * SHARE, DOLLAR), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_read_as_they_were_printed),
        cmocka_unit_test(the_largest_terms_can_be_printed),
        cmocka_unit_test(plain_terms_are_an_empty_text),
        cmocka_unit_test(a_text_that_is_no_terms_is_refused),
        cmocka_unit_test(slippage_is_against_the_trader_and_rounded_against_them),
        cmocka_unit_test(slippage_ends_at_the_limit),
        cmocka_unit_test(a_share_of_the_volume_is_in_whole_shares),
        cmocka_unit_test(an_order_is_filled_with_its_share_of_what_each_quote_brings),
        cmocka_unit_test(what_was_traded_beyond_its_limit_is_not_for_an_order),
        cmocka_unit_test(the_volume_of_another_session_is_counted_from_its_start),
        cmocka_unit_test(what_a_quote_tells_that_is_older_than_the_last_look_was_counted),
        cmocka_unit_test(an_order_meets_no_quote_from_before_its_latency_has_passed),
        cmocka_unit_test(what_does_not_rest_ends_with_the_first_quote_that_it_meets),
        cmocka_unit_test(what_is_held_covers_slippage_and_commission),
        cmocka_unit_test(parts_that_were_filled_count_in_what_an_order_costs),
        cmocka_unit_test(a_commission_is_of_the_order_its_shares_and_its_value),
        cmocka_unit_test(a_commission_is_rounded_half_to_even_once),
        cmocka_unit_test(parts_cost_what_the_whole_does),
        cmocka_unit_test(parts_that_have_come_to_the_maximum_cost_nothing_more),
        cmocka_unit_test(a_sale_is_never_charged_more_than_it_brings),
        cmocka_unit_test(a_sale_is_charged_to_the_last_micro_that_it_brings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
