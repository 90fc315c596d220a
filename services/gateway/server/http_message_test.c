// SPDX-License-Identifier: MIT
#include "server/http_message.h"

#include "support/test.h"

#include <string.h>

static struct http_request request_with(const char *name, const char *value)
{
    struct http_request request = {.method = "GET", .header_count = 1};

    request.headers[0] = (struct http_header){name, value};
    return request;
}

static void a_request_is_a_span_of_its_own_in_the_clients_trace(void **state)
{
    static const char given[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct http_request request = request_with("Traceparent", given);
    const char *trace = http_request_trace(&request);

    (void)state;
    assert_string_equal(http_request_trace_parent(&request), given);
    assert_memory_equal(trace, given, 36);
    assert_memory_not_equal(trace + 36, given + 36, 16);
    assert_string_equal(trace + 52, "-01");
    assert_ptr_equal(http_request_trace(&request), trace);
}

static void two_trace_contexts_are_none(void **state)
{
    struct http_request request =
        request_with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    (void)state;
    request.headers[1] = request.headers[0];
    request.header_count = 2;
    assert_null(http_request_trace_parent(&request));
    assert_memory_not_equal(http_request_trace(&request), request.headers[0].value, 36);
}

static void any_other_trace_context_is_replaced_by_a_new_one(void **state)
{
    static const char *const refused[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct http_request request = request_with("traceparent", refused[i]);
        struct http_request other = request_with("traceparent", refused[i]);

        assert_int_equal(strlen(http_request_trace(&request)), TRACEPARENT_SIZE - 1);
        assert_string_not_equal(http_request_trace(&request), refused[i]);
        assert_string_not_equal(http_request_trace(&request), http_request_trace(&other));
        assert_string_equal(http_request_trace(&request), http_request_trace(&request));
    }
}

static struct http_request request_with_states(const char *first, const char *second)
{
    struct http_request request =
        request_with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    request.headers[1] = (struct http_header){"tracestate", first};
    request.headers[2] = (struct http_header){"Tracestate", second};
    request.header_count = 3;
    return request;
}

static void what_others_have_written_of_the_trace_goes_on_with_it(void **state)
{
    struct http_request request = request_with_states("rojo=1, congo=2", "tenant@other=3");

    (void)state;
    assert_string_equal(http_request_trace_state(&request), "rojo=1,congo=2,tenant@other=3");
    assert_string_equal(http_request_trace_state(&request), "rojo=1,congo=2,tenant@other=3");
}

static void what_others_have_written_is_nothing_when_malformed_or_of_no_trace(void **state)
{
    struct http_request malformed = request_with_states("rojo=1", "congo");
    struct http_request empty = request_with_states("", "");
    struct http_request of_none = request_with("tracestate", "rojo=1");

    (void)state;
    assert_null(http_request_trace_state(&malformed));
    assert_memory_equal(http_request_trace(&malformed), malformed.headers[0].value, 36);
    assert_null(http_request_trace_state(&empty));
    assert_null(http_request_trace_state(&of_none));
}

static void a_coding_is_accepted_unless_its_weight_is_zero(void **state)
{
    static const struct {
        const char *value;
        bool accepted;
    } cases[] = {
        {"gzip", true},
        {"br, GZIP", true},
        {"br;q=1.0, gzip;q=0.8", true},
        {"gzip;q=0.001", true},
        {"gzip;q=0", false},
        {"gzip; q=0.000, br", false},
        {"gzip;Q=0", false},
        {"x-gzip, gzipped", false},
        {"br", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = request_with("Accept-Encoding", cases[i].value);

        assert_int_equal(http_request_accepts(&request, "accept-encoding", "gzip"),
                         cases[i].accepted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_a_span_of_its_own_in_the_clients_trace),
        cmocka_unit_test(two_trace_contexts_are_none),
        cmocka_unit_test(any_other_trace_context_is_replaced_by_a_new_one),
        cmocka_unit_test(what_others_have_written_of_the_trace_goes_on_with_it),
        cmocka_unit_test(what_others_have_written_is_nothing_when_malformed_or_of_no_trace),
        cmocka_unit_test(a_coding_is_accepted_unless_its_weight_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
