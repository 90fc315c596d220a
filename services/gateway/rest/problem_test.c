// SPDX-License-Identifier: MIT
#include "rest/problem.h"

#include "support/test.h"

#include <string.h>

struct fixture {
    struct strbuf *body;
    struct strbuf *headers;
    struct http_request request;
    struct http_response response;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    fixture->body = strbuf_new(65536);
    fixture->headers = strbuf_new(4096);
    fixture->request.id = (struct uuid){"0191e0aa-0000-4000-8000-000000000001"};
    fixture->response = (struct http_response){.body = fixture->body, .headers = fixture->headers};
    memcpy(fixture->request.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           TRACEPARENT_SIZE);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    strbuf_free(&fixture->body);
    strbuf_free(&fixture->headers);
    release(fixture);
    return 0;
}

static void a_problem_has_the_members_of_rfc_9457_and_ours(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, REASON_INSUFFICIENT_FUNDS, "Needs 200 and has \"100\".");
    error_add_number(&error, "required", "200.00");
    error_add_number(&error, "status", "overwritten");
    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 403);
    assert_string_equal(fixture->response.content_type, "application/problem+json");
    assert_string_equal(
        fixture->body->data,
        "{\"type\":\"/docs/errors#INSUFFICIENT_FUNDS\",\"title\":\"There is not enough cash.\","
        "\"status\":403,\"detail\":\"Needs 200 and has \\\"100\\\".\","
        "\"reason\":\"INSUFFICIENT_FUNDS\","
        "\"request_id\":\"0191e0aa-0000-4000-8000-000000000001\","
        "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"required\":\"200.00\",\"errors\":[]}");
}

static void each_broken_rule_names_its_field(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_clear(&error);
    error_add_violation(&error, "legs[1].side", "must be buy or sell");
    error_add_violation(&error, "quantity", "is required");
    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 422);
    assert_non_null(strstr(fixture->body->data,
                           "\"errors\":[{\"field\":\"legs[1].side\",\"message\":\"must be buy or "
                           "sell\"},{\"field\":\"quantity\",\"message\":\"is required\"}]}"));
    assert_non_null(
        strstr(fixture->body->data, "\"detail\":\"legs[1].side: must be buy or sell\""));
}

static void an_operation_may_answer_400_for_what_breaks_a_rule(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_clear(&error);
    error_add_violation(&error, "password", "is too easy to guess");
    problem_write_as(&fixture->request, &fixture->response, &error, 400);
    assert_int_equal(fixture->response.status, 400);
    assert_non_null(strstr(fixture->body->data, "\"status\":400"));
    error_set(&error, REASON_USERNAME_TAKEN, "Taken.");
    problem_write_as(&fixture->request, &fixture->response, &error, 400);
    assert_int_equal(fixture->response.status, 409);
}

static void what_may_be_repeated_says_when(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, REASON_TOO_MANY_REQUESTS, "Too many logins.");
    error_add_number(&error, "retry_after", "30");
    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 429);
    assert_string_equal(fixture->headers->data, "Retry-After: 30\r\n");
    strbuf_reset(fixture->headers);
    error_set(&error, REASON_OUTCOME_UNKNOWN, "Lost.");
    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 503);
    assert_string_equal(fixture->headers->data, "Retry-After: 1\r\n");
}

static void a_missing_token_is_answered_with_the_scheme(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, REASON_UNAUTHENTICATED, "This needs an access token.");
    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 401);
    assert_string_equal(fixture->headers->data, "WWW-Authenticate: Bearer realm=\"bourse\"\r\n");
}

static void a_reason_of_a_newer_service_is_answered_by_its_code(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {
        .code = CODE_NOT_FOUND, .reason = "MOON_NOT_FOUND", .message = "No moon."};

    problem_write(&fixture->request, &fixture->response, &error);
    assert_int_equal(fixture->response.status, 404);
    assert_non_null(strstr(fixture->body->data, "\"reason\":\"MOON_NOT_FOUND\""));
}

static void the_older_paths_get_their_sentence_and_400_for_what_breaks_a_rule(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, REASON_USER_NOT_FOUND, "There is no such user.");
    problem_write_seed(&fixture->request, &fixture->response, &error, "User not found");
    assert_int_equal(fixture->response.status, 404);
    assert_non_null(strstr(fixture->body->data, "\"error\":\"User not found\""));
    error_clear(&error);
    error_add_violation(&error, "transaction_type", "must be BUY or SELL");
    problem_write_seed(&fixture->request, &fixture->response, &error, NULL);
    assert_int_equal(fixture->response.status, 400);
    assert_non_null(strstr(fixture->body->data, "\"status\":400"));
    assert_non_null(
        strstr(fixture->body->data, "\"error\":\"transaction_type: must be BUY or SELL\""));
}

static void a_reused_key_is_422_on_the_older_paths_too(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, REASON_IDEMPOTENCY_KEY_REUSED, "This key was used before.");
    problem_write_seed(&fixture->request, &fixture->response, &error, NULL);
    assert_int_equal(fixture->response.status, 422);
    assert_non_null(strstr(fixture->body->data, "\"error\":\"This key was used before.\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_problem_has_the_members_of_rfc_9457_and_ours, start, end),
        cmocka_unit_test_setup_teardown(each_broken_rule_names_its_field, start, end),
        cmocka_unit_test_setup_teardown(an_operation_may_answer_400_for_what_breaks_a_rule, start,
                                        end),
        cmocka_unit_test_setup_teardown(what_may_be_repeated_says_when, start, end),
        cmocka_unit_test_setup_teardown(a_missing_token_is_answered_with_the_scheme, start, end),
        cmocka_unit_test_setup_teardown(a_reason_of_a_newer_service_is_answered_by_its_code, start,
                                        end),
        cmocka_unit_test_setup_teardown(
            the_older_paths_get_their_sentence_and_400_for_what_breaks_a_rule, start, end),
        cmocka_unit_test_setup_teardown(a_reused_key_is_422_on_the_older_paths_too, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
