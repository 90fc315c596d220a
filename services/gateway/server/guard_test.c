// SPDX-License-Identifier: MIT
#include "server/guard.h"

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

// As civetweb leaves a head behind: terminators in place of colons, blanks and line ends. `names`
// and `values` say where those begin.
static bool
lines_are_fine(char *head, size_t version, size_t count, const size_t *names, const size_t *values)
{
    struct http_request request = {.path = text_of(head + 2), .header_count = count};

    for (size_t i = 0; i < count; i++)
        request.headers[i] = (struct http_header){head + names[i], head + values[i]};
    return guard_lines(&request, head, head + version);
}

#define LINES_ARE_FINE(head, version, names, values)                                               \
    lines_are_fine((char[]){head}, version, COUNT_OF(((const size_t[])names)),                     \
                   (const size_t[])names, (const size_t[])values)
#define AT(...)                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define LINE "G\0/\0HTTP/1.1\0\0" // 14 bytes, the version at 9

static void only_plain_lines_with_cr_lf_are_taken(void **state)
{
    (void)state;
    assert_true(LINES_ARE_FINE(LINE "A\0 1\0\0B\0 2\0\0\r\0", 9, AT(14, 20), AT(17, 23)));
    // "A:1", and "A:"
    assert_true(LINES_ARE_FINE(LINE "A\0"
                                    "1\0\0B\0\0\0\r\0",
                               9, AT(14, 19), AT(16, 21)));
    // "A : 1": a blank before the colon
    assert_false(LINES_ARE_FINE(LINE "A\0\0 1\0\0\r\0", 9, AT(14), AT(18)));
    // line feed alone
    assert_false(LINES_ARE_FINE(LINE "A\0 1\0B\0 2\0\0\r\0", 9, AT(14, 19), AT(17, 22)));
}

static void nothing_is_hidden_behind_the_last_header_that_was_understood(void **state)
{
    (void)state;
    // a folded line
    assert_false(LINES_ARE_FINE(LINE "A\0 1\0\0 folded\r\n", 9, AT(14), AT(17)));
    // a line without a name
    assert_false(LINES_ARE_FINE(LINE "A\0 1\0\0: hidden\r\n", 9, AT(14), AT(17)));
    // a CR that is taken for the empty line
    assert_false(LINES_ARE_FINE(LINE "A\0 1\0\0\rB: hidden\r\n", 9, AT(14), AT(17)));
    // no empty line at all
    assert_false(LINES_ARE_FINE(LINE "A\0 1\0\0xxxx", 9, AT(14), AT(17)));
}

static bool request_line_is_fine(char *head, size_t version, const char *query)
{
    struct http_request request = {.path = text_of(head + 2), .query = text_of(query)};

    return guard_lines(&request, head, head + version);
}

static void a_request_line_has_single_blanks_and_one_line_end(void **state)
{
    char with_query[] = "G\0/\0a=1\0HTTP/1.0\0\0\0";
    char with_empty_query[] = "G\0/\0\0HTTP/1.0\0\0\0";

    (void)state;
    assert_true(request_line_is_fine((char[]){"G\0/\0HTTP/1.0\0\0\0"}, 9, NULL));
    assert_true(request_line_is_fine(with_query, 13, with_query + 4));
    assert_true(request_line_is_fine(with_empty_query, 10, with_empty_query + 4));
    assert_false(request_line_is_fine((char[]){"G\0/\0\0HTTP/1.0\0\0\0"}, 10, NULL));
    assert_false(request_line_is_fine((char[]){"G\0\0/\0HTTP/1.0\0\0\0"}, 10, NULL));
    // a line without a name is all that follows
    assert_false(request_line_is_fine((char[]){"G\0/\0HTTP/1.0\0\0: hidden"}, 9, NULL));
    // line feed alone, blank lines, and a blank before the first name
    assert_false(LINES_ARE_FINE("G\0/\0HTTP/1.1\0A\0 1\0\0\r\0", 9, AT(13), AT(16)));
    assert_false(LINES_ARE_FINE(LINE "\0\0A\0 1\0\0\r\0", 9, AT(16), AT(19)));
    assert_false(LINES_ARE_FINE(LINE "\0A\0 1\0\0\r\0", 9, AT(15), AT(18)));
}

static bool repeats_head(const char *body, size_t length, uint64_t content_length)
{
    static const char head[] = "PUT\0/x\0HTTP/1.1\0\0Host\0 x\0\0\r";
    struct http_request request = {.method = head, .content_length = content_length};

    return guard_repeats_head(&request, head, (struct text){body, length});
}

static void a_body_that_is_the_head_again_is_noticed(void **state)
{
    (void)state;
    assert_true(repeats_head("PUT\0/x", 6, 100));
    assert_true(repeats_head("PUT\0", 4, 4));
    assert_true(repeats_head(" \r\n\t PUT\0/x", 11, 11));
    // The first piece ends within the method, or before it.
    assert_true(repeats_head("PU", 2, 100));
    assert_true(repeats_head("    ", 4, 100));
    assert_false(repeats_head("PU", 2, 2));
    assert_false(repeats_head("    ", 4, 4));
    assert_false(repeats_head("", 0, 0));
    assert_false(repeats_head("PUT /x", 6, 6));
    assert_false(repeats_head("{\"PUT\0", 6, 100));
    assert_false(repeats_head("\0PUT", 5, 100));
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
        cmocka_unit_test(nothing_is_hidden_behind_the_last_header_that_was_understood),
        cmocka_unit_test(a_request_line_has_single_blanks_and_one_line_end),
        cmocka_unit_test(a_body_that_is_the_head_again_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
