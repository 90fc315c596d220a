// SPDX-License-Identifier: MIT
// An address of a service that has become another one's, before the callers have heard of it.
#include "support/test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "rpc/rpc_server.h"
#include "rpc/test_support.h"

enum { CALLS = 50, CALLERS = 8, TIMEOUT_MS = 20000 };

struct server {
    struct test_service service;
    char journal[64];
    uint16_t port;
    struct rpc_server *server;
};

struct fixture {
    struct server other; // at an address that was the service's
    struct server own;
    struct rpc_client *client;
};

static void start_server(struct server *server, const char *name)
{
    struct rpc_server_options options = {
        .service = name,
        .key = test_key(TEST_KEY_BYTE, 0),
        .handlers = test_handlers,
        .handler_count = test_handler_count,
        .context = &server->service,
        .authenticate = test_authenticate,
    };
    struct error error;
    char listen[32];

    test_temporary_file(server->journal, sizeof server->journal);
    server->service.journal = server->journal;
    server->port = test_free_port();
    snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)server->port);
    options.listen = listen;
    assert_true(rpc_server_new(&options, &server->server, &error));
    assert_true(rpc_server_start(server->server, &error));
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    start_server(&fixture->other, "other");
    start_server(&fixture->own, "test");
    *state = fixture;
    return 0;
}

static void stop_server(struct server *server)
{
    (void)rpc_server_free(&server->server);
    unlink(server->journal);
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    rpc_client_free(&fixture->client);
    stop_server(&fixture->other);
    stop_server(&fixture->own);
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
