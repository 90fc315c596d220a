// SPDX-License-Identifier: MIT
// Whose the shards are, against a real PostgreSQL, as the service's own role.
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "database/migration.h"
#include "shards/shard_store.h"
#include "support/service_database.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum { ARENA_BUDGET = 16 * 1024 * 1024, LEASE_MS = 60 * 1000, TICKERS = 500 };

#define ONE "00000001-0000-7000-8000-000000000000"
#define OTHER "00000002-0000-7000-8000-000000000000"
#define ORDER_ID "00000003-0000-7000-8000-000000000000"
#define PORTFOLIO_ID "00000004-0000-7000-8000-000000000000"

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

static void query(struct service_database *fixture, const struct statement *statement)
{
    struct rows rows = {0};
    struct error error;

    if (!database_query(fixture->database, fixture->arena, statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
}

// The epochs stay: they only grow.
static int forget(void **state)
{
    struct service_database *fixture = *state;
    static const struct statement statements[] = {
        {"forget_owners", "UPDATE shards SET owner = NULL"},
        {"forget_all_replicas", "DELETE FROM replicas"},
        {"forget_arrivals", "DELETE FROM arrivals"},
        {"forget_resting", "DELETE FROM resting_orders"},
    };

    arena_reset(fixture->arena);
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        query(fixture, &statements[i]);
    return 0;
}

// One transaction of a replica: what it does, and what came of it.
struct run {
    const char *id;
    int64_t lease_ms; // renewed first; negative for not
    const int *take;
    size_t take_count;
    const int *give_up;
    size_t give_up_count;
    bool leaves;
    const struct shard_claim *hold;
    size_t hold_count;
    const struct shard_arrival *announce;
    size_t announce_count;
    struct shard_picture picture;
    struct shard_claim claims[SHARD_COUNT];
    size_t claim_count;
    bool good[SHARD_COUNT];
    // Called while what was held is held; may be NULL.
    void (*meanwhile)(void *context);
    void *context;
};

static bool run_work(struct transaction *transaction, void *context, struct error *error)
{
    const char *workers[SHARD_REPLICAS_MAX];
    struct run *run = context;

    if ((run->lease_ms >= 0 &&
         !shard_store_renew(transaction, run->id, "host:1", run->lease_ms, error)) ||
        !shard_store_read(transaction, &run->picture, workers, error) ||
        !shard_store_give_up(transaction, run->id, run->give_up, run->give_up_count, error) ||
        !shard_store_take(transaction, run->id, &run->picture, run->take, run->take_count,
                          run->claims, &run->claim_count, error) ||
        (run->leaves && !shard_store_leave(transaction, run->id, error)) ||
        !shard_store_hold(transaction, run->hold, run->hold_count, run->good, error) ||
        !shard_store_announce(transaction, run->announce, run->announce_count, error))
        return false;
    if (run->meanwhile != NULL)
        run->meanwhile(run->context);
    return true;
}

static void do_run(struct service_database *fixture, struct run *run)
{
    struct error error;
    OWNED(arena) arena = arena_new(ARENA_BUDGET);

    if (!database_transact(fixture->database, arena, 0, run_work, run, &error))
        fail_msg("%s", error.message);
}

static struct shard_picture look(struct service_database *fixture)
{
    struct run run = {.id = ONE, .lease_ms = -1};

    do_run(fixture, &run);
    return run.picture;
}

static struct shard_claim take(struct service_database *fixture, const char *id, int shard)
{
    struct run run = {.id = id, .lease_ms = LEASE_MS, .take = &shard, .take_count = 1};

    do_run(fixture, &run);
    assert_int_equal(run.claim_count, 1);
    assert_int_equal(run.claims[0].shard, shard);
    return run.claims[0];
}

static bool is_good(struct service_database *fixture, struct shard_claim claim)
{
    struct run run = {.id = ONE, .lease_ms = -1, .hold = &claim, .hold_count = 1};

    do_run(fixture, &run);
    return run.good[0];
}

static void a_claim_is_good_until_another_one_takes_the_shard(void **state)
{
    struct service_database *fixture = *state;
    struct shard_claim mine = take(fixture, ONE, 7);
    struct shard_claim next;

    assert_true(is_good(fixture, mine));
    assert_string_equal(look(fixture).rows[7].owner, ONE);
    next = take(fixture, OTHER, 7);
    assert_int_equal(next.epoch, mine.epoch + 1);
    assert_false(is_good(fixture, mine));
    assert_true(is_good(fixture, next));
    // Also when the shard comes back: what was decided in the meantime is not known.
    assert_int_equal(take(fixture, ONE, 7).epoch, mine.epoch + 2);
    assert_false(is_good(fixture, mine));
}

static bool take_what_was_read(struct transaction *transaction, void *context, struct error *error)
{
    struct run *run = context;

    return shard_store_take(transaction, run->id, &run->picture, run->take, run->take_count,
                            run->claims, &run->claim_count, error);
}

static void of_two_that_have_read_the_same_only_one_takes_the_shard(void **state)
{
    struct service_database *fixture = *state;
    const int shard = 9;
    struct run late = {.id = OTHER, .picture = look(fixture), .take = &shard, .take_count = 1};
    struct shard_claim claim = take(fixture, ONE, shard);
    struct error error;

    assert_int_equal(late.picture.rows[shard].epoch + 1, claim.epoch);
    assert_true(
        database_transact(fixture->database, fixture->arena, 0, take_what_was_read, &late, &error));
    assert_int_equal(late.claim_count, 0);
    assert_string_equal(look(fixture).rows[shard].owner, ONE);
    assert_true(is_good(fixture, claim));
}

static void let_another_try(void *context)
{
    const int shards[] = {11, 12};
    struct run run = {.id = OTHER, .lease_ms = LEASE_MS, .take = shards, .take_count = 2};

    do_run(context, &run);
    assert_int_equal(run.claim_count, 1);
    assert_int_equal(run.claims[0].shard, 12);
}

static void nobody_takes_a_shard_while_it_is_held_nor_waits_for_it(void **state)
{
    struct service_database *fixture = *state;
    struct shard_claim mine = take(fixture, ONE, 11);
    struct run run = {.id = ONE,
                      .lease_ms = -1,
                      .hold = &mine,
                      .hold_count = 1,
                      .meanwhile = let_another_try,
                      .context = fixture};

    do_run(fixture, &run);
    assert_true(run.good[0]);
    assert_true(is_good(fixture, mine));
    assert_int_equal(take(fixture, OTHER, 11).epoch, mine.epoch + 1);
    assert_false(is_good(fixture, mine));
}

static void a_replica_lives_until_its_time_is_over(void **state)
{
    struct service_database *fixture = *state;
    struct run renewing = {.id = ONE, .lease_ms = LEASE_MS};
    struct shard_picture picture;

    do_run(fixture, &renewing);
    picture = look(fixture);
    assert_int_equal(picture.replica_count, 1);
    assert_string_equal(picture.replicas[0].id, ONE);
    assert_true(picture.replicas[0].is_alive);
    renewing.lease_ms = 0;
    do_run(fixture, &renewing);
    picture = look(fixture);
    assert_int_equal(picture.replica_count, 1);
    assert_false(picture.replicas[0].is_alive);
}

static void a_replica_that_leaves_has_nothing_and_is_not_known(void **state)
{
    struct service_database *fixture = *state;
    struct run leaving = {.id = ONE, .lease_ms = -1, .leaves = true};
    struct shard_picture picture;

    take(fixture, ONE, 3);
    take(fixture, ONE, 5);
    take(fixture, OTHER, 6);
    do_run(fixture, &leaving);
    picture = look(fixture);
    assert_string_equal(picture.rows[3].owner, "");
    assert_string_equal(picture.rows[5].owner, "");
    assert_string_equal(picture.rows[6].owner, OTHER);
    assert_int_equal(picture.replica_count, 1);
}

static void nobody_gives_up_what_is_not_his(void **state)
{
    struct service_database *fixture = *state;
    const int shards[] = {3, 4};
    struct run giving = {.id = ONE, .lease_ms = -1, .give_up = shards, .give_up_count = 2};

    take(fixture, ONE, 3);
    take(fixture, OTHER, 4);
    do_run(fixture, &giving);
    assert_string_equal(look(fixture).rows[3].owner, "");
    assert_string_equal(look(fixture).rows[4].owner, OTHER);
}

static size_t arrivals_for(struct service_database *fixture, struct shard_claim claim)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    const char **ids = NULL;
    size_t count = 0;
    struct error error;

    if (!shard_store_take_arrivals(fixture->database, arena, &claim, 1, 10, &ids, &count, &error))
        fail_msg("%s", error.message);
    if (count > 0)
        assert_string_equal(ids[0], ORDER_ID);
    return count;
}

static bool has_arrivals(struct service_database *fixture, struct shard_claim claim)
{
    bool has = false;
    struct error error;

    if (!shard_store_has_arrivals(fixture->database, fixture->arena, &claim, 1, &has, &error))
        fail_msg("%s", error.message);
    return has;
}

static void announce(struct service_database *fixture, struct shard_claim claim)
{
    const struct shard_arrival arrival = {
        .order_id = ORDER_ID, .portfolio_id = PORTFOLIO_ID, .claim = claim};
    struct run run = {.id = ONE, .lease_ms = -1, .announce = &arrival, .announce_count = 1};

    do_run(fixture, &run);
}

static void an_order_of_ones_own_shard_is_not_announced(void **state)
{
    struct service_database *fixture = *state;
    struct shard_claim mine = take(fixture, ONE, 13);

    announce(fixture, mine);
    assert_false(has_arrivals(fixture, mine));
}

static void an_order_of_another_ones_shard_is_announced_to_him_once(void **state)
{
    struct service_database *fixture = *state;
    struct shard_claim his = take(fixture, OTHER, 13);

    announce(fixture, (struct shard_claim){.shard = 13});
    announce(fixture, (struct shard_claim){.shard = 13});
    assert_true(has_arrivals(fixture, his));
    assert_int_equal(arrivals_for(fixture, his), 1);
    assert_int_equal(arrivals_for(fixture, his), 0);
    assert_false(has_arrivals(fixture, his));
}

static void who_has_lost_a_shard_announces_and_takes_nothing(void **state)
{
    struct service_database *fixture = *state;
    struct shard_claim lost = take(fixture, ONE, 13);
    struct shard_claim his = take(fixture, OTHER, 13);

    announce(fixture, lost);
    assert_int_equal(arrivals_for(fixture, lost), 0);
    assert_int_equal(arrivals_for(fixture, his), 1);
}

static void the_database_finds_a_ticker_in_the_same_shard(void **state)
{
    struct service_database *fixture = *state;
    static const struct statement insert = {
        "insert_resting",
        "INSERT INTO resting_orders (portfolio_id, ticker, order_id, side, trails)"
        " SELECT gen_random_uuid(), 'T.' || i, gen_random_uuid(), 'buy', false"
        " FROM generate_series(1, 500) AS i"};
    static const struct statement list = {"list_resting",
                                          "SELECT ticker, shard FROM resting_orders"};
    struct rows rows = {0};
    struct error error;

    query(fixture, &insert);
    assert_true(database_query(fixture->database, fixture->arena, &list, NULL, 0, &rows, &error));
    assert_int_equal(rows.count, TICKERS);
    for (size_t i = 0; i < rows.count; i++)
        assert_int_equal(rows_int(&rows, i, 1), shard_of(rows_text(&rows, i, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_claim_is_good_until_another_one_takes_the_shard, forget),
        cmocka_unit_test_setup(of_two_that_have_read_the_same_only_one_takes_the_shard, forget),
        cmocka_unit_test_setup(nobody_takes_a_shard_while_it_is_held_nor_waits_for_it, forget),
        cmocka_unit_test_setup(a_replica_lives_until_its_time_is_over, forget),
        cmocka_unit_test_setup(a_replica_that_leaves_has_nothing_and_is_not_known, forget),
        cmocka_unit_test_setup(nobody_gives_up_what_is_not_his, forget),
        cmocka_unit_test_setup(an_order_of_ones_own_shard_is_not_announced, forget),
        cmocka_unit_test_setup(an_order_of_another_ones_shard_is_announced_to_him_once, forget),
        cmocka_unit_test_setup(who_has_lost_a_shard_announces_and_takes_nothing, forget),
        cmocka_unit_test_setup(the_database_finds_a_ticker_in_the_same_shard, forget),
    };

    digest_start();
    return cmocka_run_group_tests(tests, start, stop);
}
