// SPDX-License-Identifier: MIT
#include "service/observe.h"

#include "bourse/auth/v1/auth_methods.h"
#include "service/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

enum { OUTPUT_SIZE = 16 * 1024 };

#define USER "0190a5f0-7c3e-7abc-8def-0123456789ab"
#define REQUEST "0190a5f0-7c3e-7abc-8def-0123456789ad"

static struct metrics *metrics;
static struct observer *observer;

static int start(void **state)
{
    (void)state;
    log_start("auth", LOG_INFO);
    metrics = metrics_new();
    observer = observer_new(metrics);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    observer_free(&observer);
    metrics_free(&metrics);
    return 0;
}

static const struct call call = {
    .request_id = REQUEST,
    .client_address = "203.0.113.7",
    .caller = "gateway",
    .identity = {.user_id = USER, .username = "ada", .role = ROLE_USER},
};

// What is written when the call ends with that reason.
static void log_of(enum reason reason, char out[OUTPUT_SIZE])
{
    FILE *captured = tmpfile();
    int standard_error = dup(STDERR_FILENO);
    struct error error;

    assert_non_null(captured);
    error_set(&error, reason, "because of the test");
    dup2(fileno(captured), STDERR_FILENO);
    observer_note_answer(observer, &auth_method_list_users, &call, &error, 1500);
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    rewind(captured);
    out[fread(out, 1, OUTPUT_SIZE - 1, captured)] = '\0';
    fclose(captured);
}

static void assert_has(const char *line, const char *part)
{
    if (strstr(line, part) == NULL)
        fail_msg("%s is not in %s", part, line);
}

static void who_tries_what_they_may_not_is_told_of_in_one_line(void **state)
{
    static const struct {
        enum reason reason;
        const char *named;
    } forbidden[] = {
        {REASON_PERMISSION_DENIED, "\"reason\":\"PERMISSION_DENIED\""},
        {REASON_INSUFFICIENT_SCOPE, "\"reason\":\"INSUFFICIENT_SCOPE\""},
        {REASON_NOT_A_MESH_PEER, "\"reason\":\"NOT_A_MESH_PEER\""},
    };
    char line[OUTPUT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
        log_of(forbidden[i].reason, line);
        assert_has(line, "\"level\":\"info\"");
        assert_has(line, "\"event\":\"call_failed\"");
        assert_has(line, "\"method\":\"bourse.auth.v1.AuthService/ListUsers\"");
        assert_has(line, "\"user\":\"" USER "\"");
        assert_has(line, "\"client\":\"203.0.113.7\"");
        assert_has(line, "\"request_id\":\"" REQUEST "\"");
        assert_has(line, forbidden[i].named);
        assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    }
}

static void who_is_not_known_and_who_makes_a_mistake_fills_no_log(void **state)
{
    static const enum reason quiet[] = {
        REASON_UNAUTHENTICATED, REASON_INVALID_TOKEN,   REASON_INVALID_CREDENTIALS,
        REASON_WRONG_PASSWORD,  REASON_INVALID_REQUEST, REASON_USER_NOT_FOUND,
    };
    char line[OUTPUT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(quiet); i++) {
        log_of(quiet[i], line);
        assert_string_equal(line, "");
    }
}

static void a_fault_of_ours_is_an_error(void **state)
{
    char line[OUTPUT_SIZE];

    (void)state;
    log_of(REASON_INTERNAL, line);
    assert_has(line, "\"level\":\"error\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_tries_what_they_may_not_is_told_of_in_one_line),
        cmocka_unit_test(who_is_not_known_and_who_makes_a_mistake_fills_no_log),
        cmocka_unit_test(a_fault_of_ours_is_an_error),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
