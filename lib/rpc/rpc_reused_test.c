// SPDX-License-Identifier: MIT
// An address of a service that has become another one's, before the callers have heard of it.
#include "support/test.h"

#include <pthread.h>

#include "rpc/test_support.h"

enum { CALLS = 50, CALLERS = 8, TIMEOUT_MS = 20000 };

struct fixture {
    struct test_server other; // at an address that was the service's
    struct test_server own;
    struct rpc_client *client;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    test_server_start(&fixture->other, "other");
    test_server_start(&fixture->own, "test");
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    rpc_client_free(&fixture->client);
    test_server_stop(&fixture->other);
    test_server_stop(&fixture->own);
    release(fixture);
    return 0;
}

static bool call(struct fixture *fixture, struct error *error)
{
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct call call = call_start(arena, TIMEOUT_MS);
    Rpc__Detail *response = NULL;

    return test_call(fixture->client, &test_wait, &call, 0, &response, error);
}

static void another_service_does_nothing_that_was_not_meant_for_it(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer peer = {.port = fixture->other.port};
    struct error error;

    fixture->client = test_client_new(&peer, 1, TEST_KEY_BYTE);
    assert_false(call(fixture, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_false(error.outcome_unknown);
    assert_int_equal(test_count_lines(fixture->other.journal, ""), 0);
}

// Gives the fixture when a call has failed.
static void *call_often(void *fixture)
{
    struct error error;

    for (int i = 0; i < CALLS; i++)
        if (!call(fixture, &error))
            return fixture;
    return NULL;
}

// Several at once, so that messages of more than one call come to the wrong address.
static void calls_that_come_to_another_service_are_done_by_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer peers[] = {{.port = fixture->other.port}, {.port = fixture->own.port}};
    pthread_t threads[CALLERS];

    fixture->client = test_client_new(peers, COUNT_OF(peers), TEST_KEY_BYTE);
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, fixture), 0);
    for (size_t i = 0; i < CALLERS; i++) {
        void *failed = NULL;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(test_count_lines(fixture->other.journal, ""), 0);
    assert_int_equal(test_count_lines(fixture->own.journal, ""), CALLERS * CALLS);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        RULE(another_service_does_nothing_that_was_not_meant_for_it),
        RULE(calls_that_come_to_another_service_are_done_by_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
