// SPDX-License-Identifier: MIT
// What one order of a group makes of the others, against a real PostgreSQL.
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "database/migration.h"
#include "groups/linked_changes.h"
#include "groups/linked_rules.h"
#include "store/trading_intents.h"
#include "support/service_database.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024, GROUP_MAX = 1 + LINKED_LEGS_MAX };

// The orders of a group; the first is its parent.
struct group {
    struct order orders[GROUP_MAX];
    size_t count;
    struct rows inserted;
};

static int start(void **state)
{
    const struct service_database_options options = {
        .service = "trading",
        .migrations = trading_migrations,
        .migration_count = trading_migration_count,
        .connections = 4,
        .arena_budget = ARENA_BUDGET,
    };
    struct service_database *database = NULL;
    bool is_started = service_database_start(&options, &database);

    *state = database;
    return is_started ? 0 : -1;
}

static int stop(void **state)
{
    struct service_database *database = *state;

    service_database_stop(&database);
    return 0;
}

static int forget(void **state)
{
    struct service_database *fixture = *state;

    arena_reset(fixture->arena);
    return 0;
}

static struct order parent_of(enum order_class order_class)
{
    struct order order = {.ticker = "AAPL",
                          .order_class = order_class,
                          .part = order_class_parent(order_class),
                          .side = order_class_has_entry(order_class) ? ORDER_BUY : ORDER_SELL,
                          .type = ORDER_LIMIT,
                          .limit_price = 95 * DOLLAR,
                          .quantity = 10 * SHARE,
                          .status = ORDER_PENDING_NEW,
                          .created_at = 1000000,
                          .updated_at = 1000000,
                          .expires_at = 9000000,
                          .body_hash = "hash"};

    snprintf(order.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.group_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.request_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.portfolio_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.user_id, UUID_SIZE, "%s", uuid_new().string);
    return order;
}

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct group *group = context;
    struct store_new_order parent = {.order = &group->orders[0], .is_leased = true};
    struct store_new_order legs[LINKED_LEGS_MAX];

    for (size_t i = 1; i < group->count; i++)
        legs[i - 1] =
            (struct store_new_order){.order = &group->orders[i], .after_id = group->orders[0].id};
    return store_insert_orders(transaction, &parent, 1, "worker", &group->inserted, error) &&
           (group->count == 1 ||
            store_insert_orders(transaction, legs, group->count - 1, "worker", NULL, error));
}

static void insert(struct service_database *fixture, struct group *group)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, insert_work, group, &error))
        fail_msg("%s", error.message);
}

static struct group place_with(struct service_database *fixture, const struct order *parent)
{
    const struct linked_terms terms = {.has_take_profit = true,
                                       .has_stop_loss = true,
                                       .take_profit_price = 110 * DOLLAR,
                                       .stop_price = 90 * DOLLAR};
    struct group group = {.orders = {*parent}};

    group.count = 1 + linked_rules_make_legs(&group.orders[0], &terms, &group.orders[1]);
    for (size_t i = 1; i < group.count; i++) {
        snprintf(group.orders[i].id, UUID_SIZE, "%s", uuid_new().string);
        snprintf(group.orders[i].request_id, UUID_SIZE, "%s", uuid_new().string);
    }
    insert(fixture, &group);
    return group;
}

static struct group place(struct service_database *fixture, enum order_class order_class)
{
    struct order parent = parent_of(order_class);

    return place_with(fixture, &parent);
}

struct saving {
    struct store_change *changes;
    size_t count;
    struct linked_changes *linked;
    struct store_saved saved;
};

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct saving *saving = context;

    return linked_changes_make(transaction, saving->changes, saving->count, saving->linked,
                               error) &&
           store_save_changes(transaction, saving->changes, saving->count, &saving->saved, error) &&
           store_save_changes(transaction, saving->linked->changes, saving->linked->count,
                              &saving->linked->saved, error);
}

static void save(struct service_database *fixture, struct store_change *changes, size_t count)
{
    struct linked_changes *linked = arena_allocate(fixture->arena, sizeof(*linked));
    struct saving saving = {.changes = changes, .count = count, .linked = linked};
    struct error error;

    assert_non_null(linked);
    if (!database_transact(fixture->database, fixture->arena, 0, save_work, &saving, &error))
        fail_msg("%s", error.message);
    store_take_saved(&saving.saved, changes, count);
}

// A change by which the event happens to the order.
static struct store_change happen(struct order *order, enum order_event event)
{
    struct store_change change = {.order = order,
                                  .changes_order = true,
                                  .from = order->status,
                                  .task = STORE_TASK_ACTIVE,
                                  .run_after_ms = STORE_LEASE_MS};

    assert_true(order_apply(order, event, 2000000));
    return change;
}

static struct store_change
fill_part(struct order *order, int64_t quantity, struct order_fill *out_fill)
{
    const struct order_execution execution = {
        .quantity = quantity, .price = 95 * DOLLAR, .quote_at = 1500000, .at = 2000000};
    struct store_change change = {.order = order,
                                  .changes_order = true,
                                  .from = order->status,
                                  .fill = out_fill,
                                  .task = STORE_TASK_ACTIVE,
                                  .run_after_ms = STORE_LEASE_MS};

    assert_true(order_fill_at(order, &execution, out_fill));
    return change;
}

static struct store_change fill(struct order *order, struct order_fill *out_fill)
{
    return fill_part(order, order_remaining(order), out_fill);
}

static bool make(struct service_database *fixture, struct order *order, enum order_event event)
{
    struct store_change change = happen(order, event);

    save(fixture, &change, 1);
    return change.saved;
}

// Loads the group; `expected` has the statuses of its orders.
static void expect(struct service_database *fixture, struct group *group, const char *expected)
{
    char statuses[128] = "";

    for (size_t i = 0; i < group->count; i++) {
        const char *id = group->orders[i].id;
        struct order *orders = NULL;
        size_t count = 0;
        struct error error;

        assert_true(
            store_load_orders(fixture->database, fixture->arena, &id, 1, &orders, &count, &error));
        assert_int_equal(count, 1);
        group->orders[i] = orders[0];
        snprintf(statuses + strlen(statuses), sizeof(statuses) - strlen(statuses), "%s%s",
                 i == 0 ? "" : " ", order_status_name(orders[0].status));
    }
    assert_string_equal(statuses, expected);
}

// A bracket whose entry rests; or is filled, and booked.
static struct group resting(struct service_database *fixture)
{
    struct group group = place(fixture, ORDER_CLASS_BRACKET);

    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_RESERVED));
    expect(fixture, &group, "new held held");
    return group;
}

static struct group active(struct service_database *fixture)
{
    struct group group = resting(fixture);
    struct order_fill made;
    struct store_change filled = fill(&group.orders[0], &made);
    struct store_change booked = {
        .order = &group.orders[0], .fill = &made, .task = STORE_TASK_COMPLETED};

    save(fixture, &filled, 1);
    assert_true(filled.saved);
    expect(fixture, &group, "filled held held");
    save(fixture, &booked, 1);
    expect(fixture, &group, "filled new new");
    return group;
}

static void legs_begin_once_the_fill_of_their_entry_is_booked_and_not_before(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);
    struct store_change again = {.order = &group.orders[0], .task = STORE_TASK_COMPLETED};

    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(group.orders[i].submitted_at, 2000000);
        // The quote at which the entry was filled is the first one that it sees.
        assert_int_equal(group.orders[i].looked_at, 1499999);
    }
    save(fixture, &again, 1);
    expect(fixture, &group, "filled new new");
}

static void a_fill_that_is_decided_and_booked_begins_the_legs_with_it(void **state)
{
    struct service_database *fixture = *state;
    struct order parent = parent_of(ORDER_CLASS_BRACKET);
    struct order_fill made;
    struct group group;
    struct store_change change = {.order = &group.orders[0],
                                  .changes_order = true,
                                  .from = ORDER_PENDING_NEW,
                                  .fill = &made,
                                  .task = STORE_TASK_COMPLETED};

    parent.decided =
        (struct order_decision){.quantity = 10 * SHARE, .price = 95 * DOLLAR, .quote_at = 900000};
    group = place_with(fixture, &parent);
    assert_true(order_fill_decided(&group.orders[0], &made));
    save(fixture, &change, 1);
    expect(fixture, &group, "filled new new");
}

static void an_exit_that_is_filled_cancels_the_other_one_and_names_itself(void **state)
{
    struct service_database *fixture = *state;

    for (size_t sold = 1; sold < 3; sold++) {
        struct group group = active(fixture);
        struct order_fill made;
        struct store_change change = fill(&group.orders[sold], &made);

        save(fixture, &change, 1);
        expect(fixture, &group, sold == 1 ? "filled filled canceled" : "filled canceled filled");
        assert_string_equal(group.orders[3 - sold].reason, "LINKED_ORDER_ENDED");
        assert_non_null(strstr(group.orders[3 - sold].reason_message, group.orders[sold].id));
        assert_int_equal(group.orders[3 - sold].canceled_at, 2000000);
    }
}

static void what_an_exit_sells_a_part_of_the_other_one_sells_no_more(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);
    struct order_fill made;
    struct store_change change = fill_part(&group.orders[1], 3 * SHARE, &made);
    struct order stop;

    save(fixture, &change, 1);
    assert_true(change.saved);
    expect(fixture, &group, "filled partially_filled new");
    assert_int_equal(group.orders[2].quantity, 7 * SHARE);
    // What has been sold is booked before the other one sells, or gives back what is left.
    stop = group.orders[2];
    change = fill(&stop, &made);
    save(fixture, &change, 1);
    assert_false(change.saved);
    group.orders[1].booked_count = 1;
    change = (struct store_change){.order = &group.orders[1],
                                   .changes_order = true,
                                   .from = ORDER_PARTIALLY_FILLED,
                                   .task = STORE_TASK_UNCHANGED};
    save(fixture, &change, 1);
    stop = group.orders[2];
    change = fill(&stop, &made);
    save(fixture, &change, 1);
    assert_true(change.saved);
    expect(fixture, &group, "filled canceled filled");
    assert_int_equal(group.orders[2].filled_quantity, 7 * SHARE);
}

static void of_two_parts_in_one_batch_the_second_is_decided_anew(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);
    struct order_fill fills[2];
    struct store_change changes[2] = {fill_part(&group.orders[2], 6 * SHARE, &fills[0]),
                                      fill_part(&group.orders[1], 4 * SHARE, &fills[1])};

    // By what it knew, six shares would be left to it.
    save(fixture, changes, 2);
    assert_true(changes[0].saved);
    assert_false(changes[1].saved);
    expect(fixture, &group, "filled new partially_filled");
    assert_int_equal(group.orders[1].quantity, 4 * SHARE);
    assert_int_equal(group.orders[1].filled_quantity, 0);
}

static void of_two_exits_in_one_batch_the_first_one_is_filled(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);
    struct order_fill fills[2];
    struct store_change changes[2] = {fill(&group.orders[2], &fills[0]),
                                      fill(&group.orders[1], &fills[1])};

    save(fixture, changes, 2);
    assert_true(changes[0].saved);
    assert_false(changes[1].saved);
    expect(fixture, &group, "filled canceled filled");
}

static void an_exit_that_was_ended_by_another_process_is_not_filled(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);
    struct order other = group.orders[1];
    struct order_fill made;
    struct store_change late;

    assert_true(make(fixture, &group.orders[2], ORDER_EVENT_CANCEL));
    late = fill(&other, &made);
    save(fixture, &late, 1);
    assert_false(late.saved);
    expect(fixture, &group, "filled canceled canceled");
}

static void exits_expire_together(void **state)
{
    struct service_database *fixture = *state;
    struct group group = active(fixture);

    assert_true(make(fixture, &group.orders[1], ORDER_EVENT_EXPIRE));
    expect(fixture, &group, "filled expired expired");
}

static void an_entry_that_ends_unfilled_takes_its_legs_along(void **state)
{
    const enum order_event events[] = {ORDER_EVENT_CANCEL, ORDER_EVENT_EXPIRE};
    struct service_database *fixture = *state;
    struct group group;

    for (size_t i = 0; i < COUNT_OF(events); i++) {
        group = resting(fixture);
        assert_true(make(fixture, &group.orders[0], events[i]));
        expect(fixture, &group,
               i == 0 ? "canceled canceled canceled" : "expired canceled canceled");
    }
    group = place(fixture, ORDER_CLASS_BRACKET);
    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_REFUSED));
    expect(fixture, &group, "rejected canceled canceled");
}

static void a_leg_that_is_canceled_takes_its_entry_along_unless_that_cannot_be(void **state)
{
    struct service_database *fixture = *state;
    struct group group = resting(fixture);

    assert_true(make(fixture, &group.orders[1], ORDER_EVENT_CANCEL));
    expect(fixture, &group, "canceled canceled canceled");
    group = resting(fixture);
    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_REPLACE));
    assert_false(make(fixture, &group.orders[1], ORDER_EVENT_CANCEL));
    expect(fixture, &group, "pending_replace held held");
}

static void a_leg_of_an_entry_whose_fill_is_decided_cannot_be_canceled(void **state)
{
    struct service_database *fixture = *state;
    struct order parent = parent_of(ORDER_CLASS_BRACKET);
    struct group group;

    parent.decided =
        (struct order_decision){.quantity = 10 * SHARE, .price = 95 * DOLLAR, .quote_at = 900000};
    group = place_with(fixture, &parent);
    assert_false(make(fixture, &group.orders[1], ORDER_EVENT_CANCEL));
    expect(fixture, &group, "pending_new held held");
}

static void legs_stay_when_their_entry_is_not_replaced_after_all(void **state)
{
    struct service_database *fixture = *state;
    struct group group = resting(fixture);
    struct group replacement = {.orders = {group.orders[0]}, .count = 1};

    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_REPLACE));
    replacement.orders[0].status = ORDER_PENDING_NEW;
    memcpy(replacement.orders[0].replaces, group.orders[0].id, UUID_SIZE);
    snprintf(replacement.orders[0].id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(replacement.orders[0].request_id, UUID_SIZE, "%s", uuid_new().string);
    insert(fixture, &replacement);
    assert_true(make(fixture, &replacement.orders[0], ORDER_EVENT_REFUSED));
    expect(fixture, &group, "new held held");
}

static void a_stop_loss_of_an_oco_is_active_with_its_take_profit(void **state)
{
    struct service_database *fixture = *state;
    struct order parent = parent_of(ORDER_CLASS_OCO);
    struct group group;

    parent.terms.participation_percent_hundredths = 1000;
    parent.volume_seen = 250;
    group = place_with(fixture, &parent);
    assert_int_equal(group.count, 2);
    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_RESERVED));
    expect(fixture, &group, "new new");
    assert_int_equal(group.orders[1].volume_seen, 250);
    group = place(fixture, ORDER_CLASS_OCO);
    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_REFUSED));
    expect(fixture, &group, "rejected canceled");
}

static void a_split_ends_the_orders_of_a_group_alike(void **state)
{
    struct service_database *fixture = *state;
    struct group group = resting(fixture);
    struct store_change change = happen(&group.orders[0], ORDER_EVENT_CANCEL);
    struct error reason;

    error_set(&reason, REASON_SPLIT, "3 shares for 1.");
    assert_true(order_set_reason(&group.orders[0], fixture->arena, &reason));
    save(fixture, &change, 1);
    expect(fixture, &group, "canceled canceled canceled");
    assert_string_equal(group.orders[2].reason, "SPLIT");
}

struct canceling {
    const char *portfolio_id;
    struct store_canceled canceled;
};

static bool cancel_work(struct transaction *transaction, void *context, struct error *error)
{
    struct canceling *canceling = context;

    return store_cancel_resting(transaction, canceling->portfolio_id, uuid_new().string, 3000000,
                                &canceling->canceled, error);
}

// Cancels all of the group's portfolio, which is so many orders, and leaves so many.
static void cancel_all(struct service_database *fixture,
                       const struct group *group,
                       size_t canceled,
                       size_t still_open)
{
    struct canceling canceling = {.portfolio_id = group->orders[0].portfolio_id};
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, cancel_work, &canceling, &error))
        fail_msg("%s", error.message);
    assert_int_equal(canceling.canceled.count, canceled);
    assert_int_equal(canceling.canceled.still_open, still_open);
}

static void expect_task(struct service_database *fixture, const char *id, const char *state)
{
    static const struct statement find = {"find_task",
                                          "SELECT state, run_at <= now() FROM tasks WHERE id = $1"};
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};
    struct error error;

    assert_true(
        database_query(fixture->database, fixture->arena, &find, &parameter, 1, &rows, &error));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows_text(&rows, 0, 0), state);
    assert_true(rows_bool(&rows, 0, 1));
}

static void of_exits_that_are_canceled_together_the_one_that_has_sold_gives_back(void **state)
{
    struct service_database *fixture = *state;
    struct order_fill made;
    struct store_change change;
    struct group group;

    for (size_t sold = 1; sold < 3; sold++) {
        group = active(fixture);
        change = fill_part(&group.orders[sold], 3 * SHARE, &made);
        save(fixture, &change, 1);
        cancel_all(fixture, &group, 2, 0);
        expect(fixture, &group, "filled canceled canceled");
        expect_task(fixture, group.orders[sold].id, "pending");
        expect_task(fixture, group.orders[3 - sold].id, "completed");
    }
    // Two parts that are not booked would each be in the other one's way.
    group = active(fixture);
    for (size_t sold = 1; sold < 3; sold++) {
        change = fill_part(&group.orders[sold], 3 * SHARE, &made);
        save(fixture, &change, 1);
        expect(fixture, &group,
               sold == 1 ? "filled partially_filled new"
                         : "filled partially_filled partially_filled");
    }
    cancel_all(fixture, &group, 0, 2);
    expect(fixture, &group, "filled partially_filled partially_filled");
}

static void all_that_is_open_is_canceled_but_what_is_being_filled_or_replaced(void **state)
{
    struct service_database *fixture = *state;
    struct order parent = parent_of(ORDER_CLASS_BRACKET);
    struct group group = place_with(fixture, &parent);
    struct group replacement = {.count = 1};
    struct order_fill made;
    struct store_change change;

    cancel_all(fixture, &group, 3, 0);
    expect(fixture, &group, "canceled canceled canceled");
    // The entry's fill is not booked yet.
    group = resting(fixture);
    change = fill(&group.orders[0], &made);
    save(fixture, &change, 1);
    cancel_all(fixture, &group, 2, 0);
    expect(fixture, &group, "filled canceled canceled");
    expect_task(fixture, group.orders[1].id, "pending");
    parent = parent_of(ORDER_CLASS_BRACKET);
    parent.decided =
        (struct order_decision){.quantity = parent.quantity, .price = DOLLAR, .quote_at = 1};
    group = place_with(fixture, &parent);
    cancel_all(fixture, &group, 0, 3);
    expect(fixture, &group, "pending_new held held");
    group = resting(fixture);
    assert_true(make(fixture, &group.orders[0], ORDER_EVENT_REPLACE));
    replacement.orders[0] = group.orders[0];
    replacement.orders[0].status = ORDER_PENDING_NEW;
    snprintf(replacement.orders[0].replaces, UUID_SIZE, "%s", group.orders[0].id);
    snprintf(replacement.orders[0].id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(replacement.orders[0].request_id, UUID_SIZE, "%s", uuid_new().string);
    insert(fixture, &replacement);
    cancel_all(fixture, &group, 0, 3);
    expect(fixture, &group, "pending_replace held held");
    expect(fixture, &replacement, "pending_new");
}

static void legs_are_there_only_with_their_parent(void **state)
{
    struct service_database *fixture = *state;
    struct group group = place(fixture, ORDER_CLASS_BRACKET);
    struct group again = group;
    const char *group_id = again.orders[0].group_id;
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    // The same request once more, with ids of its own.
    snprintf(again.orders[0].group_id, UUID_SIZE, "%s", uuid_new().string);
    for (size_t i = 0; i < again.count; i++) {
        snprintf(again.orders[i].id, UUID_SIZE, "%s", uuid_new().string);
        memcpy(again.orders[i].group_id, again.orders[0].group_id, UUID_SIZE);
    }
    for (size_t i = 1; i < again.count; i++)
        snprintf(again.orders[i].request_id, UUID_SIZE, "%s", uuid_new().string);
    assert_true(
        database_transact(fixture->database, fixture->arena, 0, insert_work, &again, &error));
    assert_true(store_load_groups(fixture->database, fixture->arena, &group_id, 1, &orders, &count,
                                  &error));
    assert_int_equal(count, 0);
}

static bool plan_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct order *order = context;

    return store_save_plans(transaction, &order, 1, NULL, error);
}

static void legs_of_an_entry_that_is_planned_anew_go_by_the_same_terms(void **state)
{
    struct service_database *fixture = *state;
    struct group group = place(fixture, ORDER_CLASS_BRACKET);
    struct group other = place(fixture, ORDER_CLASS_BRACKET);
    struct order entry = group.orders[0];
    struct error error;

    entry.terms.slippage_bps_hundredths = 7;
    entry.expires_at = 8000000;
    assert_true(database_transact(fixture->database, fixture->arena, 0, plan_work, &entry, &error));
    expect(fixture, &group, "pending_new held held");
    expect(fixture, &other, "pending_new held held");
    for (size_t i = 0; i < group.count; i++) {
        assert_int_equal(group.orders[i].terms.slippage_bps_hundredths, 7);
        assert_int_equal(group.orders[i].expires_at, 8000000);
        assert_int_equal(other.orders[i].terms.slippage_bps_hundredths, 0);
        assert_int_equal(other.orders[i].expires_at, 9000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(legs_begin_once_the_fill_of_their_entry_is_booked_and_not_before,
                               forget),
        cmocka_unit_test_setup(a_fill_that_is_decided_and_booked_begins_the_legs_with_it, forget),
        cmocka_unit_test_setup(an_exit_that_is_filled_cancels_the_other_one_and_names_itself,
                               forget),
        cmocka_unit_test_setup(what_an_exit_sells_a_part_of_the_other_one_sells_no_more, forget),
        cmocka_unit_test_setup(of_two_parts_in_one_batch_the_second_is_decided_anew, forget),
        cmocka_unit_test_setup(of_two_exits_in_one_batch_the_first_one_is_filled, forget),
        cmocka_unit_test_setup(an_exit_that_was_ended_by_another_process_is_not_filled, forget),
        cmocka_unit_test_setup(exits_expire_together, forget),
        cmocka_unit_test_setup(an_entry_that_ends_unfilled_takes_its_legs_along, forget),
        cmocka_unit_test_setup(a_leg_that_is_canceled_takes_its_entry_along_unless_that_cannot_be,
                               forget),
        cmocka_unit_test_setup(a_leg_of_an_entry_whose_fill_is_decided_cannot_be_canceled, forget),
        cmocka_unit_test_setup(legs_stay_when_their_entry_is_not_replaced_after_all, forget),
        cmocka_unit_test_setup(a_stop_loss_of_an_oco_is_active_with_its_take_profit, forget),
        cmocka_unit_test_setup(a_split_ends_the_orders_of_a_group_alike, forget),
        cmocka_unit_test_setup(of_exits_that_are_canceled_together_the_one_that_has_sold_gives_back,
                               forget),
        cmocka_unit_test_setup(all_that_is_open_is_canceled_but_what_is_being_filled_or_replaced,
                               forget),
        cmocka_unit_test_setup(legs_are_there_only_with_their_parent, forget),
        cmocka_unit_test_setup(legs_of_an_entry_that_is_planned_anew_go_by_the_same_terms, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
