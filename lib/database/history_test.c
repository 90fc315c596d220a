// SPDX-License-Identifier: MIT
#include "database/history.h"

#include "base/clock.h"
#include "support/postgres.h"
#include "support/wait.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { LAG_MS_MAX = 1000, WAIT_MS_MAX = 30 * 1000, TRIES_MAX = 5 };
// Not so often that what was kept of the primary spans less than the bound.
enum { LOOK_EVERY_MS = 25 };

// A primary with a standby.
struct fixture {
    struct postgres *primary, *standby;
    struct database *owner; // as the superuser, whose writes are not the service's own
    struct database *service;
    struct database *observer; // of the standby
    struct history *history;
    struct arena *arena;
    struct error error;
};

static const struct migration migrations[] = {
    {1, "001_things.sql",
     "CREATE TABLE test.things (id bigint PRIMARY KEY);"
     "CREATE TABLE test.marks (id bigint PRIMARY KEY, number bigint NOT NULL);"
     "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA test TO bourse_test"},
    {2, "002_more.sql", "ALTER TABLE test.things ADD COLUMN note text"},
};

static const struct statement count_things = {
    "count_things", "SELECT count(*), count(*) FILTER (WHERE pg_is_in_recovery()),"
                    " current_setting('default_transaction_read_only') FROM things"};
static const struct statement add_thing = {
    "add_thing", "INSERT INTO things SELECT coalesce(max(id), 0) + 1 FROM things"};
static const struct statement read_mark = {"read_mark", "SELECT number FROM marks WHERE id = $1"};
static const struct history_need anything = {0};
static const struct history_need own_writes = {.own_writes = true};

static void must(struct fixture *f, bool done)
{
    if (!done)
        fail_msg("%s", f->error.message);
}

static void run(struct fixture *f, struct database *database, const char *name, const char *sql)
{
    const struct statement statement = {name, sql};

    must(f, database_query(database, f->arena, &statement, NULL, 0, NULL, &f->error));
}

// How many there are, and whether the standby said so.
static int64_t count(struct fixture *f, const struct history_need *need, bool *out_by_standby)
{
    uint64_t before = history_statistics(f->history).reads[HISTORY_BY_STANDBY];
    struct rows rows = {0};

    must(f, history_query(f->history, need, f->arena, &count_things, NULL, 0, &rows, &f->error));
    *out_by_standby = history_statistics(f->history).reads[HISTORY_BY_STANDBY] > before;
    // The server agrees with the counter.
    if (rows_int(&rows, 0, 0) > 0)
        assert_int_equal(rows_int(&rows, 0, 1) > 0, *out_by_standby);
    assert_string_equal(rows_text(&rows, 0, 2), *out_by_standby ? "on" : "off");
    return rows_int(&rows, 0, 0);
}

static bool is_by_standby(struct fixture *f, const struct history_need *need)
{
    bool by_standby = false;

    (void)count(f, need, &by_standby);
    return by_standby;
}

static uint64_t outcomes(struct fixture *f, enum history_outcome outcome)
{
    return history_statistics(f->history).reads[outcome];
}

// As the thread that looks does, which has a pause between two looks.
static enum history_state look_again(struct fixture *f)
{
    struct error error;

    clock_sleep_until_us(clock_monotonic_us() + LOOK_EVERY_MS * MICROS_PER_MS);
    return history_look(f->history, &error);
}

static void wait_for_state(struct fixture *f, enum history_state wanted)
{
    assert_true_within(WAIT_MS_MAX, look_again(f) == wanted);
}

// That the standby answers, once somebody has looked a moment ago.
static int64_t count_by_standby(struct fixture *f, const struct history_need *need)
{
    int64_t end_us = clock_monotonic_us() + WAIT_MS_MAX * MICROS_PER_MS;
    bool by_standby = false;
    int64_t found = 0;

    while (!by_standby) {
        assert_true(clock_monotonic_us() < end_us);
        wait_for_state(f, HISTORY_NEAR);
        found = count(f, need, &by_standby);
    }
    return found;
}

static struct database *open_database(struct fixture *f, struct postgres *at, const char *role)
{
    struct database_options options = {
        .url = postgres_url(at, role), .service = "test", .connections = 4};
    struct database *database = NULL;

    must(f, database_new(&options, &database, &f->error));
    return database;
}

static struct history *open_history(struct fixture *f, const char *url, size_t migration_count)
{
    struct history_options options = {.primary = f->service,
                                      .primary_url = postgres_url(f->primary, "bourse_test"),
                                      .url = url,
                                      .service = "test",
                                      .connections = 2,
                                      .lag_ms_max = LAG_MS_MAX,
                                      .migrations = migrations,
                                      .migration_count = migration_count};
    struct history *history = NULL;

    must(f, history_new(&options, &history, &f->error));
    return history;
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    size_t applied = 0;

    f->primary = postgres_new();
    f->arena = arena_new(64 * 1024 * 1024);
    must(f,
         migration_run(postgres_url(f->primary, NULL), "test", migrations, 1, &applied, &f->error));
    f->standby = postgres_new_standby(f->primary);
    f->owner = open_database(f, f->primary, NULL);
    f->service = open_database(f, f->primary, "bourse_test");
    run(f, f->owner, "first", "INSERT INTO things VALUES (1)");
    run(f, f->owner, "fail_on_standby",
        "CREATE FUNCTION fail_on_standby(state text) RETURNS text LANGUAGE plpgsql AS $$BEGIN"
        " IF NOT pg_is_in_recovery() THEN RETURN 'primary'; END IF;"
        " RAISE EXCEPTION 'failed' USING ERRCODE = state; END$$");
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    database_free(&f->owner);
    database_free(&f->service);
    arena_free(&f->arena);
    postgres_free(&f->standby);
    postgres_free(&f->primary);
    release(f);
    return 0;
}

static int open_near(void **state)
{
    struct fixture *f = *state;
    char url[512];
    struct database_options options = {.url = url, .service = "test"};

    snprintf(url, sizeof url, "%s target_session_attrs=any", postgres_url(f->standby, NULL));
    must(f, database_new(&options, &f->observer, &f->error));
    f->history = open_history(f, postgres_url(f->standby, "bourse_test"), 1);
    wait_for_state(f, HISTORY_NEAR);
    return 0;
}

static int close_history(void **state)
{
    struct fixture *f = *state;

    history_free(&f->history);
    database_free(&f->observer);
    return 0;
}

// What one asks the standby itself, as its superuser.
static void tell_standby(struct fixture *f, const char *name, const char *sql)
{
    run(f, f->observer, name, sql);
}

static void pause_replay(struct fixture *f)
{
    static const struct statement ask = {"replay_state", "SELECT pg_get_wal_replay_pause_state()"};
    struct rows rows = {0};

    tell_standby(f, "pause", "SELECT pg_wal_replay_pause()");
    do {
        must(f, database_query(f->observer, f->arena, &ask, NULL, 0, &rows, &f->error));
    } while (strcmp(rows_text(&rows, 0, 0), "paused") != 0);
}

static void resume_replay(struct fixture *f)
{
    tell_standby(f, "resume", "SELECT pg_wal_replay_resume()");
}

static void what_is_over_is_answered_by_a_standby_that_is_near(void **state)
{
    struct fixture *f = *state;

    assert_true(count_by_standby(f, &anything) > 0);
    assert_true(count_by_standby(f, &own_writes) > 0);
}

static void what_shows_the_present_is_answered_by_the_primary(void **state)
{
    struct fixture *f = *state;

    assert_false(is_by_standby(f, NULL));
    // It is no read that a standby could have answered.
    for (int outcome = 0; outcome < HISTORY_OUTCOMES; outcome++)
        assert_int_equal(outcomes(f, outcome), 0);
}

static void without_a_standby_the_primary_answers(void **state)
{
    struct fixture *f = *state;
    struct history *whole = f->history;
    struct rows rows = {0};

    f->history = open_history(f, "", 1);
    assert_false(history_has_standby(f->history));
    must(f,
         history_query(f->history, &anything, f->arena, &count_things, NULL, 0, &rows, &f->error));
    assert_int_equal(rows_int(&rows, 0, 1), 0);
    history_free(&f->history);
    f->history = whole;
}

static void a_primary_that_is_idle_does_not_make_its_standby_late(void **state)
{
    struct fixture *f = *state;
    int64_t end_us = clock_monotonic_us() + 3 * LAG_MS_MAX * MICROS_PER_MS;
    int64_t period_us = history_look_period_ms(f->history) * MICROS_PER_MS;

    while (clock_monotonic_us() < end_us) {
        int64_t before_us = clock_monotonic_us();

        // As the thread that looks does.
        clock_sleep_until_us(before_us + period_us);
        // One that was itself late says nothing.
        if (history_look(f->history, &f->error) != HISTORY_NEAR)
            assert_true(clock_monotonic_us() - before_us > 2 * period_us);
    }
}

static void a_standby_that_is_later_than_the_bound_is_not_asked(void **state)
{
    struct fixture *f = *state;
    bool by_standby = false;
    int64_t before = 0, after = 0;

    pause_replay(f);
    before = count(f, NULL, &by_standby);
    must(f, database_query(f->owner, f->arena, &add_thing, NULL, 0, NULL, &f->error));
    wait_for_state(f, HISTORY_BEHIND);
    after = count(f, &anything, &by_standby);
    assert_false(by_standby);
    assert_int_equal(after, before + 1);
    assert_true(outcomes(f, HISTORY_WAS_BEHIND) > 0);
    assert_true(history_statistics(f->history).lag_us > LAG_MS_MAX * MICROS_PER_MS);
    resume_replay(f);
    assert_int_equal(count_by_standby(f, &anything), after);
}

static void what_the_service_has_written_is_seen_at_once(void **state)
{
    struct fixture *f = *state;
    bool by_standby = false;
    int64_t before = count(f, NULL, &by_standby), found = 0;

    pause_replay(f);
    must(f, database_query(f->service, f->arena, &add_thing, NULL, 0, NULL, &f->error));
    assert_int_equal(count(f, &own_writes, &by_standby), before + 1);
    assert_false(by_standby);
    // Nobody knows but the standby, as the primary has been asked since.
    (void)history_look(f->history, &f->error);
    assert_int_equal(count(f, &own_writes, &by_standby), before + 1);
    assert_false(by_standby);
    // Who needs only what is older than the bound may get what was before.
    found = count(f, &anything, &by_standby);
    assert_int_equal(found, by_standby ? before : before + 1);
    resume_replay(f);
    assert_int_equal(count_by_standby(f, &own_writes), before + 1);
}

static void a_standby_without_the_mark_does_not_answer(void **state)
{
    struct fixture *f = *state;
    struct history_need need = {.mark = &read_mark, .mark_of = parameter_int(1), .mark_min = 5};

    run(f, f->owner, "mark_5",
        "INSERT INTO marks VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET"
        " number = 5");
    // What is not there yet is not what is needed, either.
    (void)count_by_standby(f, &need);
    pause_replay(f);
    run(f, f->owner, "mark_6", "UPDATE marks SET number = 6 WHERE id = 1");
    need.mark_min = 6;
    assert_false(is_by_standby(f, &need));
    assert_int_equal(outcomes(f, HISTORY_WAS_AWAY), 0);
    need.mark_of = parameter_int(2);
    need.mark_min = 0;
    assert_false(is_by_standby(f, &need));
    resume_replay(f);
}

static void rows_that_are_not_wanted_take_no_memory(void **state)
{
    static const struct statement large = {"large", "SELECT repeat('x', 1000000)"};
    struct fixture *f = *state;
    struct history_need need = {.mark = &read_mark, .mark_of = parameter_int(99), .mark_min = 1};
    OWNED(arena) arena = arena_new(1500 * 1000);
    struct rows rows = {0};

    must(f, history_query(f->history, &need, arena, &large, NULL, 0, &rows, &f->error));
    assert_int_equal(strlen(rows_text(&rows, 0, 0)), 1000000);
    assert_int_equal(outcomes(f, HISTORY_WAS_BEHIND), 1);
}

static void whatever_a_standby_fails_with_the_primary_answers(void **state)
{
    static const char *const states[] = {"40001", "40P01", "57014", "55P03", "0A000",
                                         "42P01", "XX000", "53200", "57P01"};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(states); i++) {
        static const struct statement fail = {"fail_on_standby", "SELECT fail_on_standby($1)"};
        const struct parameter value = parameter_text(states[i]);
        struct rows rows = {0};

        wait_for_state(f, HISTORY_NEAR);
        must(f, history_query(f->history, &anything, f->arena, &fail, &value, 1, &rows, &f->error));
        assert_string_equal(rows_text(&rows, 0, 0), "primary");
        // One that was lost is left alone until somebody has looked.
        if (outcomes(f, HISTORY_WAS_AWAY) > 0)
            assert_false(is_by_standby(f, &anything));
    }
    assert_int_equal(outcomes(f, HISTORY_BY_STANDBY), 0);
    assert_int_equal(outcomes(f, HISTORY_WAS_CANCELED), COUNT_OF(states) - 2);
    assert_int_equal(outcomes(f, HISTORY_WAS_AWAY), 4);
}

static const struct statement sleep_on_standby = {
    "sleep_on_standby", "SELECT CASE WHEN pg_is_in_recovery() THEN pg_sleep($1::bigint)::text"
                        " END, pg_is_in_recovery() FROM things LIMIT 1"};

static void *read_slowly(void *context)
{
    struct fixture *f = context;
    OWNED(arena) arena = arena_new(1024 * 1024);
    const struct parameter seconds = parameter_int(20);
    struct rows rows = {0};
    struct error error;

    if (!history_query(f->history, &anything, arena, &sleep_on_standby, &seconds, 1, &rows,
                       &error) ||
        rows_bool(&rows, 0, 1))
        return f;
    return NULL;
}

static int64_t sleepers(struct fixture *f)
{
    static const struct statement ask = {
        "sleepers", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"};
    struct rows rows = {0};

    must(f, database_query(f->observer, f->arena, &ask, NULL, 0, &rows, &f->error));
    return rows_int(&rows, 0, 0);
}

static void wait_for_sleepers(struct fixture *f, int64_t wanted)
{
    assert_true_within(WAIT_MS_MAX, sleepers(f) == wanted);
}

static void a_standby_that_is_silent_or_busy_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    int64_t began_us = clock_monotonic_us();
    pthread_t threads[2];
    void *failed = NULL;

    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_slowly, f), 0);
    wait_for_sleepers(f, COUNT_OF(threads));
    // All connections are in use, which a look takes for no loss.
    (void)history_look(f->history, &f->error);
    assert_false(is_by_standby(f, &anything));
    assert_int_equal(outcomes(f, HISTORY_WAS_BUSY), 1);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_true(clock_monotonic_us() - began_us < 10 * MICROS_PER_SECOND);
    assert_int_equal(outcomes(f, HISTORY_WAS_AWAY), COUNT_OF(threads));
    wait_for_state(f, HISTORY_NEAR);
    tell_standby(f, "end_sleepers",
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE wait_event = 'PgSleep'");
}

// A table that is changed cannot be read meanwhile, and replay is not made to wait for readers.
static void a_read_that_is_in_the_way_of_replay_is_answered_by_the_primary(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    void *failed = NULL;

    tell_standby(f, "no_delay", "ALTER SYSTEM SET max_standby_streaming_delay = 0");
    tell_standby(f, "reload", "SELECT pg_reload_conf()");
    // On a machine with much else to do the reader may have given up before it was canceled.
    for (int i = 0; i < TRIES_MAX && outcomes(f, HISTORY_WAS_CANCELED) == 0; i++) {
        wait_for_state(f, HISTORY_NEAR);
        assert_int_equal(pthread_create(&thread, NULL, read_slowly, f), 0);
        wait_for_sleepers(f, 1);
        run(f, f->owner, "change", "ALTER TABLE things ALTER COLUMN id SET DEFAULT 1");
        assert_int_equal(pthread_join(thread, &failed), 0);
        assert_null(failed);
        wait_for_sleepers(f, 0);
    }
    assert_int_equal(outcomes(f, HISTORY_WAS_CANCELED), 1);
}

static void a_standby_that_goes_away_is_used_again_when_it_is_back(void **state)
{
    struct fixture *f = *state;

    database_free(&f->observer);
    postgres_stop(f->standby);
    assert_false(is_by_standby(f, &anything));
    assert_int_equal(history_look(f->history, &f->error), HISTORY_AWAY);
    assert_string_not_equal(f->error.message, "");
    assert_false(is_by_standby(f, &anything));
    assert_true(outcomes(f, HISTORY_WAS_AWAY) > 0);
    postgres_start(f->standby);
    (void)count_by_standby(f, &anything);
}

static void a_standby_without_the_latest_migrations_is_not_used(void **state)
{
    struct fixture *f = *state;
    size_t applied = 0;

    pause_replay(f);
    must(f,
         migration_run(postgres_url(f->primary, NULL), "test", migrations, 2, &applied, &f->error));
    assert_int_equal(applied, 1);
    history_free(&f->history);
    f->history = open_history(f, postgres_url(f->standby, "bourse_test"), 2);
    assert_int_equal(history_look(f->history, &f->error), HISTORY_AWAY);
    assert_non_null(strstr(f->error.message, "002_more.sql has not been applied"));
    assert_false(is_by_standby(f, &anything));
    resume_replay(f);
    (void)count_by_standby(f, &anything);
}

// It has the same tables and roles, and is as near to its own primary as can be.
static void a_standby_of_another_database_is_not_used(void **state)
{
    struct fixture *f = *state;
    struct postgres *other = postgres_new_unrelated();
    struct postgres *its_standby = NULL;
    size_t applied = 0;

    must(f, migration_run(postgres_url(other, NULL), "test", migrations, 2, &applied, &f->error));
    its_standby = postgres_new_standby(other);
    history_free(&f->history);
    f->history = open_history(f, postgres_url(its_standby, "bourse_test"), 2);
    assert_int_equal(history_look(f->history, &f->error), HISTORY_AWAY);
    assert_string_equal(f->error.message,
                        "It is no standby of the service's database, but of another one.");
    assert_false(is_by_standby(f, &anything));
    assert_int_equal(outcomes(f, HISTORY_WAS_AWAY), 1);
    postgres_free(&its_standby);
    postgres_free(&other);
}

// The last one: there is no way back.
static void a_standby_that_was_promoted_is_not_used(void **state)
{
    struct fixture *f = *state;
    char url[512];

    tell_standby(f, "promote", "SELECT pg_promote()");
    tell_standby(f, "checkpoint", "CHECKPOINT");
    // It does not hear of what is done from here on.
    run(f, f->owner, "later", "INSERT INTO things SELECT max(id) + 1 FROM things");
    wait_for_state(f, HISTORY_BEHIND);
    assert_false(is_by_standby(f, &anything));
    history_free(&f->history);
    // Also by who takes any server.
    snprintf(url, sizeof url, "%s target_session_attrs=any",
             postgres_url(f->standby, "bourse_test"));
    f->history = open_history(f, url, 1);
    assert_int_equal(history_look(f->history, &f->error), HISTORY_AWAY);
    assert_string_equal(f->error.message, "The standby is on timeline 2 and the primary on 1.");
    assert_false(is_by_standby(f, &anything));
}

static void a_string_that_is_none_is_refused(void **state)
{
    struct fixture *f = *state;
    struct history_options options = {.primary = f->service,
                                      .primary_url = postgres_url(f->primary, "bourse_test"),
                                      .url = "this is = not one",
                                      .service = "test"};
    struct history *history = NULL;

    assert_false(history_new(&options, &history, &f->error));
    assert_string_equal(f->error.reason, "INVALID_SETTING");
    assert_null(history);
}

#define NEAR(test) cmocka_unit_test_setup_teardown(test, open_near, close_history)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEAR(what_is_over_is_answered_by_a_standby_that_is_near),
        NEAR(what_shows_the_present_is_answered_by_the_primary),
        NEAR(without_a_standby_the_primary_answers),
        NEAR(a_primary_that_is_idle_does_not_make_its_standby_late),
        NEAR(a_standby_that_is_later_than_the_bound_is_not_asked),
        NEAR(what_the_service_has_written_is_seen_at_once),
        NEAR(a_standby_without_the_mark_does_not_answer),
        NEAR(rows_that_are_not_wanted_take_no_memory),
        NEAR(whatever_a_standby_fails_with_the_primary_answers),
        NEAR(a_standby_that_is_silent_or_busy_holds_nobody_up),
        NEAR(a_read_that_is_in_the_way_of_replay_is_answered_by_the_primary),
        NEAR(a_standby_that_goes_away_is_used_again_when_it_is_back),
        NEAR(a_standby_without_the_latest_migrations_is_not_used),
        NEAR(a_standby_of_another_database_is_not_used),
        NEAR(a_standby_that_was_promoted_is_not_used),
        cmocka_unit_test(a_string_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
