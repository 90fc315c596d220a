// SPDX-License-Identifier: MIT
#include "rest/credential.h"

#include "rest/credential_cache.h"
#include "support/test.h"
#include "token/token.h"

#include <string.h>

enum { BUDGET = 64 * 1024 };

struct fixture {
    struct arena *arena;
    struct credential credential;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    digest_start();
    f->arena = arena_new(BUDGET);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    arena_free(&f->arena);
    release(f);
    return 0;
}

// Reads from up to three headers; NULL names are none.
static bool read(struct fixture *f, bool is_secure, const struct http_header headers[3])
{
    struct http_request request = {.is_secure = is_secure, .arena = f->arena};

    for (size_t i = 0; i < 3 && headers[i].name != NULL; i++)
        request.headers[request.header_count++] = headers[i];
    return credential_read(&request, &f->credential, &f->error);
}

#define READ(...) read(f, false, (const struct http_header[3]){__VA_ARGS__})
#define READ_SECURE(...) read(f, true, (const struct http_header[3]){__VA_ARGS__})

static void a_token_is_read_from_the_header(void **state)
{
    struct fixture *f = *state;

    assert_true(READ({"Authorization", "bearer  a.b.c"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_TOKEN);
    assert_string_equal(f->credential.secret, "a.b.c");
    assert_false(READ({"Authorization", "Bearer "}));
    assert_true(error_is(&f->error, REASON_INVALID_TOKEN));
    assert_false(READ({"Authorization", "Bearer a b"}));
    assert_false(READ({"Authorization", "Digest x"}));
    assert_true(error_is(&f->error, REASON_UNAUTHENTICATED));
}

static void a_token_that_is_longer_than_any_is_refused_as_a_wrong_one(void **state)
{
    struct fixture *f = *state;
    char value[7 + TOKEN_MAX + 1] = "Bearer ";

    memset(value + 7, 'a', TOKEN_MAX - 1);
    assert_true(READ({"Authorization", value}));
    value[7 + TOKEN_MAX - 1] = 'a';
    assert_false(READ({"Authorization", value}));
    assert_true(error_is(&f->error, REASON_INVALID_TOKEN));
}

static void an_api_key_is_read_from_both_headers_or_from_basic(void **state)
{
    struct fixture *f = *state;

    assert_true(READ({"apca-api-key-id", "one"}, {"APCA-API-SECRET-KEY", "two"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_API_KEY);
    assert_string_equal(f->credential.id, "one");
    assert_string_equal(f->credential.secret, "two");
    assert_false(READ({"APCA-API-KEY-ID", "one"}));
    assert_true(error_is(&f->error, REASON_UNAUTHENTICATED));
    assert_non_null(strstr(f->error.message, "the second"));
    assert_false(READ({"APCA-API-SECRET-KEY", "two"}));
    // "one:two:three": what follows the first colon is the secret.
    assert_true(READ({"Authorization", "Basic b25lOnR3bzp0aHJlZQ=="}));
    assert_int_equal(f->credential.kind, CREDENTIAL_API_KEY);
    assert_string_equal(f->credential.id, "one");
    assert_string_equal(f->credential.secret, "two:three");
}

static void basic_that_is_no_base64_or_holds_no_colon_or_a_nul_is_refused(void **state)
{
    static const char *const values[] = {"Basic ", "Basic !", "Basic b25l",
                                         "Basic b25l*A==", "Basic b24AOnR3bw=="};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        assert_false(READ({"Authorization", values[i]}));
        assert_true(error_is(&f->error, REASON_UNAUTHENTICATED));
    }
}

static void a_cookie_counts_only_when_nothing_else_is_sent(void **state)
{
    struct fixture *f = *state;

    assert_true(READ({"Cookie", "a=b; bourse_session=xyz; c=d"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_COOKIE);
    assert_string_equal(f->credential.secret, "xyz");
    assert_true(READ({"Cookie", "bourse_session=xyz"}, {"Authorization", "Bearer t"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_TOKEN);
    assert_true(READ({"Cookie", "not_bourse_session=xyz; bourse_sessions=1"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_NONE);
}

static void a_cookie_that_is_there_twice_is_nobodys(void **state)
{
    struct fixture *f = *state;

    assert_true(READ({"Cookie", "bourse_session=one; bourse_session=two"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_NONE);
}

static void over_tls_only_the_cookie_no_other_host_can_set_counts(void **state)
{
    struct fixture *f = *state;

    assert_true(READ_SECURE({"Cookie", "bourse_session=one"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_NONE);
    assert_true(READ_SECURE({"Cookie", "bourse_session=one; __Host-bourse_session=two"}));
    assert_int_equal(f->credential.kind, CREDENTIAL_COOKIE);
    assert_string_equal(f->credential.secret, "two");
}

static void hash(int number, unsigned char out[SHA256_SIZE])
{
    memset(out, 0, SHA256_SIZE);
    memcpy(out, &number, sizeof number);
}

static void the_cache_knows_a_token_for_a_minute_and_a_wrong_key_for_seconds(void **state)
{
    struct fixture *f = *state;
    struct credential_cache *cache = credential_cache_new();
    unsigned char good[SHA256_SIZE];
    unsigned char wrong[SHA256_SIZE];
    const char *token = NULL;
    int64_t second = MICROS_PER_SECOND;

    hash(1, good);
    hash(2, wrong);
    assert_int_equal(credential_cache_find(cache, good, second, f->arena, &token),
                     CREDENTIAL_UNKNOWN);
    credential_cache_put(cache, good, second, "token");
    credential_cache_put(cache, wrong, second, NULL);
    assert_int_equal(credential_cache_find(cache, good, 60 * second, f->arena, &token),
                     CREDENTIAL_GOOD);
    assert_string_equal(token, "token");
    assert_int_equal(credential_cache_find(cache, good, 61 * second, f->arena, &token),
                     CREDENTIAL_UNKNOWN);
    assert_int_equal(credential_cache_find(cache, wrong, 5 * second, f->arena, &token),
                     CREDENTIAL_WRONG);
    assert_int_equal(credential_cache_find(cache, wrong, 6 * second, f->arena, &token),
                     CREDENTIAL_UNKNOWN);
    credential_cache_put(cache, wrong, second, "right now");
    assert_int_equal(credential_cache_find(cache, wrong, 2 * second, f->arena, &token),
                     CREDENTIAL_GOOD);
    credential_cache_free(&cache);
}

static void a_token_that_was_refused_is_forgotten_unless_another_took_its_place(void **state)
{
    struct fixture *f = *state;
    struct credential_cache *cache = credential_cache_new();
    unsigned char key[SHA256_SIZE];
    const char *token = NULL;
    int64_t second = MICROS_PER_SECOND;

    hash(1, key);
    credential_cache_put(cache, key, second, "new");
    credential_cache_forget(cache, key, "old");
    assert_int_equal(credential_cache_find(cache, key, second, f->arena, &token), CREDENTIAL_GOOD);
    credential_cache_forget(cache, key, "new");
    assert_int_equal(credential_cache_find(cache, key, second, f->arena, &token),
                     CREDENTIAL_UNKNOWN);
    credential_cache_put(cache, key, second, NULL);
    credential_cache_forget(cache, key, "new");
    assert_int_equal(credential_cache_find(cache, key, second, f->arena, &token), CREDENTIAL_WRONG);
    credential_cache_free(&cache);
}

static void a_full_cache_gives_up_what_is_over_first(void **state)
{
    struct fixture *f = *state;
    struct credential_cache *cache = credential_cache_new();
    unsigned char key[SHA256_SIZE];
    const char *token = NULL;

    // All of one set: the numbers differ above the bits that choose it.
    for (int i = 0; i < 9; i++) {
        hash(i << 20, key);
        credential_cache_put(cache, key, (i + 1) * MICROS_PER_SECOND, "token");
    }
    hash(0, key);
    assert_int_equal(credential_cache_find(cache, key, 10 * MICROS_PER_SECOND, f->arena, &token),
                     CREDENTIAL_UNKNOWN);
    for (int i = 1; i < 9; i++) {
        hash(i << 20, key);
        assert_int_equal(
            credential_cache_find(cache, key, 10 * MICROS_PER_SECOND, f->arena, &token),
            CREDENTIAL_GOOD);
    }
    credential_cache_free(&cache);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_read_from_the_header),
        TEST(a_token_that_is_longer_than_any_is_refused_as_a_wrong_one),
        TEST(an_api_key_is_read_from_both_headers_or_from_basic),
        TEST(basic_that_is_no_base64_or_holds_no_colon_or_a_nul_is_refused),
        TEST(a_cookie_counts_only_when_nothing_else_is_sent),
        TEST(a_cookie_that_is_there_twice_is_nobodys),
        TEST(over_tls_only_the_cookie_no_other_host_can_set_counts),
        TEST(the_cache_knows_a_token_for_a_minute_and_a_wrong_key_for_seconds),
        TEST(a_token_that_was_refused_is_forgotten_unless_another_took_its_place),
        TEST(a_full_cache_gives_up_what_is_over_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
