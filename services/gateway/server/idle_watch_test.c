// SPDX-License-Identifier: MIT
#include "server/idle_watch.h"

#include "base/clock.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 16, WAIT_MIN_MS = 100, CLOSED_WITHIN_MS = 5000, LEFT_ALONE_MS = 500 };

// A server with two threads' slots, and clients whose connections it has accepted.
struct fixture {
    struct proxy_list *proxies;
    struct idle_watch *watch;
    struct idle_slot *slots[2];
    int listener;
    int port;
    int clients[CLIENTS_MAX];
    int servers[CLIENTS_MAX];
    int client_ports[CLIENTS_MAX];
    size_t count;
};

static int port_of(int descriptor)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static void make_watch(struct fixture *fixture, size_t each_max, const char *proxies)
{
    struct error error;
    struct idle_watch_options options = {.wait_min_us = WAIT_MIN_MS * MICROS_PER_MS,
                                         .each_max = each_max};

    assert_true(proxy_list_new(proxies, &fixture->proxies, &error));
    options.proxies = fixture->proxies;
    assert_true(idle_watch_new(&options, &fixture->watch, &error));
    for (size_t i = 0; i < COUNT_OF(fixture->slots); i++)
        fixture->slots[i] = idle_slot_new(fixture->watch);
    idle_watch_start(fixture->watch, &fixture->port, 1, 0);
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

    fixture->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fixture->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fixture->listener, CLIENTS_MAX), 0);
    fixture->port = port_of(fixture->listener);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(fixture->slots); i++)
        idle_slot_free(&fixture->slots[i]);
    idle_watch_free(&fixture->watch);
    proxy_list_free(&fixture->proxies);
    for (size_t i = 0; i < fixture->count; i++) {
        close(fixture->clients[i]);
        close(fixture->servers[i]);
    }
    close(fixture->listener);
    release(fixture);
    return 0;
}

// Another connection, on which the client has sent that.
static size_t add_client(struct fixture *fixture, const char *bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons((uint16_t)fixture->port)};
    size_t index = fixture->count++;
    struct text text = text_of(bytes);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    fixture->client_ports[index] = port_of(client);
    fixture->clients[index] = client;
    fixture->servers[index] = accept(fixture->listener, NULL, NULL);
    assert_true(fixture->servers[index] >= 0);
    assert_int_equal(send(client, text.data, text.length, 0), (ssize_t)text.length);
    return index;
}

// True when reading from the client is ended within that time.
static bool is_ended(const struct fixture *fixture, size_t index, int timeout_ms)
{
    struct epoll_event event = {.events = EPOLLRDHUP};
    int epoll = epoll_create1(0);
    int count = 0;

    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fixture->servers[index], &event), 0);
    count = epoll_wait(epoll, &event, 1, timeout_ms);
    close(epoll);
    return count == 1;
}

static void take_all_threads(struct fixture *fixture)
{
    for (size_t i = 0; i < COUNT_OF(fixture->slots); i++)
        idle_slot_take(fixture->slots[i]);
}

static void who_is_set_aside_is_neither_ended_nor_takes_a_place(void **state)
{
    struct fixture *fixture = *state;
    size_t aside = 0;
    size_t other = 0;

    make_watch(fixture, CLIENTS_MAX, "");
    take_all_threads(fixture);
    aside = add_client(fixture, "");
    idle_watch_set_aside(fixture->watch, fixture->servers[aside], true);
    (void)add_client(fixture, "");
    // With two threads and one connection beside the one set aside, nobody queues.
    assert_false(is_ended(fixture, aside, LEFT_ALONE_MS));
    other = add_client(fixture, "");
    (void)add_client(fixture, "");
    assert_true(is_ended(fixture, other - 1, CLOSED_WITHIN_MS) ||
                is_ended(fixture, other, CLOSED_WITHIN_MS));
    assert_false(is_ended(fixture, aside, LEFT_ALONE_MS));
}

static void who_only_waits_is_ended_while_others_queue(void **state)
{
    struct fixture *fixture = *state;
    size_t silent = 0;
    size_t half = 0;

    make_watch(fixture, 100, "");
    silent = add_client(fixture, "");
    half = add_client(fixture, "GET / HTTP/1.1\r\nHost: x\r\n");
    add_client(fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    add_client(fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    take_all_threads(fixture);
    assert_true(is_ended(fixture, silent, CLOSED_WITHIN_MS));
    assert_true(is_ended(fixture, half, CLOSED_WITHIN_MS));
}

static void what_is_being_answered_or_has_been_asked_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    size_t busy = 0;
    size_t asked = 0;
    size_t silent = 0;

    make_watch(fixture, 100, "");
    busy = add_client(fixture, "");
    asked = add_client(fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    add_client(fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    silent = add_client(fixture, "");
    take_all_threads(fixture);
    idle_slot_begin_request(fixture->slots[0], "127.0.0.1", fixture->client_ports[busy],
                            fixture->port);
    assert_true(is_ended(fixture, silent, CLOSED_WITHIN_MS));
    assert_false(is_ended(fixture, busy, LEFT_ALONE_MS));
    assert_false(is_ended(fixture, asked, 0));
    // Its request answered, it only waits like the others.
    idle_slot_end_request(fixture->slots[0]);
    assert_true(is_ended(fixture, busy, CLOSED_WITHIN_MS));
}

static void while_there_is_a_thread_for_everybody_nobody_is_ended(void **state)
{
    struct fixture *fixture = *state;
    size_t first = 0;

    make_watch(fixture, 100, "");
    first = add_client(fixture, "");
    add_client(fixture, "");
    idle_slot_take(fixture->slots[0]);
    assert_false(is_ended(fixture, first, LEFT_ALONE_MS));
    idle_slot_take(fixture->slots[1]); // both have one now, and nobody queues
    assert_false(is_ended(fixture, first, LEFT_ALONE_MS));
}

static void an_address_keeps_as_many_waiting_connections_as_it_may_have(void **state)
{
    struct fixture *fixture = *state;
    int ended = 0;

    make_watch(fixture, 1, "");
    for (int i = 0; i < 3; i++)
        add_client(fixture, "");
    take_all_threads(fixture);
    for (int waited_ms = 0; ended < 2 && waited_ms < CLOSED_WITHIN_MS; waited_ms += 10) {
        ended = 0;
        for (size_t i = 0; i < 3; i++)
            ended += is_ended(fixture, i, 3);
    }
    assert_int_equal(ended, 2);
}

static void two_ways_to_write_a_place_are_one_address(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(0)};
    socklen_t size = sizeof any;
    int ipv4_listener = fixture->listener;
    int ports[2] = {fixture->port};
    size_t first = 0;
    size_t second = 0;

    // At a listener for both families an IPv4 peer is written as ::ffff:127.0.0.1.
    make_watch(fixture, 1, "");
    first = add_client(fixture, "");
    fixture->listener = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(
        setsockopt(fixture->listener, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int)), 0);
    assert_int_equal(bind(fixture->listener, (struct sockaddr *)&any, size), 0);
    assert_int_equal(listen(fixture->listener, CLIENTS_MAX), 0);
    assert_int_equal(getsockname(fixture->listener, (struct sockaddr *)&any, &size), 0);
    ports[1] = ntohs(any.sin6_port);
    fixture->port = ports[1];
    second = add_client(fixture, "");
    idle_watch_start(fixture->watch, ports, 2, 0);
    take_all_threads(fixture);
    assert_true(is_ended(fixture, second, CLOSED_WITHIN_MS));
    assert_false(is_ended(fixture, first, 0));
    close(ipv4_listener);
}

static void a_trusted_proxy_may_have_any_number(void **state)
{
    struct fixture *fixture = *state;

    make_watch(fixture, 1, "127.0.0.1");
    add_client(fixture, "");
    add_client(fixture, "");
    take_all_threads(fixture);
    assert_false(is_ended(fixture, 0, LEFT_ALONE_MS));
    assert_false(is_ended(fixture, 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_only_waits_is_ended_while_others_queue, start, end),
        cmocka_unit_test_setup_teardown(what_is_being_answered_or_has_been_asked_is_left_alone,
                                        start, end),
        cmocka_unit_test_setup_teardown(while_there_is_a_thread_for_everybody_nobody_is_ended,
                                        start, end),
        cmocka_unit_test_setup_teardown(an_address_keeps_as_many_waiting_connections_as_it_may_have,
                                        start, end),
        cmocka_unit_test_setup_teardown(two_ways_to_write_a_place_are_one_address, start, end),
        cmocka_unit_test_setup_teardown(a_trusted_proxy_may_have_any_number, start, end),
        cmocka_unit_test_setup_teardown(who_is_set_aside_is_neither_ended_nor_takes_a_place, start,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
