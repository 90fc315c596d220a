// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "database/migration.h"
#include "orders/order.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

static void nothing_leaves_a_final_state(void **state)
{
    (void)state;
    for (int from = 0; from < ORDER_STATUS_COUNT; from++) {
        for (int event = 0; event < ORDER_EVENT_COUNT; event++) {
            enum order_status to = ORDER_STATUS_COUNT;

            if (!order_status_is_open((enum order_status)from))
                assert_false(order_next((enum order_status)from, (enum order_event)event, &to));
        }
    }
}

static void every_open_order_can_be_canceled(void **state)
{
    (void)state;
    for (int from = 0; from < ORDER_STATUS_COUNT; from++) {
        enum order_status to = ORDER_STATUS_COUNT;

        // One that is being replaced is either replaced or open in a moment.
        if (!order_status_is_open((enum order_status)from) || from == ORDER_PENDING_REPLACE)
            continue;
        assert_true(order_next((enum order_status)from, ORDER_EVENT_CANCEL, &to));
        assert_int_equal(to, ORDER_CANCELED);
    }
}

static void every_state_can_be_reached_from_the_first(void **state)
{
    // The legs of a group begin by being held.
    bool reached[ORDER_STATUS_COUNT] = {[ORDER_PENDING_NEW] = true, [ORDER_HELD] = true};

    (void)state;
    for (int round = 0; round < ORDER_STATUS_COUNT; round++) {
        for (int from = 0; from < ORDER_STATUS_COUNT; from++) {
            for (int event = 0; event < ORDER_EVENT_COUNT; event++) {
                enum order_status to = ORDER_STATUS_COUNT;

                if (reached[from] &&
                    order_next((enum order_status)from, (enum order_event)event, &to))
                    reached[to] = true;
            }
        }
    }
    for (int status = 0; status < ORDER_STATUS_COUNT; status++)
        assert_true(reached[status]);
}

// The list of that column among the last rules that a migration gives to orders.
static void last_check(const char *column, char out_list[512])
{
    char start[64];

    out_list[0] = '\0';
    snprintf(start, sizeof(start), "\n        AND o.%s IN (", column);
    for (size_t i = 0; i < trading_migration_count; i++) {
        const char *at = strstr(trading_migrations[i].sql, start);

        if (at != NULL)
            snprintf(out_list, 512, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    }
}

static void expect_names(const char *column, const char *(*name_of)(int), int count)
{
    char list[512];
    int quotes = 0;

    last_check(column, list);
    for (int i = 0; i < count; i++) {
        char quoted[32];

        snprintf(quoted, sizeof(quoted), "'%s'", name_of(i));
        if (strstr(list, quoted) == NULL)
            fail_msg("%s: %s is not in: %s", column, quoted, list);
    }
    for (const char *at = list; *at != '\0'; at++)
        quotes += *at == '\'' ? 1 : 0;
    assert_int_equal(quotes, 2 * count);
}

static const char *status_name(int status)
{
    return order_status_name((enum order_status)status);
}

static const char *type_name(int type)
{
    return order_type_name((enum order_type)type);
}

static const char *time_in_force_name(int time_in_force)
{
    return order_time_in_force_name((enum order_time_in_force)time_in_force);
}

static const char *class_name(int order_class)
{
    return order_class_name((enum order_class)order_class);
}

static const char *part_name(int part)
{
    return order_part_name((enum order_part)part);
}

static void the_database_allows_the_same_states_types_and_times(void **state)
{
    (void)state;
    expect_names("order_class", class_name, ORDER_CLASS_COUNT);
    expect_names("part", part_name, ORDER_PART_COUNT);
    expect_names("status", status_name, ORDER_STATUS_COUNT);
    expect_names("type", type_name, ORDER_TYPE_COUNT);
    expect_names("time_in_force", time_in_force_name, ORDER_TIME_IN_FORCE_COUNT);
}

static void names_lead_back_to_what_they_name(void **state)
{
    enum order_status status = ORDER_STATUS_COUNT;
    enum order_type type = ORDER_TYPE_COUNT;
    enum order_time_in_force time_in_force = ORDER_TIME_IN_FORCE_COUNT;
    enum order_class order_class = ORDER_CLASS_COUNT;
    enum order_part part = ORDER_PART_COUNT;

    (void)state;
    for (int i = 0; i < ORDER_CLASS_COUNT; i++)
        assert_true(order_class_find(class_name(i), &order_class) && (int)order_class == i);
    for (int i = 0; i < ORDER_PART_COUNT; i++)
        assert_true(order_part_find(part_name(i), &part) && (int)part == i);
    for (int i = 0; i < ORDER_STATUS_COUNT; i++)
        assert_true(order_status_find(status_name(i), &status) && (int)status == i);
    for (int i = 0; i < ORDER_TYPE_COUNT; i++)
        assert_true(order_type_find(type_name(i), &type) && (int)type == i);
    for (int i = 0; i < ORDER_TIME_IN_FORCE_COUNT; i++)
        assert_true(order_time_in_force_find(time_in_force_name(i), &time_in_force) &&
                    (int)time_in_force == i);
    assert_false(order_type_find("other", &type));
}

// Every state with every event: what the table has happens, anything else changes nothing.
static void an_event_happens_where_the_table_has_it_and_nowhere_else(void **state)
{
    (void)state;
    for (int from = 0; from < ORDER_STATUS_COUNT; from++) {
        for (int event = 0; event < ORDER_EVENT_COUNT; event++) {
            struct order order = {.status = (enum order_status)from, .updated_at = 1};
            enum order_status to = ORDER_STATUS_COUNT;
            bool can = order_next((enum order_status)from, (enum order_event)event, &to);

            assert_int_equal(order_apply(&order, (enum order_event)event, 2), can);
            assert_int_equal(order.status, can ? (int)to : from);
            assert_int_equal(order.updated_at, can ? 2 : 1);
        }
    }
}

static void only_what_sells_for_a_group_shares_its_hold(void **state)
{
    struct order order = {.id = "00000000-0000-7000-8000-000000000001",
                          .group_id = "00000000-0000-7000-8000-000000000002"};

    (void)state;
    assert_false(order_is_in_group(&order));
    assert_string_equal(order_hold_id(&order), order.id);
    order.order_class = ORDER_CLASS_BRACKET;
    assert_true(order_is_parent(&order));
    assert_false(order_is_exit(&order));
    assert_string_equal(order_hold_id(&order), order.id);
    order.part = ORDER_PART_TAKE_PROFIT;
    assert_false(order_is_parent(&order));
    assert_true(order_is_exit(&order));
    assert_string_equal(order_hold_id(&order), order.group_id);
    order.order_class = ORDER_CLASS_OCO;
    assert_true(order_is_parent(&order));
    assert_string_equal(order_hold_id(&order), order.group_id);
}

static void a_refusal_can_be_told_again_with_its_numbers(void **state)
{
    struct order order = {.status = ORDER_PENDING_NEW};
    struct error told;
    struct error again;
    struct arena *arena = arena_new(64 * 1024);

    (void)state;
    error_set(&told, REASON_INSUFFICIENT_FUNDS, "10.00 USD are required.");
    error_add_number(&told, "required", "10.00");
    error_add_number(&told, "available", "4.50");
    assert_true(order_set_reason(&order, arena, &told));
    order_get_reason(&order, &again);
    assert_true(error_is(&again, REASON_INSUFFICIENT_FUNDS));
    assert_int_equal(again.code, CODE_FAILED_PRECONDITION);
    assert_string_equal(again.message, told.message);
    assert_int_equal(again.detail_count, 2);
    assert_string_equal(again.details[1].name, "available");
    assert_string_equal(again.details[1].value, "4.50");
    arena_free(&arena);
}

static void a_fill_has_the_same_id_whoever_makes_it(void **state)
{
    struct order one = {
        .id = "00000000-0000-7000-8000-000000000001", .status = ORDER_NEW, .quantity = SHARE};
    struct order other = one;
    const struct order_execution execution = {.quantity = SHARE, .price = 5, .at = 2};
    struct order_fill first;
    struct order_fill second;

    (void)state;
    assert_true(order_fill_at(&one, &execution, &first));
    assert_true(order_fill_at(&other, &execution, &second));
    assert_string_equal(first.id, second.id);
    assert_false(order_fill_at(&one, &execution, &first));
}

// 2 at 100.00, 1 at 101.00 and 1 at 99.50: 400.50 for 4, 100.125 each.
static void parts_add_up_to_an_order_that_is_filled_at_their_average(void **state)
{
    struct order order = {
        .id = "00000000-0000-7000-8000-000000000001", .status = ORDER_NEW, .quantity = 4 * SHARE};
    struct order_execution execution = {
        .quantity = 2 * SHARE, .price = 100 * DOLLAR, .commission = 3, .at = 2};
    struct order_fill first;
    struct order_fill last;

    (void)state;
    assert_true(order_fill_at(&order, &execution, &first));
    assert_int_equal(order.status, ORDER_PARTIALLY_FILLED);
    assert_int_equal(order.filled_quantity, 2 * SHARE);
    assert_int_equal(order.filled_at, 0);
    assert_false(order_is_booked(&order));
    execution.quantity = SHARE;
    execution.price = 101 * DOLLAR;
    assert_true(order_fill_at(&order, &execution, &last));
    assert_int_equal(order.status, ORDER_PARTIALLY_FILLED);
    // 301 / 3 is 100.333333 and a third.
    assert_int_equal(order.average_fill_price, 100333333);
    execution.quantity = 2 * SHARE;
    assert_false(order_fill_at(&order, &execution, &last));
    execution.quantity = SHARE;
    execution.price = 99500000;
    assert_true(order_fill_at(&order, &execution, &last));
    assert_int_equal(order.status, ORDER_FILLED);
    assert_int_equal(order.filled_at, 2);
    assert_int_equal(order.average_fill_price, 100125000);
    assert_int_equal(order.commission, 9);
    assert_int_equal(first.number, 1);
    assert_int_equal(last.number, 3);
    assert_string_not_equal(first.id, last.id);
}

static void a_decided_order_is_filled_as_it_was_decided_when_it_was_taken(void **state)
{
    struct order order = {.id = "00000000-0000-7000-8000-000000000001",
                          .status = ORDER_PENDING_NEW,
                          .quantity = 7,
                          .created_at = 3};
    struct order_fill first;
    struct order_fill fill;

    (void)state;
    assert_false(order_is_decided(&order));
    assert_false(order_fill_decided(&order, &fill));
    order.decided =
        (struct order_decision){.quantity = 7, .price = 5, .commission = 2, .quote_at = 1};
    assert_true(order_is_decided(&order));
    first = order_decided_fill(&order);
    assert_true(order_fill_decided(&order, &fill));
    assert_string_equal(fill.id, first.id);
    assert_string_equal(fill.id, order_fill_id(order.id, 1).string);
    assert_int_equal(order.status, ORDER_FILLED);
    assert_int_equal(order.filled_quantity, 7);
    assert_int_equal(order.average_fill_price, 5);
    assert_int_equal(order.commission, 2);
    assert_int_equal(order.submitted_at, 3);
    assert_int_equal(order.filled_at, 3);
    assert_int_equal(fill.filled_at, 3);
    assert_int_equal(fill.quote_at, 1);
    // What has been filled, or canceled before, is not filled again.
    assert_false(order_is_decided(&order));
    assert_false(order_fill_decided(&order, &fill));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_a_final_state),
        cmocka_unit_test(every_open_order_can_be_canceled),
        cmocka_unit_test(every_state_can_be_reached_from_the_first),
        cmocka_unit_test(the_database_allows_the_same_states_types_and_times),
        cmocka_unit_test(names_lead_back_to_what_they_name),
        cmocka_unit_test(an_event_happens_where_the_table_has_it_and_nowhere_else),
        cmocka_unit_test(only_what_sells_for_a_group_shares_its_hold),
        cmocka_unit_test(a_refusal_can_be_told_again_with_its_numbers),
        cmocka_unit_test(a_fill_has_the_same_id_whoever_makes_it),
        cmocka_unit_test(a_decided_order_is_filled_as_it_was_decided_when_it_was_taken),
        cmocka_unit_test(parts_add_up_to_an_order_that_is_filled_at_their_average),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
