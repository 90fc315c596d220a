// SPDX-License-Identifier: MIT
// The numbers of orders' changes, against a real PostgreSQL, as the service's own role.
#include "store/trading_store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "orders/order_events.h"

#define ONE "0000000a-0000-7000-8000-000000000000"
#define OTHER "0000000b-0000-7000-8000-000000000000"

enum {
    WAIT_MAX_MS = 30 * 1000,
    THREADS = 4,
    ROUNDS = 25,
    PORTFOLIOS = 8,
    THREAD_BUDGET = 1024 * 1024,
};

// What one transaction notes.
struct noting {
    const struct order *const *orders;
    size_t count;
    void (*meanwhile)(void *context); // called while the numbers are taken and not committed
    void *context;
};

static bool note_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct noting *noting = context;
    struct order_events events;

    if (!order_events_start(&events, transaction, noting->count, error))
        return false;
    for (size_t i = 0; i < noting->count; i++)
        order_events_add(&events, noting->orders[i]->id, noting->orders[i]->portfolio_id);
    if (!order_events_note(&events, transaction, error))
        return false;
    if (noting->meanwhile == NULL)
        return true;
    if (!transaction_flush(transaction, error))
        return false;
    noting->meanwhile(noting->context);
    return true;
}

static void note_all(struct service_database *fixture, const struct noting *noting)
{
    struct noting copy = *noting;
    OWNED(arena) arena = arena_new(THREAD_BUDGET);
    struct error error;

    if (!database_transact(fixture->database, arena, 0, note_work, &copy, &error))
        fail_msg("%s", error.message);
}

static void note(struct service_database *fixture, const struct order *order)
{
    struct noting noting = {.orders = &order, .count = 1};

    note_all(fixture, &noting);
}

static struct store_events page(struct service_database *fixture, int64_t after, size_t limit)
{
    const struct store_event_page asked = {
        .portfolio_id = ONE, .has_after = after >= 0, .after = after, .limit = limit};
    struct store_events events = {0};
    struct error error;

    if (!store_page_events(fixture->database, fixture->arena, &asked, &events, &error))
        fail_msg("%s", error.message);
    return events;
}

static void assert_event(const struct store_events *events,
                         size_t index,
                         int64_t sequence,
                         const struct order *order)
{
    assert_true(index < events->count);
    assert_int_equal(events->sequences[index], sequence);
    assert_string_equal(events->orders[index].id, order->id);
}

static void each_portfolio_has_numbers_of_its_own_without_a_gap(void **state)
{
    struct service_database *fixture = *state;
    struct order a = new_order(ONE, ONE);
    struct order b = new_order(ONE, ONE);
    struct order c = new_order(OTHER, OTHER);
    const struct order *batch[] = {&a, &c, &b};
    const struct noting noting = {.orders = batch, .count = COUNT_OF(batch)};
    struct store_events events;

    insert_one(fixture, &a, true);
    insert_one(fixture, &b, true);
    insert_one(fixture, &c, true);
    assert_int_equal(page(fixture, -1, 10).latest, 0);
    note_all(fixture, &noting);
    events = page(fixture, 0, 10);
    assert_int_equal(events.count, 2);
    assert_event(&events, 0, 1, &a);
    assert_event(&events, 1, 2, &b);
    assert_int_equal(events.latest, 2);
    assert_int_equal(events.next_after, 2);
}

static void an_order_that_has_changed_again_is_shown_once_at_its_latest_change(void **state)
{
    struct service_database *fixture = *state;
    struct order a = new_order(ONE, ONE);
    struct order b = new_order(ONE, ONE);
    struct store_events events;

    insert_one(fixture, &a, true);
    insert_one(fixture, &b, true);
    note(fixture, &a);
    note(fixture, &b);
    let_rest(fixture, &a);
    note(fixture, &a);
    events = page(fixture, 0, 10);
    assert_int_equal(events.count, 2);
    assert_event(&events, 0, 2, &b);
    assert_event(&events, 1, 3, &a);
    assert_int_equal(events.orders[1].status, ORDER_NEW);
    assert_int_equal(page(fixture, 3, 10).count, 0);
    assert_int_equal(page(fixture, 3, 10).next_after, 3);
}

static void pages_go_on_where_the_last_one_ended_and_miss_nothing(void **state)
{
    struct service_database *fixture = *state;
    struct order orders[5];
    int64_t after = 0;
    size_t seen = 0;
    bool is_full = true;

    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        orders[i] = new_order(ONE, ONE);
        insert_one(fixture, &orders[i], true);
        note(fixture, &orders[i]);
    }
    while (is_full) {
        struct store_events events = page(fixture, after, 2);

        for (size_t i = 0; i < events.count; i++, seen++)
            assert_event(&events, i, (int64_t)seen + 1, &orders[seen]);
        after = events.next_after;
        is_full = events.is_full;
    }
    assert_int_equal(seen, COUNT_OF(orders));
    assert_int_equal(after, 5);
}

static void without_a_number_there_are_no_events_but_where_to_begin(void **state)
{
    struct service_database *fixture = *state;
    struct order a = new_order(ONE, ONE);
    struct store_events events;

    insert_one(fixture, &a, true);
    note(fixture, &a);
    events = page(fixture, -1, 10);
    assert_int_equal(events.count, 0);
    assert_int_equal(events.next_after, 1);
    assert_false(events.is_full);
}

static void an_order_that_was_not_inserted_leaves_a_number_without_an_event(void **state)
{
    struct service_database *fixture = *state;
    struct order a = new_order(ONE, ONE);
    struct order never = new_order(ONE, ONE);
    struct store_events events;

    insert_one(fixture, &a, true);
    note(fixture, &a);
    note(fixture, &never);
    events = page(fixture, 1, 1);
    assert_int_equal(events.count, 0);
    assert_int_equal(events.next_after, 2);
}

// Two transactions of one portfolio.
struct race {
    struct service_database *fixture;
    struct order first, second;
    pthread_t thread;
    atomic_bool is_second_done;
};

static void *note_second(void *context)
{
    struct race *race = context;

    note(race->fixture, &race->second);
    atomic_store(&race->is_second_done, true);
    return NULL;
}

static void begin_second(void *context)
{
    struct race *race = context;
    int64_t until_us = clock_monotonic_us() + WAIT_MAX_MS * MICROS_PER_MS;

    assert_int_equal(pthread_create(&race->thread, NULL, note_second, race), 0);
    while (!service_database_is_waited_for(race->fixture) && !atomic_load(&race->is_second_done))
        assert_true(clock_monotonic_us() < until_us);
    // The second one cannot have a number before the first one is committed.
    assert_false(atomic_load(&race->is_second_done));
    assert_int_equal(page(race->fixture, 0, 10).count, 0);
}

static void no_number_is_seen_while_a_lower_one_may_still_be_committed(void **state)
{
    struct race race = {
        .fixture = *state, .first = new_order(ONE, ONE), .second = new_order(ONE, ONE)};
    const struct order *first = &race.first;
    struct noting noting = {
        .orders = &first, .count = 1, .meanwhile = begin_second, .context = &race};
    struct store_events events;

    insert_one(race.fixture, &race.first, true);
    insert_one(race.fixture, &race.second, true);
    note_all(race.fixture, &noting);
    pthread_join(race.thread, NULL);
    events = page(race.fixture, 0, 10);
    assert_int_equal(events.count, 2);
    assert_event(&events, 0, 1, &race.first);
    assert_event(&events, 1, 2, &race.second);
}

// Notes the same portfolios as the others do, in an order of its own.
struct hammer {
    struct service_database *fixture;
    const struct order *orders; // one a portfolio
    unsigned seed;
    pthread_t thread;
};

static void *strike(void *context)
{
    struct hammer *hammer = context;
    const struct order *batch[PORTFOLIOS];
    const struct noting noting = {.orders = batch, .count = PORTFOLIOS};

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned step = 1 + 2 * ((hammer->seed + round) % (PORTFOLIOS / 2)); // odd: visits all

        for (unsigned i = 0; i < PORTFOLIOS; i++)
            batch[i] = &hammer->orders[(hammer->seed + i * step) % PORTFOLIOS];
        note_all(hammer->fixture, &noting);
    }
    return NULL;
}

static void transactions_with_the_same_portfolios_never_wait_in_a_circle(void **state)
{
    struct service_database *fixture = *state;
    struct order orders[PORTFOLIOS];
    struct hammer hammers[THREADS];
    uint64_t retries = database_statistics(fixture->database).retries;

    for (size_t i = 0; i < PORTFOLIOS; i++) {
        char portfolio_id[UUID_SIZE];

        snprintf(portfolio_id, sizeof portfolio_id, "0000000%zx-0000-7000-8000-000000000000",
                 (size_t)8 + i);
        orders[i] = new_order(portfolio_id, ONE);
        insert_one(fixture, &orders[i], true);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        hammers[i] = (struct hammer){.fixture = fixture, .orders = orders, .seed = i * 3};
        assert_int_equal(pthread_create(&hammers[i].thread, NULL, strike, &hammers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(hammers[i].thread, NULL);
    assert_int_equal(database_statistics(fixture->database).retries, retries);
    assert_int_equal(page(fixture, -1, 1).latest, THREADS * ROUNDS);
}

static void note_many(struct service_database *fixture, const struct order *order, size_t count)
{
    const struct order **orders = allocate_array(count, sizeof(*orders));
    struct noting noting = {.orders = orders, .count = count};
    struct error error;

    for (size_t i = 0; i < count; i++)
        orders[i] = order;
    if (!database_transact(fixture->database, fixture->arena, 0, note_work, &noting, &error))
        fail_msg("%s", error.message);
    release(orders);
}

static int64_t count_rows(struct service_database *fixture)
{
    static const struct statement count = {"count_events", "SELECT count(*) FROM order_events"};
    struct rows rows = {0};
    struct error error;

    assert_true(database_query(fixture->database, fixture->arena, &count, NULL, 0, &rows, &error));
    return rows_int(&rows, 0, 0);
}

static void what_is_beyond_the_kept_events_is_removed_and_known_to_be_gone(void **state)
{
    struct service_database *fixture = *state;
    struct order a = new_order(ONE, ONE);
    const int64_t almost = ORDER_EVENTS_KEPT + ORDER_EVENTS_PRUNED_FROM - 1;

    insert_one(fixture, &a, true);
    note_many(fixture, &a, (size_t)almost);
    assert_false(order_events_prune(fixture->database, fixture->arena));
    assert_int_equal(count_rows(fixture), almost);
    assert_int_equal(page(fixture, 0, 10).kept_after, 0);
    note(fixture, &a);
    assert_false(order_events_prune(fixture->database, fixture->arena));
    assert_int_equal(count_rows(fixture), ORDER_EVENTS_KEPT);
    assert_int_equal(page(fixture, 0, 10).kept_after, ORDER_EVENTS_PRUNED_FROM);
    assert_int_equal(page(fixture, 0, 10).latest, almost + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_portfolio_has_numbers_of_its_own_without_a_gap, forget),
        cmocka_unit_test_setup(an_order_that_has_changed_again_is_shown_once_at_its_latest_change,
                               forget),
        cmocka_unit_test_setup(pages_go_on_where_the_last_one_ended_and_miss_nothing, forget),
        cmocka_unit_test_setup(without_a_number_there_are_no_events_but_where_to_begin, forget),
        cmocka_unit_test_setup(an_order_that_was_not_inserted_leaves_a_number_without_an_event,
                               forget),
        cmocka_unit_test_setup(no_number_is_seen_while_a_lower_one_may_still_be_committed, forget),
        cmocka_unit_test_setup(transactions_with_the_same_portfolios_never_wait_in_a_circle,
                               forget),
        cmocka_unit_test_setup(what_is_beyond_the_kept_events_is_removed_and_known_to_be_gone,
                               forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
