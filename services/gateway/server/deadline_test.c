// SPDX-License-Identifier: MIT
#include "server/deadline.h"

#include "base/clock.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// A connection within this process: what the client holds, and what the server does.
struct fixture {
    int listener;
    int client;
    int server;
    int client_port;
    int server_port;
    struct deadlines *deadlines;
    struct deadline_slot *slot;
};

static int port_of(int descriptor)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct error error;

    fixture->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fixture->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fixture->listener, 1), 0);
    fixture->server_port = port_of(fixture->listener);
    address.sin_port = htons((uint16_t)fixture->server_port);
    fixture->client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fixture->client, (struct sockaddr *)&address, sizeof address), 0);
    fixture->client_port = port_of(fixture->client);
    fixture->server = accept(fixture->listener, NULL, NULL);
    assert_true(fixture->server >= 0);
    assert_true(deadlines_new(&fixture->deadlines, &error));
    fixture->slot = deadline_slot_new(fixture->deadlines);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    deadline_slot_free(&fixture->slot);
    deadlines_free(&fixture->deadlines);
    close(fixture->server);
    close(fixture->client);
    close(fixture->listener);
    release(fixture);
    return 0;
}

static void a_read_that_nothing_comes_for_is_ended_and_an_answer_can_still_be_written(void **state)
{
    struct fixture *fixture = *state;
    int64_t began_us = clock_monotonic_us();
    char byte = 'x';

    deadline_begin(fixture->slot, "127.0.0.1", fixture->client_port, fixture->server_port, false,
                   100 * MICROS_PER_MS);
    assert_int_equal(recv(fixture->server, &byte, 1, 0), 0);
    assert_true(clock_monotonic_us() - began_us >= 100 * MICROS_PER_MS);
    assert_true(deadline_end(fixture->slot));
    assert_int_equal(send(fixture->server, "a", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(recv(fixture->client, &byte, 1, 0), 1);
}

static void a_write_that_is_not_taken_up_is_ended(void **state)
{
    struct fixture *fixture = *state;
    static char block[1024 * 1024];
    ssize_t sent = 1;

    deadline_begin(fixture->slot, "127.0.0.1", fixture->client_port, fixture->server_port, true,
                   100 * MICROS_PER_MS);
    while (sent > 0)
        sent = send(fixture->server, block, sizeof block, MSG_NOSIGNAL);
    assert_int_equal(errno, EPIPE);
    assert_true(deadline_end(fixture->slot));
}

static void what_ends_in_time_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    char byte = 'x';

    deadline_begin(fixture->slot, "127.0.0.1", fixture->client_port, fixture->server_port, true,
                   60 * MICROS_PER_SECOND);
    assert_int_equal(send(fixture->client, "a", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(recv(fixture->server, &byte, 1, 0), 1);
    assert_false(deadline_end(fixture->slot));
}

static void only_the_connection_that_is_meant_is_ended(void **state)
{
    struct fixture *fixture = *state;
    struct deadline_slot *other = deadline_slot_new(fixture->deadlines);
    char byte = 'x';

    // The same client's port, but another of the server's: not this connection.
    deadline_begin(other, "127.0.0.1", fixture->client_port, fixture->server_port + 1, true, 0);
    deadline_begin(fixture->slot, "127.0.0.1", fixture->client_port, fixture->server_port, false,
                   200 * MICROS_PER_MS);
    assert_int_equal(recv(fixture->server, &byte, 1, 0), 0);
    assert_int_equal(send(fixture->server, "a", 1, MSG_NOSIGNAL), 1);
    assert_true(deadline_end(other));
    assert_true(deadline_end(fixture->slot));
    deadline_slot_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_read_that_nothing_comes_for_is_ended_and_an_answer_can_still_be_written, start, end),
        cmocka_unit_test_setup_teardown(a_write_that_is_not_taken_up_is_ended, start, end),
        cmocka_unit_test_setup_teardown(what_ends_in_time_is_left_alone, start, end),
        cmocka_unit_test_setup_teardown(only_the_connection_that_is_meant_is_ended, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
