// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <string.h>

#include "rpc/address.h"

static void a_list_of_addresses_is_read_in_its_order(void **state)
{
    struct address_list list;
    struct error error;

    (void)state;
    assert_true(address_list_parse("10.0.0.1:7100,market.bourse.svc:7104", &list, &error));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.names[0].host, "10.0.0.1");
    assert_int_equal(list.names[0].port, 7100);
    assert_string_equal(list.names[1].host, "market.bourse.svc");
    assert_int_equal(list.names[1].port, 7104);
    assert_false(address_list_is_numeric(&list));
    assert_true(address_list_parse("10.0.0.1:7100,10.0.0.2:7100", &list, &error));
    assert_true(address_list_is_numeric(&list));
}

static void what_is_not_host_and_port_is_refused(void **state)
{
    static const char *const bad[] = {
        "",         ":7100",        "market",    "market:",           "market:0",
        "market:x", "market:7100x", "market:-1", "market:+80",        "market:65533",
        "a:1,",     ",a:1",         "a:1,,b:2",  "market:9999999999", "market: 7100",
    };
    struct address_list list;
    struct error error;
    char long_name[400];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(address_list_parse(bad[i], &list, &error));
        assert_string_equal(error.reason, "INVALID_SETTING");
    }
    memset(long_name, 'a', sizeof long_name);
    memcpy(long_name + sizeof long_name - 6, ":7100", 6);
    assert_false(address_list_parse(long_name, &list, &error));
}

static void more_addresses_than_the_limit_are_refused(void **state)
{
    char text[5 * (ADDRESS_NAMES_MAX + 1)];
    struct address_list list;
    struct error error;

    (void)state;
    for (size_t i = 0; i <= ADDRESS_NAMES_MAX; i++)
        memcpy(text + 5 * i, "a:80,", 5);
    text[5 * ADDRESS_NAMES_MAX - 1] = '\0';
    assert_true(address_list_parse(text, &list, &error));
    text[5 * ADDRESS_NAMES_MAX - 1] = ',';
    text[sizeof text - 1] = '\0';
    assert_false(address_list_parse(text, &list, &error));
}

static void a_name_is_resolved_to_its_addresses_each_of_them_once(void **state)
{
    struct address expected = {"127.0.0.1", 7100};
    struct address_list list;
    struct address_set set;
    struct error error;

    (void)state;
    assert_true(address_list_parse("localhost:7100,127.0.0.1:7100,localhost:7104", &list, &error));
    assert_true(address_resolve(&list, &set));
    assert_int_equal(set.count, 2);
    assert_true(address_set_has(&set, &expected));
    expected.port = 7104;
    assert_true(address_set_has(&set, &expected));
    expected.port = 7108;
    assert_false(address_set_has(&set, &expected));
}

static void a_name_that_is_not_known_does_not_hide_the_others(void **state)
{
    struct address expected = {"127.0.0.1", 7104};
    struct address_list list;
    struct address_set set;
    struct error error;

    (void)state;
    // RFC 6761: no resolver knows a name below "invalid".
    assert_true(address_list_parse("nobody.invalid:7100,127.0.0.1:7104", &list, &error));
    assert_false(address_resolve(&list, &set));
    assert_int_equal(set.count, 1);
    assert_true(address_set_has(&set, &expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_addresses_is_read_in_its_order),
        cmocka_unit_test(what_is_not_host_and_port_is_refused),
        cmocka_unit_test(more_addresses_than_the_limit_are_refused),
        cmocka_unit_test(a_name_is_resolved_to_its_addresses_each_of_them_once),
        cmocka_unit_test(a_name_that_is_not_known_does_not_hide_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
