// SPDX-License-Identifier: MIT
// Orders that are filled in parts, in a real PostgreSQL.
#include "store/trading_store_fixture.h"

#include "shards/shard.h"

static void fill_part(struct service_database *fixture,
                      struct order *order,
                      int64_t quantity,
                      struct order_fill *out_fill)
{
    const struct order_execution execution = {
        .quantity = quantity, .price = 95 * DOLLAR + 1, .commission = 3, .quote_at = 3, .at = 4};
    struct store_change change = {.order = order,
                                  .changes_order = true,
                                  .from = order->status,
                                  .fill = out_fill,
                                  .task = STORE_TASK_ACTIVE,
                                  .run_after_ms = 60000};

    assert_true(order_fill_at(order, &execution, out_fill));
    assert_true(save(fixture, &change));
}

// How many of the ticker's orders whoever reads them takes into the book.
static size_t resting_count(struct service_database *fixture, struct order **out_orders)
{
    size_t count = 0;
    size_t taken = 0;
    struct error error;

    assert_true(store_load_resting(fixture->database, fixture->arena, shard_of("AAPL"), FIRST_ID,
                                   10, out_orders, &count, &error));
    for (size_t i = 0; i < count; i++)
        taken += order_rests(&(*out_orders)[i]) && order_is_booked(&(*out_orders)[i]);
    return taken;
}

static void an_order_is_filled_in_parts_each_of_which_is_decided_once(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = limit_order(portfolio.string, ORDER_BUY, 100);
    struct store_change booked = {.order = &order,
                                  .changes_order = true,
                                  .from = ORDER_PARTIALLY_FILLED,
                                  .task = STORE_TASK_PENDING,
                                  .run_after_ms = STORE_NEVER};
    struct store_change late = booked;
    struct order_fill fill;
    struct order_fill other_fill;
    struct order other;
    struct order *resting = NULL;

    order.terms.participation_percent_hundredths = 1000;
    order.terms.model = FILL_MODEL_BAR;
    order.volume_seen = 250;
    insert_one(fixture, &order, true);
    let_rest(fixture, &order);
    other = order;
    fill_part(fixture, &order, 4 * SHARE, &fill);
    // Another one of the same number, by somebody who has not seen it.
    other.status = ORDER_PARTIALLY_FILLED;
    late.order = &other;
    late.fill = &other_fill;
    assert_true(order_fill_at(&other, &(struct order_execution){.quantity = SHARE, .price = DOLLAR},
                              &other_fill));
    assert_false(save(fixture, &late));
    // It rests once that is booked, and not before.
    assert_int_equal(resting_count(fixture, &resting), 0);
    order.booked_count = 1;
    assert_true(save(fixture, &booked));
    assert_int_equal(resting_count(fixture, &resting), 1);
    assert_int_equal(resting[0].status, ORDER_PARTIALLY_FILLED);
    assert_int_equal(resting[0].terms.model, FILL_MODEL_BAR);
    assert_int_equal(resting[0].volume_seen, 250);
    assert_true(order_is_booked(&resting[0]));
    // Who notes late that the first part is booked does not let it rest with the second.
    fill_part(fixture, &resting[0], 3 * SHARE, &fill);
    assert_false(save(fixture, &booked));
    assert_int_equal(resting_count(fixture, &resting), 0);
    order = load(fixture, order.id);
    order.booked_count = 2;
    assert_true(save(fixture, &booked));
    fill_part(fixture, &order, 3 * SHARE, &fill);
    other = load(fixture, order.id);
    assert_int_equal(other.status, ORDER_FILLED);
    assert_int_equal(other.commission, 9);
    assert_int_equal(other.filled_value.micros, 950 * DOLLAR + 10);
    assert_int_equal(fill.number, 3);
    assert_int_equal(fill.model, FILL_MODEL_BAR);
}

static bool plan_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct order *order = context;

    return store_save_plans(transaction, &order, 1, NULL, error);
}

static void plan_again(struct service_database *fixture, struct order *order)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, plan_work, order, &error))
        fail_msg("%s", error.message);
}

static void an_order_that_is_reckoned_anew_is_decided_no_more(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order plain;

    order.terms.latency_ms = 250;
    order.decided = (struct order_decision){.quantity = SHARE, .price = DOLLAR, .quote_at = 1};
    insert_one(fixture, &order, true);
    order.decided = (struct order_decision){0};
    order.terms = (struct fill_terms){.version = 2, .commission_per_order = DOLLAR};
    order.hold_amount++;
    order.expires_at++;
    plan_again(fixture, &order);
    plain = load(fixture, order.id);
    assert_false(order_is_decided(&plain));
    assert_int_equal(plain.terms.version, 2);
    assert_int_equal(plain.terms.latency_ms, 0);
    assert_int_equal(plain.terms.commission_per_order, DOLLAR);
    assert_int_equal(plain.hold_amount, order.hold_amount);
    assert_int_equal(plain.expires_at, order.expires_at);
    // Not one for which something is held.
    let_rest(fixture, &order);
    order.hold_amount++;
    plan_again(fixture, &order);
    assert_int_equal(load(fixture, order.id).hold_amount, order.hold_amount - 1);
}

static void
an_order_of_which_a_part_is_filled_rests_on_when_its_replacement_is_refused(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order old = limit_order(portfolio.string, ORDER_BUY, 100);
    struct order order = limit_order(portfolio.string, ORDER_BUY, 101);
    struct store_change wait = {.order = &old,
                                .changes_order = true,
                                .from = ORDER_PARTIALLY_FILLED,
                                .task = STORE_TASK_UNCHANGED};
    struct store_change refuse = {.order = &order,
                                  .changes_order = true,
                                  .from = ORDER_PENDING_NEW,
                                  .task = STORE_TASK_COMPLETED};
    struct order_fill fill;

    insert_one(fixture, &old, true);
    let_rest(fixture, &old);
    fill_part(fixture, &old, SHARE, &fill);
    assert_true(order_apply(&old, ORDER_EVENT_REPLACE, 5));
    assert_true(save(fixture, &wait));
    snprintf(order.replaces, sizeof(order.replaces), "%s", old.id);
    insert_one(fixture, &order, true);
    assert_true(order_apply(&order, ORDER_EVENT_REFUSED, 6));
    assert_true(save(fixture, &refuse));
    assert_int_equal(load(fixture, old.id).status, ORDER_PARTIALLY_FILLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_order_is_filled_in_parts_each_of_which_is_decided_once, forget),
        cmocka_unit_test_setup(an_order_that_is_reckoned_anew_is_decided_no_more, forget),
        cmocka_unit_test_setup(
            an_order_of_which_a_part_is_filled_rests_on_when_its_replacement_is_refused, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
