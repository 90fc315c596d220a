// SPDX-License-Identifier: MIT
// A server and its clients in one process: what a call is told, and who may call what.
#include "support/ports.h"
#include "support/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/client.h"
#include "rpc/rpc_server.h"
#include "rpc/test_support.h"

enum { CALLERS = 24, THREAD_END_MS = 200, HANGS_MS = 2500 };

struct fixture {
    struct test_service service;
    char journal[64];
    uint16_t port;
    struct rpc_server *server;
    struct rpc_client *client;
    struct arena *arena;
    bool keeps; // something for each thread
};

// The spans of the last call, as each side was told of them.
struct spans {
    char client[TRACEPARENT_SIZE];
    char server[TRACEPARENT_SIZE];
    char server_caller[TRACEPARENT_SIZE];
    char state[TRACESTATE_SIZE + 1];
};
static pthread_mutex_t spans_lock = PTHREAD_MUTEX_INITIALIZER;
static struct spans last_spans;

// A copy: what fails must not hold the lock.
static struct spans copy_spans(void)
{
    struct spans copy;

    pthread_mutex_lock(&spans_lock);
    copy = last_spans;
    pthread_mutex_unlock(&spans_lock);
    return copy;
}

static void note_answer(void *context,
                        const struct rpc_method *method,
                        const struct call *call,
                        const struct error *error,
                        int64_t micros)
{
    (void)context, (void)method, (void)error, (void)micros;
    pthread_mutex_lock(&spans_lock);
    snprintf(last_spans.server, sizeof last_spans.server, "%s", call->traceparent);
    snprintf(last_spans.server_caller, sizeof last_spans.server_caller, "%s",
             call->caller_traceparent != NULL ? call->caller_traceparent : "");
    snprintf(last_spans.state, sizeof last_spans.state, "%s",
             call->tracestate != NULL ? call->tracestate : "");
    pthread_mutex_unlock(&spans_lock);
}

static void note_call(void *context,
                      const struct rpc_method *method,
                      const struct call *call,
                      const char *traceparent,
                      const char *reason,
                      int64_t micros)
{
    (void)context, (void)method, (void)call, (void)reason, (void)micros;
    pthread_mutex_lock(&spans_lock);
    snprintf(last_spans.client, sizeof last_spans.client, "%s", traceparent);
    pthread_mutex_unlock(&spans_lock);
}

static struct rpc_client *
new_client_with(uint16_t port, const char *caller, struct rpc_mesh_key key)
{
    struct rpc_client_options options = {
        .caller = caller, .service = "test", .key = key, .observe = note_call};
    struct rpc_client *client = NULL;
    struct error error;
    char addresses[32];

    snprintf(addresses, sizeof addresses, "127.0.0.1:%u", (unsigned)port);
    options.addresses = addresses;
    assert_true(rpc_client_new(&options, &client, &error));
    return client;
}

static struct rpc_client *new_client(uint16_t port, const char *caller, unsigned char key)
{
    return new_client_with(port, caller, test_key(key, 0));
}

// What a library keeps for each thread that calls it, and gives back when the thread ends.
static pthread_key_t kept;
static atomic_int kept_count;

static void give_back(void *ignored)
{
    (void)ignored;
    clock_sleep_until_us(clock_monotonic_us() + THREAD_END_MS * MICROS_PER_MS);
    atomic_fetch_sub(&kept_count, 1);
}

static void keep(void *context,
                 const struct rpc_method *method,
                 const struct call *call,
                 const struct error *error,
                 int64_t micros)
{
    (void)context, (void)call, (void)error, (void)micros;
    // nng's threads are the process's, and do not end with a server.
    if (method->lane == RPC_LANE_FAST || pthread_getspecific(kept) != NULL)
        return;
    assert_int_equal(pthread_setspecific(kept, &kept), 0);
    atomic_fetch_add(&kept_count, 1);
}

static void start_server(struct fixture *fixture, struct rpc_mesh_key key)
{
    struct rpc_server_options options = {
        .service = "test",
        .key = key,
        .handlers = test_handlers,
        .handler_count = test_handler_count,
        .context = &fixture->service,
        .normal_workers = 4,
        .queue_max = 32,
        .authenticate = test_authenticate,
        .observe = fixture->keeps ? keep : note_answer,
    };
    struct error error;
    char listen[32];

    fixture->port = ports_take();
    snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)fixture->port);
    options.listen = listen;
    assert_true(rpc_server_new(&options, &fixture->server, &error));
    assert_true(rpc_server_start(fixture->server, &error));
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    test_temporary_file(fixture->journal, sizeof fixture->journal);
    fixture->service.journal = fixture->journal;
    start_server(fixture, test_key(TEST_KEY_BYTE, 0));
    fixture->client = new_client(fixture->port, "friend", TEST_KEY_BYTE);
    fixture->arena = arena_new(8 * 1024 * 1024);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    rpc_client_free(&fixture->client);
    rpc_server_free(&fixture->server);
    arena_free(&fixture->arena);
    unlink(fixture->journal);
    release(fixture);
    return 0;
}

static void a_call_is_answered_by_its_handler_in_every_lane(void **state)
{
    static const struct rpc_method *const methods[] = {&test_echo_fast, &test_echo};
    struct fixture *fixture = *state;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct call call = call_start(fixture->arena, 5000);
        Rpc__Detail *response = NULL;

        assert_true(test_call(fixture->client, methods[i], &call, 4711, &response, &error));
        assert_int_equal(response->kind, 4711);
        assert_string_equal(response->name, "IBM");
    }
}

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-"

static void a_sampled_call_is_a_span_on_both_sides_of_the_wire(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct spans spans;
    struct error error;

    call.traceparent = TRACE "b7ad6b7169203331-01";
    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    spans = copy_spans();
    assert_true(traceparent_is_sampled(spans.client) && traceparent_is_sampled(spans.server));
    assert_memory_equal(spans.client, call.traceparent, strlen(TRACE));
    assert_string_not_equal(spans.client, call.traceparent);
    assert_string_equal(spans.server_caller, spans.client);
    assert_memory_equal(spans.server, call.traceparent, strlen(TRACE));
    assert_string_not_equal(spans.server, spans.client);
}

static void what_others_have_written_of_a_trace_goes_with_the_call(void **state)
{
    struct fixture *fixture = *state;
    char longest[TRACESTATE_SIZE + 1];
    Rpc__Detail *response = NULL;
    struct spans spans;
    struct error error;

    memset(longest, 'v', sizeof longest);
    memcpy(longest, "a=", 2);
    for (int is_longer = 0; is_longer <= 1; is_longer++) {
        struct call call = call_start(fixture->arena, 5000);

        longest[TRACESTATE_SIZE - 1 + is_longer] = '\0';
        call.traceparent = TRACE "b7ad6b7169203331-00";
        call.tracestate = longest;
        assert_int_equal(test_call(fixture->client, &test_echo, &call, 1, &response, &error),
                         !is_longer);
        spans = copy_spans();
        assert_string_equal(spans.state, longest);
        longest[TRACESTATE_SIZE - 1] = 'v';
    }
    assert_string_equal(error.reason, "MALFORMED_REQUEST");
}

static void a_call_that_is_not_sampled_is_a_span_of_the_servers_only(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct spans spans;
    struct error error;

    call.traceparent = TRACE "b7ad6b7169203331-00";
    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    spans = copy_spans();
    assert_string_equal(spans.client, "");
    assert_string_equal(spans.server_caller, call.traceparent);
    assert_memory_equal(spans.server, call.traceparent, strlen(TRACE));
    assert_string_not_equal(spans.server, call.traceparent);
}

static void a_call_in_no_valid_trace_begins_one_at_the_server(void **state)
{
    static const char *const given[] = {NULL, "", TRACE "0000000000000000-01"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(given); i++) {
        struct call call = call_start(fixture->arena, 5000);
        Rpc__Detail *response = NULL;
        struct spans spans;
        struct error error;

        call.traceparent = given[i];
        assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
        spans = copy_spans();
        assert_true(traceparent_is_valid(spans.server));
        assert_false(traceparent_is_sampled(spans.server));
        assert_memory_not_equal(spans.server, TRACE, strlen(TRACE));
    }
}

static void only_who_may_call_an_operation_gets_to_its_handler(void **state)
{
    static const struct {
        const struct rpc_method *method;
        const char *caller;
        const char *token;
        const char *reason; // NULL for done
    } cases[] = {
        {&test_echo, "gateway", "rubbish", NULL},
        {&test_user, "gateway", NULL, "UNAUTHENTICATED"},
        {&test_user, "gateway", "rubbish", "INVALID_TOKEN"},
        {&test_user, "gateway", "user:ann", NULL},
        {&test_user, "gateway", "admin:eve", NULL},
        {&test_user, "gateway", "read:ann", NULL},
        {&test_user, "gateway", "only:IBM", NULL},
        {&test_trade, "gateway", "read:ann", "INSUFFICIENT_SCOPE"},
        {&test_trade, "gateway", "trade:ann", NULL},
        {&test_trade, "gateway", "user:ann", NULL},
        {&test_trade, "gateway", "only:IBM", "INSUFFICIENT_SCOPE"},
        {&test_account, "gateway", "trade:ann", "INSUFFICIENT_SCOPE"},
        {&test_account, "gateway", "user:ann", NULL},
        // The request is about IBM.
        {&test_owned, "gateway", "only:IBM", NULL},
        {&test_owned, "gateway", "only:GE", "PORTFOLIO_NOT_FOUND"},
        {&test_owned, "gateway", "trade:ann", NULL},
        {&test_admin, "gateway", "trade:eve", "PERMISSION_DENIED"},
        {&test_admin, "gateway", "user:ann", "PERMISSION_DENIED"},
        {&test_admin, "gateway", "admin:eve", NULL},
        {&test_mesh, "gateway", "admin:eve", "NOT_A_MESH_PEER"},
        {&test_mesh, "friend", NULL, NULL},
        {&test_mesh, "friend", "user:ann", NULL},
    };
    struct fixture *fixture = *state;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        OWNED(rpc_client) client = new_client(fixture->port, cases[i].caller, TEST_KEY_BYTE);
        struct call call = call_start(fixture->arena, 5000);
        Rpc__Detail *response = NULL;
        bool is_done = false;

        call.access_token = cases[i].token;
        error_clear(&error);
        is_done = test_call(client, cases[i].method, &call, 1, &response, &error);
        assert_string_equal(error.reason, cases[i].reason != NULL ? cases[i].reason : "");
        assert_int_equal(is_done, cases[i].reason == NULL);
        assert_false(error.outcome_unknown);
    }
}

static void the_handler_is_told_who_the_token_says_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;

    call.access_token = "user:ann";
    assert_true(test_call(fixture->client, &test_user, &call, 1, &response, &error));
    assert_string_equal(response->name, "ann");
    assert_string_equal(response->value, "friend");
}

static void a_message_that_breaks_its_rules_does_not_reach_the_handler(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    struct text response;
    struct error error;
    // A name of two bytes that are not UTF-8.
    struct text request = {"\x12\x02\xff\xfe", 4};

    assert_false(rpc_call_packed(fixture->client, &test_echo, &call, request, &response, &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_int_equal(error.detail_count, 1);
    assert_string_equal(error.details[0].name, "name");
    request = (struct text){"\x12\x7f", 2};
    assert_false(rpc_call_packed(fixture->client, &test_echo, &call, request, &response, &error));
    assert_string_equal(error.reason, "MALFORMED_REQUEST");
}

static void an_operation_the_server_does_not_have_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_method method = test_echo;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;

    method.id = 12345;
    assert_false(test_call(fixture->client, &method, &call, 1, &response, &error));
    assert_string_equal(error.reason, "UNIMPLEMENTED");
}

static void a_name_stands_for_its_addresses(void **state)
{
    struct fixture *fixture = *state;
    struct rpc_client_options options = {.caller = "friend", .service = "test"};
    OWNED(rpc_client) client = NULL;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;
    char addresses[64];

    snprintf(addresses, sizeof addresses, "localhost:%u,nobody.invalid:7100",
             (unsigned)fixture->port);
    options.addresses = addresses;
    options.key = test_key(TEST_KEY_BYTE, 0);
    assert_true(rpc_client_new(&options, &client, &error));
    assert_true_within(10000, rpc_client_is_ready(client));
    assert_true(test_call(client, &test_echo, &call, 1, &response, &error));
}

static void another_mesh_key_is_refused_and_counted(void **state)
{
    struct fixture *fixture = *state;
    OWNED(rpc_client) stranger = new_client(fixture->port, "friend", TEST_KEY_BYTE + 1);
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;

    assert_false(test_call(stranger, &test_wait, &call, 0, &response, &error));
    assert_string_equal(error.reason, "NOT_A_MESH_PEER");
    assert_false(error.outcome_unknown);
    // The client's pings are refused as well.
    assert_true(rpc_server_refused_count(fixture->server) >= 1);
    assert_int_equal(test_count_lines(fixture->journal, ""), 0);
}

static void while_the_key_is_replaced_every_step_talks_to_the_next(void **state)
{
    enum { OLD = TEST_KEY_BYTE, NEW };
    static const struct {
        unsigned char server[2];
        unsigned char client[2];
        bool is_done;
    } cases[] = {
        {{OLD, 0}, {OLD, NEW}, true},   {{OLD, NEW}, {OLD, 0}, true},
        {{OLD, NEW}, {NEW, OLD}, true}, {{NEW, OLD}, {OLD, NEW}, true},
        {{NEW, OLD}, {OLD, 0}, true},   {{NEW, OLD}, {NEW, 0}, true},
        {{NEW, 0}, {NEW, OLD}, true},   {{NEW, 0}, {OLD, 0}, false},
        {{NEW, 0}, {OLD, NEW}, false},
    };
    static const struct rpc_method *const methods[] = {&test_echo_fast, &test_echo};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rpc_client *client = NULL;

        rpc_server_free(&fixture->server);
        start_server(fixture, test_key(cases[i].server[0], cases[i].server[1]));
        client = new_client_with(fixture->port, "friend",
                                 test_key(cases[i].client[0], cases[i].client[1]));
        for (size_t j = 0; j < COUNT_OF(methods); j++) {
            struct call call = call_start(fixture->arena, 5000);
            Rpc__Detail *response = NULL;
            struct error error;
            bool is_done = false;

            error_clear(&error);
            is_done = test_call(client, methods[j], &call, 4711, &response, &error);
            assert_string_equal(error.reason, cases[i].is_done ? "" : "NOT_A_MESH_PEER");
            assert_int_equal(is_done, cases[i].is_done);
        }
        if (cases[i].is_done)
            assert_int_equal(rpc_server_refused_count(fixture->server), 0);
        else // the calls, and perhaps a ping
            assert_true(rpc_server_refused_count(fixture->server) >= COUNT_OF(methods));
        rpc_client_free(&client);
    }
}

static void large_answers_arrive_and_larger_ones_are_an_error_of_that_call(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 10000);
    Rpc__Detail *response = NULL;
    struct error error;

    assert_true(
        test_call(fixture->client, &test_large, &call, RPC_REPLY_MAX - 16, &response, &error));
    assert_int_equal(strlen(response->value), RPC_REPLY_MAX - 16);
    assert_false(
        test_call(fixture->client, &test_large, &call, RPC_REPLY_MAX + 1, &response, &error));
    assert_string_equal(error.reason, "OUT_OF_MEMORY_BUDGET");
}

static void a_request_over_the_limit_is_refused_before_it_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    char *body = allocate(RPC_BODY_MAX + 1);
    struct text response;
    struct error error;

    assert_false(rpc_call_packed(fixture->client, &test_echo, &call,
                                 (struct text){body, RPC_BODY_MAX + 1}, &response, &error));
    assert_string_equal(error.reason, "BODY_TOO_LARGE");
    release(body);
}

struct caller {
    struct fixture *fixture;
    const struct rpc_method *method;
    uint32_t kind;
    bool is_done;
    uint32_t answer;
    size_t length;
    struct error error;
};

static void *call_from_thread(void *argument)
{
    struct caller *caller = argument;
    OWNED(arena) arena = arena_new(4 * 1024 * 1024);
    struct call call = call_start(arena, 10000);
    Rpc__Detail *response = NULL;

    caller->is_done = test_call(caller->fixture->client, caller->method, &call, caller->kind,
                                &response, &caller->error);
    if (caller->is_done) {
        caller->answer = response->kind;
        caller->length = response->value != NULL ? strlen(response->value) : 0;
    }
    return NULL;
}

static void call_from_all_threads(struct caller callers[CALLERS],
                                  struct fixture *fixture,
                                  const struct rpc_method *method,
                                  uint32_t kind)
{
    pthread_t threads[CALLERS];

    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.fixture = fixture, .method = method, .kind = kind};
        assert_int_equal(pthread_create(&threads[i], NULL, call_from_thread, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
}

static void calls_that_wait_together_are_given_to_a_batch_handler_together(void **state)
{
    struct caller callers[CALLERS];
    uint32_t most = 0;

    call_from_all_threads(callers, *state, &test_gather, 0);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_true(callers[i].is_done);
        assert_in_range(callers[i].answer, 1, test_gather.batch_max);
        if (callers[i].answer > most)
            most = callers[i].answer;
    }
    assert_in_range(most, 2, test_gather.batch_max);
}

static uint32_t most_answered(const struct caller callers[CALLERS])
{
    uint32_t most = 0;

    for (size_t i = 0; i < CALLERS; i++) {
        assert_true(callers[i].is_done);
        if (callers[i].answer > most)
            most = callers[i].answer;
    }
    return most;
}

static void as_many_batches_are_handled_at_once_as_the_method_says(void **state)
{
    struct caller callers[CALLERS];

    call_from_all_threads(callers, *state, &test_alone, 0);
    assert_int_equal(most_answered(callers), 1);
    call_from_all_threads(callers, *state, &test_pair, 0);
    assert_int_equal(most_answered(callers), 2);
}

static void large_answers_gathered_in_one_message_all_arrive(void **state)
{
    struct caller callers[CALLERS];

    call_from_all_threads(callers, *state, &test_large, 300000);
    for (size_t i = 0; i < CALLERS; i++) {
        if (!callers[i].is_done)
            print_message("%s: %s\n", callers[i].error.reason, callers[i].error.message);
        assert_true(callers[i].is_done);
        assert_int_equal(callers[i].length, 300000);
    }
}

static void *call_and_count(void *argument)
{
    return call_from_thread(argument);
}

static void calls_beyond_the_queue_are_refused_as_overload(void **state)
{
    enum { MANY = 64 };
    struct fixture *fixture = *state;
    struct caller callers[MANY];
    pthread_t threads[MANY];
    size_t done = 0;
    size_t overloaded = 0;

    // Four workers and 32 places, each taken for 300 ms.
    for (size_t i = 0; i < MANY; i++) {
        callers[i] = (struct caller){.fixture = fixture, .method = &test_wait, .kind = 300};
        assert_int_equal(pthread_create(&threads[i], NULL, call_and_count, &callers[i]), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        pthread_join(threads[i], NULL);
        if (callers[i].is_done)
            done++;
        else if (error_is(&callers[i].error, REASON_OVERLOADED))
            overloaded++;
    }
    assert_int_equal(done + overloaded, MANY);
    assert_true(overloaded > 0);
    assert_int_equal(test_count_lines(fixture->journal, ""), done);
}

static void work_is_not_begun_after_the_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct caller callers[CALLERS];
    struct call call = call_start(fixture->arena, 100);
    Rpc__Detail *response = NULL;
    pthread_t threads[CALLERS];
    struct error error;

    // All workers are busy for 400 ms; the call waits behind them until its deadline.
    for (size_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.fixture = fixture, .method = &test_wait, .kind = 400};
        assert_int_equal(pthread_create(&threads[i], NULL, call_from_thread, &callers[i]), 0);
    }
    clock_sleep_until_us(clock_monotonic_us() + 50 * MICROS_PER_MS);
    call = call_start(fixture->arena, 100);
    assert_false(test_call(fixture->client, &test_wait, &call, 0, &response, &error));
    assert_string_equal(error.reason, "DEADLINE_EXCEEDED");
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(rpc_server_drain(fixture->server, 5000));
    assert_int_equal(test_count_lines(fixture->journal, call.request_id), 0);
    assert_int_equal(test_count_lines(fixture->journal, ""), 4);
}

static void a_draining_server_finishes_what_it_has_and_refuses_the_rest(void **state)
{
    struct fixture *fixture = *state;
    struct caller caller = {.fixture = fixture, .method = &test_wait, .kind = 300};
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, call_from_thread, &caller), 0);
    clock_sleep_until_us(clock_monotonic_us() + 100 * MICROS_PER_MS);
    assert_true(rpc_server_drain(fixture->server, 5000));
    pthread_join(thread, NULL);
    assert_true(caller.is_done);
    assert_false(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    assert_true(error_is(&error, REASON_SHUTTING_DOWN) || error_is(&error, REASON_UNAVAILABLE));
    assert_false(error.outcome_unknown);
}

static void two_threads_in_the_slow_lane_do_not_hold_up_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct caller slow = {.fixture = fixture, .method = &test_slow, .kind = 500};
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;
    pthread_t thread;
    int64_t begun_us = 0;

    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    assert_int_equal(pthread_create(&thread, NULL, call_from_thread, &slow), 0);
    begun_us = clock_monotonic_us();
    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    assert_true(clock_monotonic_us() - begun_us < 400 * MICROS_PER_MS);
    pthread_join(thread, NULL);
    assert_true(slow.is_done);
}

// The number of the first socket of the normal lane; nng never gives one twice. 0 for none.
static uint32_t first_socket(struct rpc_client *client)
{
    uint32_t id = 0;

    pthread_mutex_lock(&client->mutex);
    if (client->lanes[RPC_LANE_NORMAL].link_count > 0)
        id = client->lanes[RPC_LANE_NORMAL].links[0]->socket.id;
    pthread_mutex_unlock(&client->mutex);
    return id;
}

// What a wedged nng looks like to the client: many calls sent, none answered.
static void pretend_silence(struct rpc_client *client)
{
    pthread_mutex_lock(&client->mutex);
    client->attempts = CLIENT_WATCHDOG_ATTEMPTS;
    client->first_attempt_us = clock_monotonic_us() - CLIENT_WATCHDOG_MS * MICROS_PER_MS;
    pthread_mutex_unlock(&client->mutex);
}

// Until it is, silence is pretended again: a ping that is answered meanwhile ends it.
static bool is_renewed(struct rpc_client *client, uint32_t before)
{
    uint32_t now = first_socket(client);

    if (now == before)
        pretend_silence(client);
    return now != 0 && now != before && rpc_client_is_ready(client);
}

static void sockets_are_made_anew_when_nothing_is_answered(void **state)
{
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 5000);
    Rpc__Detail *response = NULL;
    struct error error;
    uint32_t before = 0;

    assert_true(test_call(fixture->client, &test_echo, &call, 1, &response, &error));
    before = first_socket(fixture->client);
    assert_int_not_equal(before, 0);
    assert_true_within(10000, is_renewed(fixture->client, before));
    call = call_start(fixture->arena, 5000);
    assert_true(test_call(fixture->client, &test_echo, &call, 2, &response, &error));
    assert_int_equal(fixture->client->trips, 0);
}

static void a_server_that_has_been_freed_has_left_no_thread_behind(void **state)
{
    static const struct rpc_method *const methods[] = {&test_echo, &test_slow};
    struct fixture *fixture = *state;

    rpc_server_free(&fixture->server);
    rpc_client_free(&fixture->client);
    assert_int_equal(pthread_key_create(&kept, give_back), 0);
    fixture->keeps = true;
    start_server(fixture, test_key(TEST_KEY_BYTE, 0));
    fixture->client = new_client(fixture->port, "friend", TEST_KEY_BYTE);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct call call = call_start(fixture->arena, 5000);
        Rpc__Detail *response = NULL;
        struct error error;

        assert_true(test_call(fixture->client, methods[i], &call, 0, &response, &error));
    }
    assert_int_equal(atomic_load(&kept_count), COUNT_OF(methods));
    rpc_server_free(&fixture->server);
    assert_int_equal(atomic_load(&kept_count), 0);
    pthread_key_delete(kept);
}

static bool is_in_journal(const struct fixture *fixture)
{
    return test_count_lines(fixture->journal, "") > 0;
}

static void a_server_whose_handler_does_not_come_back_is_left_to_it(void **state)
{
    // The leak check finds it here.
    static struct rpc_server *left;
    struct fixture *fixture = *state;
    struct call call = call_start(fixture->arena, 100);
    Rpc__Detail *response = NULL;
    struct error error;

    left = fixture->server;
    assert_false(test_call(fixture->client, &test_slow, &call, HANGS_MS, &response, &error));
    assert_false(rpc_server_free(&fixture->server));
    assert_null(fixture->server);
    assert_false(is_in_journal(fixture));
    assert_true_within(10000, is_in_journal(fixture));
    assert_non_null(left);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        RULE(a_call_is_answered_by_its_handler_in_every_lane),
        RULE(a_sampled_call_is_a_span_on_both_sides_of_the_wire),
        RULE(what_others_have_written_of_a_trace_goes_with_the_call),
        RULE(a_call_that_is_not_sampled_is_a_span_of_the_servers_only),
        RULE(a_call_in_no_valid_trace_begins_one_at_the_server),
        RULE(only_who_may_call_an_operation_gets_to_its_handler),
        RULE(the_handler_is_told_who_the_token_says_it_is),
        RULE(a_message_that_breaks_its_rules_does_not_reach_the_handler),
        RULE(an_operation_the_server_does_not_have_is_refused),
        RULE(a_name_stands_for_its_addresses),
        RULE(another_mesh_key_is_refused_and_counted),
        RULE(while_the_key_is_replaced_every_step_talks_to_the_next),
        RULE(large_answers_arrive_and_larger_ones_are_an_error_of_that_call),
        RULE(a_request_over_the_limit_is_refused_before_it_is_sent),
        RULE(calls_that_wait_together_are_given_to_a_batch_handler_together),
        RULE(as_many_batches_are_handled_at_once_as_the_method_says),
        RULE(large_answers_gathered_in_one_message_all_arrive),
        RULE(calls_beyond_the_queue_are_refused_as_overload),
        RULE(work_is_not_begun_after_the_deadline),
        RULE(a_draining_server_finishes_what_it_has_and_refuses_the_rest),
        RULE(two_threads_in_the_slow_lane_do_not_hold_up_the_others),
        RULE(sockets_are_made_anew_when_nothing_is_answered),
        RULE(a_server_that_has_been_freed_has_left_no_thread_behind),
        RULE(a_server_whose_handler_does_not_come_back_is_left_to_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
