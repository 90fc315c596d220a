// SPDX-License-Identifier: MIT
// What the live market keeps, over a real PostgreSQL.
#include "providers/provider_store.h"
#include "providers/research_store.h"

#include "database/migration.h"
#include "market_store.h"

#include "support/postgres.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

#define NOW INT64_C(1631664000000000) // 2021-09-15T00:00:00Z
#define SECOND MICROS_PER_SECOND

enum { BEFORE_DAYS_OF_QUOTES = 10 }; // the last migration

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct arena *arena;
};

static void run(struct fixture *f, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows;
    struct error error;

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
}

static int64_t count(struct fixture *f, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};
    struct rows rows;
    struct error error;

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
    return rows_int(&rows, 0, 0);
}

static void migrate(struct fixture *f, size_t count)
{
    size_t applied = 0;
    struct error error;

    if (!migration_run(postgres_url(f->postgres, NULL), "market", market_migrations, count,
                       &applied, &error))
        fail_msg("%s", error.message);
}

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "market"};
    struct error error;

    f->postgres = postgres_new();
    f->arena = arena_new(32 * 1024 * 1024);
    migrate(f, BEFORE_DAYS_OF_QUOTES);
    options.url = postgres_url(f->postgres, "bourse_market");
    assert_true(database_new(&options, &f->database, &error));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    database_free(&f->database);
    postgres_free(&f->postgres);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static void days_that_had_been_made_of_quotes_are_marked(void **state)
{
    struct fixture *f = *state;

    run(f, "old_symbol", "INSERT INTO symbols (ticker, name) VALUES ('OLD', 'Old')");
    run(f, "old_minutes",
        "INSERT INTO minute_bars VALUES ('OLD', '2014-06-02T13:29:00Z', 9, 9, 9, 9, 9),"
        " ('OLD', '2014-06-02T13:30:00Z', 4, 5, 3, 4, 10),"
        " ('OLD', '2014-06-02T19:59:00Z', 4, 4, 2, 3, 20),"
        " ('OLD', '2014-06-02T20:00:00Z', 9, 9, 9, 9, 9),"
        " ('OLD', '2014-06-03T13:30:00Z', 4, 5, 3, 4, 10)");
    run(f, "old_days",
        "INSERT INTO bars VALUES ('OLD', '2014-06-02', 4, 5, 2, 3, 30),"
        " ('OLD', '2014-06-03', 4, 6, 2, 5, 1000), ('OLD', '2014-06-04', 4, 5, 3, 4, 10)");
    migrate(f, market_migration_count);
    assert_int_equal(
        count(f, "old", "SELECT count(*) FROM bars WHERE ticker = 'OLD' AND is_of_quotes"), 1);
    assert_int_equal(count(f, "old_day",
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

static void put(struct fixture *f, const struct quote *quotes, size_t count)
{
    struct error error;

    if (!provider_store_put_quotes(f->database, f->arena, quotes, count, &error))
        fail_msg("%s", error.message);
}

static void the_last_quotes_come_back_stale_and_never_older_than_they_were(void **state)
{
    struct fixture *f = *state;
    const struct quote first[] = {quote_of("B", 2000000, NOW), quote_of("A", 1000000, NOW),
                                  quote_of("GONE", 1, NOW)};
    const struct quote second[] = {quote_of("A", 1100000, NOW - 1), quote_of("B", 2100000, NOW)};
    struct quote quotes[4];
    size_t count = 0;
    struct error error;

    run(f, "two", "INSERT INTO symbols (ticker, name) VALUES ('A', 'a'), ('B', 'b')");
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
    struct fixture *f = *state;
    struct plan_state state_before = {.name = "finnhub",
                                      .minute_used_until = NOW + SECOND,
                                      .day_used_until = NOW + 2 * SECOND,
                                      .blocked_until = NOW + 3 * SECOND};
    struct plan_state states[PROVIDER_COUNT];
    size_t count = 0;
    struct error error;

    run(f, "old", "INSERT INTO provider_states VALUES ('gone', now(), now(), now())");
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
    struct fixture *f = *state;
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
    run(f, "future", "UPDATE clock SET mode = 'step', base_at = '2090-01-01', speed = 0");
    assert_false(provider_store_set_clock(f->database, f->arena, NOW, &error));
    assert_non_null(strstr(error.message, "2090-01-01T00:00:00Z"));
    run(f, "shown",
        "UPDATE clock SET mode = 'replay', base_at = '2014-01-01',"
        " shown_until = '2090-01-01'");
    assert_false(provider_store_set_clock(f->database, f->arena, NOW, &error));
}

static bool needs_history(struct fixture *f, const char *ticker, int64_t today, int64_t session)
{
    bool needs = false;
    struct error error;

    if (!research_store_needs_history(f->database, f->arena, ticker, today, session, &needs,
                                      &error))
        fail_msg("%s", error.message);
    return needs;
}

// Returns whether it fits.
static bool
put_history(struct fixture *f, const char *ticker, int64_t today, const struct provider_bars *bars)
{
    struct error error;
    bool fits = false;

    if (!research_store_put_history(f->database, f->arena, ticker, today,
                                    bars != NULL ? "yahoo" : NULL, bars, &fits, &error))
        fail_msg("%s", error.message);
    return fits;
}

static void make_days(struct provider_bar *days, size_t count, int64_t first, int64_t price_micros)
{
    for (size_t i = 0; i < count; i++)
        days[i] = (struct provider_bar){.day = first + (int64_t)i,
                                        .open_micros = price_micros,
                                        .high_micros = price_micros,
                                        .low_micros = price_micros,
                                        .close_micros = price_micros,
                                        .volume = (int64_t)i};
}

static void a_history_is_kept_whole_beside_what_is_there_and_asked_for_once(void **state)
{
    enum { DAYS = 9000, LAST = 18999 }; // more than one statement takes
    struct fixture *f = *state;
    struct provider_bar *days = allocate_array(DAYS, sizeof *days);
    const struct provider_bars bars = {.bars = days, .count = DAYS, .is_split_adjusted = true};

    make_days(days, DAYS, LAST - DAYS + 1, 1000000);
    run(f, "history_symbols", "INSERT INTO symbols (ticker, name) VALUES ('H1', 'a'), ('H2', 'b')");
    run(f, "history_bar",
        "INSERT INTO bars VALUES ('H1', DATE '1970-01-01' + 10005, 7, 7, 7, 7, 7)");
    assert_true(needs_history(f, "H1", 20000, LAST));
    assert_true(put_history(f, "H1", 20000, &bars));
    assert_true(put_history(f, "H1", 20000, &bars));
    assert_false(needs_history(f, "H1", 20001, LAST));
    assert_int_equal(count(f, "count1", "SELECT count(*) FROM bars WHERE ticker = 'H1'"), DAYS);
    assert_int_equal(
        count(f, "count2", "SELECT count(*) FROM bars WHERE ticker = 'H1' AND close = 7"), 1);
    // That there is none holds for the day.
    assert_true(put_history(f, "H2", 20000, NULL));
    assert_false(needs_history(f, "H2", 20000, LAST));
    assert_true(needs_history(f, "H2", 20001, LAST));
    // One of a symbol that is gone is nothing.
    assert_true(put_history(f, "GONE", 20000, &bars));
    assert_int_equal(count(f, "count3", "SELECT count(*) FROM histories"), 2);
    release(days);
}

static int64_t count_h3(struct fixture *f, const char *name, const char *condition)
{
    char sql[200];

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM bars WHERE ticker = 'H3' AND %s",
                   condition);
    return count(f, name, arena_copy_string(f->arena, sql));
}

static void a_history_is_continued_and_takes_the_place_of_days_made_of_quotes(void **state)
{
    struct fixture *f = *state;
    struct provider_bar days[101];
    const struct provider_bars first = {.bars = days, .count = 98, .is_split_adjusted = true};
    const struct provider_bars next = {.bars = days, .count = 101, .is_split_adjusted = true};

    make_days(days, 101, 19900, 4000000);
    run(f, "h3", "INSERT INTO symbols (ticker, name) VALUES ('H3', 'a')");
    run(f, "h3_quotes",
        "INSERT INTO bars (ticker, day, open, high, low, close, volume, is_of_quotes)"
        " SELECT 'H3', DATE '1970-01-01' + n, 7, 7, 7, 7, 7, true"
        " FROM generate_series(19950, 19999) n");
    assert_true(needs_history(f, "H3", 19998, 19997)); // many as they are, they are none
    assert_true(put_history(f, "H3", 19998, &first));
    assert_int_equal(count_h3(f, "h3_1", "is_of_quotes AND close = 7"), 2); // the two days after it
    assert_false(needs_history(f, "H3", 19999, 19997));
    assert_true(needs_history(f, "H3", 20001, 20000));
    assert_true(put_history(f, "H3", 20001, &next));
    assert_int_equal(count_h3(f, "h3_2", "NOT is_of_quotes AND close = 4"), 101);
    assert_int_equal(count_h3(f, "h3_3", "is_of_quotes"), 0);
    assert_false(needs_history(f, "H3", 20002, 20000));
    // Nobody has more: the next day they are asked again, and what there was is still known.
    assert_true(put_history(f, "H3", 20002, NULL));
    assert_false(needs_history(f, "H3", 20002, 20001));
    assert_true(needs_history(f, "H3", 20003, 20001));
    assert_int_equal(count(f, "h3_4",
                           "SELECT count(*) FROM histories WHERE ticker = 'H3' AND bar_count = 98"
                           " AND is_split_adjusted AND asked_on = DATE '1970-01-01' + 19998"),
                     1);
}

static void a_history_that_was_divided_since_is_taken_from_the_split_on(void **state)
{
    struct fixture *f = *state;
    struct provider_bar days[4];
    const struct provider_bars bars = {.bars = days, .count = 4, .is_split_adjusted = true};

    make_days(days, 4, 20000, 2000000); // until yesterday; half of what is there
    assert_false(put_history(f, "H3", 20004, &bars));
    assert_int_equal(count_h3(f, "h3_5", "close = 2"), 0);
    assert_false(needs_history(f, "H3", 20004, 20003));
    assert_true(needs_history(f, "H3", 20005, 20003));
    run(f, "h3_split",
        "INSERT INTO corporate_actions VALUES (gen_random_uuid(), 'H3', 'split',"
        " DATE '1970-01-01' + 20002, 2, 1, NULL, now())");
    assert_true(put_history(f, "H3", 20005, &bars));
    // Those before it would be divided by it once more.
    assert_int_equal(count_h3(f, "h3_6", "close = 2 AND day >= DATE '1970-01-01' + 20002"), 2);
    assert_int_equal(count_h3(f, "h3_7", "close = 2"), 2);
}

static void symbols_that_are_found_are_added_within_the_limit(void **state)
{
    struct fixture *f = *state;
    struct provider_symbol found[2] = {{.ticker = "F1", .name = "First", .exchange = "NASDAQ"},
                                       {.ticker = "F2"}};
    size_t added = 0;
    struct error error;

    assert_true(research_store_add_symbols(f->database, f->arena, found, 2, &added, &error));
    assert_int_equal(added, 2);
    assert_true(research_store_add_symbols(f->database, f->arena, found, 2, &added, &error));
    assert_int_equal(added, 0);
    assert_int_equal(
        count(f, "count4", "SELECT count(*) FROM symbols WHERE ticker = 'F2' AND name = 'F2'"), 1);
    run(f, "fill_symbols",
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
        cmocka_unit_test(a_history_is_kept_whole_beside_what_is_there_and_asked_for_once),
        cmocka_unit_test(a_history_is_continued_and_takes_the_place_of_days_made_of_quotes),
        cmocka_unit_test(a_history_that_was_divided_since_is_taken_from_the_split_on),
        cmocka_unit_test(symbols_that_are_found_are_added_within_the_limit),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
