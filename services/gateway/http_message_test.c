// SPDX-License-Identifier: MIT
#include "http_message.h"

#include "support/test.h"

#include <string.h>

static struct http_request request_with(const char *name, const char *value)
{
    struct http_request request = {.method = "GET", .header_count = 1};

    request.headers[0] = (struct http_header){name, value};
    return request;
}

static void a_valid_trace_context_is_passed_on(void **state)
{
    static const char given[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    struct http_request request = request_with("Traceparent", given);

    (void)state;
    assert_string_equal(http_request_trace(&request), given);
    assert_true(text_equals(http_request_trace_id(&request), "0af7651916cd43dd8448eb211c80319c"));
}

static void any_other_trace_context_is_replaced_by_a_new_one(void **state)
{
    static const char *const refused[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct http_request request = request_with("traceparent", refused[i]);
        struct http_request other = request_with("traceparent", refused[i]);

        assert_int_equal(strlen(http_request_trace(&request)), RPC_TRACEPARENT_SIZE - 1);
        assert_string_not_equal(http_request_trace(&request), refused[i]);
        assert_string_not_equal(http_request_trace(&request), http_request_trace(&other));
        assert_string_equal(http_request_trace(&request), http_request_trace(&request));
    }
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
        cmocka_unit_test(a_valid_trace_context_is_passed_on),
        cmocka_unit_test(any_other_trace_context_is_replaced_by_a_new_one),
        cmocka_unit_test(a_coding_is_accepted_unless_its_weight_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
