// SPDX-License-Identifier: MIT
// Two servers of a service, of which one says that it is not ready, or no more.
#include "support/wait.h"

#include "rpc/test_support.h"

enum { SERVERS = 2, HEARD_MS = 5000, CALLS = 20 };

struct fixture {
    struct test_server servers[SERVERS];
    struct rpc_client *client;
    struct arena *arena;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);
    struct test_peer peers[SERVERS];

    for (size_t i = 0; i < SERVERS; i++) {
        test_server_start(&fixture->servers[i], "test");
        peers[i].port = fixture->servers[i].port;
    }
    fixture->client = test_client_new(peers, SERVERS, TEST_KEY_BYTE);
    fixture->arena = arena_new(8 * 1024 * 1024);
    assert_true_within(HEARD_MS, rpc_client_is_ready(fixture->client));
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    rpc_client_free(&fixture->client);
    for (size_t i = 0; i < SERVERS; i++)
        test_server_stop(&fixture->servers[i]);
    arena_free(&fixture->arena);
    release(fixture);
    return 0;
}

// Makes that many calls, which all must succeed. Each is a line of the journal of whoever did it.
static void call(struct fixture *fixture, int count)
{
    Rpc__Detail *response = NULL;
    struct error error = {.message = ""};

    for (int i = 0; i < count; i++) {
        struct call call = call_start(fixture->arena, 5000);

        (void)!test_call(fixture->client, &test_wait, &call, 0, &response, &error);
        assert_string_equal(error.message, "");
    }
}

static int done_by(const struct fixture *fixture, size_t server)
{
    return test_count_lines(fixture->servers[server].journal, "");
}

// Some calls, and whether server 0 did none of them.
static bool is_spared(struct fixture *fixture)
{
    int before = done_by(fixture, 0);

    call(fixture, CALLS);
    return done_by(fixture, 0) == before;
}

// Some calls, and whether both servers did some of them.
static bool is_shared(struct fixture *fixture)
{
    int before = done_by(fixture, 1);

    return !is_spared(fixture) && done_by(fixture, 1) > before;
}

static bool is_first_alone(struct fixture *fixture)
{
    int before = done_by(fixture, 1);

    return !is_spared(fixture) && done_by(fixture, 1) == before;
}

static void a_server_that_is_not_ready_is_spared_until_it_is(void **state)
{
    struct fixture *fixture = *state;

    assert_true_within(HEARD_MS, !is_spared(fixture));
    rpc_server_set_ready(fixture->servers[0].server, false);
    assert_true_within(HEARD_MS, is_spared(fixture));
    assert_true(is_spared(fixture));
    rpc_server_set_ready(fixture->servers[0].server, true);
    assert_true_within(HEARD_MS, !is_spared(fixture));
}

static void nothing_is_refused_by_a_server_that_says_so_before_it_drains(void **state)
{
    struct fixture *fixture = *state;

    assert_true_within(HEARD_MS, !is_spared(fixture));
    rpc_server_set_ready(fixture->servers[0].server, false);
    assert_true_within(HEARD_MS, is_spared(fixture));
    assert_true(rpc_server_drain(fixture->servers[0].server, HEARD_MS));
    call(fixture, CALLS);
    assert_true(rpc_server_free(&fixture->servers[0].server));
    call(fixture, CALLS);
}

static void servers_are_called_all_the_same_when_none_is_ready(void **state)
{
    struct fixture *fixture = *state;

    rpc_server_set_ready(fixture->servers[1].server, false);
    assert_true_within(HEARD_MS, is_first_alone(fixture));
    rpc_server_set_ready(fixture->servers[0].server, false);
    assert_true_within(HEARD_MS, is_shared(fixture));
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        RULE(a_server_that_is_not_ready_is_spared_until_it_is),
        RULE(nothing_is_refused_by_a_server_that_says_so_before_it_drains),
        RULE(servers_are_called_all_the_same_when_none_is_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
