// SPDX-License-Identifier: MIT
#include "service/idempotency.h"

#include "base/digest.h"
#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/auth/v1/auth_methods.h"
#include "database/migration.h"
#include "support/postgres.h"
#include "support/test.h"

#include <pthread.h>
#include <string.h>

#define USER "0190a5f0-7c3e-7abc-8def-0123456789ab"
#define OTHER "0190a5f0-7c3e-7abc-8def-0123456789ac"
#define REQUEST "0190a5f0-7c3e-7abc-8def-0123456789ad"

static const struct migration schema = {
    1, "001_requests.sql",
    "CREATE TABLE requests ("
    " user_id uuid NOT NULL, request_id uuid NOT NULL, method text NOT NULL,"
    " body_hash text NOT NULL, reply text, created_at timestamptz NOT NULL DEFAULT now(),"
    " PRIMARY KEY (user_id, request_id));"
    "CREATE TABLE effects (id int);"};

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct arena *arena;
};

// One call as a handler sees it; counts what it does in the table of effects.
struct attempt {
    struct call call;
    const struct rpc_method *method;
    Auth__RegisterResponse response;
    const char *answer;
    bool leaves_unfinished;
    pthread_barrier_t *inside;
    bool replayed;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "shop"};
    size_t applied = 0;
    struct error error;

    digest_start();
    f->postgres = postgres_new();
    f->arena = arena_new(16 * 1024 * 1024);
    options.url = postgres_url(f->postgres, NULL);
    assert_true(migration_run(options.url, "shop", &schema, 1, &applied, &error));
    assert_true(database_new(&options, &f->database, &error));
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    database_free(&f->database);
    arena_free(&f->arena);
    postgres_free(&f->postgres);
    release(f);
    return 0;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};
    struct error error;

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &error))
        fail_msg("%s", error.message);
    return rows;
}

static int clear(void **state)
{
    arena_reset(((struct fixture *)*state)->arena);
    run_sql(*state, "clear", "TRUNCATE requests, effects");
    return 0;
}

static int64_t count_effects(struct fixture *f)
{
    struct rows rows = run_sql(f, "count_effects", "SELECT count(*) FROM effects");

    return rows_int(&rows, 0, 0);
}

static struct attempt attempt_of(struct arena *arena, const char *user, const char *body)
{
    struct attempt attempt = {
        .call = {.arena = arena, .request_id = REQUEST, .body = text_of(body)},
        .method = &auth_method_register,
        .response = AUTH__REGISTER_RESPONSE__INIT,
        .answer = "ada",
    };

    memcpy(attempt.call.identity.user_id, user, strlen(user) + 1);
    return attempt;
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    static const struct statement effect = {"effect", "INSERT INTO effects VALUES (1)"};
    struct attempt *attempt = context;

    if (!idempotency_begin(transaction, &attempt->call, attempt->method, &attempt->response.base,
                           &attempt->replayed, error))
        return false;
    if (attempt->replayed)
        return true;
    if (attempt->inside != NULL) {
        pthread_barrier_wait(attempt->inside);
        pthread_barrier_wait(attempt->inside);
    }
    attempt->response.user = arena_allocate(attempt->call.arena, sizeof(Auth__User));
    auth__user__init(attempt->response.user);
    attempt->response.user->username = attempt->answer;
    return transaction_queue(transaction, &effect, NULL, 0, NULL, error) &&
           (attempt->leaves_unfinished ||
            idempotency_finish(transaction, &attempt->call, attempt->method,
                               &attempt->response.base, error));
}

static bool run(struct fixture *f, struct attempt *attempt)
{
    return database_transact(f->database, attempt->call.arena, 0, work, attempt, &attempt->error);
}

static void the_same_call_is_done_once_and_answered_alike(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "body");

    assert_true(run(f, &first));
    assert_false(first.call.replayed);
    // What it would answer now does not matter.
    second.answer = "somebody else";
    assert_true(run(f, &second));
    assert_true(second.call.replayed);
    assert_string_equal(second.response.user->username, "ada");
    assert_int_equal(count_effects(f), 1);
}

static bool find(struct fixture *f, struct attempt *attempt)
{
    return idempotency_find(f->database, &attempt->call, attempt->method, &attempt->response.base,
                            &attempt->replayed, &attempt->error);
}

static void a_call_that_was_done_is_found_without_beginning_it(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "body");
    struct attempt other = attempt_of(f->arena, USER, "other");

    assert_true(find(f, &second));
    assert_false(second.replayed);
    assert_true(run(f, &first));
    assert_false(first.call.replayed);
    assert_true(find(f, &second));
    assert_true(second.replayed);
    assert_true(second.call.replayed);
    assert_string_equal(second.response.user->username, "ada");
    assert_false(find(f, &other));
    assert_string_equal(other.error.reason, "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(count_effects(f), 1);
}

static void another_body_under_the_same_id_is_refused(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "other");

    assert_true(run(f, &first));
    assert_false(run(f, &second));
    assert_string_equal(second.error.reason, "IDEMPOTENCY_KEY_REUSED");
    assert_int_equal(count_effects(f), 1);
}

static void a_body_with_two_hashes_is_known_by_either(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "before");
    struct attempt second = attempt_of(f->arena, USER, "after");

    assert_true(run(f, &first));
    second.call.other_body = text_of("neither");
    assert_false(run(f, &second));
    assert_string_equal(second.error.reason, "IDEMPOTENCY_KEY_REUSED");
    second.call.other_body = text_of("before");
    assert_true(run(f, &second));
    assert_true(second.call.replayed);
    assert_int_equal(count_effects(f), 1);
}

static void another_method_under_the_same_id_is_refused(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "body");

    second.method = &auth_method_logout;
    assert_true(run(f, &first));
    assert_false(run(f, &second));
    assert_string_equal(second.error.reason, "IDEMPOTENCY_KEY_REUSED");
}

static void ids_of_different_users_have_nothing_to_do_with_each_other(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, OTHER, "other");
    struct attempt nobody = attempt_of(f->arena, "", "third");

    assert_true(run(f, &first));
    assert_true(run(f, &second));
    assert_true(run(f, &nobody));
    assert_int_equal(count_effects(f), 3);
}

static void a_call_whose_answer_is_not_known_yet_is_in_progress(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "body");

    first.leaves_unfinished = true;
    assert_true(run(f, &first));
    assert_false(run(f, &second));
    assert_string_equal(second.error.reason, "REQUEST_IN_PROGRESS");
}

static void *run_in_thread(void *context)
{
    struct attempt *attempt = context;
    struct fixture *f = (struct fixture *)attempt->call.caller;

    assert_true(run(f, attempt));
    return NULL;
}

static void a_call_that_runs_at_the_same_time_is_told_to_wait(void **state)
{
    struct fixture *f = *state;
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct attempt first = attempt_of(arena, USER, "body");
    struct attempt second = attempt_of(f->arena, USER, "body");
    pthread_barrier_t inside;
    pthread_t thread;

    pthread_barrier_init(&inside, NULL, 2);
    first.inside = &inside;
    first.call.caller = (const char *)f;
    assert_int_equal(pthread_create(&thread, NULL, run_in_thread, &first), 0);
    pthread_barrier_wait(&inside);
    assert_false(run(f, &second));
    assert_string_equal(second.error.reason, "REQUEST_IN_PROGRESS");
    pthread_barrier_wait(&inside);
    pthread_join(thread, NULL);
    assert_true(run(f, &second));
    assert_true(second.call.replayed);
    assert_int_equal(count_effects(f), 1);
    pthread_barrier_destroy(&inside);
}

static void rows_are_pruned_after_two_days(void **state)
{
    struct fixture *f = *state;
    struct attempt first = attempt_of(f->arena, USER, "body");
    struct attempt second = attempt_of(f->arena, OTHER, "body");
    struct rows left;

    assert_true(run(f, &first));
    run_sql(f, "age", "UPDATE requests SET created_at = now() - interval '49 hours'");
    assert_true(run(f, &second));
    assert_false(idempotency_prune(f->database, f->arena));
    left = run_sql(f, "left", "SELECT user_id FROM requests");
    assert_int_equal(left.count, 1);
    assert_string_equal(rows_text(&left, 0, 0), OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_call_is_done_once_and_answered_alike, clear),
        cmocka_unit_test_setup(a_call_that_was_done_is_found_without_beginning_it, clear),
        cmocka_unit_test_setup(another_body_under_the_same_id_is_refused, clear),
        cmocka_unit_test_setup(a_body_with_two_hashes_is_known_by_either, clear),
        cmocka_unit_test_setup(another_method_under_the_same_id_is_refused, clear),
        cmocka_unit_test_setup(ids_of_different_users_have_nothing_to_do_with_each_other, clear),
        cmocka_unit_test_setup(a_call_whose_answer_is_not_known_yet_is_in_progress, clear),
        cmocka_unit_test_setup(a_call_that_runs_at_the_same_time_is_told_to_wait, clear),
        cmocka_unit_test_setup(rows_are_pruned_after_two_days, clear),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
