// SPDX-License-Identifier: MIT
// Two replicas are killed with -9 in turn every 0.3 s, for a minute, under 64 callers. Each caller
// must have an answer by its deadline, whatever it is; and when it is over nothing is stuck.
// BOURSE_STORM_SECONDS is another duration.
#include "support/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/test_support.h"

enum {
    PEERS = 2,
    CALLERS = 64,
    SECONDS = 60,
    KILL_EVERY_MS = 300,
    TIMEOUT_MS = 2000,
    LATE_MS = 1000, // for a thread to get its turn on a busy machine
    AFTERWARDS_MS = 3000,
};

struct storm {
    struct rpc_client *client;
    atomic_bool is_over;
    atomic_int done;
    atomic_int unknown;  // lost with their server, or past their deadline
    atomic_int not_done; // no server could be reached
    atomic_int failed;   // anything else, which must not be
    atomic_int late;
    atomic_int longest_ms;
};

static void count(struct storm *storm, bool is_done, const struct error *error, int took_ms)
{
    int longest_ms = atomic_load(&storm->longest_ms);

    if (is_done)
        atomic_fetch_add(&storm->done, 1);
    else if (error->outcome_unknown)
        atomic_fetch_add(&storm->unknown, 1);
    else if (error_is(error, REASON_UNAVAILABLE) || error_is(error, REASON_DEADLINE_EXCEEDED))
        atomic_fetch_add(&storm->not_done, 1);
    else
        atomic_fetch_add(&storm->failed, 1);
    if (took_ms > TIMEOUT_MS + LATE_MS)
        atomic_fetch_add(&storm->late, 1);
    while (took_ms > longest_ms &&
           !atomic_compare_exchange_weak(&storm->longest_ms, &longest_ms, took_ms))
        continue;
}

static void *keep_calling(void *argument)
{
    static const struct rpc_method *const methods[] = {&test_echo_fast, &test_echo, &test_gather};
    struct storm *storm = argument;
    OWNED(arena) arena = arena_new(256 * 1024);

    for (size_t i = 0; !atomic_load(&storm->is_over); i++) {
        struct call call = call_start(arena, TIMEOUT_MS);
        Rpc__Detail *response = NULL;
        struct error error;
        int64_t begun_us = clock_monotonic_us();
        bool is_done =
            test_call(storm->client, methods[i % COUNT_OF(methods)], &call, 1, &response, &error);

        count(storm, is_done, &error, (int)((clock_monotonic_us() - begun_us) / MICROS_PER_MS));
        arena_reset(arena);
    }
    return NULL;
}

static int64_t storm_seconds(void)
{
    const char *text = getenv("BOURSE_STORM_SECONDS");

    return text != NULL ? (int64_t)strtoul(text, NULL, 10) : SECONDS;
}

static void pause_ms(int64_t ms)
{
    clock_sleep_until_us(clock_monotonic_us() + ms * MICROS_PER_MS);
}

static void blow(struct test_peer *peers)
{
    int64_t until_us = clock_monotonic_us() + storm_seconds() * MICROS_PER_SECOND;

    for (size_t i = 0; clock_monotonic_us() < until_us; i++) {
        test_peer_kill(&peers[i % PEERS]);
        test_peer_start(&peers[i % PEERS]);
        pause_ms(KILL_EVERY_MS);
    }
}

static void
callers_are_answered_in_time_while_replicas_are_killed_and_nothing_is_stuck_afterwards(void **state)
{
    struct storm storm;
    struct test_peer peers[PEERS];
    pthread_t threads[CALLERS];
    int done = 0;
    int unknown = 0;

    (void)state;
    memset(&storm, 0, sizeof storm);
    for (size_t i = 0; i < PEERS; i++) {
        test_peer_prepare(&peers[i]);
        test_peer_start(&peers[i]);
    }
    storm.client = test_client_new(peers, PEERS, TEST_KEY_BYTE);
    assert_true_within(10000, rpc_client_is_ready(storm.client));
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &storm), 0);
    blow(peers);
    print_message("storm: %d done, %d unknown, %d not done, longest %d ms\n",
                  atomic_load(&storm.done), atomic_load(&storm.unknown),
                  atomic_load(&storm.not_done), atomic_load(&storm.longest_ms));

    // Calm again: every call succeeds, and there are many.
    pause_ms(AFTERWARDS_MS);
    done = atomic_load(&storm.done);
    unknown = atomic_load(&storm.unknown) + atomic_load(&storm.not_done);
    pause_ms(AFTERWARDS_MS);
    assert_true(atomic_load(&storm.done) > done + CALLERS * 10);
    assert_int_equal(atomic_load(&storm.unknown) + atomic_load(&storm.not_done), unknown);
    atomic_store(&storm.is_over, true);
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&storm.failed), 0);
    assert_int_equal(atomic_load(&storm.late), 0);
    rpc_client_free(&storm.client);
    for (size_t i = 0; i < PEERS; i++)
        test_peer_end(&peers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            callers_are_answered_in_time_while_replicas_are_killed_and_nothing_is_stuck_afterwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
