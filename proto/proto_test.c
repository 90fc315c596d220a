// SPDX-License-Identifier: MIT
// proto_test: what was generated from the real .proto files hangs together.
#include "rest/route.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "support/test.h"

#include <string.h>

// Tables are const data; a wrong order in one would put the rules of a field on its neighbour.
static void check_tables(const struct message_info *info)
{
    const ProtobufCMessageDescriptor *descriptor = info->descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *is = &descriptor->fields[i];
        const struct field_info *field = &info->fields[i];

        // The name in JSON is the field's own, or that without its unit.
        assert_memory_equal(is->name, field->json_name, strlen(field->json_name));
        assert_int_equal(is->type == PROTOBUF_C_TYPE_ENUM, field->enumeration != NULL);
        assert_int_equal(is->type == PROTOBUF_C_TYPE_MESSAGE, field->message != NULL);
        if (field->format == FORMAT_DECIMAL || field->format == FORMAT_TIME)
            assert_int_equal(is->type, PROTOBUF_C_TYPE_INT64);
        else if (field->format != FORMAT_PLAIN)
            assert_int_equal(is->type, PROTOBUF_C_TYPE_STRING);
        if (is->type == PROTOBUF_C_TYPE_STRING || is->type == PROTOBUF_C_TYPE_BYTES)
            assert_true(field->max_length > 0);
        if (is->label == PROTOBUF_C_LABEL_REPEATED)
            assert_true(field->max_items > 0);
        if (field->enumeration != NULL)
            assert_ptr_equal(field->enumeration->descriptor, is->descriptor);
        if (field->message != NULL) {
            assert_ptr_equal(field->message->descriptor, is->descriptor);
            check_tables(field->message);
        }
    }
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return hash;
}

static void the_tables_of_every_route_lie_beside_its_messages_fields(void **state)
{
    (void)state;
    assert_true(gateway_route_count > 30);
    for (size_t i = 0; i < gateway_route_count; i++) {
        const struct rpc_method *method = gateway_routes[i].method;

        check_tables(method->request);
        check_tables(method->response);
        assert_int_equal(method->id, hash_of(method->name));
        assert_non_null(strstr(method->name, method->short_name));
        assert_true(method->timeout_ms > 0);
        assert_true(method->access != RPC_ACCESS_MESH);
    }
}

static void every_path_variable_and_answer_is_a_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < gateway_route_count; i++) {
        const struct route *route = &gateway_routes[i];

        for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at + 1, '{')) {
            char name[64] = "";

            memcpy(name, at + 1, strcspn(at + 1, "}"));
            assert_true(message_find_field(route->method->request, name, NULL));
        }
        if (route->response_body != NULL)
            assert_true(message_find_field(route->method->response, route->response_body, NULL));
        if (strcmp(route->http_method, "GET") == 0)
            assert_true(route->method->no_side_effects && !route->has_body);
    }
}

static size_t place_of(const char *path)
{
    for (size_t i = 0; i < gateway_route_count; i++)
        if (strcmp(gateway_routes[i].path, path) == 0)
            return i;
    fail_msg("there is no route %s", path);
    return 0;
}

static void literal_segments_come_before_variables(void **state)
{
    (void)state;
    assert_true(place_of("/api/v1/bars:import") < place_of("/api/v1/bars/{ticker}"));
    assert_true(place_of("/api/v1/orders") < place_of("/api/v1/orders/{order_id}"));
    assert_true(place_of("/api/v1/portfolios/{portfolio_id}") <
                place_of("/api/v1/portfolios/{portfolio_id}/audit"));
}

static void what_only_services_may_call_names_them(void **state)
{
    (void)state;
    assert_int_equal(portfolio_method_apply_fill.access, RPC_ACCESS_MESH);
    assert_string_equal(portfolio_method_apply_fill.callers[0], "trading");
    assert_null(portfolio_method_apply_fill.callers[1]);
    assert_int_equal(trading_method_place_order.batch_max, 64);
    assert_int_equal(market_method_get_clock.lane, RPC_LANE_FAST);
    assert_int_equal(auth_method_login.lane, RPC_LANE_SLOW);
    assert_true(auth_method_register.request->fields[2].secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_of_every_route_lie_beside_its_messages_fields),
        cmocka_unit_test(every_path_variable_and_answer_is_a_field),
        cmocka_unit_test(literal_segments_come_before_variables),
        cmocka_unit_test(what_only_services_may_call_names_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
