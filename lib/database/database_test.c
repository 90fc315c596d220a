// SPDX-License-Identifier: MIT
#include "database/database.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "support/postgres.h"
#include "support/wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct arena *arena;
    struct error error;
    int runs;
    struct rows rows[DATABASE_QUEUE_MAX];
};

static const struct statement insert = {"insert", "INSERT INTO things (id, name) VALUES ($1, $2)"};
static const struct statement count_all = {"count_all", "SELECT count(*) FROM things"};
static const struct statement terminate_me = {"terminate_me",
                                              "SELECT pg_terminate_backend(pg_backend_pid())"};

static bool run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};

    return database_query(f->database, f->arena, &statement, NULL, 0, NULL, &f->error);
}

static struct database *open_database(struct fixture *f, size_t connections)
{
    struct database_options options = {.url = postgres_url(f->postgres, NULL),
                                       .service = "public",
                                       .connections = connections,
                                       .wait_ms = 200};
    struct database *database = NULL;

    assert_true(database_new(&options, &database, &f->error));
    return database;
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    f->postgres = postgres_new();
    f->arena = arena_new(64 * 1024 * 1024);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    arena_free(&f->arena);
    postgres_free(&f->postgres);
    release(f);
    return 0;
}

static int open_clean(void **state)
{
    struct fixture *f = *state;

    f->database = open_database(f, 2);
    f->runs = 0;
    arena_reset(f->arena);
    // A test before this one may have made the server recover from a crash.
    assert_true_within(30000, run_sql(f, "drop", "DROP TABLE IF EXISTS things"));
    assert_true(run_sql(f, "create",
                        "CREATE TABLE things (id bigint CONSTRAINT things_key PRIMARY KEY,"
                        " name text, amount numeric(20,6), at timestamptz, flag bool)"));
    assert_true(run_sql(f, "drop_sequence", "DROP SEQUENCE IF EXISTS tries"));
    assert_true(run_sql(f, "create_sequence", "CREATE SEQUENCE tries"));
    // Sequences are not rolled back, so this one counts the runs of a repeated transaction.
    assert_true(run_sql(f, "create_function",
                        "CREATE OR REPLACE FUNCTION clash_until(n bigint) RETURNS bigint AS $$"
                        " DECLARE now bigint := nextval('tries');"
                        " BEGIN IF now < n THEN"
                        "  RAISE EXCEPTION 'clash' USING ERRCODE = 'serialization_failure';"
                        " END IF; RETURN now; END $$ LANGUAGE plpgsql"));
    return 0;
}

static int close_database(void **state)
{
    struct fixture *f = *state;

    database_free(&f->database);
    return 0;
}

static int64_t count_things(struct fixture *f)
{
    struct rows rows;

    if (!database_query(f->database, f->arena, &count_all, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows_int(&rows, 0, 0);
}

static bool insert_thing(struct transaction *transaction, int64_t id, struct error *error)
{
    return transaction_query(transaction, &insert,
                             (struct parameter[]){parameter_int(id), parameter_text("x")}, 2, NULL,
                             error);
}

static bool queue_thing(struct transaction *transaction, int64_t id, struct error *error)
{
    return transaction_queue(transaction, &insert,
                             (struct parameter[]){parameter_int(id), parameter_text("x")}, 2, NULL,
                             error);
}

static bool
transact(struct fixture *f, int flags, bool (*work)(struct transaction *, void *, struct error *))
{
    return database_transact(f->database, f->arena, flags, work, f, &f->error);
}

static void array_elements_come_back_as_they_went(void **state)
{
    static const struct statement echo_array = {
        "echo_array", "SELECT a, ordinality FROM unnest($1::text[]) WITH ORDINALITY AS u(a)"};
    struct fixture *f = *state;
    struct parameter elements[] = {parameter_text("quote \" and \\ backslash, {brace}"),
                                   parameter_null(), parameter_text("NULL"), parameter_text(""),
                                   parameter_int(-5)};
    struct parameter array;
    struct rows rows;

    assert_true(parameter_array(f->arena, elements, COUNT_OF(elements), &array));
    if (!database_query(f->database, f->arena, &echo_array, &array, 1, &rows, &f->error))
        fail_msg("%s", f->error.message);
    assert_int_equal(rows.count, 5);
    assert_string_equal(rows_text(&rows, 0, 0), "quote \" and \\ backslash, {brace}");
    assert_true(rows_is_null(&rows, 1, 0));
    assert_string_equal(rows_text(&rows, 2, 0), "NULL");
    assert_string_equal(rows_text(&rows, 3, 0), "");
    assert_int_equal(rows_int(&rows, 4, 0), -5);
    assert_int_equal(rows_int(&rows, 4, 1), 5);
}

static void scalars_come_back_as_they_went(void **state)
{
    static const struct statement echo = {
        "echo_scalars",
        "SELECT $1::text, $2::bigint, $3::bool, $4::numeric(20,6), $5::timestamptz, $6::text"};
    struct fixture *f = *state;
    struct parameter values[] = {
        parameter_text("it's \"q\" \\ \xc3\xa9"),
        parameter_int(INT64_MIN),
        parameter_bool(true),
        parameter_decimal(-12500001, 6),
        parameter_time(INT64_C(1401715800123456)),
        parameter_null(),
    };
    struct rows rows;

    if (!database_query(f->database, f->arena, &echo, values, 6, &rows, &f->error))
        fail_msg("%s", f->error.message);
    assert_string_equal(rows_text(&rows, 0, 0), "it's \"q\" \\ \xc3\xa9");
    assert_true(rows_int(&rows, 0, 1) == INT64_MIN);
    assert_true(rows_bool(&rows, 0, 2));
    assert_int_equal(rows_decimal(&rows, 0, 3, 6), -12500001);
    assert_int_equal(rows_time(&rows, 0, 4), INT64_C(1401715800123456));
    assert_true(rows_is_null(&rows, 0, 5));
}

static bool insert_one(struct transaction *transaction, void *context, struct error *error)
{
    (void)context;
    return insert_thing(transaction, 1, error);
}

static bool insert_and_refuse(struct transaction *transaction, void *context, struct error *error)
{
    (void)context;
    return insert_thing(transaction, 1, error) &&
           error_set(error, REASON_INSUFFICIENT_FUNDS, "No.");
}

static void work_that_fails_leaves_nothing_and_keeps_its_reason(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, insert_and_refuse));
    assert_string_equal(f->error.reason, "INSUFFICIENT_FUNDS");
    assert_int_equal(count_things(f), 0);
}

static void a_unique_violation_names_its_constraint(void **state)
{
    struct fixture *f = *state;

    assert_true(transact(f, 0, insert_one));
    assert_false(transact(f, 0, insert_one));
    assert_string_equal(f->error.reason, "CONFLICT");
    assert_string_equal(error_constraint(&f->error), "things_key");
    assert_int_equal(count_things(f), 1);
}

static bool swallow_a_violation(struct transaction *transaction, void *context, struct error *error)
{
    bool done = insert_thing(transaction, 1, error) && insert_thing(transaction, 1, error);

    (void)context;
    (void)done;
    return true;
}

static void a_failure_that_the_work_overlooks_is_no_success(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, swallow_a_violation));
    assert_string_equal(error_constraint(&f->error), "things_key");
    assert_int_equal(count_things(f), 0);
}

static bool clash_three_times(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement clash = {"clash", "SELECT clash_until(4)"};
    struct fixture *f = context;

    f->runs++;
    return insert_thing(transaction, 1, error) &&
           transaction_query(transaction, &clash, NULL, 0, NULL, error);
}

static void a_clash_repeats_the_whole_transaction(void **state)
{
    struct fixture *f = *state;
    uint64_t before = database_statistics(f->database).retries;

    assert_true(transact(f, 0, clash_three_times));
    assert_int_equal(f->runs, 4);
    assert_int_equal(database_statistics(f->database).retries - before, 3);
    assert_int_equal(count_things(f), 1);
}

static bool clash_for_ever(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement clash = {"clash_ever", "SELECT clash_until(1000000)"};
    struct fixture *f = context;

    f->runs++;
    return insert_thing(transaction, 1, error) &&
           transaction_queue(transaction, &clash, NULL, 0, NULL, error);
}

static void a_clash_without_end_is_told_after_five_repeats(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, clash_for_ever));
    assert_string_equal(f->error.reason, "CONFLICT");
    assert_false(f->error.outcome_unknown);
    assert_int_equal(f->runs, 6);
    assert_int_equal(count_things(f), 0);
}

static bool queue_sixty_four(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement add = {
        "add", "INSERT INTO things (id, name) VALUES ($1, $2) RETURNING id, name"};
    struct fixture *f = context;

    for (int i = 0; i < DATABASE_QUEUE_MAX; i++) {
        // The text lives only until the call returns.
        char name[16];
        struct parameter values[2];
        snprintf(name, sizeof name, "thing %d", i);
        values[0] = parameter_int(i);
        values[1] = parameter_text(name);
        if (!transaction_queue(transaction, &add, values, 2, &f->rows[i], error))
            return false;
    }
    return transaction_flush(transaction, error);
}

static void sixty_four_statements_go_in_one_round_trip(void **state)
{
    struct fixture *f = *state;
    char name[16];

    assert_true(transact(f, 0, queue_sixty_four));
    for (int i = 0; i < DATABASE_QUEUE_MAX; i++) {
        snprintf(name, sizeof name, "thing %d", i);
        assert_int_equal(f->rows[i].count, 1);
        assert_int_equal(rows_int(&f->rows[i], 0, 0), i);
        assert_string_equal(rows_text(&f->rows[i], 0, 1), name);
        assert_int_equal(f->rows[i].affected, 1);
    }
    assert_int_equal(count_things(f), DATABASE_QUEUE_MAX);
}

static bool queue_too_many(struct transaction *transaction, void *context, struct error *error)
{
    (void)context;
    for (int i = 0; i <= DATABASE_QUEUE_MAX; i++)
        if (!queue_thing(transaction, i, error))
            return false;
    return true;
}

static void one_more_than_may_be_queued_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, queue_too_many));
    assert_string_equal(f->error.reason, "INTERNAL");
    assert_int_equal(count_things(f), 0);
}

static bool queue_without_flush(struct transaction *transaction, void *context, struct error *error)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        if (!queue_thing(transaction, i, error))
            return false;
    return true;
}

static void what_is_queued_goes_out_with_the_commit(void **state)
{
    struct fixture *f = *state;

    assert_true(transact(f, 0, queue_without_flush));
    assert_int_equal(count_things(f), 3);
}

static bool queue_a_double(struct transaction *transaction, void *context, struct error *error)
{
    (void)context;
    return queue_thing(transaction, 1, error) && queue_thing(transaction, 2, error) &&
           queue_thing(transaction, 1, error) && queue_thing(transaction, 3, error);
}

static bool
queue_a_double_and_flush(struct transaction *transaction, void *context, struct error *error)
{
    return queue_a_double(transaction, context, error) && transaction_flush(transaction, error);
}

static void an_error_in_the_middle_of_a_pipeline_undoes_all_of_it(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, queue_a_double));
    assert_string_equal(error_constraint(&f->error), "things_key");
    assert_false(transact(f, 0, queue_a_double_and_flush));
    assert_string_equal(error_constraint(&f->error), "things_key");
    assert_int_equal(count_things(f), 0);
    // The connection is fit for the next one.
    assert_true(transact(f, 0, insert_one));
    assert_int_equal(database_statistics(f->database).connections, 1);
}

static bool exchange_megabytes(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement echo = {"echo_large", "SELECT $1::text || repeat('y', 500000)"};
    struct fixture *f = context;
    char *large = arena_allocate(f->arena, 500001);

    memset(large, 'x', 500000);
    for (int i = 0; i < 30; i++) {
        struct parameter value = parameter_text(large);
        if (!transaction_queue(transaction, &echo, &value, 1, &f->rows[i], error))
            return false;
    }
    return transaction_flush(transaction, error);
}

static void a_pipeline_larger_than_all_buffers_does_not_lock_up(void **state)
{
    struct fixture *f = *state;

    if (!transact(f, 0, exchange_megabytes))
        fail_msg("%s", f->error.message);
    assert_int_equal(strlen(rows_text(&f->rows[29], 0, 0)), 1000000);
}

static void a_statement_that_was_wrong_is_prepared_again(void **state)
{
    static const struct statement of_later = {"of_later", "SELECT count(*) FROM later"};
    struct fixture *f = *state;

    assert_true(run_sql(f, "drop_later", "DROP TABLE IF EXISTS later"));
    assert_false(database_query(f->database, f->arena, &of_later, NULL, 0, NULL, &f->error));
    assert_true(run_sql(f, "create_later", "CREATE TABLE later (id int)"));
    assert_true(database_query(f->database, f->arena, &of_later, NULL, 0, NULL, &f->error));
}

static void a_table_that_changed_is_seen_as_it_is_now(void **state)
{
    static const struct statement all = {"all_of_it", "SELECT * FROM things"};
    struct fixture *f = *state;
    struct rows rows;

    assert_true(database_query(f->database, f->arena, &all, NULL, 0, &rows, &f->error));
    assert_true(run_sql(f, "add_column", "ALTER TABLE things ADD COLUMN extra int"));
    if (!database_query(f->database, f->arena, &all, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    assert_int_equal(rows.columns, 6);
}

struct occupier {
    struct fixture *f;
    pthread_barrier_t *taken;
    pthread_barrier_t *let_go;
};

static bool occupy(struct transaction *transaction, void *context, struct error *error)
{
    struct occupier *occupier = context;

    (void)transaction;
    (void)error;
    pthread_barrier_wait(occupier->taken);
    pthread_barrier_wait(occupier->let_go);
    return true;
}

static void *occupy_in_thread(void *context)
{
    struct occupier *occupier = context;
    OWNED(arena) arena = arena_new(4096);
    struct error error;

    assert_true(database_transact(occupier->f->database, arena, 0, occupy, occupier, &error));
    return NULL;
}

static void a_caller_waits_for_a_connection_only_so_long(void **state)
{
    struct fixture *f = *state;
    pthread_barrier_t taken;
    pthread_barrier_t let_go;
    struct occupier occupier = {f, &taken, &let_go};
    pthread_t threads[2];
    int64_t from_us = 0;
    int64_t took_ms = 0;

    pthread_barrier_init(&taken, NULL, 3);
    pthread_barrier_init(&let_go, NULL, 3);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, occupy_in_thread, &occupier), 0);
    pthread_barrier_wait(&taken);
    from_us = clock_monotonic_us();
    assert_false(transact(f, 0, insert_one));
    took_ms = (clock_monotonic_us() - from_us) / MICROS_PER_MS;
    assert_string_equal(f->error.reason, "UNAVAILABLE");
    assert_in_range(took_ms, 190, 2000);
    assert_int_equal(database_statistics(f->database).in_use, 2);
    assert_int_equal(database_statistics(f->database).waits, 1);
    pthread_barrier_wait(&let_go);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(transact(f, 0, insert_one));
    pthread_barrier_destroy(&taken);
    pthread_barrier_destroy(&let_go);
}

static bool die_once(struct transaction *transaction, void *context, struct error *error)
{
    struct fixture *f = context;

    if (!insert_thing(transaction, 1, error))
        return false;
    return f->runs++ > 0 || transaction_query(transaction, &terminate_me, NULL, 0, NULL, error);
}

static bool die_always(struct transaction *transaction, void *context, struct error *error)
{
    struct fixture *f = context;

    f->runs++;
    return insert_thing(transaction, 2, error) &&
           transaction_query(transaction, &terminate_me, NULL, 0, NULL, error);
}

static void a_connection_ended_inside_a_transaction_costs_one_repeat(void **state)
{
    struct fixture *f = *state;

    if (!transact(f, 0, die_once))
        fail_msg("%s", f->error.message);
    assert_int_equal(count_things(f), 1);
    f->runs = 0;
    assert_false(transact(f, 0, die_always));
    assert_string_equal(f->error.reason, "DATABASE_UNAVAILABLE");
    assert_false(f->error.outcome_unknown);
    assert_int_equal(f->runs, 2);
}

static bool die_with_the_commit(struct transaction *transaction, void *context, struct error *error)
{
    struct fixture *f = context;

    f->runs++;
    return queue_thing(transaction, 1, error) &&
           transaction_queue(transaction, &terminate_me, NULL, 0, NULL, error);
}

static void a_connection_that_the_server_ends_before_the_commit_has_not_committed(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, 0, die_with_the_commit));
    assert_string_equal(f->error.reason, "DATABASE_UNAVAILABLE");
    assert_false(f->error.outcome_unknown);
    assert_int_equal(f->runs, 2);
    assert_int_equal(count_things(f), 0);
}

static bool
sleep_with_the_commit(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement nap = {"nap", "SELECT pg_sleep(3)"};
    struct fixture *f = context;

    f->runs++;
    return queue_thing(transaction, 1, error) &&
           transaction_queue(transaction, &nap, NULL, 0, NULL, error);
}

// Kills the backend that sleeps, as a crash of the server would: without a word to the client.
static void *kill_sleeper(void *context)
{
    static const struct statement find = {
        "find_sleeper", "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'"};
    struct fixture *f = context;
    OWNED(database) own = open_database(f, 1);
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct rows rows = {0};
    struct error error;

    while (rows.count == 0)
        if (!database_query(own, arena, &find, NULL, 0, &rows, &error))
            return NULL;
    kill((pid_t)rows_int(&rows, 0, 0), SIGKILL);
    return NULL;
}

static void a_connection_lost_while_committing_leaves_the_outcome_unknown(void **state)
{
    struct fixture *f = *state;
    pthread_t killer;

    assert_int_equal(pthread_create(&killer, NULL, kill_sleeper, f), 0);
    assert_false(transact(f, 0, sleep_with_the_commit));
    pthread_join(killer, NULL);
    assert_string_equal(f->error.reason, "OUTCOME_UNKNOWN");
    assert_true(f->error.outcome_unknown);
    assert_int_equal(f->runs, 1);
}

static bool can_write(struct fixture *f)
{
    static const struct statement touch = {"touch", "UPDATE things SET name = name"};

    return database_query(f->database, f->arena, &touch, NULL, 0, NULL, &f->error);
}

static void wait_until_written(struct fixture *f)
{
    assert_true_within(10000, can_write(f));
}

static void an_idle_connection_that_was_ended_is_not_used(void **state)
{
    static const struct statement terminate_others = {
        "terminate_others", "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
                            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"};
    struct fixture *f = *state;
    OWNED(database) other = open_database(f, 1);
    uint64_t retries = 0;

    wait_until_written(f);
    assert_true(database_query(other, f->arena, &terminate_others, NULL, 0, NULL, &f->error));
    retries = database_statistics(f->database).retries;
    if (!can_write(f))
        fail_msg("%s", f->error.message);
    assert_int_equal(database_statistics(f->database).retries, retries);
    assert_int_equal(database_statistics(f->database).connections, 1);
}

static void a_server_that_stops_and_comes_back_needs_no_help(void **state)
{
    struct fixture *f = *state;
    char failure[ERROR_MESSAGE_SIZE];

    wait_until_written(f);
    assert_true(database_statistics(f->database).reachable);
    postgres_stop(f->postgres);
    assert_false(transact(f, 0, insert_one));
    assert_string_equal(f->error.reason, "DATABASE_UNAVAILABLE");
    // Who reads the error learns nothing of the machine; who reads the log does.
    assert_string_equal(f->error.message, "The database cannot be reached.");
    database_last_failure(f->database, failure);
    assert_non_null(strstr(failure, "/tmp/"));
    assert_false(can_write(f));
    assert_string_equal(f->error.reason, "DATABASE_UNAVAILABLE");
    assert_false(database_statistics(f->database).reachable);
    postgres_start(f->postgres);
    wait_until_written(f);
    assert_true(database_statistics(f->database).reachable);
}

static bool copy_things(struct transaction *transaction, void *context, struct error *error)
{
    struct fixture *f = context;
    OWNED(strbuf) data = strbuf_new(32 * 1024 * 1024);

    if (!queue_thing(transaction, 1000000, error))
        return false;
    for (int i = 0; i < 100000; i++)
        strbuf_printf(data, "%d\tname of thing %d\\\\\n", i, i);
    return transaction_copy(transaction, "COPY things (id, name) FROM STDIN", strbuf_text(data),
                            error) &&
           transaction_copy(transaction, "COPY things (id, name) FROM STDIN",
                            text_of(f->runs++ == 0 ? "2000000\tx\n" : "1\ttwice\n"), error) &&
           queue_thing(transaction, 3000000, error);
}

static void copy_takes_many_rows_inside_the_transaction(void **state)
{
    struct fixture *f = *state;

    if (!transact(f, TRANSACTION_LONG, copy_things))
        fail_msg("%s", f->error.message);
    assert_int_equal(count_things(f), 100003);
}

static void a_copy_that_is_refused_undoes_the_transaction(void **state)
{
    struct fixture *f = *state;

    f->runs = 1;
    assert_false(transact(f, TRANSACTION_LONG, copy_things));
    assert_string_equal(error_constraint(&f->error), "things_key");
    assert_int_equal(count_things(f), 0);
    assert_true(transact(f, 0, insert_one));
}

static bool write_while_reading(struct transaction *transaction, void *context, struct error *error)
{
    return insert_one(transaction, context, error);
}

static void a_reading_transaction_cannot_write(void **state)
{
    struct fixture *f = *state;

    assert_false(transact(f, TRANSACTION_READ_ONLY, write_while_reading));
    assert_int_equal(count_things(f), 0);
}

static bool read_much(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement much = {"much", "SELECT repeat('x', 1000000)"};
    struct rows rows;

    (void)context;
    return transaction_query(transaction, &much, NULL, 0, &rows, error);
}

static void rows_beyond_the_budget_are_an_ordinary_failure(void **state)
{
    struct fixture *f = *state;
    OWNED(arena) small = arena_new(1000);

    assert_false(database_transact(f->database, small, 0, read_much, NULL, &f->error));
    assert_string_equal(f->error.reason, "OUT_OF_MEMORY_BUDGET");
    assert_true(transact(f, 0, insert_one));
}

static void a_lock_that_cannot_be_had_is_a_conflict(void **state)
{
    static const struct statement give_up = {"impatient",
                                             "SELECT clash_until(0) FROM pg_sleep(0.2)"};
    struct fixture *f = *state;
    OWNED(database) impatient = NULL;
    char url[512];
    struct database_options options = {.url = url, .service = "public"};

    snprintf(url, sizeof url, "%s options='-c statement_timeout=50'",
             postgres_url(f->postgres, NULL));
    assert_true(database_new(&options, &impatient, &f->error));
    assert_false(database_query(impatient, f->arena, &give_up, NULL, 0, NULL, &f->error));
    assert_string_equal(f->error.reason, "CONFLICT");
    assert_false(f->error.outcome_unknown);
}

static void a_connection_string_that_is_none_is_refused(void **state)
{
    struct database_options options = {.url = "password=secret nonsense", .service = "public"};
    struct database *database = NULL;
    struct error error;

    (void)state;
    assert_false(database_new(&options, &database, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
    assert_null(strstr(error.message, "secret"));
}

#define WITH_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_clean, close_database)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DATABASE(array_elements_come_back_as_they_went),
        WITH_DATABASE(scalars_come_back_as_they_went),
        WITH_DATABASE(work_that_fails_leaves_nothing_and_keeps_its_reason),
        WITH_DATABASE(a_unique_violation_names_its_constraint),
        WITH_DATABASE(a_failure_that_the_work_overlooks_is_no_success),
        WITH_DATABASE(a_clash_repeats_the_whole_transaction),
        WITH_DATABASE(a_clash_without_end_is_told_after_five_repeats),
        WITH_DATABASE(sixty_four_statements_go_in_one_round_trip),
        WITH_DATABASE(one_more_than_may_be_queued_is_refused),
        WITH_DATABASE(what_is_queued_goes_out_with_the_commit),
        WITH_DATABASE(an_error_in_the_middle_of_a_pipeline_undoes_all_of_it),
        WITH_DATABASE(a_pipeline_larger_than_all_buffers_does_not_lock_up),
        WITH_DATABASE(a_statement_that_was_wrong_is_prepared_again),
        WITH_DATABASE(a_table_that_changed_is_seen_as_it_is_now),
        WITH_DATABASE(a_caller_waits_for_a_connection_only_so_long),
        WITH_DATABASE(a_connection_ended_inside_a_transaction_costs_one_repeat),
        WITH_DATABASE(a_connection_that_the_server_ends_before_the_commit_has_not_committed),
        WITH_DATABASE(a_connection_lost_while_committing_leaves_the_outcome_unknown),
        WITH_DATABASE(an_idle_connection_that_was_ended_is_not_used),
        WITH_DATABASE(a_server_that_stops_and_comes_back_needs_no_help),
        WITH_DATABASE(copy_takes_many_rows_inside_the_transaction),
        WITH_DATABASE(a_copy_that_is_refused_undoes_the_transaction),
        WITH_DATABASE(a_reading_transaction_cannot_write),
        WITH_DATABASE(rows_beyond_the_budget_are_an_ordinary_failure),
        WITH_DATABASE(a_lock_that_cannot_be_had_is_a_conflict),
        cmocka_unit_test(a_connection_string_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
