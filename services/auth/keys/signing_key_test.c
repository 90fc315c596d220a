// SPDX-License-Identifier: MIT
#include "keys/signing_key.h"

#include "auth_store.h"
#include "database/migration.h"
#include "keys/signing_keys.h"
#include "service/log.h"
#include "support/postgres.h"
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

#define SECOND MICROS_PER_SECOND
#define ANNOUNCED (SIGNING_KEY_ANNOUNCED_SECONDS * SECOND)
#define KEPT (SIGNING_KEY_KEPT_SECONDS * SECOND)
#define AT_ONCE (SIGNING_KEY_AT_ONCE_SECONDS * SECOND)
#define LIFETIME (TOKEN_LIFETIME_SECONDS * SECOND)
#define DAY (24 * 60 * 60 * SECOND)

enum { BEFORE_ROTATION = 3, REPLICAS = 2, THREADS = 6, ROTATION_STEPS = 200, STEP_SECONDS = 30 };

// What one replica of the service has in memory.
struct replica {
    struct token_verifier *verifier;
    struct signing_keys *keys;
};

struct fixture {
    int64_t now_us;
    struct clock clock;
    struct postgres *postgres;
    struct database *database;
    struct replica replicas[REPLICAS];
    struct arena *arena;
    struct error error;
};

static int64_t read_now(void *context)
{
    return *(int64_t *)context;
}

static void start_replica(struct fixture *f, struct replica *replica)
{
    replica->verifier = token_verifier_new(&(struct token_verifier_options){.clock = f->clock});
    replica->keys = signing_keys_new(&(struct signing_keys_options){
        .database = f->database, .verifier = replica->verifier, .clock = f->clock});
    if (!signing_keys_prepare(replica->keys, f->arena, &f->error))
        fail_msg("%s", f->error.message);
}

static void stop_replica(struct replica *replica)
{
    signing_keys_free(&replica->keys);
    token_verifier_free(&replica->verifier);
}

static struct rows run_sql(struct fixture *f, const char *name, const char *sql)
{
    struct statement statement = {name, sql};
    struct rows rows = {0};

    if (!database_query(f->database, f->arena, &statement, NULL, 0, &rows, &f->error))
        fail_msg("%s", f->error.message);
    return rows;
}

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    size_t applied = 0;

    digest_start();
    log_start("test", LOG_ERROR);
    f->now_us = INT64_C(1800000000) * SECOND;
    f->clock = (struct clock){read_now, &f->now_us};
    f->arena = arena_new(16 * 1024 * 1024);
    f->postgres = postgres_new();
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations, BEFORE_ROTATION,
                       &applied, &f->error))
        fail_msg("%s", f->error.message);
    // As the service's own role: what the migrations do not grant fails here.
    if (!database_new(&(struct database_options){.url = postgres_url(f->postgres, "bourse_auth"),
                                                 .service = "auth"},
                      &f->database, &f->error))
        fail_msg("%s", f->error.message);
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

// Two replicas on a table without keys.
static int start_replicas(void **state)
{
    struct fixture *f = *state;

    arena_reset(f->arena);
    run_sql(f, "empty", "DELETE FROM signing_keys");
    for (size_t i = 0; i < REPLICAS; i++)
        start_replica(f, &f->replicas[i]);
    return 0;
}

static int stop_replicas(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < REPLICAS; i++)
        stop_replica(&f->replicas[i]);
    return 0;
}

static void follow(struct fixture *f)
{
    for (size_t i = 0; i < REPLICAS; i++)
        if (!signing_keys_follow(f->replicas[i].keys, f->arena, &f->error))
            fail_msg("%s", f->error.message);
}

static struct signing_key_rotation rotate(struct fixture *f, int64_t least_age_us, bool at_once)
{
    struct signing_key_rotation rotation = {
        .now_us = f->now_us, .least_age_us = least_age_us, .at_once = at_once};

    if (!signing_key_rotate(f->database, f->arena, &rotation, &f->error))
        fail_msg("%s", f->error.message);
    return rotation;
}

static void sign(struct fixture *f, size_t replica, char token[TOKEN_MAX])
{
    struct token_claims claims = {.username = "ada", .scope = TOKEN_SCOPE_ACCOUNT};
    struct uuid user = uuid_new();
    struct uuid session = uuid_new();

    memcpy(claims.user_id, user.string, UUID_SIZE);
    memcpy(claims.session_id, session.string, UUID_SIZE);
    if (!signing_keys_sign(f->replicas[replica].keys, &claims, token, &f->error))
        fail_msg("%s", f->error.message);
}

static bool verify(struct fixture *f, size_t replica, const char *token)
{
    struct token_claims claims;

    return token_verify(f->replicas[replica].verifier, token, &claims, &f->error);
}

// True when the token's header names that key.
static bool names(const char *token, const char *key_id)
{
    char header[512] = "";
    size_t length = 0;

    assert_true(digest_base64url_decode((struct text){token, strcspn(token, ".")}, header,
                                        sizeof header - 1, &length));
    return strstr(header, key_id) != NULL;
}

static size_t count_keys(struct fixture *f)
{
    struct key_list list;

    assert_true(store_list_keys(f->database, f->arena, f->now_us, &list, &f->error));
    return list.count;
}

static void the_first_key_signs_at_once_and_all_replicas_share_it(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_MAX];

    assert_int_equal(count_keys(f), 1);
    for (size_t i = 0; i < REPLICAS; i++) {
        sign(f, i, token);
        assert_true(verify(f, 0, token));
        assert_true(verify(f, 1, token));
    }
}

static void all_replicas_change_keys_at_the_same_moment_and_earlier_tokens_go_on(void **state)
{
    struct fixture *f = *state;
    struct signing_key_rotation rotation = rotate(f, 0, false);
    char before[REPLICAS][TOKEN_MAX];
    char after[TOKEN_MAX];

    assert_true(rotation.made);
    assert_int_equal(rotation.signs_from, f->now_us + ANNOUNCED);
    follow(f);
    // Announced for longer than anybody may keep a copy of the list.
    f->now_us += ANNOUNCED - 1;
    for (size_t i = 0; i < REPLICAS; i++) {
        assert_true(token_verifier_knows_key(f->replicas[i].verifier, rotation.newest));
        sign(f, i, before[i]);
        assert_false(names(before[i], rotation.newest));
    }
    // By the time alone, with no word from anybody.
    f->now_us += 1;
    for (size_t i = 0; i < REPLICAS; i++) {
        sign(f, i, after);
        assert_true(names(after, rotation.newest));
        for (size_t other = 0; other < REPLICAS; other++) {
            assert_true(verify(f, other, after));
            assert_true(verify(f, other, before[i]));
        }
    }
}

static void a_key_is_kept_until_its_last_token_has_expired_and_then_forgotten(void **state)
{
    struct fixture *f = *state;
    char old[TOKEN_MAX];
    char new[TOKEN_MAX];

    rotate(f, 0, false);
    follow(f);
    f->now_us += ANNOUNCED - 1;
    sign(f, 0, old);
    f->now_us += LIFETIME - SECOND;
    rotate(f, SIGNING_KEY_NEVER, false);
    follow(f);
    assert_true(verify(f, 1, old));
    f->now_us += KEPT - LIFETIME + SECOND;
    assert_int_equal(count_keys(f), 2);
    f->now_us += 1;
    assert_int_equal(count_keys(f), 1);
    follow(f);
    assert_false(verify(f, 1, old));
    sign(f, 0, new);
    assert_true(verify(f, 1, new));
    rotate(f, SIGNING_KEY_NEVER, false);
    assert_int_equal(run_sql(f, "all", "SELECT id FROM signing_keys").count, 1);
}

static void a_private_part_is_deleted_once_its_key_signs_no_more(void **state)
{
    struct fixture *f = *state;
    const char *armed = "SELECT id FROM signing_keys WHERE private_pem IS NOT NULL";
    struct signing_key_rotation rotation = rotate(f, 0, false);
    struct replica late;
    char token[TOKEN_MAX];

    // Clocks of replicas may be two minutes apart: until then some may sign with it.
    f->now_us = rotation.signs_from + 2 * TOKEN_SKEW_SECONDS * SECOND - 1;
    rotate(f, SIGNING_KEY_NEVER, false);
    assert_int_equal(run_sql(f, "armed", armed).count, 2);
    follow(f);
    f->now_us += 1;
    rotate(f, SIGNING_KEY_NEVER, false);
    assert_int_equal(run_sql(f, "armed", armed).count, 1);
    follow(f);
    assert_int_equal(count_keys(f), 2);
    // Who starts now signs with the new one, as those who were there.
    start_replica(f, &late);
    sign(f, 1, token);
    assert_true(names(token, rotation.newest));
    assert_true(token_verify(late.verifier, token, &(struct token_claims){0}, &f->error));
    stop_replica(&late);
}

static void when_a_key_is_known_to_others_its_tokens_end_within_seconds(void **state)
{
    struct fixture *f = *state;
    struct signing_key_rotation planned = rotate(f, 0, false);
    struct signing_key_rotation rotation;
    char old[TOKEN_MAX];
    char new[TOKEN_MAX];

    sign(f, 0, old);
    follow(f);
    rotation = rotate(f, 0, true);
    assert_true(rotation.made);
    assert_int_equal(rotation.signs_from, f->now_us + AT_ONCE);
    follow(f);
    assert_true(verify(f, 1, old));
    f->now_us += AT_ONCE;
    sign(f, 1, new);
    assert_true(names(new, rotation.newest));
    follow(f);
    assert_false(verify(f, 0, old));
    assert_false(verify(f, 1, old));
    assert_true(verify(f, 0, new));
    // The one that had been announced lay beside it, and is gone too.
    assert_false(token_verifier_knows_key(f->replicas[0].verifier, planned.newest));
    assert_int_equal(count_keys(f), 1);
    f->now_us += ANNOUNCED;
    follow(f);
    sign(f, 0, new);
    assert_true(names(new, rotation.newest));
}

static void every_key_that_was_made_is_noted_in_the_audit_log(void **state)
{
    static const struct statement find = {
        "noted", "SELECT detail FROM audit_log"
                 " WHERE action = 'signing_key.rotate' AND subject = $1 AND result = 'done'"};
    static const char *const details[] = {"the first", "announced", "at once"};
    struct fixture *f = *state;
    struct signing_key_rotation rotations[] = {rotate(f, SIGNING_KEY_NEVER, false),
                                               rotate(f, 0, false), rotate(f, 0, true)};

    for (size_t i = 0; i < COUNT_OF(rotations); i++) {
        struct parameter key = parameter_text(rotations[i].newest);
        struct rows rows;
        assert_true(database_query(f->database, f->arena, &find, &key, 1, &rows, &f->error));
        assert_int_equal(rows.count, 1);
        assert_string_equal(rows_text(&rows, 0, 0), details[i]);
    }
}

static void a_key_is_replaced_at_its_age_and_never_when_so_set(void **state)
{
    struct fixture *f = *state;
    struct signing_key_rotation rotation;

    f->now_us += 90 * DAY - 1;
    assert_false(rotate(f, 90 * DAY, false).made);
    f->now_us += 1;
    assert_false(rotate(f, SIGNING_KEY_NEVER, false).made);
    rotation = rotate(f, 90 * DAY, false);
    assert_true(rotation.made);
    // Counted from when it begins to sign.
    f->now_us += 90 * DAY;
    assert_false(rotate(f, 90 * DAY, false).made);
    f->now_us += ANNOUNCED;
    assert_true(rotate(f, 90 * DAY, false).made);
}

static void a_key_that_does_not_sign_yet_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    struct signing_key_rotation first = rotate(f, 0, false);
    struct signing_key_rotation second;

    f->now_us += ANNOUNCED - 1;
    second = rotate(f, 0, false);
    assert_false(second.made);
    assert_string_equal(second.newest, first.newest);
    assert_int_equal(second.signs_from, first.signs_from);
}

static void rotations_that_follow_one_another_need_four_keys_and_refuse_no_token(void **state)
{
    static char tokens[LIFETIME / SECOND / STEP_SECONDS][TOKEN_MAX];
    struct fixture *f = *state;
    size_t most = 0;
    size_t made = 0;

    for (size_t step = 0; step < ROTATION_STEPS; step++) {
        size_t count = 0;

        arena_reset(f->arena);
        made += rotate(f, 0, false).made ? 1 : 0;
        follow(f);
        count = count_keys(f);
        most = count > most ? count : most;
        // The ones signed in the last fifteen minutes.
        sign(f, step % REPLICAS, tokens[step % COUNT_OF(tokens)]);
        for (size_t i = 0; i < COUNT_OF(tokens) && i <= step; i++)
            if (!verify(f, i % REPLICAS, tokens[i]))
                fail_msg("step %zu: token %zu: %s", step, i, f->error.message);
        f->now_us += STEP_SECONDS * SECOND;
    }
    assert_int_equal(made, ROTATION_STEPS * STEP_SECONDS / SIGNING_KEY_ANNOUNCED_SECONDS);
    assert_int_equal(most, 4);
}

static void more_keys_than_eight_are_not_made(void **state)
{
    struct fixture *f = *state;
    struct signing_key_rotation rotation = {.at_once = true};

    for (int i = 1; i < SIGNING_KEYS_MAX; i++)
        assert_true(rotate(f, 0, true).made);
    rotation.now_us = f->now_us;
    assert_false(signing_key_rotate(f->database, f->arena, &rotation, &f->error));
    assert_string_equal(f->error.reason, "TOO_MANY_REQUESTS");
    assert_int_equal(count_keys(f), SIGNING_KEYS_MAX);
    follow(f);
    f->now_us += AT_ONCE;
    assert_true(rotate(f, 0, true).made);
    assert_int_equal(count_keys(f), 2);
}

struct rotator {
    struct fixture *f;
    struct arena *arena;
    struct signing_key_rotation rotation;
    bool done;
};

static void *rotate_when_old(void *context)
{
    struct rotator *rotator = context;
    struct error error;

    rotator->rotation =
        (struct signing_key_rotation){.now_us = rotator->f->now_us, .least_age_us = 90 * DAY};
    rotator->done =
        signing_key_rotate(rotator->f->database, rotator->arena, &rotator->rotation, &error);
    return NULL;
}

static void of_several_replicas_that_find_the_key_old_one_makes_a_new_one(void **state)
{
    struct fixture *f = *state;
    struct rotator rotators[THREADS];
    pthread_t threads[THREADS];
    size_t made = 0;

    f->now_us += 90 * DAY;
    for (size_t i = 0; i < THREADS; i++) {
        rotators[i] = (struct rotator){.f = f, .arena = arena_new(1024 * 1024)};
        assert_int_equal(pthread_create(&threads[i], NULL, rotate_when_old, &rotators[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        arena_free(&rotators[i].arena);
        assert_true(rotators[i].done);
        made += rotators[i].rotation.made ? 1 : 0;
        assert_string_equal(rotators[i].rotation.newest, rotators[0].rotation.newest);
    }
    assert_int_equal(made, 1);
    assert_int_equal(count_keys(f), 2);
}

static void what_has_been_announced_cannot_be_changed(void **state)
{
    static const struct statement changes[] = {
        {"change_id", "UPDATE signing_keys SET id = 'x'"},
        {"change_public", "UPDATE signing_keys SET public_pem = 'x'"},
        {"change_time", "UPDATE signing_keys SET signs_from = now()"},
    };
    struct fixture *f = *state;
    struct rows rows;

    for (size_t i = 0; i < COUNT_OF(changes); i++)
        assert_false(database_query(f->database, f->arena, &changes[i], NULL, 0, &rows, &f->error));
    // And there is one at most that does not end.
    assert_false(database_query(
        f->database, f->arena,
        &(struct statement){"second", "INSERT INTO signing_keys (id, private_pem, public_pem)"
                                      " VALUES ('x', 'x', 'x')"},
        NULL, 0, &rows, &f->error));
}

// Runs first: the key of a deployment that is brought up to date goes on signing.
static void a_key_from_before_keys_were_replaced_goes_on(void **state)
{
    struct fixture *f = *state;
    struct token_key key;
    struct replica replica;
    char token[TOKEN_MAX];
    size_t applied = 0;
    struct statement insert = {
        "old", "INSERT INTO signing_keys (id, private_pem, public_pem) VALUES ($1, $2, $3)"};

    assert_true(token_key_generate(&key, &f->error));
    assert_true(
        database_query(f->database, f->arena, &insert,
                       (struct parameter[]){parameter_text(key.id), parameter_text(key.private_pem),
                                            parameter_text(key.public_pem)},
                       3, NULL, &f->error));
    if (!migration_run(postgres_url(f->postgres, NULL), "auth", auth_migrations,
                       auth_migration_count, &applied, &f->error))
        fail_msg("%s", f->error.message);
    start_replica(f, &replica);
    f->replicas[0] = replica;
    sign(f, 0, token);
    assert_true(names(token, key.id));
    assert_int_equal(count_keys(f), 1);
    stop_replica(&replica);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_replicas, stop_replicas)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_from_before_keys_were_replaced_goes_on),
        TEST(the_first_key_signs_at_once_and_all_replicas_share_it),
        TEST(all_replicas_change_keys_at_the_same_moment_and_earlier_tokens_go_on),
        TEST(a_key_is_kept_until_its_last_token_has_expired_and_then_forgotten),
        TEST(a_private_part_is_deleted_once_its_key_signs_no_more),
        TEST(when_a_key_is_known_to_others_its_tokens_end_within_seconds),
        TEST(every_key_that_was_made_is_noted_in_the_audit_log),
        TEST(a_key_is_replaced_at_its_age_and_never_when_so_set),
        TEST(a_key_that_does_not_sign_yet_is_not_replaced),
        TEST(rotations_that_follow_one_another_need_four_keys_and_refuse_no_token),
        TEST(more_keys_than_eight_are_not_made),
        TEST(of_several_replicas_that_find_the_key_old_one_makes_a_new_one),
        TEST(what_has_been_announced_cannot_be_changed),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
