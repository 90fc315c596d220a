// SPDX-License-Identifier: MIT
// What strangers send to a server's port: whatever it is, the server answers its peers afterwards.
#include "support/wait.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/digest.h"
#include "rpc/envelope.h"
#include "rpc/test_support.h"

enum { START_MS = 10000, ROUNDS = 200, DEPTH = 10000, REPLY_SIZE = 4096, ANSWER_MS = 2000 };

// How a client of nng's request protocol begins, and how its server answers.
static const unsigned char request_header[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

struct fixture {
    struct test_peer peer;
    struct rpc_client *client;
    struct arena *arena;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    test_peer_prepare(&fixture->peer);
    test_peer_start(&fixture->peer);
    fixture->client = test_client_new(&fixture->peer, 1, TEST_KEY_BYTE);
    fixture->arena = arena_new(1024 * 1024);
    assert_true_within(START_MS, rpc_client_is_ready(fixture->client));
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    rpc_client_free(&fixture->client);
    test_peer_end(&fixture->peer);
    arena_free(&fixture->arena);
    release(fixture);
    return 0;
}

static void assert_still_serving(struct fixture *fixture)
{
    static const struct rpc_method *const methods[] = {&test_echo_fast, &test_echo};
    struct error error;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct call call = call_start(fixture->arena, 5000);
        Rpc__Detail *response = NULL;
        // A client that connects now, too.
        OWNED(rpc_client) client = test_client_new(&fixture->peer, 1, TEST_KEY_BYTE);

        assert_true(test_call(fixture->client, methods[i], &call, 1, &response, &error));
        assert_true(test_call(client, methods[i], &call, 1, &response, &error));
    }
}

static int connect_raw(const struct fixture *fixture, enum rpc_lane lane)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval timeout = {.tv_sec = ANSWER_MS / 1000};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)(fixture->peer.port + lane));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(file, (struct sockaddr *)&address, sizeof address), 0);
    return file;
}

static void send_raw(int file, const void *bytes, size_t length)
{
    // The server may have hung up already, which is as good.
    ssize_t ignored = send(file, bytes, length, MSG_NOSIGNAL);

    (void)ignored;
}

static void write_length(unsigned char out[8], uint64_t length)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (unsigned char)(length >> (8 * (7 - i)));
}

// Sends one request as nng frames it: length, request id, body.
static void send_request(int file, const void *body, size_t length)
{
    unsigned char frame[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 1};

    write_length(frame, length + 4);
    send_raw(file, request_header, sizeof request_header);
    send_raw(file, frame, sizeof frame);
    send_raw(file, body, length);
}

static size_t receive_exactly(int file, char *out, size_t length)
{
    size_t received = 0;

    while (received < length) {
        ssize_t part = recv(file, out + received, length - received, 0);

        if (part <= 0)
            break;
        received += (size_t)part;
    }
    return received;
}

// Receives the reply to a request; the length of its body, or -1 when the server hangs up.
static int receive_reply(int file, char reply[REPLY_SIZE])
{
    char head[8 + 8 + 4];
    size_t length = 0;

    if (receive_exactly(file, head, sizeof head) != sizeof head)
        return -1;
    length = (size_t)(unsigned char)head[14] << 8 | (unsigned char)head[15];
    assert_in_range(length, 4, REPLY_SIZE);
    assert_int_equal(receive_exactly(file, reply, length - 4), length - 4);
    return (int)length - 4;
}

static void connections_that_leave_do_no_harm(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < ROUNDS; i++)
        for (int lane = 0; lane < RPC_LANE_COUNT; lane++)
            close(connect_raw(fixture, (enum rpc_lane)lane));
    assert_still_serving(fixture);
}

static void half_headers_do_no_harm(void **state)
{
    struct fixture *fixture = *state;
    int silent[16];

    for (size_t i = 0; i < COUNT_OF(silent); i++) {
        silent[i] = connect_raw(fixture, RPC_LANE_FAST);
        send_raw(silent[i], request_header, i % sizeof request_header);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        int file = connect_raw(fixture, RPC_LANE_NORMAL);

        send_raw(file, request_header, i % (sizeof request_header + 1));
        close(file);
    }
    assert_still_serving(fixture);
    for (size_t i = 0; i < COUNT_OF(silent); i++)
        close(silent[i]);
}

static void random_bytes_do_no_harm(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 4711;
    struct random_source source = random_seeded(&seed);
    unsigned char bytes[512];

    for (size_t i = 0; i < ROUNDS; i++) {
        int file = connect_raw(fixture, (enum rpc_lane)(i % RPC_LANE_COUNT));

        random_fill(&source, bytes, sizeof bytes);
        if (i % 2 == 0)
            send_raw(file, bytes, sizeof bytes);
        else
            send_request(file, bytes, random_below(&source, sizeof bytes));
        close(file);
    }
    assert_still_serving(fixture);
}

static void huge_lengths_are_refused_without_memory_for_them(void **state)
{
    static const uint64_t lengths[] = {RPC_MESSAGE_MAX + 5, UINT64_C(1) << 30, UINT64_C(1) << 40,
                                       UINT64_MAX / 2, UINT64_MAX};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        int file = connect_raw(fixture, RPC_LANE_FAST);
        unsigned char frame[8];
        char reply[REPLY_SIZE];

        write_length(frame, lengths[i]);
        send_raw(file, request_header, sizeof request_header);
        send_raw(file, frame, sizeof frame);
        // Nothing but the greeting comes, and then the end.
        assert_int_equal(receive_reply(file, reply), -1);
        close(file);
    }
    assert_still_serving(fixture);
}

static void a_message_over_the_limit_ends_its_connection(void **state)
{
    struct fixture *fixture = *state;
    char *body = allocate(2 * RPC_MESSAGE_MAX);
    char reply[REPLY_SIZE];
    int file = connect_raw(fixture, RPC_LANE_NORMAL);

    send_request(file, body, 2 * RPC_MESSAGE_MAX);
    assert_int_equal(receive_reply(file, reply), -1);
    close(file);
    release(body);
    assert_still_serving(fixture);
}

static void a_message_without_the_right_hash_is_answered_by_nothing(void **state)
{
    static const char *const bodies[] = {"", "x", "0123456789abcdef",
                                         "\x08\x01 and some more text"};
    struct fixture *fixture = *state;
    char reply[REPLY_SIZE];

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        int file = connect_raw(fixture, RPC_LANE_NORMAL);

        send_request(file, bodies[i], strlen(bodies[i]));
        assert_int_equal(receive_reply(file, reply), 0);
        close(file);
    }
    assert_still_serving(fixture);
}

// Fields within fields within fields, 10,000 deep, the outermost first; returns its length. Made
// from the inside, so it grows from the buffer's end.
static const char *nest(char *buffer, size_t size, unsigned char tag, size_t *out_length)
{
    char *at = buffer + size;

    for (size_t depth = 0; depth < DEPTH; depth++) {
        size_t inner = (size_t)(buffer + size - at);

        // Three bytes of length are enough for all.
        *--at = (char)(inner >> 14 & 0x7f);
        *--at = (char)((inner >> 7 & 0x7f) | 0x80);
        *--at = (char)((inner & 0x7f) | 0x80);
        *--at = (char)tag;
    }
    *out_length = (size_t)(buffer + size - at);
    return at;
}

// Seals arbitrary bytes as if they were packed calls of a peer that knows the key.
static size_t seal(const char *packed, size_t length, char *out)
{
    struct rpc_mesh_key key = test_key(TEST_KEY_BYTE, 0);
    char prefix[2] = {ENVELOPE_CALLS, RPC_LANE_NORMAL};

    memcpy(out, packed, length);
    digest_keyed_pair((struct text){prefix, sizeof prefix}, (struct text){packed, length},
                      key.bytes, (unsigned char *)out + length);
    return length + ENVELOPE_HASH_SIZE;
}

static void messages_10000_deep_do_no_harm_even_with_the_right_key(void **state)
{
    // A call within calls, an unknown field, a group's begin.
    static const unsigned char tags[] = {0x1a, 0x7a, 0x3a, 0x0b};
    struct fixture *fixture = *state;
    size_t size = 4 * DEPTH;
    char *buffer = allocate(size);
    char *wire = allocate(size + ENVELOPE_HASH_SIZE);
    char reply[REPLY_SIZE];

    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        size_t length = 0;
        const char *packed = nest(buffer, size, tags[i], &length);
        int file = connect_raw(fixture, RPC_LANE_NORMAL);

        send_request(file, packed, length);
        assert_int_equal(receive_reply(file, reply), 0);
        close(file);
        file = connect_raw(fixture, RPC_LANE_NORMAL);
        send_request(file, wire, seal(packed, length, wire));
        assert_in_range(receive_reply(file, reply), ENVELOPE_HASH_SIZE, REPLY_SIZE);
        close(file);
    }
    // And as the body of a call.
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        struct text request = {NULL, 0};
        struct text response;
        struct call call = call_start(fixture->arena, 5000);
        struct error error;

        request.data = nest(buffer, size, tags[i], &request.length);
        assert_false(
            rpc_call_packed(fixture->client, &test_echo, &call, request, &response, &error));
        assert_false(error.outcome_unknown);
    }
    release(wire);
    release(buffer);
    assert_still_serving(fixture);
}

static void calls_without_their_fields_are_refused(void **state)
{
    // Versions 0 and 2, no version, calls without anything in them.
    static const struct text batches[] = {
        {"\x08\x00\x1a\x00", 4}, {"\x08\x02\x1a\x00", 4}, {"\x1a\x00", 2}, {"\x08\x01\x1a\x00", 4}};
    struct fixture *fixture = *state;
    char wire[64];
    char reply[REPLY_SIZE];

    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        int file = connect_raw(fixture, RPC_LANE_NORMAL);

        send_request(file, wire, seal(batches[i].data, batches[i].length, wire));
        assert_in_range(receive_reply(file, reply), ENVELOPE_HASH_SIZE + 1, REPLY_SIZE);
        close(file);
    }
    assert_still_serving(fixture);
}

static void more_calls_than_the_limit_are_refused_with_one_answer(void **state)
{
    static const size_t counts[] = {RPC_BATCH_MAX + 1, 100000};
    struct fixture *fixture = *state;
    char *packed = allocate(RPC_MESSAGE_MAX);
    char *wire = allocate(RPC_MESSAGE_MAX);
    char reply[REPLY_SIZE];

    memcpy(packed, "\x08\x01", 2);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        int file = connect_raw(fixture, RPC_LANE_NORMAL);

        for (size_t j = 0; j < counts[i]; j++)
            memcpy(packed + 2 + 2 * j, "\x1a\x00", 2);
        send_request(file, wire, seal(packed, 2 + 2 * counts[i], wire));
        assert_in_range(receive_reply(file, reply), ENVELOPE_HASH_SIZE + 1, REPLY_SIZE);
        close(file);
    }
    release(wire);
    release(packed);
    assert_still_serving(fixture);
}

int main(void)
{
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        RULE(connections_that_leave_do_no_harm),
        RULE(half_headers_do_no_harm),
        RULE(random_bytes_do_no_harm),
        RULE(huge_lengths_are_refused_without_memory_for_them),
        RULE(a_message_over_the_limit_ends_its_connection),
        RULE(a_message_without_the_right_hash_is_answered_by_nothing),
        RULE(messages_10000_deep_do_no_harm_even_with_the_right_key),
        RULE(calls_without_their_fields_are_refused),
        RULE(more_calls_than_the_limit_are_refused_with_one_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
