// SPDX-License-Identifier: MIT
// The rules of orders in the database, which hold whatever the code does: each one is broken once.
#include "store/trading_store_fixture.h"

#define PORTFOLIO_ID "0195d3a0-0000-7000-8000-000000000001"
#define USER_ID "0195d3a0-0000-7000-8000-000000000002"
#define SOMETHING "'0195d3a0-0000-7000-8000-000000000003'"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NOW "'2026-01-01T00:00:00Z'"

// Changes of an order, as the inside of JSON objects with ' for ". What comes later wins.
#define FILLED                                                                                     \
    "'status': 'filled', 'filled_quantity': 10, 'average_fill_price': 95, 'fill_count': 1, "       \
    "'filled_value': 950"
#define PART                                                                                       \
    "'status': 'partially_filled', 'filled_quantity': 1, 'average_fill_price': 95, 'fill_count': " \
    "1, 'filled_value': 95"
#define DECIDED                                                                                    \
    "'decided_quantity': 10, 'decided_price': 95, 'decided_commission': 0, "                       \
    "'decided_quote_at': " NOW
#define ENTRY "'order_class': 'bracket', 'part': 'entry', 'group_id': " SOMETHING
#define EXIT "'order_class': 'oco', 'part': 'stop_loss', 'side': 'sell', 'group_id': " SOMETHING
#define TRAILING "'type': 'trailing_stop', 'stop_price': 90, 'high_water': 100, 'trail_price': 10"

// As a plain market order for ten shares may become.
static const char *const sound[] = {
    "'status': 'new'",
    FILLED,
    FILLED ", 'booked_count': 1",
    PART,
    DECIDED,
    ENTRY,
    EXIT,
    EXIT ", 'status': 'held'",
    TRAILING,
    "'type': 'limit', 'limit_price': 90, 'extended_hours': true",
    "'type': 'stop_limit', 'limit_price': 90, 'stop_price': 90, 'triggered_at': " NOW,
    "'status': 'replaced', 'replaced_by': " SOMETHING,
    "'notional': 100, 'volume_seen': 0, 'fill_terms': 'terms'",
};

static const char *const unsound[] = {
    "'side': 'short'",
    "'type': 'fancy'",
    "'time_in_force': 'ever'",
    "'status': 'lost'",
    EXIT ", 'part': 'middle'",
    ENTRY ", 'order_class': 'fancy'",
    "'quantity': 0, 'status': 'filled'",
    "'hold_amount': -1",
    "'commission': -1",
    "'notional': 0",
    "'type': 'limit', 'limit_price': 0",
    "'type': 'stop', 'stop_price': 0",
    TRAILING ", 'trail_price': 0",
    TRAILING ", 'trail_price': null, 'trail_percent': 0",
    TRAILING ", 'trail_price': null, 'trail_percent': 100",
    TRAILING ", 'high_water': 0",
    "'volume_seen': -1",
    "'fill_terms': ''",
    "'fill_terms': '" X64 X64 X64 X64 "'",
    "'type': 'limit'",
    "'limit_price': 90",
    "'type': 'stop'",
    "'stop_price': 90",
    TRAILING ", 'trail_price': null",
    TRAILING ", 'trail_percent': 10",
    "'trail_price': 10",
    "'trail_price': 10, 'trail_percent': 10",
    TRAILING ", 'high_water': null",
    "'high_water': 100",
    "'extended_hours': true",
    "'type': 'limit', 'limit_price': 90, 'extended_hours': true, 'time_in_force': 'ioc'",
    "'triggered_at': " NOW,
    "'filled_quantity': -1",
    PART ", 'status': 'canceled', 'filled_quantity': 11",
    FILLED ", 'filled_quantity': 9",
    FILLED ", 'status': 'new'",
    PART
    ", 'filled_quantity': 0, 'average_fill_price': null, 'fill_count': 0, 'filled_value': null",
    PART ", 'average_fill_price': null",
    "'average_fill_price': 95",
    PART ", 'fill_count': 0, 'filled_value': null",
    PART ", 'filled_value': null",
    "'fill_count': 1, 'filled_value': 95",
    "'filled_value': 95",
    "'booked_count': -1",
    PART ", 'booked_count': 2",
    DECIDED ", 'decided_price': null",
    DECIDED ", 'decided_quantity': null",
    DECIDED ", 'decided_quantity': 0",
    DECIDED ", 'decided_quantity': 11",
    DECIDED ", 'decided_price': 0",
    DECIDED ", 'decided_commission': -1",
    DECIDED ", 'decided_quote_at': null",
    DECIDED ", 'replaces': " SOMETHING,
    "'status': 'replaced'",
    "'replaced_by': " SOMETHING,
    ENTRY ", 'group_id': null",
    ENTRY ", 'part': null",
    "'group_id': " SOMETHING,
    "'part': 'entry'",
    ENTRY ", 'side': 'sell'",
    EXIT ", 'side': 'buy'",
    ENTRY ", 'order_class': 'oco'",
    "'status': 'held'",
    ENTRY ", 'status': 'held'",
};

static const struct statement judge_order = {
    "judge_order",
    "SELECT order_is_sound(jsonb_populate_record(o, translate($2, chr(39), chr(34))::jsonb))"
    " IS NOT FALSE FROM orders o WHERE o.id = $1",
};

static bool is_sound(struct service_database *fixture, const char *order_id, const char *change)
{
    char json[1024];
    struct parameter parameters[] = {parameter_text(order_id), parameter_text(json)};
    struct rows rows = {0};
    struct error error;

    snprintf(json, sizeof(json), "{%s}", change);
    if (!database_query(fixture->database, fixture->arena, &judge_order, parameters,
                        COUNT_OF(parameters), &rows, &error))
        fail_msg("%s: %s", change, error.message);
    assert_int_equal(rows.count, 1);
    return rows_bool(&rows, 0, 0);
}

static void an_order_is_unsound_by_each_rule_that_it_breaks(void **state)
{
    struct service_database *fixture = *state;
    struct order order = new_order(PORTFOLIO_ID, USER_ID);

    insert_one(fixture, &order, true);
    for (size_t i = 0; i < COUNT_OF(unsound); i++)
        if (is_sound(fixture, order.id, unsound[i]))
            fail_msg("sound: %s", unsound[i]);
}

static void an_order_that_breaks_no_rule_is_sound(void **state)
{
    struct service_database *fixture = *state;
    struct order order = new_order(PORTFOLIO_ID, USER_ID);

    insert_one(fixture, &order, true);
    for (size_t i = 0; i < COUNT_OF(sound); i++)
        if (!is_sound(fixture, order.id, sound[i]))
            fail_msg("unsound: %s", sound[i]);
}

static void an_order_does_not_become_unsound(void **state)
{
    static const struct statement break_order = {"break_order",
                                                 "UPDATE orders SET quantity = 0 WHERE id = $1"};
    struct service_database *fixture = *state;
    struct order order = new_order(PORTFOLIO_ID, USER_ID);
    struct parameter id = parameter_text(order.id);
    struct rows rows = {0};
    struct error error;

    insert_one(fixture, &order, true);
    assert_false(
        database_query(fixture->database, fixture->arena, &break_order, &id, 1, &rows, &error));
    assert_string_equal(error_constraint(&error), "orders_sound_check");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_order_is_unsound_by_each_rule_that_it_breaks, forget),
        cmocka_unit_test_setup(an_order_that_breaks_no_rule_is_sound, forget),
        cmocka_unit_test_setup(an_order_does_not_become_unsound, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
