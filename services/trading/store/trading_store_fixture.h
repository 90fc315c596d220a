// SPDX-License-Identifier: MIT
// trading_store_fixture: what the tests of trading_store begin with.
#pragma once

#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "database/migration.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"
#include "support/service_database.h"

#define DOLLAR INT64_C(1000000)
#define SHARE INT64_C(1000000000)
#define FIRST_ID "00000000-0000-0000-0000-000000000000"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024, ORDERS_MAX = 64 };

static inline int start(void **state)
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

static inline int stop(void **state)
{
    struct service_database *database = *state;

    service_database_stop(&database);
    return 0;
}

// Every test begins with an empty database. The role may not delete orders, so its owner does.
static inline int forget(void **state)
{
    struct service_database *fixture = *state;
    struct database_options options = {
        .url = postgres_url(fixture->postgres, NULL), .service = "trading", .connections = 1};
    static const struct statement truncate = {
        "truncate",
        "TRUNCATE orders, fills, tasks, resting_orders, splits, order_sequences, order_events"};
    struct database *owner = NULL;
    struct rows rows;
    struct error error;
    bool done = false;

    arena_reset(fixture->arena);
    if (!database_new(&options, &owner, &error))
        return -1;
    done = database_query(owner, fixture->arena, &truncate, NULL, 0, &rows, &error);
    database_free(&owner);
    return done ? 0 : -1;
}

static inline struct order new_order(const char *portfolio_id, const char *user_id)
{
    struct order order = {.ticker = "AAPL",
                          .side = ORDER_BUY,
                          .quantity = 10 * SHARE,
                          .hold_amount = 951 * DOLLAR,
                          .status = ORDER_PENDING_NEW,
                          .created_at = 1000000,
                          .updated_at = 1000000,
                          .expires_at = 9000000};

    snprintf(order.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.request_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.portfolio_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.user_id, UUID_SIZE, "%s", user_id);
    snprintf(order.body_hash, ORDER_HASH_SIZE, "hash");
    return order;
}

struct insertion {
    struct store_new_order *orders;
    size_t count;
    struct rows rows;
};

static inline bool insert_work(struct transaction *transaction, void *context, struct error *error)
{
    struct insertion *insertion = context;

    return store_insert_orders(transaction, insertion->orders, insertion->count, "worker",
                               &insertion->rows, error);
}

static inline void
insert(struct service_database *fixture, struct store_new_order *orders, size_t count)
{
    struct insertion insertion = {.orders = orders, .count = count};
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, insert_work, &insertion, &error))
        fail_msg("%s", error.message);
    store_take_inserted(&insertion.rows, orders, count);
}

static inline void
insert_one(struct service_database *fixture, const struct order *order, bool is_leased)
{
    struct store_new_order intent = {.order = order, .is_leased = is_leased};

    insert(fixture, &intent, 1);
    assert_true(intent.inserted);
}

struct saving {
    struct store_change *changes;
    size_t count;
    struct store_saved saved;
};

static inline bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct saving *saving = context;

    return store_save_changes(transaction, saving->changes, saving->count, &saving->saved, error);
}

static inline bool save(struct service_database *fixture, struct store_change *change)
{
    struct saving saving = {.changes = change, .count = 1};
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, save_work, &saving, &error))
        fail_msg("%s", error.message);
    store_take_saved(&saving.saved, change, 1);
    return change->saved;
}

struct claiming {
    struct store_task *tasks;
    size_t count;
};

static inline bool claim_work(struct transaction *transaction, void *context, struct error *error)
{
    struct claiming *claiming = context;

    return store_claim_tasks(transaction, "other", ORDERS_MAX, &claiming->tasks, &claiming->count,
                             error);
}

static inline size_t claim(struct service_database *fixture, struct claiming *claiming)
{
    struct error error;

    if (!database_transact(fixture->database, fixture->arena, 0, claim_work, claiming, &error))
        fail_msg("%s", error.message);
    return claiming->count;
}

static inline struct order load(struct service_database *fixture, const char *id)
{
    struct order *orders = NULL;
    size_t count = 0;
    struct error error;

    assert_true(
        store_load_orders(fixture->database, fixture->arena, &id, 1, &orders, &count, &error));
    assert_int_equal(count, 1);
    return orders[0];
}

static inline const char *state_of(struct service_database *fixture, const char *id)
{
    static const struct statement find = {"find_state", "SELECT state FROM tasks WHERE id = $1"};
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};
    struct error error;

    assert_true(
        database_query(fixture->database, fixture->arena, &find, &parameter, 1, &rows, &error));
    assert_int_equal(rows.count, 1);
    return rows_text(&rows, 0, 0);
}

// Brings an order to `new` and lets it rest.
static inline void let_rest(struct service_database *fixture, struct order *order)
{
    struct store_change change = {.order = order,
                                  .changes_order = true,
                                  .from = ORDER_PENDING_NEW,
                                  .task = STORE_TASK_PENDING,
                                  .run_after_ms = STORE_NEVER};

    assert_true(order_apply(order, ORDER_EVENT_RESERVED, 2000000));
    assert_true(save(fixture, &change));
}

static inline struct order
limit_order(const char *portfolio_id, enum order_side side, int64_t dollars)
{
    struct order order = new_order(portfolio_id, portfolio_id);

    order.side = side;
    order.type = ORDER_LIMIT;
    order.limit_price = dollars * DOLLAR;
    return order;
}
