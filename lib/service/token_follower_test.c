// SPDX-License-Identifier: MIT
#include "service/token_follower.h"

#include "base/digest.h"
#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/auth/v1/auth_methods.h"
#include "rpc/rpc_server.h"
#include "service/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "support/ports.h"
#include "support/wait.h"

enum { DEADLINE_SECONDS = 20, REVOCATIONS_MAX = 4 };

// An auth service of the test's own: what it answers is set by the test.
struct auth_double {
    pthread_mutex_t lock;
    struct token_key keys[2];
    size_t key_count;
    struct {
        char session_id[UUID_SIZE];
        int64_t revoked_at;
    } revocations[REVOCATIONS_MAX];
    size_t revocation_count;
    size_t page_size;
    int64_t as_of;
    int64_t last_since; // of the last question; -1 when it had none
    bool refuses;       // answers UNAVAILABLE
};

struct scene {
    struct auth_double auth;
    struct rpc_mesh_key key;
    struct rpc_server *server;
    struct rpc_client *client;
    struct token_verifier *verifier;
    struct token_signer *signer;
    struct token_follower *follower;
};

static bool list_keys(void *context,
                      struct call *call,
                      const ProtobufCMessage *request,
                      ProtobufCMessage *response,
                      struct error *error)
{
    struct auth_double *auth = context;
    Auth__ListSigningKeysResponse *list = (Auth__ListSigningKeysResponse *)response;

    (void)request;
    (void)error;
    pthread_mutex_lock(&auth->lock);
    list->keys = arena_allocate(call->arena, auth->key_count * sizeof(Auth__SigningKey *));
    for (size_t i = 0; i < auth->key_count; i++) {
        list->keys[i] = arena_allocate(call->arena, sizeof(Auth__SigningKey));
        *list->keys[i] = (Auth__SigningKey)AUTH__SIGNING_KEY__INIT;
        list->keys[i]->key_id = arena_copy_string(call->arena, auth->keys[i].id);
        list->keys[i]->public_key_pem = arena_copy_string(call->arena, auth->keys[i].public_pem);
    }
    list->n_keys = auth->key_count;
    pthread_mutex_unlock(&auth->lock);
    return true;
}

static bool list_revocations(void *context,
                             struct call *call,
                             const ProtobufCMessage *request,
                             ProtobufCMessage *response,
                             struct error *error)
{
    struct auth_double *auth = context;
    const Auth__ListRevocationsRequest *question = (const Auth__ListRevocationsRequest *)request;
    Auth__ListRevocationsResponse *list = (Auth__ListRevocationsResponse *)response;
    int64_t since = question->has_since ? question->since : -1;
    bool refuses = false;

    pthread_mutex_lock(&auth->lock);
    refuses = auth->refuses;
    auth->last_since = since;
    list->revocations = arena_allocate(call->arena, REVOCATIONS_MAX * sizeof(Auth__Revocation *));
    for (size_t i = 0; i < auth->revocation_count; i++) {
        Auth__Revocation *revocation = NULL;

        if (auth->revocations[i].revoked_at < since)
            continue;
        list->has_more = true;
        list->more = list->n_revocations == auth->page_size;
        if (list->more)
            break;
        revocation = arena_allocate(call->arena, sizeof *revocation);
        *revocation = (Auth__Revocation)AUTH__REVOCATION__INIT;
        revocation->session_id = arena_copy_string(call->arena, auth->revocations[i].session_id);
        revocation->has_revoked_at = true;
        revocation->revoked_at = auth->revocations[i].revoked_at;
        list->revocations[list->n_revocations++] = revocation;
    }
    list->has_as_of = true;
    list->as_of = auth->as_of;
    pthread_mutex_unlock(&auth->lock);
    return !refuses || error_set(error, REASON_UNAVAILABLE, "the test says so");
}

static const struct rpc_handler handlers[] = {
    {&auth_method_list_signing_keys, list_keys, NULL},
    {&auth_method_list_revocations, list_revocations, NULL},
};

// Starts the double, and a client of it.
static void start_auth(struct scene *scene)
{
    char address[PORTS_ADDRESS_SIZE] = "";
    struct error error;
    struct rpc_server_options server = {
        .service = "auth",
        .listen = address,
        .key = scene->key,
        .handlers = handlers,
        .handler_count = COUNT_OF(handlers),
        .context = &scene->auth,
    };
    struct rpc_client_options client = {
        .caller = "trading", .service = "auth", .addresses = address, .key = scene->key};

    ports_take_address(address);
    assert_true(rpc_server_new(&server, &scene->server, &error));
    assert_true(rpc_server_start(scene->server, &error));
    assert_true(rpc_client_new(&client, &scene->client, &error));
}

static int open_scene(void **state)
{
    struct scene *scene = allocate(sizeof *scene);
    struct token_verifier_options verifier = {.clock = clock_real()};
    struct clock clock = clock_real();
    struct error error;

    digest_start();
    log_start("test", LOG_ERROR);
    pthread_mutex_init(&scene->auth.lock, NULL);
    memset(scene->key.bytes, 7, sizeof scene->key.bytes);
    assert_true(token_key_generate(&scene->auth.keys[0], &error));
    assert_true(token_key_generate(&scene->auth.keys[1], &error));
    scene->auth.key_count = 1;
    scene->auth.page_size = REVOCATIONS_MAX + 1;
    scene->auth.as_of = clock_now_us(&clock);
    assert_true(token_signer_new(&scene->auth.keys[0], &scene->signer, &error));
    scene->verifier = token_verifier_new(&verifier);
    start_auth(scene);
    *state = scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;

    token_follower_free(&scene->follower);
    rpc_client_free(&scene->client);
    rpc_server_free(&scene->server);
    token_verifier_free(&scene->verifier);
    token_signer_free(&scene->signer);
    pthread_mutex_destroy(&scene->auth.lock);
    release(scene);
    return 0;
}

static void follow(struct scene *scene, int64_t trust_ms)
{
    scene->follower = token_follower_new(&(const struct token_follower_options){
        .auth = scene->client, .verifier = scene->verifier, .period_ms = 10, .trust_ms = trust_ms});
}

static void sign(struct scene *scene, struct uuid session, char token[TOKEN_MAX])
{
    struct token_claims claims = {.username = "ada"};
    struct clock clock = clock_real();
    struct error error;

    snprintf(claims.user_id, sizeof claims.user_id, "%s", uuid_new().string);
    snprintf(claims.session_id, sizeof claims.session_id, "%s", session.string);
    assert_true(token_sign(scene->signer, &claims, &clock, token, &error));
}

// The reason a token is refused for; empty when it is taken.
static const char *reason_of(struct scene *scene, const char *token, struct error *error)
{
    struct token_claims claims;

    error_clear(error);
    if (token_follower_authenticate(scene->follower, token, &claims, error))
        assert_string_equal(claims.username, "ada");
    return error->reason;
}

static void wait_until_reason(struct scene *scene, const char *token, const char *reason)
{
    struct error error;

    assert_true_within(DEADLINE_SECONDS * 1000,
                       strcmp(reason_of(scene, token, &error), reason) == 0);
}

static void revoke(struct auth_double *auth, struct uuid session, int64_t revoked_at)
{
    pthread_mutex_lock(&auth->lock);
    snprintf(auth->revocations[auth->revocation_count].session_id, UUID_SIZE, "%s", session.string);
    auth->revocations[auth->revocation_count++].revoked_at = revoked_at;
    pthread_mutex_unlock(&auth->lock);
}

static void no_token_is_trusted_before_the_first_whole_list(void **state)
{
    struct scene *scene = *state;
    char token[TOKEN_MAX];
    struct error error;

    scene->auth.refuses = true;
    follow(scene, 0);
    sign(scene, uuid_new(), token);
    assert_int_equal(token_follower_silence_ms(scene->follower), INT64_MAX);
    assert_string_equal(reason_of(scene, token, &error), "UNAVAILABLE");
    pthread_mutex_lock(&scene->auth.lock);
    scene->auth.refuses = false;
    pthread_mutex_unlock(&scene->auth.lock);
    wait_until_reason(scene, token, "");
    assert_in_range(token_follower_silence_ms(scene->follower), 0, DEADLINE_SECONDS * 1000);
}

static void a_session_that_ended_is_refused_at_the_next_answer(void **state)
{
    struct scene *scene = *state;
    struct uuid ended = uuid_new();
    char token[TOKEN_MAX];
    char other[TOKEN_MAX];

    follow(scene, 0);
    sign(scene, ended, token);
    sign(scene, uuid_new(), other);
    wait_until_reason(scene, token, "");
    revoke(&scene->auth, ended, scene->auth.as_of);
    wait_until_reason(scene, token, "INVALID_TOKEN");
    wait_until_reason(scene, other, "");
}

static void sessions_on_later_pages_are_known_before_any_token_is_trusted(void **state)
{
    struct scene *scene = *state;
    struct uuid last = uuid_new();
    char token[TOKEN_MAX];
    struct error error;

    scene->auth.page_size = 1 + 1;
    revoke(&scene->auth, uuid_new(), scene->auth.as_of - 3);
    revoke(&scene->auth, uuid_new(), scene->auth.as_of - 2);
    revoke(&scene->auth, last, scene->auth.as_of - 1);
    sign(scene, last, token);
    follow(scene, 0);
    assert_true_within(DEADLINE_SECONDS * 1000,
                       token_follower_silence_ms(scene->follower) != INT64_MAX);
    assert_string_equal(reason_of(scene, token, &error), "INVALID_TOKEN");
}

static int64_t last_since(struct auth_double *auth)
{
    int64_t since = 0;

    pthread_mutex_lock(&auth->lock);
    since = auth->last_since;
    pthread_mutex_unlock(&auth->lock);
    return since;
}

// Commits become visible out of the order of their times.
static void each_question_goes_back_a_minute_before_the_last_answer(void **state)
{
    struct scene *scene = *state;
    int64_t wanted = scene->auth.as_of - 60 * MICROS_PER_SECOND;

    follow(scene, 0);
    assert_true_within(DEADLINE_SECONDS * 1000, last_since(&scene->auth) == wanted);
}

static void the_first_question_goes_back_as_far_as_tokens_live(void **state)
{
    struct scene *scene = *state;
    struct clock clock = clock_real();
    int64_t began_at = clock_now_us(&clock);
    char token[TOKEN_MAX];
    int64_t back_us = 0;

    scene->auth.as_of = 0; // so that every question is a first one
    follow(scene, 0);
    sign(scene, uuid_new(), token);
    wait_until_reason(scene, token, "");
    pthread_mutex_lock(&scene->auth.lock);
    back_us = began_at - scene->auth.last_since;
    pthread_mutex_unlock(&scene->auth.lock);
    assert_in_range(back_us, (TOKEN_LIFETIME_SECONDS + 60) * MICROS_PER_SECOND,
                    (TOKEN_LIFETIME_SECONDS + 240) * MICROS_PER_SECOND);
}

static void no_token_is_trusted_once_auth_has_been_silent_for_too_long(void **state)
{
    struct scene *scene = *state;
    char token[TOKEN_MAX];

    follow(scene, 300);
    sign(scene, uuid_new(), token);
    wait_until_reason(scene, token, "");
    pthread_mutex_lock(&scene->auth.lock);
    scene->auth.refuses = true;
    pthread_mutex_unlock(&scene->auth.lock);
    wait_until_reason(scene, token, "UNAVAILABLE");
}

static void announce(struct scene *scene, const struct token_key *keys, size_t count)
{
    pthread_mutex_lock(&scene->auth.lock);
    memcpy(scene->auth.keys, keys, count * sizeof *keys);
    scene->auth.key_count = count;
    pthread_mutex_unlock(&scene->auth.lock);
}

static void a_new_key_is_known_soon_and_the_old_one_goes_on(void **state)
{
    struct scene *scene = *state;
    struct token_key keys[] = {scene->auth.keys[1], scene->auth.keys[0]};
    char of_old[TOKEN_MAX];
    char of_new[TOKEN_MAX];
    struct error error;

    follow(scene, 0);
    sign(scene, uuid_new(), of_old);
    wait_until_reason(scene, of_old, "");
    token_signer_free(&scene->signer);
    assert_true(token_signer_new(&keys[0], &scene->signer, &error));
    sign(scene, uuid_new(), of_new);
    assert_string_equal(reason_of(scene, of_new, &error), "INVALID_TOKEN");
    announce(scene, keys, 2);
    wait_until_reason(scene, of_new, "");
    assert_string_equal(reason_of(scene, of_old, &error), "");
}

static void a_key_that_auth_lists_no_more_is_refused_within_two_seconds(void **state)
{
    struct scene *scene = *state;
    char token[TOKEN_MAX];
    int64_t dropped_at_us = 0;

    follow(scene, 0);
    sign(scene, uuid_new(), token);
    wait_until_reason(scene, token, "");
    announce(scene, &scene->auth.keys[1], 1);
    dropped_at_us = clock_monotonic_us();
    wait_until_reason(scene, token, "INVALID_TOKEN");
    assert_true(clock_monotonic_us() - dropped_at_us < 2 * MICROS_PER_SECOND);
}

static void the_keys_are_listed_only_as_long_as_auth_is_heard(void **state)
{
    struct scene *scene = *state;
    struct token_web_key keys[TOKEN_KEYS_MAX];
    char token[TOKEN_MAX];
    size_t count = 0;
    struct error error;

    follow(scene, 300);
    sign(scene, uuid_new(), token);
    wait_until_reason(scene, token, "");
    assert_true(token_follower_list_keys(scene->follower, keys, &count, &error));
    assert_int_equal(count, 1);
    assert_string_equal(keys[0].id, scene->auth.keys[0].id);
    pthread_mutex_lock(&scene->auth.lock);
    scene->auth.refuses = true;
    pthread_mutex_unlock(&scene->auth.lock);
    wait_until_reason(scene, token, "UNAVAILABLE");
    assert_false(token_follower_list_keys(scene->follower, keys, &count, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const wrong[] = {"",           ".", "a.b.c", "....", "eyJraWQiOjF9.a.b",
                                        "e30.e30.e30"};
    struct scene *scene = *state;
    char token[TOKEN_MAX];
    struct error error;

    follow(scene, 0);
    sign(scene, uuid_new(), token);
    wait_until_reason(scene, token, "");
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_string_equal(reason_of(scene, wrong[i], &error), "INVALID_TOKEN");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_token_is_trusted_before_the_first_whole_list),
        TEST(a_session_that_ended_is_refused_at_the_next_answer),
        TEST(sessions_on_later_pages_are_known_before_any_token_is_trusted),
        TEST(each_question_goes_back_a_minute_before_the_last_answer),
        TEST(the_first_question_goes_back_as_far_as_tokens_live),
        TEST(no_token_is_trusted_once_auth_has_been_silent_for_too_long),
        TEST(a_new_key_is_known_soon_and_the_old_one_goes_on),
        TEST(a_key_that_auth_lists_no_more_is_refused_within_two_seconds),
        TEST(the_keys_are_listed_only_as_long_as_auth_is_heard),
        TEST(what_is_no_token_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
