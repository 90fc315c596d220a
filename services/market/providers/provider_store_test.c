// SPDX-License-Identifier: MIT
// What the live market keeps, over a real PostgreSQL.
#include "providers/provider_store.h"
#include "providers/research_store.h"

#include "market_store.h"

#include "support/service_database.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

#define NOW INT64_C(1631664000000000) // 2021-09-15T00:00:00Z
#define SECOND MICROS_PER_SECOND

enum { BEFORE_DAYS_OF_QUOTES = 10 }; // migrations

static struct service_database_options options = {
    .service = "market", .migrations = market_migrations, .arena_budget = 32 * 1024 * 1024};

static int set_up(void **state)
{
    struct service_database *f = NULL;

    options.migration_count = BEFORE_DAYS_OF_QUOTES;
    if (!service_database_start(&options, &f))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct service_database *f = *state;

    service_database_stop(&f);
    return 0;
}

static void days_that_had_been_made_of_quotes_are_marked(void **state)
{
    struct service_database *f = *state;

    (void)service_database_run(f, "old_symbol",
                               "INSERT INTO symbols (ticker, name) VALUES ('OLD', 'Old')");
    (void)service_database_run(
        f, "old_minutes",
        "INSERT INTO minute_bars VALUES ('OLD', '2014-06-02T13:29:00Z', 9, 9, 9, 9, 9),"
        " ('OLD', '2014-06-02T13:30:00Z', 4, 5, 3, 4, 10),"
        " ('OLD', '2014-06-02T19:59:00Z', 4, 4, 2, 3, 20),"
        " ('OLD', '2014-06-02T20:00:00Z', 9, 9, 9, 9, 9),"
        " ('OLD', '2014-06-03T13:30:00Z', 4, 5, 3, 4, 10)");
    (void)service_database_run(
        f, "old_days",
        "INSERT INTO bars VALUES ('OLD', '2014-06-02', 4, 5, 2, 3, 30),"
        " ('OLD', '2014-06-03', 4, 6, 2, 5, 1000), ('OLD', '2014-06-04', 4, 5, 3, 4, 10)");
    options.migration_count = market_migration_count;
    assert_true(service_database_migrate(f, &options));
    assert_int_equal(
        service_database_number(f, "old",
                                "SELECT count(*) FROM bars WHERE ticker = 'OLD' AND is_of_quotes"),
        1);
    assert_int_equal(
        service_database_number(f, "old_day",
                                "SELECT count(*) FROM bars WHERE ticker = 'OLD' AND is_of_quotes"
                                " AND day = '2014-06-02'"),
        1);
}

static struct quote quote_of(const char *ticker, int64_t price_micros, int64_t quoted_at)
{
    struct quote quote = {.price_micros = price_micros,
                          .open_micros = 1,
                          .high_micros = PRICE_MICROS_MAX,
                          .volume = 7,
                          .quoted_at = quoted_at,
                          .source = "yahoo"};

    (void)snprintf(quote.ticker, sizeof quote.ticker, "%s", ticker);
    return quote;
}

static void put(struct service_database *f, const struct quote *quotes, size_t count)
{
    struct error error;

    if (!provider_store_put_quotes(f->database, f->arena, quotes, count, &error))
        fail_msg("%s", error.message);
}

static void the_last_quotes_come_back_stale_and_never_older_than_they_were(void **state)
{
    struct service_database *f = *state;
    const struct quote first[] = {quote_of("B", 2000000, NOW), quote_of("A", 1000000, NOW),
                                  quote_of("GONE", 1, NOW)};
    const struct quote second[] = {quote_of("A", 1100000, NOW - 1), quote_of("B", 2100000, NOW)};
    struct quote quotes[4];
    size_t count = 0;
    struct error error;

    (void)service_database_run(f, "two",
                               "INSERT INTO symbols (ticker, name) VALUES ('A', 'a'), ('B', 'b')");
    put(f, first, COUNT_OF(first));
    put(f, second, COUNT_OF(second));
    assert_true(provider_store_get_quotes(f->database, f->arena, "", quotes, 4, &count, &error));
    // What is no symbol any longer is not shown.
    assert_int_equal(count, 2);
    assert_string_equal(quotes[0].ticker, "A");
    assert_int_equal(quotes[0].price_micros, 1000000);
    assert_int_equal(quotes[1].price_micros, 2100000);
    assert_int_equal(quotes[1].high_micros, PRICE_MICROS_MAX);
    assert_int_equal(quotes[1].volume, 7);
    assert_int_equal(quotes[1].quoted_at, NOW);
    assert_int_equal(quotes[1].valid_until, NOW);
    assert_string_equal(quotes[1].source, "yahoo");
    assert_true(provider_store_get_quotes(f->database, f->arena, "A", quotes, 4, &count, &error));
    assert_int_equal(count, 1);
}

static void what_is_spent_of_a_budget_is_kept(void **state)
{
    struct service_database *f = *state;
    struct plan_state state_before = {.name = "finnhub",
                                      .minute_used_until = NOW + SECOND,
                                      .day_used_until = NOW + 2 * SECOND,
                                      .blocked_until = NOW + 3 * SECOND};
    struct plan_state states[PROVIDER_COUNT];
    size_t count = 0;
    struct error error;

    (void)service_database_run(f, "old",
                               "INSERT INTO provider_states VALUES ('gone', now(), now(), now())");
    assert_true(provider_store_put_state(f->database, f->arena, &state_before, &error));
    assert_true(provider_store_get_states(f->database, f->arena, states, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(states[0].name, "finnhub");
    assert_int_equal(states[0].minute_used_until, NOW + SECOND);
    assert_int_equal(states[0].day_used_until, NOW + 2 * SECOND);
    assert_int_equal(states[0].blocked_until, NOW + 3 * SECOND);
    // That a key was refused is not: a restart may bring another one.
    state_before.is_key_refused = true;
    assert_true(provider_store_put_state(f->database, f->arena, &state_before, &error));
    assert_true(provider_store_get_states(f->database, f->arena, states, &count, &error));
    assert_int_equal(states[0].blocked_until, 0);
}

static void a_clock_of_the_past_becomes_real_and_one_of_the_future_is_refused(void **state)
{
    struct service_database *f = *state;
    struct clock_state clock;
    struct error error;

    assert_true(provider_store_set_clock(f->database, f->arena, NOW, &error));
    assert_true(store_get_clock(f->database, f->arena, &clock, &error));
    assert_int_equal(clock.mode, CLOCK_REAL);
    assert_int_equal(clock.base_at, NOW);
    assert_int_equal(clock.version, 1);
    // A real one is left as it is.
    assert_true(provider_store_set_clock(f->database, f->arena, NOW + SECOND, &error));
    assert_true(store_get_clock(f->database, f->arena, &clock, &error));
    assert_int_equal(clock.version, 1);
    (void)service_database_run(f, "future",
                               "UPDATE clock SET mode = 'step', base_at = '2090-01-01', speed = 0");
    assert_false(provider_store_set_clock(f->database, f->arena, NOW, &error));
    assert_non_null(strstr(error.message, "2090-01-01T00:00:00Z"));
    (void)service_database_run(f, "shown",
                               "UPDATE clock SET mode = 'replay', base_at = '2014-01-01',"
                               " shown_until = '2090-01-01'");
    assert_false(provider_store_set_clock(f->database, f->arena, NOW, &error));
}

static void symbols_that_are_found_are_added_within_the_limit(void **state)
{
    struct service_database *f = *state;
    struct provider_symbol found[2] = {{.ticker = "F1", .name = "First", .exchange = "NASDAQ"},
                                       {.ticker = "F2"}};
    size_t added = 0;
    struct error error;

    assert_true(research_store_add_symbols(f->database, f->arena, found, 2, &added, &error));
    assert_int_equal(added, 2);
    assert_true(research_store_add_symbols(f->database, f->arena, found, 2, &added, &error));
    assert_int_equal(added, 0);
    assert_int_equal(
        service_database_number(f, "count4",
                                "SELECT count(*) FROM symbols WHERE ticker = 'F2' AND name = 'F2'"),
        1);
    (void)service_database_run(
        f, "fill_symbols",
        "INSERT INTO symbols (ticker, name) SELECT 'X' || n, 'x' FROM generate_series(1, 20000) n"
        " LIMIT 20000 - (SELECT count(*) FROM symbols)");
    found[0] = (struct provider_symbol){.ticker = "F3"};
    assert_true(research_store_add_symbols(f->database, f->arena, found, 1, &added, &error));
    assert_int_equal(added, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            days_that_had_been_made_of_quotes_are_marked), // what follows goes on from it
        cmocka_unit_test(the_last_quotes_come_back_stale_and_never_older_than_they_were),
        cmocka_unit_test(what_is_spent_of_a_budget_is_kept),
        cmocka_unit_test(a_clock_of_the_past_becomes_real_and_one_of_the_future_is_refused),
        cmocka_unit_test(symbols_that_are_found_are_added_within_the_limit),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
