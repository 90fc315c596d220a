// SPDX-License-Identifier: MIT
// Servers in processes of their own that are killed, frozen, absent: what callers are told, and
// what is done how often.
#include "support/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "rpc/test_support.h"

enum { PEERS = 2, START_MS = 10000, CALLERS = 8, CONNECT_WAIT_MS = 1000, GONE_MS = 5000 };

// Calls one after the other from several threads until told to end.
struct load {
    struct rpc_client *client;
    bool is_running;
    atomic_bool is_over;
    atomic_bool is_counting; // failures from now on are counted
    atomic_int failures;
    atomic_int done;
    pthread_t threads[CALLERS];
};

struct fixture {
    struct test_peer peers[PEERS];
    struct rpc_client *client; // made by the test, of as many peers as it needs
    struct arena *arena;
    struct load load; // ended with the test, however that ends
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    for (size_t i = 0; i < PEERS; i++)
        test_peer_prepare(&fixture->peers[i]);
    fixture->arena = arena_new(1024 * 1024);
    *state = fixture;
    return 0;
}

static void end_load(struct load *load)
{
    if (!load->is_running)
        return;
    load->is_running = false;
    atomic_store(&load->is_over, true);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(load->threads[i], NULL);
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    end_load(&fixture->load);
    rpc_client_free(&fixture->client);
    for (size_t i = 0; i < PEERS; i++)
        test_peer_end(&fixture->peers[i]);
    arena_free(&fixture->arena);
    release(fixture);
    return 0;
}

// Starts that many peers and connects to them.
static void connect_to(struct fixture *fixture, size_t count)
{
    for (size_t i = 0; i < count; i++)
        test_peer_start(&fixture->peers[i]);
    fixture->client = test_client_new(fixture->peers, count, TEST_KEY_BYTE);
    assert_true_within(START_MS, rpc_client_is_ready(fixture->client));
}

struct background {
    struct fixture *fixture;
    const struct rpc_method *method;
    uint32_t kind;
    int64_t timeout_ms;
    char request_id[UUID_SIZE];
    bool is_done;
    bool is_replayed;
    struct error error;
    int64_t took_ms;
    pthread_t thread;
};

static void *call_in_background(void *argument)
{
    struct background *background = argument;
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct call call = call_start(arena, background->timeout_ms);
    Rpc__Detail *response = NULL;
    int64_t begun_us = clock_monotonic_us();

    call.request_id = background->request_id;
    background->is_done = test_call(background->fixture->client, background->method, &call,
                                    background->kind, &response, &background->error);
    background->is_replayed = call.replayed;
    background->took_ms = (clock_monotonic_us() - begun_us) / MICROS_PER_MS;
    return NULL;
}

// Tries it again, with the same request id.
static bool is_done_now(struct background *background)
{
    call_in_background(background);
    return background->is_done;
}

static void start_call(struct background *background,
                       struct fixture *fixture,
                       const struct rpc_method *method,
                       uint32_t kind,
                       int64_t timeout_ms)
{
    struct uuid id = uuid_new();

    *background = (struct background){
        .fixture = fixture, .method = method, .kind = kind, .timeout_ms = timeout_ms};
    memcpy(background->request_id, id.string, sizeof id.string);
    assert_int_equal(pthread_create(&background->thread, NULL, call_in_background, background), 0);
}

static void
a_peer_killed_with_the_request_leaves_its_outcome_unknown_and_a_retry_is_done_once(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer *peer = &fixture->peers[0];
    struct background background;

    connect_to(fixture, 1);
    start_call(&background, fixture, &test_once, 5000, 20000);
    assert_true_within(5000, test_count_lines(peer->journal, "") == 1);
    test_peer_kill(peer);
    pthread_join(background.thread, NULL);
    assert_false(background.is_done);
    assert_string_equal(background.error.reason, "OUTCOME_UNKNOWN");
    assert_true(background.error.outcome_unknown);
    assert_in_range(background.took_ms, 0, 4000);

    // The same request id again, until a server that can see what was done has come.
    test_peer_start(peer);
    background.kind = 0;
    assert_true_within(START_MS, is_done_now(&background));
    assert_true(background.is_replayed);
    assert_int_equal(test_count_lines(peer->journal, background.request_id), 1);
}

static int count_all(const struct fixture *fixture)
{
    int count = 0;

    for (size_t i = 0; i < PEERS; i++)
        count += test_count_lines(fixture->peers[i].journal, "");
    return count;
}

static void a_request_that_crashes_its_server_reaches_no_second_one(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;
    int lost = 0;

    connect_to(fixture, PEERS);
    assert_false(test_call(fixture->client, &test_crash, &call, 0, &response, &error));
    assert_string_equal(error.reason, "OUTCOME_UNKNOWN");
    // The other one answers, and was never asked to crash. What was sent to the dead one before its
    // end was noticed is lost: at most one message for each socket.
    for (int i = 0; i < 50; i++) {
        call = call_start(fixture->arena, 5000);
        if (!test_call(fixture->client, &test_echo, &call, 1, &response, &error))
            lost++;
    }
    assert_in_range(lost, 0, 4);
    assert_int_equal(count_all(fixture), 1);
}

static void an_absent_peer_is_reported_as_not_reached_and_serves_when_it_comes(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 10000);
    Rpc__Detail *response = NULL;
    struct error error;
    int64_t begun_us = clock_monotonic_us();

    fixture->client = test_client_new(fixture->peers, 1, TEST_KEY_BYTE);
    assert_false(rpc_client_is_ready(fixture->client));
    assert_false(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_false(error.outcome_unknown);
    assert_true(clock_monotonic_us() - begun_us < 3 * MICROS_PER_SECOND);
    test_peer_start(&fixture->peers[0]);
    assert_true_within(START_MS, rpc_client_is_ready(fixture->client));
    call = call_start(fixture->arena, 10000);
    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
}

static void a_deadline_before_the_connection_is_kept_too(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 200);
    Rpc__Detail *response = NULL;
    struct error error;
    int64_t begun_us = clock_monotonic_us();

    fixture->client = test_client_new(fixture->peers, 1, TEST_KEY_BYTE);
    assert_false(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    // It was never sent, so it is the connection that was missing, and not the answer.
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_false(error.outcome_unknown);
    assert_true(clock_monotonic_us() - begun_us < MICROS_PER_SECOND);
}

// The milliseconds that a call which cannot be sent waits.
static int64_t wait_in_vain(struct fixture *fixture)
{
    struct call call = call_start(fixture->arena, 10000);
    int64_t begun_us = clock_monotonic_us();
    Rpc__Detail *response = NULL;
    struct error error;

    assert_false(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_false(error.outcome_unknown);
    return (clock_monotonic_us() - begun_us) / MICROS_PER_MS;
}

static void who_has_been_away_for_long_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    Rpc__Detail *response = NULL;
    struct error error;
    struct call call;

    fixture->client = test_client_new(fixture->peers, 1, TEST_KEY_BYTE);
    assert_true(wait_in_vain(fixture) >= CONNECT_WAIT_MS);
    clock_sleep_until_us(clock_monotonic_us() + GONE_MS * MICROS_PER_MS);
    assert_true(wait_in_vain(fixture) < CONNECT_WAIT_MS);
    // And is called again once it is there.
    test_peer_start(&fixture->peers[0]);
    assert_true_within(START_MS, rpc_client_is_ready(fixture->client));
    call = call_start(fixture->arena, 10000);
    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
}

static void who_is_to_stop_waits_for_nobody(void **state)
{
    struct fixture *fixture = *state;

    fixture->client = test_client_new(fixture->peers, 1, TEST_KEY_BYTE);
    rpc_client_wait_no_more(fixture->client);
    assert_true(wait_in_vain(fixture) < CONNECT_WAIT_MS);
}

static void work_whose_deadline_passed_on_the_way_is_not_done_later(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer *peer = &fixture->peers[0];
    struct call call;
    Rpc__Detail *response = NULL;
    struct error error;

    connect_to(fixture, 1);
    test_peer_freeze(peer);
    call = call_start(fixture->arena, 300);
    assert_false(test_call(fixture->client, &test_wait, &call, 0, &response, &error));
    assert_string_equal(error.reason, "DEADLINE_EXCEEDED");
    assert_true(error.outcome_unknown);
    test_peer_thaw(peer);
    // What follows is answered by the same server, after what was sent before.
    call = call_start(fixture->arena, 10000);
    assert_true(test_call(fixture->client, &test_wait, &call, 100, &response, &error));
    assert_int_equal(test_count_lines(peer->journal, ""), 1);
}

static void note_failure(struct load *load, const struct error *error)
{
    print_message("a call failed: %s, %s\n", error->reason, error->message);
    atomic_fetch_add(&load->failures, 1);
}

static void *keep_calling(void *argument)
{
    struct load *load = argument;
    OWNED(arena) arena = arena_new(1024 * 1024);

    while (!atomic_load(&load->is_over)) {
        struct call call = call_start(arena, 3000);
        Rpc__Detail *response = NULL;
        struct error error;
        bool is_counted = atomic_load(&load->is_counting);

        if (test_call(load->client, &test_once, &call, 0, &response, &error))
            atomic_fetch_add(&load->done, 1);
        else if (is_counted)
            note_failure(load, &error);
        arena_reset(arena);
        // A gentle load: the journals are read as files.
        clock_sleep_until_us(clock_monotonic_us() + 20 * MICROS_PER_MS);
    }
    return NULL;
}

static void start_load(struct fixture *fixture)
{
    fixture->load.client = fixture->client;
    fixture->load.is_running = true;
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(
            pthread_create(&fixture->load.threads[i], NULL, keep_calling, &fixture->load), 0);
}

static void wait_for_growth(const struct test_peer *peer, int64_t timeout_ms)
{
    int before = test_count_lines(peer->journal, "");

    assert_true_within(timeout_ms, test_count_lines(peer->journal, "") > before);
}

static void a_frozen_replica_gets_no_more_calls_until_it_lives_again(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer *frozen = &fixture->peers[0];
    struct load *load = &fixture->load;
    int done = 0;

    connect_to(fixture, PEERS);
    start_load(fixture);
    wait_for_growth(frozen, 5000);
    test_peer_freeze(frozen);
    // In this time it is found out; the calls it had are lost.
    clock_sleep_until_us(clock_monotonic_us() + 4 * MICROS_PER_SECOND);
    atomic_store(&load->is_counting, true);
    done = atomic_load(&load->done);
    // Past the time after which it is tried again: the pings find it frozen still.
    clock_sleep_until_us(clock_monotonic_us() + 8 * MICROS_PER_SECOND);
    atomic_store(&load->is_counting, false);
    assert_int_equal(atomic_load(&load->failures), 0);
    assert_true(atomic_load(&load->done) > done + 100);
    test_peer_thaw(frozen);
    wait_for_growth(frozen, 15000);
}

static void the_only_replica_when_frozen_is_reported_as_not_reached_and_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct test_peer *frozen = &fixture->peers[0];
    struct call call;
    Rpc__Detail *response = NULL;
    struct error error;
    bool is_reported = false;

    connect_to(fixture, 1);
    test_peer_freeze(frozen);
    for (int i = 0; i < 20 && !is_reported; i++) {
        call = call_start(fixture->arena, 2500);
        assert_false(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
        is_reported = error_is(&error, REASON_UNAVAILABLE) && !error.outcome_unknown;
    }
    assert_true(is_reported);
    assert_false(rpc_client_is_ready(fixture->client));
    // Nor is it waited for when it has been so for long.
    for (int i = 0; wait_in_vain(fixture) >= CONNECT_WAIT_MS; i++)
        assert_true(i < 2 * GONE_MS / CONNECT_WAIT_MS);
    test_peer_thaw(frozen);
    assert_true_within(15000, rpc_client_is_ready(fixture->client));
    call = call_start(fixture->arena, 5000);
    error_clear(&error);
    (void)test_call(fixture->client, &test_echo, &call, 1, &response, &error);
    assert_string_equal(error.message, "");
}

static void calls_of_a_replica_that_died_go_on_at_the_other_one(void **state)
{
    struct fixture *fixture = *state;
    Rpc__Detail *response = NULL;
    struct error error;
    int failures = 0;

    connect_to(fixture, PEERS);
    test_peer_kill(&fixture->peers[0]);
    for (int i = 0; i < 100; i++) {
        struct call call = call_start(fixture->arena, 5000);

        if (!test_call(fixture->client, &test_echo, &call, 1, &response, &error))
            failures++;
    }
    // Those that were sent before its end was noticed: at most one message for each socket.
    assert_in_range(failures, 0, 4);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        RULE(a_peer_killed_with_the_request_leaves_its_outcome_unknown_and_a_retry_is_done_once),
        RULE(a_request_that_crashes_its_server_reaches_no_second_one),
        RULE(an_absent_peer_is_reported_as_not_reached_and_serves_when_it_comes),
        RULE(a_deadline_before_the_connection_is_kept_too),
        RULE(who_has_been_away_for_long_is_not_waited_for),
        RULE(who_is_to_stop_waits_for_nobody),
        RULE(work_whose_deadline_passed_on_the_way_is_not_done_later),
        RULE(a_frozen_replica_gets_no_more_calls_until_it_lives_again),
        RULE(the_only_replica_when_frozen_is_reported_as_not_reached_and_comes_back),
        RULE(calls_of_a_replica_that_died_go_on_at_the_other_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
