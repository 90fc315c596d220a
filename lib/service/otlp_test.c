// SPDX-License-Identifier: MIT
#include "service/otlp.h"

#include <string.h>

#include "support/test.h"

enum { TEXT_MAX = 16 * 1024 };

static const struct otlp_resource resource = {"trading", "1.2.3", "host:7"};

static void a_call_is_a_span_with_its_method_and_times_in_nanoseconds(void **state)
{
    struct otlp_span span = {
        .trace_id = "0af7651916cd43dd8448eb211c80319c",
        .span_id = "b7ad6b7169203331",
        .parent_id = "00f067aa0ba902b7",
        .tracestate = "rojo=1,congo=2",
        .kind = SPAN_SERVER,
        .name = "bourse.trading.v1.TradingService/PlaceOrder",
        .start_us = 1764158946000001,
        .end_us = 1764158946000501,
        .request_id = "0190a5f0-7c3e-7abc-8def-0123456789ad",
    };
    OWNED(strbuf) out = strbuf_new(TEXT_MAX);

    (void)state;
    otlp_write(&resource, &span, 1, out);
    assert_string_equal(
        out->data,
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
        "{\"key\":\"service.namespace\",\"value\":{\"stringValue\":\"bourse\"}},"
        "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"trading\"}},"
        "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"1.2.3\"}},"
        "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"host:7\"}}]},"
        "\"scopeSpans\":[{\"scope\":{\"name\":\"bourse\"},\"spans\":["
        "{\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\","
        "\"parentSpanId\":\"00f067aa0ba902b7\",\"traceState\":\"rojo=1,congo=2\","
        "\"name\":\"bourse.trading.v1.TradingService/PlaceOrder\",\"kind\":2,"
        "\"startTimeUnixNano\":\"1764158946000001000\",\"endTimeUnixNano\":\"1764158946000501000\","
        "\"attributes\":[{\"key\":\"rpc.system\",\"value\":{\"stringValue\":\"bourse\"}},"
        "{\"key\":\"rpc.service\",\"value\":{\"stringValue\":\"bourse.trading.v1.TradingService\"}}"
        ","
        "{\"key\":\"rpc.method\",\"value\":{\"stringValue\":\"PlaceOrder\"}},"
        "{\"key\":\"bourse.request_id\","
        "\"value\":{\"stringValue\":\"0190a5f0-7c3e-7abc-8def-0123456789ad\"}}]}]}]}]}");
}

static void a_request_has_method_route_and_status_and_says_when_it_is_an_error(void **state)
{
    struct otlp_span spans[] = {
        {.trace_id = "t", .kind = SPAN_SERVER, .name = "GET /a/{b}", .http_status = 404},
        {.trace_id = "t",
         .kind = SPAN_SERVER,
         .name = "GET /a/{b}",
         .http_status = 503,
         .reason = "503",
         .is_error = true},
    };
    OWNED(strbuf) out = strbuf_new(TEXT_MAX);

    (void)state;
    otlp_write(&resource, spans, 2, out);
    assert_non_null(strstr(
        out->data, "\"attributes\":["
                   "{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"GET\"}},"
                   "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/a/{b}\"}},"
                   "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"404\"}}]},{"));
    assert_non_null(strstr(out->data, "\"value\":{\"intValue\":\"503\"}},{\"key\":\"error.type\","
                                      "\"value\":{\"stringValue\":\"503\"}}],"
                                      "\"status\":{\"code\":2}}]"));
    assert_null(strstr(out->data, "parentSpanId"));
    assert_null(strstr(out->data, "traceState"));
}

static void no_text_can_break_out_of_its_string(void **state)
{
    struct otlp_span span = {
        .kind = SPAN_CLIENT, .name = "a\"b\n", .reason = "R\\", .request_id = "\"x"};
    OWNED(strbuf) out = strbuf_new(TEXT_MAX);

    (void)state;
    otlp_write(&resource, &span, 1, out);
    assert_non_null(strstr(out->data, "\"name\":\"a\\\"b\\n\""));
    assert_non_null(strstr(out->data, "\"stringValue\":\"R\\\\\""));
    assert_non_null(strstr(out->data, "\"stringValue\":\"\\\"x\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_a_span_with_its_method_and_times_in_nanoseconds),
        cmocka_unit_test(a_request_has_method_route_and_status_and_says_when_it_is_an_error),
        cmocka_unit_test(no_text_can_break_out_of_its_string),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
