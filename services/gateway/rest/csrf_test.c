// SPDX-License-Identifier: MIT
#include "rest/csrf.h"

#include "base/digest.h"
#include "support/test.h"

#define SESSION "00000000-0000-7000-8000-000000000001"
#define OTHER "00000000-0000-7000-8000-000000000002"

static const struct rpc_mesh_key key = {.bytes = {1, 2, 3}};

static struct http_request request_of(const struct http_header headers[4])
{
    struct http_request request = {.header_count = 0};

    for (size_t i = 0; i < 4 && headers[i].name != NULL; i++)
        request.headers[request.header_count++] = headers[i];
    return request;
}

#define REQUEST(...) request_of((const struct http_header[4]){__VA_ARGS__})

static bool
check(const struct http_request *request, const struct rpc_mesh_key *with, struct error *error)
{
    return csrf_check(request, http_request_header(request, "X-CSRF-Token"), with, SESSION, error);
}

static bool passes(struct http_request request)
{
    struct error error;

    error_clear(&error);
    if (check(&request, &key, &error))
        return true;
    assert_true(error_is(&error, REASON_CSRF_REJECTED));
    return false;
}

static void only_the_sessions_own_token_passes(void **state)
{
    char token[CSRF_TOKEN_SIZE];
    char others[CSRF_TOKEN_SIZE];

    (void)state;
    csrf_token(&key, SESSION, token);
    csrf_token(&key, OTHER, others);
    assert_string_not_equal(token, others);
    assert_true(passes(REQUEST({"X-CSRF-Token", token})));
    assert_false(passes(REQUEST({"X-CSRF-Token", others})));
    assert_false(passes(REQUEST({"X-CSRF-Token", ""})));
    token[21]++;
    assert_false(passes(REQUEST({"X-CSRF-Token", token})));
    assert_false(passes(REQUEST({"Host", "bourse.example"})));
}

static void a_token_made_before_the_key_is_replaced_passes_while_both_keys_count(void **state)
{
    static const struct rpc_mesh_key both = {
        .bytes = {9, 9, 9}, .second = {1, 2, 3}, .has_second = true};
    static const struct rpc_mesh_key new_one = {.bytes = {9, 9, 9}};
    char token[CSRF_TOKEN_SIZE];
    struct http_request request;
    struct error error;

    (void)state;
    csrf_token(&key, SESSION, token);
    request = REQUEST({"X-CSRF-Token", token});
    assert_true(check(&request, &both, &error));
    assert_false(check(&request, &new_one, &error));
    csrf_token(&both, SESSION, token);
    assert_true(check(&request, &new_one, &error));
}

static void what_the_browser_says_of_another_site_is_refused_with_the_right_token_too(void **state)
{
    char token[CSRF_TOKEN_SIZE];

    (void)state;
    csrf_token(&key, SESSION, token);
    assert_true(passes(REQUEST({"X-CSRF-Token", token}, {"Host", "bourse.example:8080"},
                               {"Origin", "http://bourse.example:8080"},
                               {"Sec-Fetch-Site", "same-origin"})));
    assert_true(passes(REQUEST({"X-CSRF-Token", token}, {"Sec-Fetch-Site", "none"})));
    assert_false(passes(REQUEST({"X-CSRF-Token", token}, {"Sec-Fetch-Site", "cross-site"})));
    assert_false(passes(REQUEST({"X-CSRF-Token", token}, {"Sec-Fetch-Site", "same-site"})));
    assert_false(passes(REQUEST({"X-CSRF-Token", token}, {"Host", "bourse.example"},
                                {"Origin", "https://evil.example"})));
    assert_false(passes(REQUEST({"X-CSRF-Token", token}, {"Host", "bourse.example"},
                                {"Origin", "https://bourse.example.evil.example"})));
    assert_false(
        passes(REQUEST({"X-CSRF-Token", token}, {"Host", "bourse.example"}, {"Origin", "null"})));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_sessions_own_token_passes),
        cmocka_unit_test(a_token_made_before_the_key_is_replaced_passes_while_both_keys_count),
        cmocka_unit_test(what_the_browser_says_of_another_site_is_refused_with_the_right_token_too),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
