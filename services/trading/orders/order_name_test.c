// SPDX-License-Identifier: MIT
// Why an order was not inserted, against a real PostgreSQL, as the service's own role.
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "database/migration.h"
#include "orders/conflict.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"
#include "support/service_database.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024 };

#define SHARE INT64_C(1000000000)

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

// Each test has a portfolio of its own.
static struct order order_named(const char *portfolio_id, const char *name)
{
    struct order order = {.ticker = "AAPL",
                          .side = ORDER_BUY,
                          .quantity = SHARE,
                          .status = ORDER_PENDING_NEW,
                          .client_order_id = name,
                          .created_at = 1000000,
                          .updated_at = 1000000,
                          .expires_at = 9000000};

    snprintf(order.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.request_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.portfolio_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.user_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.body_hash, ORDER_HASH_SIZE, "hash");
    return order;
}

struct insertion {
    struct store_new_order intent;
    struct rows rows;
};

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct insertion *insertion = context;

    return store_insert_orders(transaction, &insertion->intent, 1, "worker", &insertion->rows,
                               error);
}

static void insert(struct service_database *fixture, const struct order *order)
{
    struct insertion insertion = {.intent = {.order = order}};
    struct error error;

    arena_reset(fixture->arena);
    if (!database_transact(fixture->database, fixture->arena, 0, insert_work, &insertion, &error))
        fail_msg("%s", error.message);
    store_take_inserted(&insertion.rows, &insertion.intent, 1);
    assert_true(insertion.intent.inserted);
}

static const char *reason_of(struct service_database *fixture, const struct order *order)
{
    static struct error error;

    error_clear(&error);
    assert_false(conflict_explain(fixture->database, fixture->arena, order, &error));
    return error.reason;
}

static void a_name_is_taken_by_another_request_alone(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order first = order_named(portfolio.string, "mine");
    struct order same = order_named(portfolio.string, "mine");
    struct order other = order_named(portfolio.string, "mine");

    insert(fixture, &first);
    assert_string_equal(reason_of(fixture, &other), "CLIENT_ORDER_ID_TAKEN");
    // Another process has begun to serve the same request a moment ago: its answer is to be told.
    memcpy(same.request_id, first.request_id, UUID_SIZE);
    assert_string_equal(reason_of(fixture, &same), "CONFLICT");
    // In another portfolio it is another name.
    other = order_named(uuid_new().string, "mine");
    assert_string_equal(reason_of(fixture, &other), "CONFLICT");
}

static void what_was_in_the_way_may_have_ended_meanwhile(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order resting = order_named(portfolio.string, NULL);
    struct order named = order_named(portfolio.string, "new");

    assert_string_equal(reason_of(fixture, &named), "CONFLICT");
    resting.side = ORDER_SELL;
    insert(fixture, &resting);
    assert_string_equal(reason_of(fixture, &named), "WASH_TRADE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_taken_by_another_request_alone),
        cmocka_unit_test(what_was_in_the_way_may_have_ended_meanwhile),
    };

    digest_start();
    return cmocka_run_group_tests(tests, start, stop);
}
