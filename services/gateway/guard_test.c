// SPDX-License-Identifier: MIT
#include "guard.h"

#include "support/test.h"

#include <string.h>

static bool check(const char *method,
                  const struct http_header *headers,
                  size_t count,
                  struct http_request *request,
                  struct error *error)
{
    *request = (struct http_request){.method = method};
    memcpy(request->headers, headers, count * sizeof *headers);
    request->header_count = count;
    return guard_head(request, true, error);
}

#define CHECK(method, ...)                                                                         \
    check((method), (const struct http_header[]){{"Host", "x"}, __VA_ARGS__},                      \
          COUNT_OF(((const struct http_header[]){{"Host", "x"}, __VA_ARGS__})), &request, &error)

static void a_body_has_exactly_one_length_in_digits(void **state)
{
    struct http_request request;
    struct error error;

    (void)state;
    assert_true(CHECK("POST", {"content-length", "17"}));
    assert_int_equal(request.content_length, 17);
    assert_false(CHECK("POST", {"Content-Length", "17"}, {"Content-Length", "17"}));
    assert_string_equal(error.reason, "MALFORMED_REQUEST");
    static const char *const wrong[] = {
        "+3", "-1", "3abc", "", " 3", "0x10", "3,3", "1e3", "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(CHECK("POST", {"Content-Length", wrong[i]}));
        assert_string_equal(error.reason, "MALFORMED_REQUEST");
    }
}

static void a_request_without_a_length_has_no_body(void **state)
{
    struct http_request request;
    struct error error;

    (void)state;
    assert_true(CHECK("POST", {"Accept", "*/*"}));
    assert_int_equal(request.content_length, 0);
    assert_true(CHECK("GET", {"Accept", "*/*"}));
    assert_true(CHECK("DELETE", {"Accept", "*/*"}));
}

static void transfer_encoding_is_refused_with_and_without_a_length(void **state)
{
    struct http_request request;
    struct error error;

    (void)state;
    assert_false(CHECK("POST", {"Transfer-Encoding", "chunked"}));
    assert_string_equal(error.reason, "LENGTH_REQUIRED");
    assert_false(CHECK("POST", {"Transfer-Encoding", "identity"}, {"Content-Length", "3"}));
    assert_string_equal(error.reason, "MALFORMED_REQUEST");
}

static void names_that_are_no_tokens_and_values_with_control_characters_are_refused(void **state)
{
    struct http_request request;
    struct error error;

    (void)state;
    assert_false(CHECK("GET", {"X Y", "1"}));
    assert_false(CHECK("GET", {"", "1"}));
    assert_false(CHECK("GET", {"X", "a\x01"}));
    assert_true(CHECK("GET", {"X", "a\tb \xc3\xa9"}));
}

static void headers_that_decide_something_come_once(void **state)
{
    struct http_request request;
    struct error error;

    (void)state;
    assert_false(CHECK("GET", {"host", "y"}));
    assert_false(CHECK("GET", {"Authorization", "Bearer a"}, {"authorization", "Bearer b"}));
    assert_true(CHECK("GET", {"Accept", "a"}, {"Accept", "b"}));
}

static void http_1_1_needs_a_host(void **state)
{
    struct http_request request = {.method = "GET"};
    struct error error;

    (void)state;
    assert_false(guard_head(&request, true, &error));
    assert_true(guard_head(&request, false, &error));
}

// As civetweb leaves a head behind: terminators in place of colons, blanks and line ends.
static bool
lines_are_fine(char *head, size_t first, size_t first_value, size_t second, size_t second_value)
{
    struct http_request request = {.header_count = second > 0 ? 2 : 1};

    request.headers[0] = (struct http_header){head + first, head + first_value};
    if (second > 0)
        request.headers[1] = (struct http_header){head + second, head + second_value};
    return guard_lines(&request, head);
}

static void only_plain_lines_with_cr_lf_are_taken(void **state)
{
    (void)state;
    assert_true(lines_are_fine((char[]){"G\0A\0 1\0\0B\0 2\0\0\r\0"}, 2, 5, 8, 11));
    // "A : 1": a blank before the colon
    assert_false(lines_are_fine((char[]){"G\0A\0\0 1\0\0\r\0"}, 2, 6, 0, 0));
    // line feed alone
    assert_false(lines_are_fine((char[]){"G\0A\0 1\0B\0 2\0\0\r\0"}, 2, 5, 7, 10));
    // a folded line after the last header that was understood
    assert_false(lines_are_fine((char[]){"G\0A\0 1\0\0 folded\r\n"}, 2, 5, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_has_exactly_one_length_in_digits),
        cmocka_unit_test(a_request_without_a_length_has_no_body),
        cmocka_unit_test(transfer_encoding_is_refused_with_and_without_a_length),
        cmocka_unit_test(names_that_are_no_tokens_and_values_with_control_characters_are_refused),
        cmocka_unit_test(headers_that_decide_something_come_once),
        cmocka_unit_test(http_1_1_needs_a_host),
        cmocka_unit_test(only_plain_lines_with_cr_lf_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
