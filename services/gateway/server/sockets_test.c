// SPDX-License-Identifier: MIT
#include "server/sockets.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// A socket that listens on a port of the kernel's choice.
static int listen_anywhere(int *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *out_port = ntohs(address.sin_port);
    return listener;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(client, (struct sockaddr *)&address, sizeof address) == 0)
        return client;
    close(client);
    return -1;
}

static void who_waits_on_a_listener_that_is_ended_is_woken_and_others_go_on(void **state)
{
    int ports[2];
    int listeners[2] = {listen_anywhere(&ports[0]), listen_anywhere(&ports[1])};
    struct pollfd watched = {.fd = listeners[0], .events = POLLIN};
    int client = connect_to(ports[1]);

    (void)state;
    assert_int_equal(poll(&watched, 1, 0), 0);
    sockets_end_listening(ports, 1);
    assert_int_equal(poll(&watched, 1, 0), 1);
    assert_int_equal(accept(listeners[0], NULL, NULL), -1);
    assert_int_equal(connect_to(ports[0]), -1);
    assert_true(client >= 0);
    close(client);
    client = connect_to(ports[1]);
    assert_true(client >= 0);
    close(client);
    close(listeners[0]);
    close(listeners[1]);
}

static void the_connections_of_the_process_are_found_and_its_listeners_are_none(void **state)
{
    struct socket_list list = {NULL, 0, 0};
    int port = 0;
    int listener = listen_anywhere(&port);
    int client = connect_to(port);
    bool was_found = false;

    (void)state;
    socket_list_read(&list);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_not_equal(list.entries[i].descriptor, listener);
        if (list.entries[i].descriptor == client) {
            was_found = true;
            assert_int_equal(list.entries[i].peer_port, port);
            assert_string_equal(list.entries[i].peer_address, "127.0.0.1");
            assert_true(socket_is_from(client, "127.0.0.1", port, list.entries[i].local_port));
            assert_false(socket_is_from(client, "127.0.0.2", port, list.entries[i].local_port));
        }
    }
    assert_true(was_found);
    socket_list_clear(&list);
    close(client);
    close(listener);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_on_a_listener_that_is_ended_is_woken_and_others_go_on),
        cmocka_unit_test(the_connections_of_the_process_are_found_and_its_listeners_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
