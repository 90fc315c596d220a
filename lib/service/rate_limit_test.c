// SPDX-License-Identifier: MIT
#include "service/rate_limit.h"

#include "base/clock.h"
#include "database/migration.h"
#include "support/postgres.h"
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct migration schema = {
    1, "001_limits.sql",
    "CREATE UNLOGGED TABLE rate_limits ("
    " key text PRIMARY KEY, full_at timestamptz NOT NULL, cost_us bigint NOT NULL,"
    " burst bigint NOT NULL, granted bigint NOT NULL) WITH (fillfactor = 50);"};

static const unsigned char hash_key[KEY_SIZE] = {1, 2, 3};

// So slow that no token comes back while a test runs.
static const struct rate_limit slow = {.what = "requests of one account",
                                       .tokens = 1,
                                       .period_us = 3600 * MICROS_PER_SECOND,
                                       .burst = 10};
static const struct rate_limit slower = {.what = "requests from one address",
                                         .tokens = 1,
                                         .period_us = 3600 * MICROS_PER_SECOND,
                                         .burst = 15};
static const struct rate_limit minutely = {
    .what = "orders of one account", .tokens = 60, .period_us = 60 * MICROS_PER_SECOND, .burst = 5};

// Two services on one database, as two replicas are.
struct fixture {
    struct postgres *postgres;
    struct database *replicas[2];
    struct arena *arena;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "shop"};
    size_t applied = 0;

    digest_start();
    f->postgres = postgres_new();
    f->arena = arena_new(16 * 1024 * 1024);
    options.url = postgres_url(f->postgres, NULL);
    assert_true(migration_run(options.url, "shop", &schema, 1, &applied, &f->error));
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
    arena_free(&f->arena);
    postgres_free(&f->postgres);
    release(f);
    return 0;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->replicas[0], f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

static int clear(void **state)
{
    arena_reset(((struct fixture *)*state)->arena);
    run_sql(*state, "clear", "TRUNCATE rate_limits");
    return 0;
}

static struct rate_claim take(struct fixture *f,
                              size_t replica,
                              const struct rate_limit *limit,
                              const char *subject,
                              int64_t wanted)
{
    struct rate_claim claim = rate_claim_of(hash_key, limit, subject, wanted);

    if (!rate_limit_take(f->replicas[replica], f->arena, &claim, 1, &f->error))
        fail_msg("%s", f->error.message);
    return claim;
}

static void the_wait_is_until_one_token_is_back(void **state)
{
    int64_t now = 1000 * MICROS_PER_SECOND;

    (void)state;
    // A second a token, five of them.
    assert_int_equal(rate_limit_wait_us(&minutely, 0, now), 0);
    assert_int_equal(rate_limit_wait_us(&minutely, now - 1, now), 0);
    assert_int_equal(rate_limit_wait_us(&minutely, now + 4 * MICROS_PER_SECOND, now), 0);
    assert_int_equal(rate_limit_wait_us(&minutely, now + 4 * MICROS_PER_SECOND + 1, now), 1);
    assert_int_equal(rate_limit_wait_us(&minutely, now + 5 * MICROS_PER_SECOND, now),
                     MICROS_PER_SECOND);
}

static void a_limit_of_zero_is_none(void **state)
{
    struct rate_limit none = minutely;

    (void)state;
    none.tokens = 0;
    assert_true(rate_limit_is_on(&minutely));
    assert_false(rate_limit_is_on(&none));
    assert_int_equal(rate_limit_wait_us(&none, INT64_MAX, 1), 0);
}

static void an_address_of_ipv6_counts_by_its_64_bits_of_network(void **state)
{
    static const struct {
        const char *address;
        const char *place;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:DB8:1:2::1", "2001:db8:1:2::"},
        {"2001:db8:1:3::1", "2001:db8:1:3::"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::1", "::"},
        {"somewhere", "somewhere"},
        {NULL, ""},
    };
    char place[RATE_PLACE_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rate_limit_place(cases[i].address, place);
        assert_string_equal(place, cases[i].place);
    }
}

static void an_address_longer_than_any_is_cut(void **state)
{
    char address[1000];
    char place[RATE_PLACE_SIZE];

    (void)state;
    memset(address, 'a', sizeof address - 1);
    address[sizeof address - 1] = '\0';
    rate_limit_place(address, place);
    assert_int_equal(strlen(place), RATE_PLACE_SIZE - 1);
}

static void so_many_at_once_and_no_more_over_all_replicas(void **state)
{
    struct fixture *f = *state;
    struct rate_claim claim;

    for (size_t i = 0; i < 10; i++)
        assert_int_equal(take(f, i % 2, &slow, "ada", 1).granted, 1);
    for (size_t i = 0; i < 2; i++) {
        claim = take(f, i, &slow, "ada", 1);
        assert_int_equal(claim.granted, 0);
        // One token an hour, and the first of the ten was spent a moment ago.
        assert_in_range(claim.wait_us, 3590 * MICROS_PER_SECOND, 3600 * MICROS_PER_SECOND);
    }
    assert_int_equal(take(f, 0, &slow, "bob", 1).granted, 1);
    assert_int_equal(take(f, 0, &slower, "ada", 1).granted, 1);
}

static void a_refusal_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct rate_claim first;
    struct rate_claim last;

    assert_int_equal(take(f, 0, &slow, "ada", 10).granted, 10);
    first = take(f, 0, &slow, "ada", 1);
    for (int i = 0; i < 100; i++)
        last = take(f, 0, &slow, "ada", 1);
    assert_int_equal(last.granted, 0);
    assert_true(last.wait_us <= first.wait_us);
}

static void who_wants_more_than_there_is_gets_what_there_is(void **state)
{
    struct fixture *f = *state;
    struct rate_claim claim = take(f, 0, &slow, "ada", 7);

    assert_int_equal(claim.granted, 7);
    assert_int_equal(claim.wait_us, 0);
    claim = take(f, 1, &slow, "ada", 7);
    assert_int_equal(claim.granted, 3);
    assert_true(claim.wait_us > 0);
    assert_int_equal(take(f, 0, &slow, "bob", 1000).granted, 10);
}

static void tokens_come_back_evenly_and_no_more_than_the_bucket_holds(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(take(f, 0, &minutely, "ada", 5).granted, 5);
    // As if three and a half seconds had passed.
    run_sql(f, "age", "UPDATE rate_limits SET full_at = full_at - interval '3.5 seconds'");
    assert_int_equal(take(f, 0, &minutely, "ada", 5).granted, 3);
    run_sql(f, "age_long", "UPDATE rate_limits SET full_at = full_at - interval '1 day'");
    assert_int_equal(take(f, 0, &minutely, "ada", 100).granted, 5);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(take(f, 0, &slow, "ada", 10).granted, 10);
    assert_int_equal(take(f, 1, &slow, "ada", -4).granted, -4);
    assert_int_equal(take(f, 0, &slow, "ada", 10).granted, 4);
    assert_int_equal(take(f, 0, &slow, "bob", -4).granted, -4);
    assert_int_equal(take(f, 0, &slow, "bob", 100).granted, 10);
}

static void a_limit_that_was_lowered_grants_nothing_until_its_time_comes(void **state)
{
    struct fixture *f = *state;
    struct rate_limit lowered = slow;
    struct rate_claim claim;

    assert_int_equal(take(f, 0, &slow, "ada", 10).granted, 10);
    lowered.burst = 4;
    claim = take(f, 0, &lowered, "ada", 1);
    assert_int_equal(claim.granted, 0);
    // Ten are owed, and three of them may be.
    assert_in_range(claim.wait_us, 6 * 3600 * MICROS_PER_SECOND + 1, 7 * 3600 * MICROS_PER_SECOND);
    // Not given back either.
    assert_int_equal(take(f, 0, &slow, "ada", 1).granted, 0);
}

static void several_limits_are_asked_for_together(void **state)
{
    struct fixture *f = *state;
    struct rate_claim claims[] = {
        rate_claim_of(hash_key, &slower, "home", 12),
        rate_claim_of(hash_key, &slow, "ada", 12),
        rate_claim_of(hash_key, &slow, "bob", 2),
    };

    assert_true(rate_limit_take(f->replicas[0], f->arena, claims, COUNT_OF(claims), &f->error));
    assert_int_equal(claims[0].granted, 12);
    assert_int_equal(claims[1].granted, 10);
    assert_int_equal(claims[2].granted, 2);
    assert_true(rate_limit_take(f->replicas[0], f->arena, NULL, 0, &f->error));
}

static bool take_and_fail(struct transaction *transaction, void *context, struct error *error)
{
    struct rows rows = {0};
    struct rate_claim *claim = context;

    if (!rate_limit_queue(transaction, claim, 1, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    rate_limit_read(&rows, claim, 1);
    return error_set(error, REASON_CONFLICT, "Something else came between.");
}

static void what_a_transaction_took_is_back_when_it_fails(void **state)
{
    struct fixture *f = *state;
    struct rate_claim claim = rate_claim_of(hash_key, &slow, "ada", 10);

    assert_false(database_transact(f->replicas[0], f->arena, 0, take_and_fail, &claim, &f->error));
    assert_int_equal(claim.granted, 10);
    assert_int_equal(take(f, 0, &slow, "ada", 10).granted, 10);
}

enum { TAKERS = 8, TRIES = 50, SUBJECTS = 20 };

struct taker {
    struct database *database;
    size_t number;
    int64_t granted;
    bool failed;
};

// Takes one of each of twenty subjects at a time, half of the takers from the last to the first.
static void *take_often(void *context)
{
    struct taker *taker = context;
    OWNED(arena) arena = arena_new(4 * 1024 * 1024);
    struct error error;

    for (int i = 0; i < TRIES; i++) {
        struct rate_claim claims[SUBJECTS];
        char subject[16];

        for (size_t j = 0; j < SUBJECTS; j++) {
            snprintf(subject, sizeof subject, "%zu", taker->number % 2 == 0 ? j : SUBJECTS - 1 - j);
            claims[j] = rate_claim_of(hash_key, &slow, subject, 1);
        }
        taker->failed |= !rate_limit_take(taker->database, arena, claims, SUBJECTS, &error);
        for (size_t j = 0; j < SUBJECTS; j++)
            taker->granted += claims[j].granted;
        arena_reset(arena);
    }
    return NULL;
}

static void many_who_take_at_once_get_exactly_what_there_is_and_never_lock_each_other(void **state)
{
    struct fixture *f = *state;
    struct taker takers[TAKERS];
    pthread_t threads[TAKERS];
    int64_t granted = 0;

    for (size_t i = 0; i < TAKERS; i++) {
        takers[i] = (struct taker){.database = f->replicas[i % 2], .number = i / 2};
        assert_int_equal(pthread_create(&threads[i], NULL, take_often, &takers[i]), 0);
    }
    for (size_t i = 0; i < TAKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(takers[i].failed);
        granted += takers[i].granted;
    }
    assert_int_equal(granted, SUBJECTS * slow.burst);
}

static void the_table_shows_nobodys_address(void **state)
{
    struct fixture *f = *state;
    char other[RATE_KEY_SIZE];
    struct rate_claim claim = take(f, 0, &slower, "192.0.2.7", 1);
    static const unsigned char other_key[KEY_SIZE] = {4, 5, 6};
    struct rows rows = run_sql(f, "keys", "SELECT key FROM rate_limits");

    assert_int_equal(rows.count, 1);
    assert_string_equal(rows_text(&rows, 0, 0), claim.key);
    assert_null(strstr(claim.key, "192"));
    // Without the key nobody can try all four thousand million addresses.
    rate_limit_key(other_key, slower.what, "192.0.2.7", other);
    assert_string_not_equal(other, claim.key);
    rate_limit_key(hash_key, slow.what, "192.0.2.7", other);
    assert_string_not_equal(other, claim.key);
}

static void rows_of_full_buckets_are_pruned(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    assert_int_equal(take(f, 0, &slow, "ada", 1).granted, 1);
    assert_int_equal(take(f, 0, &slow, "bob", 1).granted, 1);
    run_sql(f, "age_ada",
            "UPDATE rate_limits SET full_at = now() - interval '1 second'"
            " WHERE key = (SELECT min(key) FROM rate_limits)");
    assert_false(rate_limit_prune(f->replicas[0], f->arena));
    rows = run_sql(f, "left", "SELECT key FROM rate_limits");
    assert_int_equal(rows.count, 1);
}

static void a_refusal_says_which_limit_and_how_long(void **state)
{
    struct fixture *f = *state;
    struct rate_limit many = minutely;

    assert_false(rate_limit_refuse(&minutely, 2500 * MICROS_PER_MS, &f->error));
    assert_string_equal(f->error.reason, "TOO_MANY_REQUESTS");
    assert_string_equal(f->error.message, "At most 60 orders of one account are taken in a minute,"
                                          " and 5 at once. Try again in 3 seconds.");
    assert_string_equal(f->error.details[0].name, "retry_after");
    assert_string_equal(f->error.details[0].value, "3");
    assert_string_equal(f->error.details[1].name, "limit");
    assert_string_equal(f->error.details[1].value, "60");
    many.period_us = 900 * MICROS_PER_SECOND;
    assert_false(rate_limit_refuse(&many, 0, &f->error));
    assert_non_null(
        strstr(f->error.message, "in 15 minutes, and 5 at once. Try again in 1 second."));
}

static void without_a_database_nothing_is_said_to_be_done(void **state)
{
    struct fixture *f = *state;
    struct rate_claim claim = rate_claim_of(hash_key, &slow, "ada", 1);

    postgres_stop(f->postgres);
    assert_false(rate_limit_take(f->replicas[0], f->arena, &claim, 1, &f->error));
    assert_string_equal(f->error.reason, "DATABASE_UNAVAILABLE");
    assert_false(f->error.outcome_unknown);
    assert_int_equal(claim.granted, 0);
    postgres_start(f->postgres);
}

#define TEST(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_wait_is_until_one_token_is_back),
        TEST(a_limit_of_zero_is_none),
        TEST(an_address_of_ipv6_counts_by_its_64_bits_of_network),
        TEST(an_address_longer_than_any_is_cut),
        TEST(so_many_at_once_and_no_more_over_all_replicas),
        TEST(a_refusal_costs_nothing),
        TEST(who_wants_more_than_there_is_gets_what_there_is),
        TEST(tokens_come_back_evenly_and_no_more_than_the_bucket_holds),
        TEST(what_is_given_back_can_be_taken_again),
        TEST(a_limit_that_was_lowered_grants_nothing_until_its_time_comes),
        TEST(several_limits_are_asked_for_together),
        TEST(what_a_transaction_took_is_back_when_it_fails),
        TEST(many_who_take_at_once_get_exactly_what_there_is_and_never_lock_each_other),
        TEST(the_table_shows_nobodys_address),
        TEST(rows_of_full_buckets_are_pruned),
        TEST(a_refusal_says_which_limit_and_how_long),
        TEST(without_a_database_nothing_is_said_to_be_done),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
