// SPDX-License-Identifier: MIT
// Limits, halts and counts of orders against a real PostgreSQL, as the service's own role, and the
// copy of them that each process has.
#include "limits/limit_registry.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/uuid.h"
#include "money/money.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"
#include "support/service_database.h"
#include "support/test.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 64 * 1024 * 1024, MANY = 2 * LIMIT_STORE_PAGE + 1 };

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
    bool is_started = false;

    digest_start();
    is_started = service_database_start(&options, &database);
    *state = database;
    return is_started ? 0 : -1;
}

static int stop(void **state)
{
    struct service_database *database = *state;

    service_database_stop(&database);
    return 0;
}

// What is written in one transaction.
struct writing {
    struct limit_record *limits; // NULL for none
    size_t count;
    struct halt_record *halt; // NULL for none
    bool resumes;
};

static bool write_work(struct transaction *transaction, void *context, struct error *error)
{
    struct writing *writing = context;

    for (size_t i = 0; i < writing->count; i++)
        if (!limit_store_next_revision(transaction, &writing->limits[i].limits.revision, error) ||
            !limit_store_save(transaction, &writing->limits[i], 1, error))
            return false;
    if (writing->halt == NULL)
        return true;
    return limit_store_next_revision(transaction, &writing->halt->revision, error) &&
           (writing->resumes ? limit_store_resume(transaction, writing->halt, error)
                             : limit_store_halt(transaction, writing->halt, error));
}

static void write(struct service_database *fixture, struct writing *writing)
{
    struct error error;

    arena_reset(fixture->arena);
    if (!database_transact(fixture->database, fixture->arena, 0, write_work, writing, &error))
        fail_msg("%s", error.message);
}

static struct limit_record
limits_of(const char *subject, enum limit_source kind, int64_t order_value, int64_t orders)
{
    struct limit_record record = {
        .kind = kind,
        .limits = {.values = {[LIMIT_ORDER_VALUE] = order_value, [LIMIT_ORDERS_PER_DAY] = orders},
                   .allowed_symbols = "",
                   .forbidden_symbols = ""}};

    snprintf(record.subject, UUID_SIZE, "%s", subject);
    return record;
}

// Returns the revision that it got.
static int64_t set(struct service_database *fixture,
                   const char *subject,
                   enum limit_source kind,
                   int64_t order_value,
                   int64_t orders)
{
    struct limit_record record = limits_of(subject, kind, order_value, orders);
    struct writing writing = {.limits = &record, .count = 1};

    write(fixture, &writing);
    return record.limits.revision;
}

static int64_t halt(struct service_database *fixture,
                    const char *subject,
                    enum halt_scope scope,
                    enum halt_by by,
                    bool resumes,
                    int64_t at)
{
    struct halt_record record = {.scope = scope, .by = by, .at = at, .note = "so it is"};
    struct writing writing = {.halt = &record, .resumes = resumes};

    snprintf(record.subject, UUID_SIZE, "%s", subject);
    write(fixture, &writing);
    return record.revision;
}

static void follow(struct service_database *fixture, struct limit_registry *registry)
{
    struct error error;

    if (!limit_registry_follow(registry, fixture->database, &error))
        fail_msg("%s", error.message);
}

static struct order order_of(const char *portfolio_id, const char *user_id)
{
    struct order order = {.ticker = "ACME",
                          .side = ORDER_BUY,
                          .quantity = NANOS_PER_UNIT,
                          .hold_amount = 100 * USD,
                          .status = ORDER_PENDING_NEW,
                          .created_at = 10 * MICROS_PER_DAY,
                          .updated_at = 10 * MICROS_PER_DAY,
                          .expires_at = 11 * MICROS_PER_DAY};

    snprintf(order.id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.request_id, UUID_SIZE, "%s", uuid_new().string);
    snprintf(order.portfolio_id, UUID_SIZE, "%s", portfolio_id);
    snprintf(order.user_id, UUID_SIZE, "%s", user_id);
    snprintf(order.body_hash, ORDER_HASH_SIZE, "hash");
    return order;
}

static void a_copy_follows_every_change_by_whomever(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    OWNED(limit_registry) one = limit_registry_new();
    OWNED(limit_registry) other = limit_registry_new();
    struct limit limit;

    assert_int_equal(limit_registry_revision(one), -1);
    follow(fixture, one);
    follow(fixture, other);
    set(fixture, portfolio.string, LIMIT_OWN, 500 * USD, 0);
    follow(fixture, one);
    limit = limit_registry_limit(one, portfolio.string, LIMIT_ORDER_VALUE);
    assert_int_equal(limit.value, 500 * USD);
    assert_int_equal(limit.source, LIMIT_OWN);
    assert_int_equal(limit_registry_limit(other, portfolio.string, LIMIT_ORDER_VALUE).value, 0);
    set(fixture, LIMIT_STORE_ALL, LIMIT_DEFAULT, 200 * USD, 0);
    set(fixture, LIMIT_STORE_ALL, LIMIT_CEILING, 400 * USD, 0);
    follow(fixture, other);
    limit = limit_registry_limit(other, portfolio.string, LIMIT_ORDER_VALUE);
    assert_int_equal(limit.value, 400 * USD);
    assert_int_equal(limit.source, LIMIT_CEILING);
    limit = limit_registry_limit(other, uuid_new().string, LIMIT_ORDER_VALUE);
    assert_int_equal(limit.value, 200 * USD);
    assert_int_equal(limit.source, LIMIT_DEFAULT);
    set(fixture, LIMIT_STORE_ALL, LIMIT_DEFAULT, 0, 0);
    set(fixture, LIMIT_STORE_ALL, LIMIT_CEILING, 0, 0);
    set(fixture, portfolio.string, LIMIT_OWN, 0, 0);
    follow(fixture, other);
    assert_int_equal(limit_registry_limit(other, portfolio.string, LIMIT_ORDER_VALUE).value, 0);
}

static void a_copy_takes_more_changes_than_a_page_has(void **state)
{
    struct service_database *fixture = *state;
    struct limit_record *records = allocate_array(MANY, sizeof(*records));
    struct writing writing = {.limits = records, .count = MANY};
    OWNED(limit_registry) registry = limit_registry_new();

    for (size_t i = 0; i < MANY; i++)
        records[i] = limits_of(uuid_new().string, LIMIT_OWN, 0, (int64_t)i + 1);
    records[7].limits.allowed_symbols = " ACME OTHER ";
    write(fixture, &writing);
    follow(fixture, registry);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(
            limit_registry_limit(registry, records[i].subject, LIMIT_ORDERS_PER_DAY).value, i + 1);
    release(records);
}

static void a_halt_is_told_with_who_can_lift_it_until_each_is_lifted(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    const char *id = portfolio.string;
    OWNED(limit_registry) registry = limit_registry_new();
    struct error error;

    halt(fixture, id, HALT_PORTFOLIO, HALT_BY_OWNER, false, 100);
    halt(fixture, user.string, HALT_USER, HALT_BY_ADMINISTRATOR, false, 200);
    follow(fixture, registry);
    assert_true(limit_registry_is_halted(registry, id, user.string, &error));
    assert_non_null(strstr(error.message, "Only an administrator can"));
    assert_true(limit_registry_is_halted(registry, uuid_new().string, user.string, &error));
    assert_false(limit_registry_is_halted(registry, uuid_new().string, uuid_new().string, &error));
    assert_int_equal(limit_registry_blind_until(registry, id, user.string, 250), 250);
    halt(fixture, user.string, HALT_USER, HALT_BY_ADMINISTRATOR, true, 300);
    follow(fixture, registry);
    assert_true(limit_registry_is_halted(registry, id, user.string, &error));
    assert_non_null(strstr(error.message, "Its owner"));
    assert_int_equal(limit_registry_resumptions(registry), 1);
    halt(fixture, id, HALT_PORTFOLIO, HALT_BY_OWNER, true, 400);
    follow(fixture, registry);
    assert_false(limit_registry_is_halted(registry, id, user.string, &error));
    // What was quoted before fills nothing that waited.
    assert_int_equal(limit_registry_blind_until(registry, id, user.string, 999), 400);
    assert_int_equal(limit_registry_blind_until(registry, uuid_new().string, user.string, 9), 300);
    assert_int_equal(limit_registry_resumptions(registry), 2);
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

static bool insert(struct service_database *fixture, const struct order *order, int64_t revision)
{
    struct store_new_order intent = {.order = order, .limits_revision = revision};
    struct error error;

    arena_reset(fixture->arena);
    if (!database_transact(fixture->database, fixture->arena, 0, insert_work, &intent, &error))
        fail_msg("%s", error.message);
    return intent.inserted;
}

static void an_order_that_was_checked_by_what_has_changed_is_not_inserted(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    const char *id = portfolio.string;
    int64_t known = set(fixture, id, LIMIT_OWN, 500 * USD, 0);
    struct order order = order_of(id, user.string);

    assert_false(insert(fixture, &order, known - 1));
    // Of others nothing matters.
    set(fixture, uuid_new().string, LIMIT_OWN, USD, 0);
    halt(fixture, uuid_new().string, HALT_PORTFOLIO, HALT_BY_OWNER, false, 1);
    assert_true(insert(fixture, &order, known));
    order = order_of(id, user.string);
    known = halt(fixture, user.string, HALT_USER, HALT_BY_ADMINISTRATOR, false, 1);
    assert_false(insert(fixture, &order, known - 1));
    known = set(fixture, LIMIT_STORE_ALL, LIMIT_CEILING, 0, 0);
    assert_false(insert(fixture, &order, known - 1));
    known = halt(fixture, LIMIT_STORE_ALL, HALT_PLATFORM, HALT_BY_ADMINISTRATOR, false, 1);
    assert_false(insert(fixture, &order, known - 1));
    known = halt(fixture, id, HALT_PORTFOLIO, HALT_BY_OWNER, false, 1);
    assert_false(insert(fixture, &order, known - 1));
    assert_true(insert(fixture, &order, known));
    halt(fixture, LIMIT_STORE_ALL, HALT_PLATFORM, HALT_BY_ADMINISTRATOR, true, 2);
}

struct counting {
    struct counted_order *orders;
    size_t count;
    bool adds;
};

static bool count_work(struct transaction *transaction, void *context, struct error *error)
{
    struct counting *counting = context;

    return limit_store_count(transaction, counting->orders, counting->count, error) &&
           (!counting->adds ||
            limit_store_add(transaction, counting->orders, counting->count, error));
}

static void
count(struct service_database *fixture, struct counted_order *orders, size_t count, bool adds)
{
    struct counting counting = {orders, count, adds};
    struct error error;

    arena_reset(fixture->arena);
    if (!database_transact(fixture->database, fixture->arena, 0, count_work, &counting, &error))
        fail_msg("%s", error.message);
}

static void orders_are_counted_by_day_and_anew_when_the_limit_is_another(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    struct order order = order_of(portfolio.string, user.string);
    struct order elsewhere = order_of(uuid_new().string, user.string);
    struct order before = order_of(portfolio.string, user.string);
    struct counted_order counted = {
        .order = &order, .day = 10 * MICROS_PER_DAY, .limit = {.revision = 1}};

    before.created_at = 10 * MICROS_PER_DAY - 1;
    assert_true(insert(fixture, &before, INT64_MAX));
    assert_true(insert(fixture, &elsewhere, INT64_MAX));
    count(fixture, &counted, 1, true);
    assert_int_equal(counted.placed, 0);
    assert_false(counted.is_there);
    // It was not there to be added. From here on it is, and is known for a repeat.
    assert_true(insert(fixture, &order, INT64_MAX));
    count(fixture, &counted, 1, true);
    assert_int_equal(counted.placed, 0);
    assert_true(counted.is_there);
    count(fixture, &counted, 1, false);
    assert_int_equal(counted.placed, 1);
    // By another limit what is there counts; and on another day.
    counted.limit.revision = 2;
    count(fixture, &counted, 1, true);
    assert_int_equal(counted.placed, 1);
    counted.day -= MICROS_PER_DAY;
    count(fixture, &counted, 1, false);
    assert_int_equal(counted.placed, 2);
    counted.day += 2 * MICROS_PER_DAY;
    count(fixture, &counted, 1, false);
    assert_int_equal(counted.placed, 0);
}

static void a_leg_counts_with_the_order_that_it_was_placed_with(void **state)
{
    struct service_database *fixture = *state;
    struct uuid portfolio = uuid_new();
    struct uuid user = uuid_new();
    struct order entry = order_of(portfolio.string, user.string);
    struct order leg = order_of(portfolio.string, user.string);
    struct order later = order_of(portfolio.string, user.string);
    struct counted_order counted = {
        .order = &later, .day = 10 * MICROS_PER_DAY, .limit = {.revision = 1}};

    entry.order_class = leg.order_class = ORDER_CLASS_BRACKET;
    entry.part = ORDER_PART_ENTRY;
    leg.part = ORDER_PART_TAKE_PROFIT;
    leg.side = ORDER_SELL;
    leg.type = ORDER_LIMIT;
    leg.limit_price = 1000000000;
    snprintf(entry.group_id, UUID_SIZE, "%s", uuid_new().string);
    memcpy(leg.group_id, entry.group_id, UUID_SIZE);
    entry.time_in_force = leg.time_in_force = ORDER_IOC;
    assert_true(insert(fixture, &entry, INT64_MAX));
    assert_true(insert(fixture, &leg, INT64_MAX));
    count(fixture, &counted, 1, false);
    assert_int_equal(counted.placed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_follows_every_change_by_whomever),
        cmocka_unit_test(a_copy_takes_more_changes_than_a_page_has),
        cmocka_unit_test(a_halt_is_told_with_who_can_lift_it_until_each_is_lifted),
        cmocka_unit_test(an_order_that_was_checked_by_what_has_changed_is_not_inserted),
        cmocka_unit_test(orders_are_counted_by_day_and_anew_when_the_limit_is_another),
        cmocka_unit_test(a_leg_counts_with_the_order_that_it_was_placed_with),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
