// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "groups/linked_rules.h"
#include "money/money.h"

#define DOLLAR INT64_C(1000000)
#define CENT (DOLLAR / 100)
#define SHARE INT64_C(1000000000)

static const struct quote hundred = {.ticker = "AAPL", .price_micros = 100 * DOLLAR};

static struct order order_of(enum order_class order_class)
{
    struct order order = {.ticker = "AAPL",
                          .order_class = order_class,
                          .group_id = "00000000-0000-7000-8000-000000000001",
                          .type = ORDER_LIMIT,
                          .limit_price = 98 * DOLLAR,
                          .quantity = 10 * SHARE,
                          .created_at = 1,
                          .expires_at = 9};

    order.part = order_class_parent(order_class);
    if (!order_class_has_entry(order_class)) {
        order.side = ORDER_SELL;
        order.type = ORDER_MARKET;
        order.limit_price = 0;
    }
    return order;
}

static struct linked_terms terms_of(enum order_class order_class)
{
    struct linked_terms terms = {.has_take_profit = true,
                                 .has_stop_loss = order_class_exits(order_class) == 2,
                                 .take_profit_price = 110 * DOLLAR};

    if (terms.has_stop_loss)
        terms.stop_price = 90 * DOLLAR;
    return terms;
}

// Expects one rule to be broken, about that field.
static void
expect_violation(const struct order *asked, const struct linked_terms *terms, const char *field)
{
    struct order order = *asked;
    struct error error;

    assert_false(linked_rules_check(&order, terms, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    if (error.detail_count != 1 || strcmp(error.details[0].name, field) != 0)
        fail_msg("%s: %zu violations, the first: %s %s", field, error.detail_count,
                 error.details[0].name, error.details[0].value);
}

static void each_class_takes_what_it_is_made_of(void **state)
{
    (void)state;
    for (int i = 0; i < ORDER_CLASS_COUNT; i++) {
        enum order_class order_class = (enum order_class)i;
        struct order order = order_of(order_class);
        struct linked_terms terms = terms_of(order_class);
        struct linked_terms without = terms;
        struct error error;

        if (order_class == ORDER_CLASS_SIMPLE) {
            expect_violation(&order, &terms, "take_profit");
            continue;
        }
        assert_true(linked_rules_check(&order, &terms, &error));
        order = order_of(order_class);
        without.has_take_profit = false;
        without.take_profit_price = 0;
        expect_violation(&order, &without, "take_profit");
        without = terms;
        without.has_stop_loss = !terms.has_stop_loss;
        without.stop_price = 0;
        order = order_of(order_class);
        expect_violation(&order, &without,
                         order_class_exits(order_class) == 2 ? "stop_loss" : "take_profit");
    }
}

static void an_entry_buys_at_the_market_or_with_a_limit(void **state)
{
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order order = order_of(ORDER_CLASS_BRACKET);

    (void)state;
    order.side = ORDER_SELL;
    expect_violation(&order, &terms, "side");
    order = order_of(ORDER_CLASS_BRACKET);
    order.type = ORDER_STOP_LIMIT;
    order.stop_price = 99 * DOLLAR;
    expect_violation(&order, &terms, "type");
}

static void a_group_is_of_whole_shares_for_the_day_or_till_canceled(void **state)
{
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order order = order_of(ORDER_CLASS_BRACKET);

    (void)state;
    order.time_in_force = ORDER_IOC;
    expect_violation(&order, &terms, "time_in_force");
    order = order_of(ORDER_CLASS_BRACKET);
    order.extended_hours = true;
    expect_violation(&order, &terms, "extended_hours");
    order = order_of(ORDER_CLASS_BRACKET);
    order.quantity = SHARE / 2;
    expect_violation(&order, &terms, "quantity");
    order = order_of(ORDER_CLASS_BRACKET);
    order.type = ORDER_MARKET;
    order.limit_price = order.quantity = 0;
    order.notional = 100 * DOLLAR;
    expect_violation(&order, &terms, "notional");
}

static void an_oco_is_a_sale_with_the_limit_of_its_take_profit(void **state)
{
    struct linked_terms terms = terms_of(ORDER_CLASS_OCO);
    struct order order = order_of(ORDER_CLASS_OCO);
    struct error error;

    (void)state;
    assert_true(linked_rules_check(&order, &terms, &error));
    assert_int_equal(order.type, ORDER_LIMIT);
    assert_int_equal(order.limit_price, 110 * DOLLAR);
    order = order_of(ORDER_CLASS_OCO);
    order.limit_price = 110 * DOLLAR;
    expect_violation(&order, &terms, "limit_price");
    order = order_of(ORDER_CLASS_OCO);
    order.side = ORDER_BUY;
    expect_violation(&order, &terms, "side");
    order = order_of(ORDER_CLASS_OCO);
    terms.has_type = true;
    expect_violation(&order, &terms, "type");
    order.type = ORDER_LIMIT;
    assert_true(linked_rules_check(&order, &terms, &error));
}

static void the_prices_of_exits_are_in_their_order_and_no_finer_than_others(void **state)
{
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order order = order_of(ORDER_CLASS_BRACKET);

    (void)state;
    terms.take_profit_price = terms.stop_price;
    expect_violation(&order, &terms, "take_profit.limit_price");
    terms = terms_of(ORDER_CLASS_BRACKET);
    terms.stop_limit_price = terms.stop_price + CENT;
    expect_violation(&order, &terms, "stop_loss.limit_price");
    terms = terms_of(ORDER_CLASS_BRACKET);
    terms.take_profit_price += 1;
    expect_violation(&order, &terms, "take_profit.limit_price");
    terms = terms_of(ORDER_CLASS_BRACKET);
    terms.stop_price += 1;
    expect_violation(&order, &terms, "stop_loss.stop_price");
}

static bool fits(const struct order *order, int64_t take_profit, int64_t stop)
{
    struct linked_terms terms = {.has_take_profit = take_profit != 0,
                                 .has_stop_loss = stop != 0,
                                 .take_profit_price = take_profit,
                                 .stop_price = stop};
    struct error error;

    return linked_rules_price(order, &terms, &hundred, &error);
}

static void prices_keep_a_cent_from_the_base_price_and_the_last_price(void **state)
{
    struct order limit = order_of(ORDER_CLASS_BRACKET);
    struct order market = order_of(ORDER_CLASS_BRACKET);
    struct order oco = order_of(ORDER_CLASS_OCO);
    struct order simple = order_of(ORDER_CLASS_SIMPLE);

    (void)state;
    assert_true(fits(&limit, 98 * DOLLAR + CENT, 98 * DOLLAR - CENT));
    assert_false(fits(&limit, 98 * DOLLAR, 90 * DOLLAR));
    assert_false(fits(&limit, 110 * DOLLAR, 98 * DOLLAR));
    limit.limit_price = 105 * DOLLAR;
    assert_false(fits(&limit, 105 * DOLLAR, 90 * DOLLAR));
    assert_false(fits(&limit, 110 * DOLLAR, 100 * DOLLAR));
    assert_true(fits(&limit, 0, 100 * DOLLAR - CENT));
    market.type = ORDER_MARKET;
    market.limit_price = 0;
    assert_true(fits(&market, 100 * DOLLAR + CENT, 100 * DOLLAR - CENT));
    assert_false(fits(&market, 100 * DOLLAR, 90 * DOLLAR));
    assert_false(fits(&market, 110 * DOLLAR, 100 * DOLLAR));
    // A take-profit below the price is sold at once.
    oco.limit_price = 96 * DOLLAR;
    assert_true(fits(&oco, 96 * DOLLAR, 96 * DOLLAR - CENT));
    assert_false(fits(&oco, 96 * DOLLAR, 96 * DOLLAR));
    assert_true(fits(&simple, 0, 0));
}

static void legs_sell_what_the_parent_has_on_its_terms(void **state)
{
    struct order parent = order_of(ORDER_CLASS_BRACKET);
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order legs[LINKED_LEGS_MAX];

    (void)state;
    terms.stop_limit_price = 89 * DOLLAR;
    assert_int_equal(linked_rules_make_legs(&parent, &terms, legs), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(legs[i].status, ORDER_HELD);
        assert_int_equal(legs[i].side, ORDER_SELL);
        assert_int_equal(legs[i].quantity, parent.quantity);
        assert_int_equal(legs[i].expires_at, parent.expires_at);
        assert_string_equal(legs[i].group_id, parent.group_id);
        assert_true(order_is_exit(&legs[i]) && !order_is_parent(&legs[i]));
    }
    assert_int_equal(legs[0].type, ORDER_LIMIT);
    assert_int_equal(legs[0].limit_price, 110 * DOLLAR);
    assert_int_equal(legs[1].type, ORDER_STOP_LIMIT);
    assert_int_equal(legs[1].stop_price, 90 * DOLLAR);
    assert_int_equal(legs[1].limit_price, 89 * DOLLAR);
    parent = order_of(ORDER_CLASS_OCO);
    terms.stop_limit_price = 0;
    assert_int_equal(linked_rules_make_legs(&parent, &terms, legs), 1);
    assert_int_equal(legs[0].part, ORDER_PART_STOP_LOSS);
    assert_int_equal(legs[0].type, ORDER_STOP);
    parent = order_of(ORDER_CLASS_SIMPLE);
    assert_int_equal(linked_rules_make_legs(&parent, &terms, legs), 0);
}

// Whether a stop-loss of 90.00 may be moved to that stop, beside a take-profit of 110.00 and,
// unless it is filled, an entry with a limit of 95.00.
static bool may_move(int64_t stop, bool has_entry)
{
    struct order parent = order_of(ORDER_CLASS_BRACKET);
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order legs[LINKED_LEGS_MAX];
    struct order order;
    const struct order *others[] = {&legs[0], &parent};
    struct error error;

    parent.limit_price = 95 * DOLLAR;
    (void)linked_rules_make_legs(&parent, &terms, legs);
    order = legs[1];
    order.stop_price = stop;
    return linked_rules_check_replacement(&legs[1], &order, others, has_entry ? 2 : 1, &hundred,
                                          &error);
}

static void a_price_that_is_changed_keeps_its_distance_from_the_others(void **state)
{
    (void)state;
    assert_true(may_move(95 * DOLLAR - CENT, true));
    assert_false(may_move(95 * DOLLAR, true));
    assert_true(may_move(100 * DOLLAR - CENT, false));
    assert_false(may_move(100 * DOLLAR, false));
    assert_false(may_move(110 * DOLLAR, false));
}

static void a_stop_that_has_been_reached_is_no_price_to_keep_a_distance_from(void **state)
{
    struct order parent = order_of(ORDER_CLASS_BRACKET);
    struct linked_terms terms = terms_of(ORDER_CLASS_BRACKET);
    struct order legs[LINKED_LEGS_MAX];
    struct order order;
    const struct order *others[] = {&legs[1]};
    struct error error;

    (void)state;
    // At 100 the stop-loss waits to sell at 102 or more; the take-profit is to sell before.
    terms.stop_price = 103 * DOLLAR;
    terms.stop_limit_price = 102 * DOLLAR;
    (void)linked_rules_make_legs(&parent, &terms, legs);
    order = legs[0];
    order.limit_price = 101 * DOLLAR;
    assert_false(linked_rules_check_replacement(&legs[0], &order, others, 1, &hundred, &error));
    legs[1].triggered_at = 5;
    assert_true(linked_rules_check_replacement(&legs[0], &order, others, 1, &hundred, &error));
}

static void nothing_but_the_prices_of_an_order_in_a_group_can_be_changed(void **state)
{
    struct order old = order_of(ORDER_CLASS_BRACKET);
    struct order order = old;
    struct error error;

    (void)state;
    order.limit_price = 97 * DOLLAR;
    assert_true(linked_rules_check_replacement(&old, &order, NULL, 0, &hundred, &error));
    order.quantity = SHARE;
    assert_false(linked_rules_check_replacement(&old, &order, NULL, 0, &hundred, &error));
    assert_string_equal(error.details[0].name, "quantity");
    order = old;
    order.time_in_force = ORDER_GTC;
    assert_false(linked_rules_check_replacement(&old, &order, NULL, 0, &hundred, &error));
    assert_string_equal(error.details[0].name, "time_in_force");
    old.order_class = order.order_class = ORDER_CLASS_SIMPLE;
    assert_true(linked_rules_check_replacement(&old, &order, NULL, 0, &hundred, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_takes_what_it_is_made_of),
        cmocka_unit_test(an_entry_buys_at_the_market_or_with_a_limit),
        cmocka_unit_test(a_group_is_of_whole_shares_for_the_day_or_till_canceled),
        cmocka_unit_test(an_oco_is_a_sale_with_the_limit_of_its_take_profit),
        cmocka_unit_test(the_prices_of_exits_are_in_their_order_and_no_finer_than_others),
        cmocka_unit_test(prices_keep_a_cent_from_the_base_price_and_the_last_price),
        cmocka_unit_test(legs_sell_what_the_parent_has_on_its_terms),
        cmocka_unit_test(a_price_that_is_changed_keeps_its_distance_from_the_others),
        cmocka_unit_test(a_stop_that_has_been_reached_is_no_price_to_keep_a_distance_from),
        cmocka_unit_test(nothing_but_the_prices_of_an_order_in_a_group_can_be_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
