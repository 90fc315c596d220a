// SPDX-License-Identifier: MIT
#include "rest/rest.h"

#include "bourse/auth/v1/auth_rules.h"
#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"
#include "support/test.h"

#include <string.h>

static const char portfolio_id[] = "0191E0AA-0000-7000-8000-000000000001";

struct fixture {
    struct arena *arena;
    struct router_match match;
    struct rest_input input;
    struct error error;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    fixture->arena = arena_new(256 * 1024);
    fixture->match.variable_count = 1;
    fixture->match.variables[0].name = text_of("portfolio_id");
    fixture->match.variables[0].value = text_of(portfolio_id);
    fixture->input = (struct rest_input){
        .info = &trading_place_order_request_info,
        .arena = fixture->arena,
        .match = &fixture->match,
        .content_type = "application/json",
        .takes_body = true,
    };
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    arena_free(&fixture->arena);
    release(fixture);
    return 0;
}

static const Trading__PlaceOrderRequest *
read_request(struct fixture *fixture, const char *query, const char *body)
{
    ProtobufCMessage *message = NULL;

    fixture->input.query = text_of(query);
    fixture->input.body = text_of(body);
    error_clear(&fixture->error);
    if (!rest_read_message(&fixture->input, &message, &fixture->error))
        return NULL;
    return (const Trading__PlaceOrderRequest *)message;
}

static void refuses(struct fixture *fixture, const char *query, const char *body, const char *field)
{
    assert_null(read_request(fixture, query, body));
    assert_string_equal(fixture->error.reason, "INVALID_REQUEST");
    assert_string_equal(fixture->error.details[0].name, field);
}

static void a_message_comes_from_path_query_and_body_together(void **state)
{
    const Trading__PlaceOrderRequest *request = read_request(
        *state, "wait=false", "{\"ticker\":\"aapl\",\"side\":\"buy\",\"quantity\":\"1.5\"}");

    assert_non_null(request);
    assert_string_equal(request->portfolio_id, "0191e0aa-0000-7000-8000-000000000001");
    assert_string_equal(request->ticker, "AAPL");
    assert_int_equal(request->quantity_nanos, 1500000000);
    assert_true(request->has_wait && !request->wait);
}

static void a_field_comes_from_one_place_only(void **state)
{
    refuses(*state, "", "{\"portfolio_id\":\"0191e0aa-0000-7000-8000-000000000002\"}",
            "portfolio_id");
    refuses(*state, "ticker=IBM", "{\"ticker\":\"IBM\"}", "ticker");
    refuses(*state, "wait=true&wait=true", "{}", "wait");
    refuses(*state, "portfolio_id=0191e0aa-0000-7000-8000-000000000002", "{}", "portfolio_id");
}

static void a_parameter_nobody_knows_is_refused_by_name(void **state)
{
    refuses(*state, "wiat=false", "{}", "wiat");
    refuses(*state, "%77iat=false", "{}", "wiat");
}

static void secrets_do_not_go_into_addresses(void **state)
{
    struct fixture *fixture = *state;

    fixture->match.variable_count = 0;
    fixture->input.info = &auth_login_request_info;
    refuses(fixture, "username=ada&password=secret-enough", "", "password");
}

static void a_body_must_say_that_it_is_json(void **state)
{
    static const char *const refused[] = {NULL,
                                          "",
                                          "text/plain",
                                          "application/jsonx",
                                          "application/x-www-form-urlencoded",
                                          "application/json; charset=latin1"};
    static const char *const taken[] = {"application/json", "Application/JSON",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=\"UTF-8\""};
    static const char body[] = "{\"ticker\":\"IBM\",\"side\":\"sell\",\"quantity\":\"1\"}";
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        fixture->input.content_type = refused[i];
        assert_null(read_request(fixture, "", body));
        assert_string_equal(fixture->error.reason, "UNSUPPORTED_MEDIA_TYPE");
    }
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        fixture->input.content_type = taken[i];
        assert_non_null(read_request(fixture, "", body));
    }
}

static void what_takes_no_body_says_so_and_overlooks_an_empty_one(void **state)
{
    struct fixture *fixture = *state;
    ProtobufCMessage *message = NULL;

    fixture->input.info = &trading_list_fills_request_info;
    fixture->input.takes_body = false;
    fixture->match.variables[0].name = text_of("order_id");
    assert_non_null(read_request(fixture, "", ""));
    assert_non_null(read_request(fixture, "", " {} \n"));
    assert_null(read_request(fixture, "", "{\"order_id\":\"x\"}"));
    assert_string_equal(fixture->error.reason, "MALFORMED_REQUEST");
    assert_null(read_request(fixture, "", "{"));
    assert_null(read_request(fixture, "", "}{"));
    assert_null(read_request(fixture, "", "{}{}"));
    fixture->input.body = (struct text){"\0", 1};
    assert_false(rest_read_message(&fixture->input, &message, &fixture->error));
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    assert_null(read_request(*state, "ticker=%ff", ""));
    assert_null(read_request(*state, "ticker=A%00B", ""));
    assert_null(read_request(*state, "", "{\"ticker\":\"\xff\xfe\"}"));
    assert_null(read_request(*state, "", "{\"ticker\":\"A\\u0000\"}"));
    assert_null(read_request(*state, "", "{\"ticker\":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_comes_from_path_query_and_body_together, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_field_comes_from_one_place_only, start, end),
        cmocka_unit_test_setup_teardown(a_parameter_nobody_knows_is_refused_by_name, start, end),
        cmocka_unit_test_setup_teardown(secrets_do_not_go_into_addresses, start, end),
        cmocka_unit_test_setup_teardown(a_body_must_say_that_it_is_json, start, end),
        cmocka_unit_test_setup_teardown(what_takes_no_body_says_so_and_overlooks_an_empty_one,
                                        start, end),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_refused, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
