// SPDX-License-Identifier: MIT
#include "server/connection_limit.h"

#include "support/test.h"

#include <stdio.h>

struct fixture {
    struct proxy_list *proxies;
    struct connection_limit *limit;
};

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);
    struct error error;

    assert_true(proxy_list_new("10.0.0.1", &fixture->proxies, &error));
    fixture->limit = connection_limit_new(2, fixture->proxies);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    connection_limit_free(&fixture->limit);
    proxy_list_free(&fixture->proxies);
    release(fixture);
    return 0;
}

static void an_address_has_as_many_connections_as_it_may_and_others_theirs(void **state)
{
    struct fixture *fixture = *state;

    assert_true(connection_limit_enter(fixture->limit, "192.0.2.1"));
    assert_true(connection_limit_enter(fixture->limit, "192.0.2.1"));
    assert_false(connection_limit_enter(fixture->limit, "192.0.2.1"));
    assert_true(connection_limit_enter(fixture->limit, "192.0.2.2"));
    connection_limit_leave(fixture->limit, "192.0.2.1");
    assert_true(connection_limit_enter(fixture->limit, "192.0.2.1"));
    assert_false(connection_limit_enter(fixture->limit, "192.0.2.1"));
    connection_limit_leave(fixture->limit, "192.0.2.1");
    connection_limit_leave(fixture->limit, "192.0.2.1");
    connection_limit_leave(fixture->limit, "192.0.2.2");
}

static void the_addresses_of_one_ipv6_network_are_counted_as_one(void **state)
{
    struct fixture *fixture = *state;

    assert_true(connection_limit_enter(fixture->limit, "2001:db8:1:2::1"));
    assert_true(connection_limit_enter(fixture->limit, "2001:db8:1:2:ffff::2"));
    assert_false(connection_limit_enter(fixture->limit, "2001:db8:1:2:3:4:5:6"));
    assert_true(connection_limit_enter(fixture->limit, "2001:db8:1:3::1"));
    connection_limit_leave(fixture->limit, "2001:db8:1:2::1");
    assert_true(connection_limit_enter(fixture->limit, "2001:db8:1:2:3:4:5:6"));
    connection_limit_leave(fixture->limit, "2001:db8:1:2:ffff::2");
    connection_limit_leave(fixture->limit, "2001:db8:1:2:3:4:5:6");
    connection_limit_leave(fixture->limit, "2001:db8:1:3::1");
}

static void a_trusted_proxy_is_not_counted(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 100; i++)
        assert_true(connection_limit_enter(fixture->limit, "10.0.0.1"));
    for (int i = 0; i < 100; i++)
        connection_limit_leave(fixture->limit, "10.0.0.1");
}

static void thousands_of_addresses_are_told_apart(void **state)
{
    struct fixture *fixture = *state;
    char address[32];

    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 5000; i++) {
            snprintf(address, sizeof address, "198.51.%d.%d", i / 250, i % 250);
            assert_int_equal(connection_limit_enter(fixture->limit, address), round < 2);
        }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            snprintf(address, sizeof address, "198.51.%d.%d", i / 250, i % 250);
            connection_limit_leave(fixture->limit, address);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_address_has_as_many_connections_as_it_may_and_others_theirs, start, end),
        cmocka_unit_test_setup_teardown(the_addresses_of_one_ipv6_network_are_counted_as_one, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_trusted_proxy_is_not_counted, start, end),
        cmocka_unit_test_setup_teardown(thousands_of_addresses_are_told_apart, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
