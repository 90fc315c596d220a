// SPDX-License-Identifier: MIT
// The statements of trading against a real PostgreSQL, as the service's own role.
#include "store/trading_store_fixture.h"

#include "shards/shard.h"

static void an_order_comes_back_as_it_was_written(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    struct order order = new_order(portfolio.string, user.string);
    struct order loaded;

    order.decided = (struct order_decision){
        .quantity = 10 * SHARE, .price = 95 * DOLLAR + 1, .commission = 2, .quote_at = 900000};
    order.client_order_id = "a name with \"quotes\", {braces} and \\";
    insert_one(fixture, &order, true);
    loaded = load(fixture, order.id);
    assert_string_equal(loaded.client_order_id, order.client_order_id);
    assert_string_equal(loaded.portfolio_id, order.portfolio_id);
    assert_string_equal(loaded.user_id, order.user_id);
    assert_string_equal(loaded.ticker, "AAPL");
    assert_int_equal(loaded.quantity, order.quantity);
    assert_int_equal(loaded.hold_amount, order.hold_amount);
    assert_int_equal(loaded.status, ORDER_PENDING_NEW);
    assert_int_equal(loaded.created_at, order.created_at);
    assert_int_equal(loaded.expires_at, order.expires_at);
    assert_int_equal(loaded.filled_at, 0);
    assert_int_equal(loaded.decided.quantity, 10 * SHARE);
    assert_int_equal(loaded.decided.price, 95 * DOLLAR + 1);
    assert_int_equal(loaded.decided.commission, 2);
    assert_int_equal(loaded.decided.quote_at, 900000);
}

static void a_decided_order_is_filled_as_was_decided_and_its_task_is_done(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order canceled = new_order(portfolio.string, portfolio.string);
    const struct order_decision decided = {
        .quantity = 10 * SHARE, .price = 95 * DOLLAR, .commission = 2, .quote_at = 900000};
    struct store_change changes[2] = {{.order = &order}, {.order = &canceled}};
    struct saving saving = {.changes = changes, .count = COUNT_OF(changes)};
    struct store_change cancel = {
        .changes_order = true, .from = ORDER_PENDING_NEW, .task = STORE_TASK_UNCHANGED};
    struct order_fill fills[2];
    struct order_fill *loaded = NULL;
    struct order was_canceled;
    struct order filled;
    size_t count = 0;
    struct error error;

    order.decided = canceled.decided = decided;
    insert_one(fixture, &order, true);
    insert_one(fixture, &canceled, true);
    was_canceled = canceled;
    assert_true(order_apply(&was_canceled, ORDER_EVENT_CANCEL, 2000000));
    cancel.order = &was_canceled;
    assert_true(save(fixture, &cancel));
    assert_true(order_fill_decided(&order, &fills[0]));
    assert_true(order_fill_decided(&canceled, &fills[1]));
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        changes[i].changes_order = true;
        changes[i].from = ORDER_PENDING_NEW;
        changes[i].task = STORE_TASK_COMPLETED;
        changes[i].fill = &fills[i];
    }
    if (!database_transact(fixture->database, fixture->arena, 0, save_work, &saving, &error))
        fail_msg("%s", error.message);
    store_take_saved(&saving.saved, changes, COUNT_OF(changes));
    assert_true(changes[0].saved);
    assert_false(changes[1].saved);
    filled = load(fixture, order.id);
    assert_int_equal(filled.status, ORDER_FILLED);
    assert_int_equal(filled.filled_quantity, 10 * SHARE);
    assert_int_equal(filled.average_fill_price, 95 * DOLLAR);
    assert_int_equal(filled.commission, 2);
    assert_int_equal(filled.submitted_at, order.created_at);
    assert_int_equal(filled.filled_at, order.created_at);
    assert_true(store_list_fills(fixture->database, fixture->arena,
                                 &(struct store_fill_page){.order_id = order.id, .limit = 5},
                                 &loaded, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(loaded[0].id, fills[0].id);
    assert_int_equal(loaded[0].price, 95 * DOLLAR);
    assert_int_equal(loaded[0].commission, 2);
    assert_int_equal(loaded[0].filled_at, order.created_at);
    assert_int_equal(loaded[0].quote_at, 900000);
    assert_string_equal(state_of(fixture, order.id), "completed");
    assert_string_equal(state_of(fixture, canceled.id), "active");
    assert_true(store_list_fills(fixture->database, fixture->arena,
                                 &(struct store_fill_page){.order_id = canceled.id, .limit = 5},
                                 &loaded, &count, &error));
    assert_int_equal(count, 0);
    assert_int_equal(load(fixture, canceled.id).status, ORDER_CANCELED);
}

static void an_order_with_prices_comes_back_with_all_of_them(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order triggered = new_order(portfolio.string, portfolio.string);
    struct order trailing = new_order(portfolio.string, portfolio.string);
    struct order loaded;

    order.type = ORDER_STOP_LIMIT;
    order.time_in_force = ORDER_GTC;
    order.limit_price = 97 * DOLLAR;
    order.stop_price = 96 * DOLLAR;
    order.starts_at = 1500000;
    insert_one(fixture, &order, true);
    loaded = load(fixture, order.id);
    assert_int_equal(loaded.type, ORDER_STOP_LIMIT);
    assert_int_equal(loaded.time_in_force, ORDER_GTC);
    assert_int_equal(loaded.limit_price, order.limit_price);
    assert_int_equal(loaded.stop_price, order.stop_price);
    assert_int_equal(loaded.starts_at, order.starts_at);
    assert_int_equal(loaded.triggered_at, 0);
    // What takes the place of one that was reached waits for that no more.
    triggered.type = ORDER_STOP_LIMIT;
    triggered.limit_price = 97 * DOLLAR;
    triggered.stop_price = 98 * DOLLAR;
    triggered.triggered_at = 1200000;
    insert_one(fixture, &triggered, true);
    assert_int_equal(load(fixture, triggered.id).triggered_at, triggered.triggered_at);
    trailing.type = ORDER_TRAILING_STOP;
    trailing.trail_percent = 1500000;
    trailing.high_water = 100 * DOLLAR;
    trailing.stop_price = 98500000;
    insert_one(fixture, &trailing, true);
    loaded = load(fixture, trailing.id);
    assert_int_equal(loaded.type, ORDER_TRAILING_STOP);
    assert_int_equal(loaded.trail_percent, trailing.trail_percent);
    assert_int_equal(loaded.trail_price, 0);
    assert_int_equal(loaded.high_water, trailing.high_water);
    assert_int_equal(loaded.stop_price, trailing.stop_price);
    assert_int_equal(loaded.looked_at, trailing.created_at);
}

static bool progress_work(struct transaction *transaction, void *context, struct error *error)
{
    return store_save_progress(transaction, context, 1, error);
}

static void save_progress(struct service_database *fixture, struct store_progress *progress)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, progress_work, progress, &error))
        fail_msg("%s", error.message);
}

static void progress_of_a_resting_order_goes_forward_only(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct store_progress progress = {
        .high_water = 105 * DOLLAR, .stop_price = 104 * DOLLAR, .looked_at = 3000000};

    order.type = ORDER_TRAILING_STOP;
    order.trail_price = DOLLAR;
    order.high_water = 100 * DOLLAR;
    order.stop_price = 99 * DOLLAR;
    insert_one(fixture, &order, true);
    memcpy(progress.order_id, order.id, UUID_SIZE);
    save_progress(fixture, &progress);
    assert_int_equal(load(fixture, order.id).high_water, 100 * DOLLAR);
    let_rest(fixture, &order);
    save_progress(fixture, &progress);
    assert_int_equal(load(fixture, order.id).high_water, 105 * DOLLAR);
    assert_int_equal(load(fixture, order.id).stop_price, 104 * DOLLAR);
    progress.looked_at = 2999999;
    progress.high_water = 101 * DOLLAR;
    save_progress(fixture, &progress);
    assert_int_equal(load(fixture, order.id).high_water, 105 * DOLLAR);
    assert_int_equal(load(fixture, order.id).looked_at, 3000000);
}

static bool is_inserted(struct service_database *fixture, const struct order *order)
{
    struct store_new_order intent = {.order = order, .is_leased = true};

    insert(fixture, &intent, 1);
    return intent.inserted;
}

static void an_order_that_could_trade_with_one_that_rests_is_not_inserted(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid other = uuid_new();
    struct order resting = limit_order(portfolio.string, ORDER_SELL, 100);
    struct order meets = limit_order(portfolio.string, ORDER_BUY, 100);
    struct order below = limit_order(portfolio.string, ORDER_BUY, 99);
    struct order market = new_order(portfolio.string, portfolio.string);
    struct order elsewhere = new_order(other.string, other.string);
    struct store_change cancel = {
        .order = &resting, .changes_order = true, .from = ORDER_NEW, .task = STORE_TASK_ACTIVE};
    char id[UUID_SIZE];
    bool has_limit = false;
    struct error error;

    insert_one(fixture, &resting, true);
    // Not before it rests: until then it may be filled at once.
    let_rest(fixture, &resting);
    assert_false(is_inserted(fixture, &meets));
    assert_false(is_inserted(fixture, &market));
    assert_true(is_inserted(fixture, &below));
    assert_true(is_inserted(fixture, &elsewhere));
    assert_true(
        store_find_meeting(fixture->database, fixture->arena, &meets, id, &has_limit, &error));
    assert_string_equal(id, resting.id);
    assert_true(has_limit);
    assert_true(order_apply(&resting, ORDER_EVENT_CANCEL, 3));
    assert_true(save(fixture, &cancel));
    assert_true(
        store_find_meeting(fixture->database, fixture->arena, &meets, id, &has_limit, &error));
    assert_string_equal(id, "");
    assert_true(is_inserted(fixture, &market));
}

// Brings an order to wait for another one that takes its place, which is there as pending.
static struct order begin_replacing(struct service_database *fixture, struct order *old)
{
    struct order order = new_order(old->portfolio_id, old->portfolio_id);
    struct store_change wait = {
        .order = old, .changes_order = true, .from = ORDER_NEW, .task = STORE_TASK_UNCHANGED};

    order.side = old->side;
    memcpy(order.replaces, old->id, UUID_SIZE);
    assert_true(order_apply(old, ORDER_EVENT_REPLACE, 3));
    assert_true(save(fixture, &wait));
    insert_one(fixture, &order, true);
    return order;
}

static void an_order_is_replaced_as_the_new_one_is_taken(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order old = limit_order(portfolio.string, ORDER_SELL, 100);
    struct order order;
    struct order *resting = NULL;
    size_t count = 0;
    struct error error;

    insert_one(fixture, &old, true);
    let_rest(fixture, &old);
    order = begin_replacing(fixture, &old);
    assert_int_equal(load(fixture, old.id).status, ORDER_PENDING_REPLACE);
    let_rest(fixture, &order);
    assert_int_equal(load(fixture, old.id).status, ORDER_REPLACED);
    assert_string_equal(load(fixture, old.id).replaced_by, order.id);
    assert_string_equal(load(fixture, order.id).replaces, old.id);
    assert_true(store_load_resting(fixture->database, fixture->arena, shard_of("AAPL"), FIRST_ID,
                                   10, &resting, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(resting[0].id, order.id);
}

static void an_order_rests_on_when_the_new_one_is_refused(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order old = limit_order(portfolio.string, ORDER_SELL, 100);
    struct order order;
    struct order *resting = NULL;
    struct store_change refuse = {.order = &order,
                                  .changes_order = true,
                                  .from = ORDER_PENDING_NEW,
                                  .task = STORE_TASK_COMPLETED};
    size_t count = 0;
    struct error error;

    insert_one(fixture, &old, true);
    let_rest(fixture, &old);
    order = begin_replacing(fixture, &old);
    assert_true(order_apply(&order, ORDER_EVENT_REFUSED, 4));
    assert_true(save(fixture, &refuse));
    assert_int_equal(load(fixture, old.id).status, ORDER_NEW);
    assert_string_equal(load(fixture, old.id).replaced_by, "");
    assert_true(store_load_resting(fixture->database, fixture->arena, shard_of("AAPL"), FIRST_ID,
                                   10, &resting, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(resting[0].id, old.id);
}

static void a_request_makes_one_order_however_often_it_comes(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order first = new_order(portfolio.string, portfolio.string);
    struct order again = new_order(portfolio.string, portfolio.string);
    struct order named = new_order(portfolio.string, portfolio.string);
    struct store_new_order intents[3] = {{.order = &first}, {.order = &again}, {.order = &named}};
    struct order found;
    bool is_found = false;
    struct error error;

    memcpy(again.request_id, first.request_id, UUID_SIZE);
    first.client_order_id = named.client_order_id = "mine";
    insert(fixture, intents, 3);
    assert_true(intents[0].inserted);
    assert_false(intents[1].inserted);
    assert_false(intents[2].inserted);
    assert_true(store_find_by_request(fixture->database, fixture->arena, portfolio.string,
                                      again.request_id, &found, &is_found, &error));
    assert_true(is_found);
    assert_string_equal(found.id, first.id);
    assert_true(store_find_by_request(fixture->database, fixture->arena, portfolio.string,
                                      named.request_id, &found, &is_found, &error));
    assert_false(is_found);
}

static void of_two_who_change_an_order_only_the_first_is_heard(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order other;
    struct order_fill fill;
    struct order_fill other_fill;
    struct store_change filling = {.order = &order,
                                   .changes_order = true,
                                   .from = ORDER_NEW,
                                   .fill = &fill,
                                   .task = STORE_TASK_ACTIVE,
                                   .run_after_ms = 1000};
    struct store_change late = filling;
    struct store_change cancel = filling;
    struct order_fill *fills = NULL;
    size_t count = 0;
    struct error error;

    insert_one(fixture, &order, true);
    let_rest(fixture, &order);
    other = order;
    assert_true(order_fill_at(
        &order, &(struct order_execution){.quantity = 10 * SHARE, .price = 95 * DOLLAR}, &fill));
    assert_true(save(fixture, &filling));
    late.order = &other;
    late.fill = &other_fill;
    assert_true(order_fill_at(
        &other, &(struct order_execution){.quantity = 10 * SHARE, .price = 96 * DOLLAR},
        &other_fill));
    assert_false(save(fixture, &late));
    other = order;
    other.status = ORDER_CANCELED;
    cancel.order = &other;
    cancel.fill = NULL;
    assert_false(save(fixture, &cancel));
    assert_int_equal(load(fixture, order.id).status, ORDER_FILLED);
    assert_int_equal(load(fixture, order.id).average_fill_price, 95 * DOLLAR);
    assert_true(store_list_fills(fixture->database, fixture->arena,
                                 &(struct store_fill_page){.order_id = order.id, .limit = 5},
                                 &fills, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(fills[0].price, 95 * DOLLAR);
    assert_string_equal(fills[0].id, order_fill_id(order.id, 1).string);
}

static void a_task_is_claimed_when_its_lease_has_run_out_and_not_before(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order leased = new_order(portfolio.string, portfolio.string);
    struct order waiting = new_order(portfolio.string, portfolio.string);
    struct claiming claiming = {0};
    struct store_change later = {.order = &waiting, .task = STORE_TASK_PENDING};

    insert_one(fixture, &leased, true);
    insert_one(fixture, &waiting, false);
    assert_int_equal(claim(fixture, &claiming), 1);
    assert_string_equal(claiming.tasks[0].order_id, waiting.id);
    assert_int_equal(claiming.tasks[0].attempts, 1);
    assert_int_equal(claim(fixture, &claiming), 0);
    save(fixture, &later);
    assert_int_equal(claim(fixture, &claiming), 1);
    assert_int_equal(claiming.tasks[0].attempts, 2);
}

static void a_resting_order_is_the_matchers_until_it_is_closed(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order *resting = NULL;
    struct claiming claiming = {0};
    struct store_change cancel = {
        .order = &order, .changes_order = true, .from = ORDER_NEW, .task = STORE_TASK_ACTIVE};
    size_t count = 0;
    struct error error;

    insert_one(fixture, &order, true);
    let_rest(fixture, &order);
    assert_int_equal(claim(fixture, &claiming), 0);
    assert_true(store_load_resting(fixture->database, fixture->arena, shard_of("AAPL"), FIRST_ID,
                                   10, &resting, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(resting[0].id, order.id);
    assert_true(order_apply(&order, ORDER_EVENT_CANCEL, 3));
    assert_true(save(fixture, &cancel));
    assert_true(store_load_resting(fixture->database, fixture->arena, shard_of("AAPL"), FIRST_ID,
                                   10, &resting, &count, &error));
    assert_int_equal(count, 0);
    assert_int_equal(claim(fixture, &claiming), 1);
}

// Somebody who has decided that the order rests, and is late, must not put its task to sleep.
static bool has_unfinished(struct service_database *fixture, int64_t before_at, bool resting_too)
{
    bool has = false;
    struct error error;

    if (!store_has_unfinished_before(fixture->database, fixture->arena, "AAPL", before_at,
                                     resting_too, &has, &error))
        fail_msg("%s", error.message);
    return has;
}

static size_t
count_resting_before(struct service_database *fixture, int64_t before_at, size_t limit)
{
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    if (!store_load_resting_before(fixture->database, fixture->arena, "AAPL", before_at, limit,
                                   &orders, &count, &error))
        fail_msg("%s", error.message);
    return count;
}

static void
set_task(struct service_database *fixture, struct order *order, enum store_task_state task)
{
    struct store_change change = {.order = order, .task = task, .task_error = "it cannot be"};

    assert_false(save(fixture, &change)); // the task alone
}

static void what_is_unfinished_of_before_is_what_rests_waits_or_has_failed(void **state)
{
    struct service_database *fixture = *state;
    struct order one = new_order(uuid_new().string, uuid_new().string);
    struct order other = new_order(uuid_new().string, uuid_new().string);
    int64_t at = one.created_at;

    snprintf(other.ticker, sizeof(other.ticker), "MSFT");
    insert_one(fixture, &other, true);
    assert_false(has_unfinished(fixture, at + 1, true));
    insert_one(fixture, &one, true);
    assert_true(has_unfinished(fixture, at + 1, false));
    assert_false(has_unfinished(fixture, at, true)); // placed at the moment itself
    assert_int_equal(count_resting_before(fixture, at + 1, 5), 0);
    let_rest(fixture, &one);
    assert_true(has_unfinished(fixture, at + 1, true));
    assert_false(has_unfinished(fixture, at + 1, false));
    assert_false(has_unfinished(fixture, at, true));
    assert_int_equal(count_resting_before(fixture, at + 1, 5), 1);
    assert_int_equal(count_resting_before(fixture, at, 5), 0);
    set_task(fixture, &one, STORE_TASK_FAILED);
    assert_true(has_unfinished(fixture, at + 1, false));
}

static void a_task_follows_only_the_status_its_change_was_made_for(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order order = new_order(portfolio.string, portfolio.string);
    struct order late;
    struct claiming claiming = {0};
    struct store_change cancel = {.order = &order,
                                  .changes_order = true,
                                  .from = ORDER_PENDING_NEW,
                                  .task = STORE_TASK_ACTIVE};
    struct store_change rest = {.order = &late,
                                .changes_order = true,
                                .from = ORDER_PENDING_NEW,
                                .task = STORE_TASK_PENDING,
                                .run_after_ms = STORE_NEVER};

    insert_one(fixture, &order, true);
    late = order;
    assert_true(order_apply(&order, ORDER_EVENT_CANCEL, 3));
    assert_true(save(fixture, &cancel));
    assert_true(order_apply(&late, ORDER_EVENT_RESERVED, 3));
    assert_false(save(fixture, &rest));
    assert_int_equal(claim(fixture, &claiming), 1);
}

static void orders_are_listed_newest_first_by_group_and_page(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    struct order orders[5];
    struct store_filter filter = {.user_id = user.string, .group = STORE_OPEN, .limit = 2};
    struct order *listed = NULL;
    size_t count = 0;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        orders[i] = new_order(portfolio.string, user.string);
        insert_one(fixture, &orders[i], true);
    }
    assert_true(
        store_page_orders(fixture->database, fixture->arena, &filter, &listed, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(listed[0].id, orders[4].id);
    filter.before_id = listed[1].id;
    assert_true(
        store_page_orders(fixture->database, fixture->arena, &filter, &listed, &count, &error));
    assert_string_equal(listed[0].id, orders[2].id);
    filter.group = STORE_CLOSED;
    assert_true(
        store_page_orders(fixture->database, fixture->arena, &filter, &listed, &count, &error));
    assert_int_equal(count, 0);
    filter = (struct store_filter){
        .user_id = user.string, .group = STORE_ALL, .side = "sell", .limit = 9};
    assert_true(
        store_page_orders(fixture->database, fixture->arena, &filter, &listed, &count, &error));
    assert_int_equal(count, 0);
}

static void an_order_made_ready_before_a_split_is_not_inserted(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order before = new_order(portfolio.string, portfolio.string);
    struct order after = new_order(portfolio.string, portfolio.string);
    struct order other = new_order(portfolio.string, portfolio.string);
    struct store_new_order intents[] = {{.order = &before}, {.order = &after}, {.order = &other}};
    struct error error;

    after.created_at = before.created_at + 1;
    snprintf(other.ticker, sizeof(other.ticker), "MSFT");
    assert_true(
        store_note_split(fixture->database, fixture->arena, "AAPL", after.created_at, &error));
    // An earlier one changes nothing.
    assert_true(store_note_split(fixture->database, fixture->arena, "AAPL", 1, &error));
    insert(fixture, intents, COUNT_OF(intents));
    assert_false(intents[0].inserted);
    assert_true(intents[1].inserted);
    assert_true(intents[2].inserted);
}

static void requests_that_made_an_order_are_found(void **state)
{
    struct service_database *fixture = *state;
    struct order there = new_order(FIRST_ID, FIRST_ID);
    struct order not_there = new_order(FIRST_ID, FIRST_ID);
    struct order other = there;
    const struct order *orders[] = {&not_there, &there, &other};
    struct store_new_order intent = {.order = &there};
    bool found[COUNT_OF(orders)];
    struct error error;

    // The same request id in another portfolio is another request.
    snprintf(other.portfolio_id, UUID_SIZE, "%s", uuid_new().string);
    insert(fixture, &intent, 1);
    assert_true(store_find_requests(fixture->database, fixture->arena, orders, COUNT_OF(orders),
                                    found, &error));
    assert_false(found[0]);
    assert_true(found[1]);
    assert_false(found[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_order_comes_back_as_it_was_written, forget),
        cmocka_unit_test_setup(a_decided_order_is_filled_as_was_decided_and_its_task_is_done,
                               forget),
        cmocka_unit_test_setup(an_order_with_prices_comes_back_with_all_of_them, forget),
        cmocka_unit_test_setup(progress_of_a_resting_order_goes_forward_only, forget),
        cmocka_unit_test_setup(an_order_that_could_trade_with_one_that_rests_is_not_inserted,
                               forget),
        cmocka_unit_test_setup(an_order_is_replaced_as_the_new_one_is_taken, forget),
        cmocka_unit_test_setup(an_order_rests_on_when_the_new_one_is_refused, forget),
        cmocka_unit_test_setup(a_request_makes_one_order_however_often_it_comes, forget),
        cmocka_unit_test_setup(of_two_who_change_an_order_only_the_first_is_heard, forget),
        cmocka_unit_test_setup(a_task_is_claimed_when_its_lease_has_run_out_and_not_before, forget),
        cmocka_unit_test_setup(a_resting_order_is_the_matchers_until_it_is_closed, forget),
        cmocka_unit_test_setup(what_is_unfinished_of_before_is_what_rests_waits_or_has_failed,
                               forget),
        cmocka_unit_test_setup(a_task_follows_only_the_status_its_change_was_made_for, forget),
        cmocka_unit_test_setup(orders_are_listed_newest_first_by_group_and_page, forget),
        cmocka_unit_test_setup(an_order_made_ready_before_a_split_is_not_inserted, forget),
        cmocka_unit_test_setup(requests_that_made_an_order_are_found, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
