// SPDX-License-Identifier: MIT
// Which two orders could trade with each other: the rule in C, for two that are placed at once, and
// that of the statement, for one that rests already, must say the same.
#include "orders/conflict.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"
#include "support/service_database.h"
#include "support/test.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024 };

#define USD MICROS_PER_UNIT

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

static bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct store_new_order *intent = context;
    struct rows rows = {0};

    if (!store_insert_orders(transaction, intent, 1, "worker", &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    store_take_inserted(&rows, intent, 1);
    return true;
}

static bool insert(struct service_database *fixture, const struct order *order)
{
    struct store_new_order intent = {.order = order};
    struct error error;

    arena_reset(fixture->arena);
    if (!database_transact(fixture->database, fixture->arena, 0, insert_work, &intent, &error))
        fail_msg("%s", error.message);
    return intent.inserted;
}

// An order of one of the kinds.
static struct order order_of(const char *portfolio_id, enum order_side side, int kind)
{
    static const struct {
        enum order_type type;
        int64_t limit, stop, trail;
        enum order_time_in_force time_in_force;
    } kinds[] = {
        {ORDER_MARKET, 0, 0, 0, ORDER_DAY},
        {ORDER_LIMIT, 99 * USD, 0, 0, ORDER_GTC},
        {ORDER_LIMIT, 100 * USD, 0, 0, ORDER_DAY},
        {ORDER_LIMIT, 101 * USD, 0, 0, ORDER_DAY},
        {ORDER_STOP_LIMIT, 100 * USD, 100 * USD, 0, ORDER_GTC},
        {ORDER_STOP, 0, 95 * USD, 0, ORDER_GTC},
        {ORDER_TRAILING_STOP, 0, 90 * USD, USD, ORDER_GTC},
        {ORDER_MARKET, 0, 0, 0, ORDER_OPG},
    };
    struct order order = {.ticker = "ACME",
                          .side = side,
                          .type = kinds[kind].type,
                          .limit_price = kinds[kind].limit,
                          .stop_price = kinds[kind].stop,
                          .trail_price = kinds[kind].trail,
                          .high_water = kinds[kind].trail > 0 ? 91 * USD : 0,
                          .time_in_force = kinds[kind].time_in_force,
                          .quantity = NANOS_PER_UNIT,
                          .status = ORDER_PENDING_NEW,
                          .created_at = 1,
                          .updated_at = 1,
                          .expires_at = 2};

    assert_true((size_t)kind < COUNT_OF(kinds));
    snprintf(order.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.request_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.portfolio_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.user_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.body_hash, ORDER_HASH_SIZE, "hash");
    return order;
}

enum { KINDS = 8 };

static void both_rules_say_the_same_of_every_pair(void **state)
{
    struct service_database *fixture = *state;
    size_t meetings = 0;

    for (int one = 0; one < KINDS; one++)
        for (int other = 0; other < KINDS; other++)
            for (int pair = 0; pair < 4; pair++) {
                struct uuid portfolio = uuid_new();
                struct order first =
                    order_of(portfolio.string, pair % 2 == 0 ? ORDER_BUY : ORDER_SELL, one);
                struct order second =
                    order_of(portfolio.string, pair < 2 ? ORDER_BUY : ORDER_SELL, other);
                bool meets = conflict_meets(&first, &second);

                assert_int_equal(conflict_meets(&second, &first), meets);
                assert_true(insert(fixture, &first));
                assert_int_equal(insert(fixture, &second), !meets);
                meetings += meets ? 1 : 0;
            }
    assert_true(meetings > KINDS);
}

static void orders_of_another_portfolio_or_ticker_never_meet(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order buy = order_of(portfolio.string, ORDER_BUY, 0);
    struct order elsewhere = order_of(uuid_new().string, ORDER_SELL, 0);
    struct order another = order_of(portfolio.string, ORDER_SELL, 0);

    snprintf(another.ticker, sizeof(another.ticker), "OTHER");
    assert_false(conflict_meets(&buy, &elsewhere));
    assert_false(conflict_meets(&buy, &another));
    assert_true(insert(fixture, &buy));
    assert_true(insert(fixture, &elsewhere));
    assert_true(insert(fixture, &another));
}

static void an_order_that_never_rests_is_in_nobodys_way(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct order at_once = order_of(portfolio.string, ORDER_BUY, 0);
    struct order decided = order_of(portfolio.string, ORDER_BUY, 0);
    struct order sell = order_of(portfolio.string, ORDER_SELL, 0);

    at_once.time_in_force = ORDER_IOC;
    decided.decided =
        (struct order_decision){.quantity = NANOS_PER_UNIT, .price = 100 * USD, .quote_at = 1};
    assert_false(conflict_meets(&at_once, &sell));
    assert_false(conflict_meets(&decided, &sell));
    assert_true(insert(fixture, &at_once));
    assert_true(insert(fixture, &decided));
    assert_true(insert(fixture, &sell));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_rules_say_the_same_of_every_pair),
        cmocka_unit_test(orders_of_another_portfolio_or_ticker_never_meet),
        cmocka_unit_test(an_order_that_never_rests_is_in_nobodys_way),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
