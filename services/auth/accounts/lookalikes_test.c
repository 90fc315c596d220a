// SPDX-License-Identifier: MIT
// The migration 003_lookalikes.sql on a database that people have used before, and names that are
// asked for after it.
#include "accounts/user.h"
#include "auth_store.h"
#include "base/random.h"
#include "database/migration.h"
#include "support/postgres.h"
#include "support/test.h"

#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

enum { NAMES = 2000, ARENA_BUDGET = 16 * 1024 * 1024 };

struct fixture {
    struct postgres *postgres;
    struct database *database;
    struct arena *arena;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    struct database_options options = {.service = "auth"};
    size_t applied = 0;

    digest_start();
    f->arena = arena_new(ARENA_BUDGET);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations, 1, &applied,
                       &f->error))
        fail_msg("%s", f->error.message);
    options.url = postgres_url(f->postgres, "bourse_auth");
    assert_true(database_new(&options, &f->database, &f->error));
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    database_free(&f->database);
    postgres_free(&f->postgres);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

// A name of what the skeleton changes and of a little that it does not. One that is taken is left
// out.
static void add_name(struct fixture *f, const struct random_source *random, int number)
{
    static const char characters[] = "0oO1lIiLrRnNmMvVwW._-a";
    static const struct statement insert = {
        "insert", "INSERT INTO users (id, username, role, created_at) VALUES"
                  " ($1, $2, 'user', timestamptz '2026-01-01' + $3::bigint * interval '1 second')"
                  " ON CONFLICT DO NOTHING"};
    struct uuid id = uuid_new();
    char name[9] = "";

    name[0] = characters[random_below(random, 2) == 0 ? 12 : 16];
    for (size_t i = 1; i < 3 + random_below(random, 6); i++)
        name[i] = characters[random_below(random, sizeof characters - 1)];
    if (!username_is_valid(name))
        return;
    if (!database_query(f->database, f->arena, &insert,
                        (struct parameter[]){
                            parameter_text(id.string),
                            parameter_text(name),
                            parameter_int(number),
                        },
                        3, NULL, &f->error))
        fail_msg("%s", f->error.message);
}

static void users_that_look_alike_already_survive_and_the_first_has_the_skeleton(void **state)
{
    struct fixture *f = *state;
    struct random_source random = random_system();
    char skeleton[USERNAME_SKELETON_SIZE];
    size_t applied = 0;
    size_t without = 0;
    struct rows rows;

    for (int i = 0; i < NAMES; i++)
        add_name(f, &random, i);
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    rows = run_sql(f, "all", "SELECT username, skeleton FROM users ORDER BY created_at");
    assert_true(rows.count > NAMES / 4);
    for (size_t i = 0; i < rows.count; i++) {
        username_skeleton(rows_text(&rows, i, 0), skeleton);
        if (rows_is_null(&rows, i, 1))
            without++;
        else
            assert_string_equal(rows_text(&rows, i, 1), skeleton);
    }
    assert_true(without > 0);
    // Each without one looks like somebody who came before.
    for (size_t i = 0; i < rows.count; i++) {
        bool has_first = !rows_is_null(&rows, i, 1);

        username_skeleton(rows_text(&rows, i, 0), skeleton);
        for (size_t j = 0; j < i && !has_first; j++)
            has_first = !rows_is_null(&rows, j, 1) && strcmp(rows_text(&rows, j, 1), skeleton) == 0;
        assert_true(has_first);
    }
}

static bool insert_user(struct transaction *transaction, void *context, struct error *error)
{
    struct uuid id = uuid_new();
    struct user_record user = {.id = id.string, .username = context};

    return store_queue_user(transaction, &user, error);
}

static bool take_name(struct fixture *f, const char *name)
{
    char copy[USERNAME_MAX + 1] = "";

    memcpy(copy, name, strlen(name));
    if (database_transact(f->database, f->arena, 0, insert_user, copy, &f->error))
        return true;
    store_name_conflict(&f->error);
    assert_string_equal(f->error.reason, "USERNAME_TAKEN");
    return false;
}

static void a_name_that_looks_like_one_that_is_taken_is_refused(void **state)
{
    static const char *const alike[] = {"G0r.rnley", "goR_MLEY", "gor-rn1ey"};
    struct fixture *f = *state;
    size_t applied = 0;

    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    assert_true(take_name(f, "gor.mley"));
    for (size_t i = 0; i < COUNT_OF(alike); i++) {
        assert_false(take_name(f, alike[i]));
        // Which one it is stays untold.
        assert_string_equal(f->error.message,
                            "This username looks too much like one that is taken.");
    }
    assert_false(take_name(f, "GOR.MLEY"));
    assert_string_equal(f->error.message, "This username is taken.");
    assert_true(take_name(f, "gorrmley"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            users_that_look_alike_already_survive_and_the_first_has_the_skeleton, start, stop),
        cmocka_unit_test_setup_teardown(a_name_that_looks_like_one_that_is_taken_is_refused, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
