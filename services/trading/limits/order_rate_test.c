// SPDX-License-Identifier: MIT
// The limits of orders on two replicas that share a PostgreSQL.
#include "limits/order_rate.h"

#include "base/clock.h"
#include "database/migration.h"
#include "support/postgres.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#define HOUR (3600 * MICROS_PER_SECOND)
#define HOME "192.0.2.1"
#define ELSEWHERE "198.51.100.1"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

static const unsigned char hash_key[KEY_SIZE] = {1, 2, 3};

// So slow that no token comes back while a test runs.
static const struct order_rate limits = {
    .of_account = {"orders of one account", 1, HOUR, 10},
    .of_address = {"orders from one address", 1, HOUR, 15},
};

struct fixture {
    struct postgres *postgres;
    struct arena *arena;
    struct database *replicas[2];
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "trading"};
    size_t applied = 0;

    digest_start();
    f->postgres = postgres_new();
    f->arena = arena_new(16 * 1024 * 1024);
    if (!migration_run(postgres_url(f->postgres, NULL), "trading", trading_migrations,
                       trading_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    options.url = postgres_url(f->postgres, "bourse_trading");
    for (size_t i = 0; i < COUNT_OF(f->replicas); i++)
        assert_true(database_new(&options, &f->replicas[i], &f->error));
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(f->replicas); i++)
        database_free(&f->replicas[i]);
    postgres_free(&f->postgres);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static int clear(void **state)
{
    static const struct statement forget = {"forget", "DELETE FROM rate_limits"};
    struct fixture *f = *state;
    struct rows rows;

    arena_reset(f->arena);
    assert_true(database_query(f->replicas[0], f->arena, &forget, NULL, 0, &rows, &f->error));
    return 0;
}

static void take(struct fixture *f, size_t replica, struct limited_order *orders, size_t count)
{
    if (!order_rate_take(f->replicas[replica], f->arena, hash_key, &limits, orders, count,
                         &f->error))
        fail_msg("%s", f->error.message);
}

// How many of so many orders, in one batch, may be placed.
static size_t
placed(struct fixture *f, size_t replica, const char *user, const char *address, size_t count)
{
    struct limited_order orders[ORDER_LIMITS_MAX];
    size_t granted = 0;

    for (size_t i = 0; i < count; i++)
        orders[i] = (struct limited_order){.user_id = user, .address = address};
    take(f, replica, orders, count);
    for (size_t i = 0; i < count; i++)
        granted += orders[i].refused == NULL ? 1 : 0;
    return granted;
}

static void an_account_may_place_so_many_over_all_replicas(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(placed(f, 0, "ada", NULL, 6), 6);
    assert_int_equal(placed(f, 1, "ada", NULL, 6), 4);
    assert_int_equal(placed(f, 0, "ada", NULL, 6), 0);
    assert_int_equal(placed(f, 0, "bob", NULL, 6), 6);
}

static void an_address_may_place_so_many_whoever_it_is(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(placed(f, 0, "ada", HOME, 8), 8);
    assert_int_equal(placed(f, 1, "bob", HOME, 8), 7);
    assert_int_equal(placed(f, 1, "eve", HOME, 8), 0);
    assert_int_equal(placed(f, 1, "eve", ELSEWHERE, 8), 8);
}

static void what_an_address_is_refused_does_not_count_for_the_account(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(placed(f, 0, "ada", HOME, 10), 10);
    assert_int_equal(placed(f, 0, "bob", HOME, 10), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(placed(f, 0, "bob", HOME, 10), 0);
    assert_int_equal(placed(f, 0, "bob", ELSEWHERE, 10), 5);
}

static void what_an_account_is_refused_does_not_count_for_the_address(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(placed(f, 0, "ada", HOME, 10), i == 0 ? 10 : 0);
    assert_int_equal(placed(f, 0, "bob", HOME, 10), 5);
}

static void in_a_batch_the_first_ones_are_placed_and_the_others_told_why(void **state)
{
    struct fixture *f = *state;
    struct limited_order orders[ORDER_LIMITS_MAX];

    for (size_t i = 0; i < ORDER_LIMITS_MAX; i++)
        orders[i] = (struct limited_order){.user_id = i % 2 == 0 ? "ada" : "bob",
                                           .address = i % 4 < 2 ? HOME : "2001:db8::1"};
    take(f, 0, orders, ORDER_LIMITS_MAX);
    for (size_t i = 0; i < ORDER_LIMITS_MAX; i++) {
        assert_ptr_equal(orders[i].refused, i < 20 ? NULL : &limits.of_account);
        if (i >= 20)
            assert_in_range(orders[i].wait_us, HOUR - 60 * MICROS_PER_SECOND, HOUR);
    }
}

static void limits_that_are_switched_off_ask_nothing(void **state)
{
    struct fixture *f = *state;
    struct order_rate off = limits;
    struct limited_order order = {.user_id = "ada", .address = HOME};
    static const struct statement look = {"look", "SELECT key FROM rate_limits"};
    struct rows rows;

    off.of_account.tokens = 0;
    off.of_address.tokens = 0;
    for (int i = 0; i < 20; i++) {
        assert_true(
            order_rate_take(f->replicas[0], f->arena, hash_key, &off, &order, 1, &f->error));
        assert_null(order.refused);
    }
    assert_true(database_query(f->replicas[0], f->arena, &look, NULL, 0, &rows, &f->error));
    assert_int_equal(rows.count, 0);
}

static void no_orders_are_no_question(void **state)
{
    take(*state, 0, NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_account_may_place_so_many_over_all_replicas),
        TEST(an_address_may_place_so_many_whoever_it_is),
        TEST(what_an_address_is_refused_does_not_count_for_the_account),
        TEST(what_an_account_is_refused_does_not_count_for_the_address),
        TEST(in_a_batch_the_first_ones_are_placed_and_the_others_told_why),
        TEST(limits_that_are_switched_off_ask_nothing),
        TEST(no_orders_are_no_question),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
