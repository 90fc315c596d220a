// SPDX-License-Identifier: MIT
#include "database/migration.h"

#include "database/database.h"
#include "support/postgres.h"
#include "support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const struct migration first = {
    1, "001_things.sql",
    "CREATE TABLE things (id int PRIMARY KEY); GRANT SELECT, INSERT ON things TO bourse_shop;"};
static const struct migration second = {2, "002_more.sql",
                                        "ALTER TABLE things ADD COLUMN name text;"};

static int start(void **state)
{
    *state = postgres_new();
    return 0;
}

static int stop(void **state)
{
    struct postgres *postgres = *state;

    postgres_free(&postgres);
    return 0;
}

static struct database *open_as(struct postgres *postgres, const char *role, const char *service)
{
    struct database_options options = {.url = postgres_url(postgres, role), .service = service};
    struct database *database = NULL;
    struct error error;

    assert_true(database_new(&options, &database, &error));
    return database;
}

// Every test begins without the schema.
static int clear(void **state)
{
    OWNED(database) database = open_as(*state, NULL, "public");
    OWNED(arena) arena = arena_new(4096);
    struct statement drop = {"drop", "DROP SCHEMA IF EXISTS shop CASCADE"};
    struct error error;

    assert_true(database_query(database, arena, &drop, NULL, 0, NULL, &error));
    return 0;
}

static bool run(struct postgres *postgres,
                const struct migration *migrations,
                size_t count,
                size_t *out_applied,
                struct error *error)
{
    return migration_run(postgres_url(postgres, NULL), "shop", migrations, count, out_applied,
                         error);
}

static void files_are_applied_once_and_in_order(void **state)
{
    struct migration both[] = {first, second};
    size_t applied = 99;
    struct error error;

    assert_true(run(*state, both, 1, &applied, &error));
    assert_int_equal(applied, 1);
    assert_true(run(*state, both, 2, &applied, &error));
    assert_int_equal(applied, 1);
    assert_true(run(*state, both, 2, &applied, &error));
    assert_int_equal(applied, 0);
}

static void the_role_may_do_what_the_files_grant_and_no_more(void **state)
{
    OWNED(database) database = open_as(*state, "bourse_shop", "shop");
    OWNED(arena) arena = arena_new(64 * 1024);
    struct statement insert = {"insert", "INSERT INTO things (id) VALUES (1)"};
    struct statement delete = {"delete", "DELETE FROM things"};
    struct statement forget = {"forget", "DELETE FROM migrations"};
    size_t applied = 0;
    struct error error;

    assert_true(run(*state, &first, 1, &applied, &error));
    assert_true(database_query(database, arena, &insert, NULL, 0, NULL, &error));
    assert_false(database_query(database, arena, &delete, NULL, 0, NULL, &error));
    assert_string_equal(error.reason, "INTERNAL");
    assert_false(database_query(database, arena, &forget, NULL, 0, NULL, &error));
}

static void how_is_planned_for_the_role_is_set_by_each_run(void **state)
{
    OWNED(database) database = open_as(*state, NULL, "public");
    OWNED(arena) arena = arena_new(4096);
    struct migration both[] = {
        first, {2, "002_plans.sql", "ALTER ROLE bourse_shop SET enable_seqscan = off"}};
    struct statement forget = {"forget", "ALTER ROLE bourse_shop RESET enable_seqscan"};
    struct statement find = {"find", "SELECT 1 FROM pg_roles WHERE rolname = 'bourse_shop'"
                                     " AND 'enable_seqscan=off' = ANY (rolconfig)"};
    size_t applied = 0;
    struct rows rows;
    struct error error;

    assert_true(run(*state, both, 2, &applied, &error));
    // As on a server into which a backup of the database has been restored.
    assert_true(database_query(database, arena, &forget, NULL, 0, NULL, &error));
    assert_true(run(*state, both, 2, &applied, &error));
    assert_int_equal(applied, 0);
    assert_true(database_query(database, arena, &find, NULL, 0, &rows, &error));
    assert_int_equal(rows.count, 1);
    assert_true(database_query(database, arena, &forget, NULL, 0, NULL, &error));
}

static void a_file_that_changed_after_it_was_applied_is_refused(void **state)
{
    struct migration changed = first;
    size_t applied = 0;
    struct error error;

    assert_true(run(*state, &first, 1, &applied, &error));
    changed.sql = "CREATE TABLE things (id bigint PRIMARY KEY)";
    assert_false(run(*state, &changed, 1, &applied, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_non_null(strstr(error.message, "001_things.sql"));
}

static void a_missing_number_is_refused(void **state)
{
    struct migration gap[] = {first, {3, "003_later.sql", "SELECT 1"}};
    size_t applied = 0;
    struct error error;

    assert_false(run(*state, gap, 2, &applied, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
}

static void a_database_that_is_newer_than_the_program_is_refused(void **state)
{
    struct migration both[] = {first, second};
    OWNED(database) database = NULL;
    size_t applied = 0;
    struct error error;

    assert_true(run(*state, both, 2, &applied, &error));
    assert_false(run(*state, both, 1, &applied, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_non_null(strstr(error.message, "002_more.sql"));
    // An older replica goes on working while the new version is rolled out.
    database = open_as(*state, "bourse_shop", "shop");
    assert_true(migration_check(database, both, 1, &error));
}

static void a_file_that_fails_leaves_nothing_behind(void **state)
{
    struct migration broken = {1, "001_broken.sql",
                               "CREATE TABLE half (id int); SELECT no_such_column FROM half;"};
    size_t applied = 0;
    struct error error;

    assert_false(run(*state, &broken, 1, &applied, &error));
    assert_true(run(*state, &first, 1, &applied, &error));
    assert_int_equal(applied, 1);
    broken.sql = "CREATE TABLE half (id int)";
    broken.number = 2;
    assert_true(run(*state, (struct migration[]){first, broken}, 2, &applied, &error));
}

static void a_file_that_commits_by_itself_is_refused(void **state)
{
    struct migration ends = {1, "001_ends.sql", "CREATE TABLE half (id int); COMMIT;"};
    size_t applied = 0;
    struct error error;

    assert_false(run(*state, &ends, 1, &applied, &error));
    assert_non_null(strstr(error.message, "001_ends.sql"));
}

static void checking_says_what_is_missing(void **state)
{
    struct migration both[] = {first, second};
    OWNED(database) database = open_as(*state, "bourse_shop", "shop");
    size_t applied = 0;
    struct error error;

    assert_false(migration_check(database, both, 2, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_true(run(*state, both, 1, &applied, &error));
    assert_false(migration_check(database, both, 2, &error));
    assert_non_null(strstr(error.message, "002_more.sql"));
    assert_true(run(*state, both, 2, &applied, &error));
    assert_true(migration_check(database, both, 2, &error));
}

struct runner {
    struct postgres *postgres;
    const struct migration *migrations;
    size_t count;
    size_t applied;
    bool done;
    atomic_bool is_over;
    struct error error;
};

static void *run_in_thread(void *context)
{
    struct runner *runner = context;

    runner->done =
        run(runner->postgres, runner->migrations, runner->count, &runner->applied, &runner->error);
    atomic_store(&runner->is_over, true);
    return NULL;
}

static void runs_at_the_same_time_apply_each_file_once(void **state)
{
    struct migration files[] = {first, second};
    struct runner runners[4];
    pthread_t threads[COUNT_OF(runners)];
    size_t applied = 0;

    // The role is there already from other tests, so it is made to be made again.
    assert_int_equal(clear(state), 0);
    for (size_t i = 0; i < COUNT_OF(runners); i++) {
        runners[i] = (struct runner){.postgres = *state, .migrations = files, .count = 2};
        postgres_url(*state, NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, run_in_thread, &runners[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(runners); i++) {
        pthread_join(threads[i], NULL);
        if (!runners[i].done)
            fail_msg("%s", runners[i].error.message);
        applied += runners[i].applied;
    }
    assert_int_equal(applied, 2);
}

// Reads the table for longer than a service waits for a lock.
static void *read_for_long(void *postgres)
{
    OWNED(database) database = open_as(postgres, "bourse_shop", "shop");
    OWNED(arena) arena = arena_new(4096);
    struct statement read = {"read_for_long", "SELECT pg_sleep(3) FROM things"};
    struct error error;

    assert_true(database_query(database, arena, &read, NULL, 0, NULL, &error));
    return NULL;
}

static void wait_for_reader(struct database *database, struct arena *arena)
{
    struct statement find = {"find_reader",
                             "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
                             " AND wait_event = 'PgSleep'"};
    struct rows rows = {0};
    struct error error;

    while (rows.count == 0)
        assert_true(database_query(database, arena, &find, NULL, 0, &rows, &error));
}

static void services_go_on_while_a_file_waits_for_who_uses_its_table(void **state)
{
    OWNED(database) database = open_as(*state, "bourse_shop", "shop");
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct statement insert = {"insert", "INSERT INTO things (id) SELECT max(id) + 1 FROM things"};
    struct statement begin = {"begin", "INSERT INTO things (id) VALUES (1)"};
    struct migration files[] = {first, second};
    struct runner runner = {.postgres = *state, .migrations = files, .count = 2};
    pthread_t reader;
    pthread_t migrating;
    size_t applied = 0;
    int count = 0;
    struct error error;

    assert_true(run(*state, &first, 1, &applied, &error));
    assert_true(database_query(database, arena, &begin, NULL, 0, NULL, &error));
    assert_int_equal(pthread_create(&reader, NULL, read_for_long, *state), 0);
    wait_for_reader(database, arena);
    assert_int_equal(pthread_create(&migrating, NULL, run_in_thread, &runner), 0);
    // Nobody waits behind the file for longer than the services do, which would be refused then.
    for (; !atomic_load(&runner.is_over); count++) {
        arena_reset(arena);
        if (!database_query(database, arena, &insert, NULL, 0, NULL, &error))
            fail_msg("%d: %s", count, error.message);
    }
    pthread_join(migrating, NULL);
    pthread_join(reader, NULL);
    if (!runner.done)
        fail_msg("%s", runner.error.message);
    assert_int_equal(runner.applied, 1);
    assert_true(count > 3);
}

static void a_name_that_is_not_a_schema_is_refused(void **state)
{
    size_t applied = 0;
    struct error error;

    assert_false(migration_run(postgres_url(*state, NULL), "shop; DROP TABLE x", &first, 1,
                               &applied, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
}

static void an_absent_database_is_told_from_a_wrong_one(void **state)
{
    size_t applied = 0;
    struct error error;

    (void)state;
    assert_false(
        migration_run("host=/nowhere dbname=x user=y", "shop", &first, 1, &applied, &error));
    assert_string_equal(error.reason, "DATABASE_UNAVAILABLE");
    assert_false(migration_run("no connection string", "shop", &first, 1, &applied, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
}

// A connection string as the service's own, of that user and with that password.
static void own_url(struct postgres *postgres, const char *user, char *url, size_t size)
{
    snprintf(url, size, "%s password=secret", postgres_url(postgres, user));
}

static void the_role_gets_the_password_of_its_connection_string(void **state)
{
    OWNED(database) database = open_as(*state, NULL, "public");
    OWNED(arena) arena = arena_new(4096);
    struct statement verifier = {"verifier",
                                 "SELECT rolpassword FROM pg_authid WHERE rolname = "
                                 "'bourse_shop' AND rolpassword LIKE 'SCRAM-SHA-256$%'"};
    char url[512];
    struct rows rows;
    size_t applied = 0;
    struct error error;

    assert_true(run(*state, &first, 1, &applied, &error));
    assert_true(migration_set_password(postgres_url(*state, NULL), "shop", "", &error));
    assert_true(database_query(database, arena, &verifier, NULL, 0, &rows, &error));
    assert_int_equal(rows.count, 0);
    own_url(*state, "bourse_shop", url, sizeof url);
    assert_true(migration_set_password(postgres_url(*state, NULL), "shop", url, &error));
    assert_true(database_query(database, arena, &verifier, NULL, 0, &rows, &error));
    assert_int_equal(rows.count, 1);
}

static void the_connection_string_of_another_role_gives_no_password(void **state)
{
    char url[512];
    size_t applied = 0;
    struct error error;

    assert_true(run(*state, &first, 1, &applied, &error));
    own_url(*state, "somebody", url, sizeof url);
    assert_false(migration_set_password(postgres_url(*state, NULL), "shop", url, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_non_null(strstr(error.message, "bourse_shop"));
    assert_null(strstr(error.message, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files_are_applied_once_and_in_order, clear),
        cmocka_unit_test_setup(the_role_may_do_what_the_files_grant_and_no_more, clear),
        cmocka_unit_test_setup(how_is_planned_for_the_role_is_set_by_each_run, clear),
        cmocka_unit_test_setup(a_file_that_changed_after_it_was_applied_is_refused, clear),
        cmocka_unit_test_setup(a_missing_number_is_refused, clear),
        cmocka_unit_test_setup(a_database_that_is_newer_than_the_program_is_refused, clear),
        cmocka_unit_test_setup(a_file_that_fails_leaves_nothing_behind, clear),
        cmocka_unit_test_setup(a_file_that_commits_by_itself_is_refused, clear),
        cmocka_unit_test_setup(checking_says_what_is_missing, clear),
        cmocka_unit_test_setup(runs_at_the_same_time_apply_each_file_once, clear),
        cmocka_unit_test_setup(services_go_on_while_a_file_waits_for_who_uses_its_table, clear),
        cmocka_unit_test_setup(a_name_that_is_not_a_schema_is_refused, clear),
        cmocka_unit_test_setup(the_role_gets_the_password_of_its_connection_string, clear),
        cmocka_unit_test_setup(the_connection_string_of_another_role_gives_no_password, clear),
        cmocka_unit_test_setup(an_absent_database_is_told_from_a_wrong_one, clear),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
