// SPDX-License-Identifier: MIT
// Replicas of a client without a keeper.
#include "support/test.h"
#include "support/wait.h"

#include <limits.h>

#include "rpc/client.h"

enum { SOCKETS = 2, RENEWALS = 50, WAIT_MS = 20000 };

static int left; // sockets that can be opened

// The linker has these in the place of nng_req0_open, and of what it was.
int __wrap_nng_req0_open(nng_socket *out_socket);
int __real_nng_req0_open(nng_socket *out_socket);

int __wrap_nng_req0_open(nng_socket *out_socket)
{
    return left-- > 0 ? __real_nng_req0_open(out_socket) : NNG_ENOMEM;
}

static int start(void **state)
{
    struct rpc_client *client = allocate(sizeof *client);
    struct error error;

    for (size_t lane = 0; lane < RPC_LANE_COUNT; lane++)
        client->sockets[lane] = SOCKETS;
    pthread_mutex_init(&client->mutex, NULL);
    timing_condition_start(&client->changed);
    timing_condition_start(&client->idle);
    assert_true(closer_new(&client->closer, &error));
    *state = client;
    return 0;
}

static bool has_no_replica(struct rpc_client *client)
{
    client_replicas_clean(client);
    return client->replicas == NULL;
}

static void destroy(void *argument)
{
    struct rpc_client *client = argument;

    for (size_t lane = 0; lane < RPC_LANE_COUNT; lane++)
        release(client->lanes[lane].links);
    pthread_cond_destroy(&client->changed);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->mutex);
    release(client);
}

static int stop(void **state)
{
    struct rpc_client *client = *state;
    const struct address_set none = {.count = 0};

    client_replicas_keep_only(client, &none);
    assert_true_within(WAIT_MS, has_no_replica(client));
    assert_true(closer_free(&client->closer, destroy, client, WAIT_MS));
    return 0;
}

static void a_replica_that_got_only_some_of_its_sockets_is_made_anew_whole(void **state)
{
    // The address of nobody: that it is not reached does not matter here.
    const struct address_set set = {.addresses = {{"127.0.0.1", 9}}, .count = 1};
    struct rpc_client *client = *state;
    struct error error;

    for (int some = 0; some <= RPC_LANE_COUNT * SOCKETS; some++) {
        left = some;
        assert_false(client_replicas_set(client, &set, &error));
    }
    left = RPC_LANE_COUNT * SOCKETS + 1;
    assert_true(client_replicas_set(client, &set, &error));
    assert_int_equal(left, 0);
    client_replicas_clean(client);
    for (size_t lane = 0; lane < RPC_LANE_COUNT; lane++)
        assert_int_equal(client->lanes[lane].link_count, SOCKETS);
    assert_non_null(client->replicas->ping);
    assert_false(client->replicas->is_retired);
    // One that is whole is left as it is.
    assert_true(client_replicas_set(client, &set, &error));
}

// Both threads count the links of a replica.
static void links_are_made_anew_while_others_are_closed(void **state)
{
    const struct address_set set = {.addresses = {{"127.0.0.1", 9}}, .count = 1};
    struct rpc_client *client = *state;
    struct error error;

    left = INT_MAX;
    assert_true(client_replicas_set(client, &set, &error));
    for (int i = 0; i < RENEWALS; i++)
        assert_true(client_replicas_renew(client, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_replica_that_got_only_some_of_its_sockets_is_made_anew_whole, start, stop),
        cmocka_unit_test_setup_teardown(links_are_made_anew_while_others_are_closed, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
