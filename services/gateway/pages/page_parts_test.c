// SPDX-License-Identifier: MIT
// The parts of pages that compute: spans of time, estimates of orders.
#include "pages/estimate.h"
#include "pages/market_state.h"
#include "support/test.h"

#include <string.h>

enum { BUDGET = 256 * 1024 };
#define SECONDS(n) ((n)*MICROS_PER_SECOND)

static void check_span(int64_t micros, const char *expected)
{
    OWNED(strbuf) out = strbuf_new(60);

    market_state_print_span(micros, out);
    assert_string_equal(out->data, expected);
}

static void a_span_is_told_in_two_units_rounded_up(void **state)
{
    (void)state;
    check_span(-5, "0 s");
    check_span(1, "1 s");
    check_span(SECONDS(59), "59 s");
    check_span(SECONDS(60), "1 min");
    check_span(SECONDS(61), "2 min");
    check_span(SECONDS(3600), "1 h 00 min");
    check_span(SECONDS(3601), "1 h 01 min");
    check_span(SECONDS(86399), "1 d 0 h");
    check_span(SECONDS(2 * 86400 + 3601), "2 d 2 h");
}

struct trade {
    struct arena *arena;
    Pages__SymbolPage page;
    Portfolio__Portfolio portfolio;
    Portfolio__Position position;
    Market__Quote quote;
    Trading__PlaceOrderRequest order;
    Pages__Estimate *estimate;
};

static int start(void **state)
{
    struct trade *trade = allocate(sizeof *trade);

    trade->arena = arena_new(BUDGET);
    pages__symbol_page__init(&trade->page);
    portfolio__portfolio__init(&trade->portfolio);
    portfolio__position__init(&trade->position);
    market__quote__init(&trade->quote);
    trading__place_order_request__init(&trade->order);
    trade->quote.bid_micros = 9000000;
    trade->quote.ask_micros = 10000000;
    trade->portfolio.buying_power_micros = 100000000;
    trade->position.available_nanos = 4 * INT64_C(1000000000);
    trade->page.quote = &trade->quote;
    trade->page.portfolio = &trade->portfolio;
    trade->page.position = &trade->position;
    trade->order.has_quantity_nanos = true;
    trade->order.quantity_nanos = 5 * INT64_C(1000000000);
    *state = trade;
    return 0;
}

static int stop(void **state)
{
    struct trade *trade = *state;

    arena_free(&trade->arena);
    release(trade);
    return 0;
}

static void estimate(struct trade *trade)
{
    struct error error;

    assert_true(estimate_make(trade->arena, &trade->order, &trade->page, &trade->estimate, &error));
}

static void a_purchase_is_estimated_at_what_is_asked_or_at_its_limit(void **state)
{
    struct trade *trade = *state;

    trade->order.side = TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
    estimate(trade);
    assert_int_equal(trade->estimate->amount_micros, 50000000);
    assert_int_equal(trade->estimate->cash_left_micros, 50000000);
    assert_false(trade->estimate->is_too_much);
    trade->order.has_limit_price_micros = true;
    trade->order.limit_price_micros = 8000000;
    estimate(trade);
    assert_int_equal(trade->estimate->amount_micros, 40000000);
    assert_false(trade->estimate->has_limit_amount_micros);
    assert_false(trade->estimate->is_too_much);
}

static void a_purchase_with_a_limit_above_the_market_costs_what_is_asked(void **state)
{
    struct trade *trade = *state;

    trade->order.side = TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
    trade->order.has_limit_price_micros = true;
    trade->order.limit_price_micros = 20000000;
    estimate(trade);
    assert_int_equal(trade->estimate->price_micros, 10000000);
    assert_int_equal(trade->estimate->amount_micros, 50000000);
    assert_int_equal(trade->estimate->limit_amount_micros, 100000000);
    assert_int_equal(trade->estimate->cash_left_micros, 50000000);
    assert_false(trade->estimate->is_too_much);
    trade->order.limit_price_micros = 21000000;
    estimate(trade);
    assert_int_equal(trade->estimate->cash_missing_micros, 5000000);
    assert_true(trade->estimate->is_too_much);
    // Behind a stop nobody knows what the market will ask.
    trade->order.has_stop_price_micros = true;
    trade->order.stop_price_micros = 15000000;
    estimate(trade);
    assert_int_equal(trade->estimate->price_micros, 21000000);
}

static void a_sale_with_a_limit_below_the_market_brings_what_is_bid(void **state)
{
    struct trade *trade = *state;

    trade->order.side = TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
    trade->order.quantity_nanos = 2 * INT64_C(1000000000);
    trade->order.has_limit_price_micros = true;
    trade->order.limit_price_micros = 8000000;
    estimate(trade);
    assert_int_equal(trade->estimate->amount_micros, 18000000);
    assert_int_equal(trade->estimate->limit_amount_micros, 16000000);
    assert_int_equal(trade->estimate->shares_left_nanos, 2 * INT64_C(1000000000));
    assert_false(trade->estimate->is_too_much);
}

static void a_sale_is_estimated_at_what_is_bid_and_says_when_there_are_too_few_shares(void **state)
{
    struct trade *trade = *state;

    trade->order.side = TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
    estimate(trade);
    assert_int_equal(trade->estimate->amount_micros, 45000000);
    assert_int_equal(trade->estimate->shares_missing_nanos, 1000000000);
    assert_true(trade->estimate->is_too_much);
    trade->page.position = NULL;
    trade->order.quantity_nanos = 1;
    estimate(trade);
    assert_true(trade->estimate->is_too_much);
}

static void there_is_no_estimate_without_a_quantity_or_a_price(void **state)
{
    struct trade *trade = *state;

    trade->page.quote = NULL;
    estimate(trade);
    assert_null(trade->estimate);
    trade->page.quote = &trade->quote;
    trade->order.has_quantity_nanos = false;
    estimate(trade);
    assert_null(trade->estimate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_told_in_two_units_rounded_up),
        cmocka_unit_test_setup_teardown(a_purchase_is_estimated_at_what_is_asked_or_at_its_limit,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            a_purchase_with_a_limit_above_the_market_costs_what_is_asked, start, stop),
        cmocka_unit_test_setup_teardown(a_sale_with_a_limit_below_the_market_brings_what_is_bid,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            a_sale_is_estimated_at_what_is_bid_and_says_when_there_are_too_few_shares, start, stop),
        cmocka_unit_test_setup_teardown(there_is_no_estimate_without_a_quantity_or_a_price, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
