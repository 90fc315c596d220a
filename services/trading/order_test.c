// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "database/migration.h"
#include "order.h"

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

        if (!order_status_is_open((enum order_status)from))
            continue;
        assert_true(order_next((enum order_status)from, ORDER_EVENT_CANCEL, &to));
        assert_int_equal(to, ORDER_CANCELED);
    }
}

static void every_state_can_be_reached_from_the_first(void **state)
{
    bool reached[ORDER_STATUS_COUNT] = {[ORDER_PENDING_NEW] = true};

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

static void the_database_allows_the_same_states(void **state)
{
    const char *check = strstr(trading_migrations[0].sql, "CHECK (status IN (");
    const char *end = check == NULL ? NULL : strchr(check, '\n');
    char list[256];
    size_t quotes = 0;

    (void)state;
    assert_non_null(end);
    snprintf(list, sizeof(list), "%.*s", (int)(end - check), check);
    for (int status = 0; status < ORDER_STATUS_COUNT; status++) {
        char quoted[32];

        snprintf(quoted, sizeof(quoted), "'%s'", order_status_name((enum order_status)status));
        assert_non_null(strstr(list, quoted));
    }
    for (const char *at = list; *at != '\0'; at++)
        quotes += *at == '\'' ? 1 : 0;
    assert_int_equal(quotes, 2 * ORDER_STATUS_COUNT);
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
    struct order one = {.id = "00000000-0000-7000-8000-000000000001", .status = ORDER_NEW};
    struct order other = one;
    struct order_fill first;
    struct order_fill second;

    (void)state;
    assert_true(order_fill_at(&one, 5, 1, 2, &first));
    assert_true(order_fill_at(&other, 6, 3, 4, &second));
    assert_string_equal(first.id, second.id);
    assert_false(order_fill_at(&one, 5, 1, 2, &first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_a_final_state),
        cmocka_unit_test(every_open_order_can_be_canceled),
        cmocka_unit_test(every_state_can_be_reached_from_the_first),
        cmocka_unit_test(the_database_allows_the_same_states),
        cmocka_unit_test(a_refusal_can_be_told_again_with_its_numbers),
        cmocka_unit_test(a_fill_has_the_same_id_whoever_makes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
