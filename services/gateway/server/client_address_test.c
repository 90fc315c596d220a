// SPDX-License-Identifier: MIT
#include "server/client_address.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <string.h>

// Who the client is, for a request from `peer` with that X-Forwarded-For.
static const char *
find(const char *proxies, const char *peer, const struct http_header *headers, size_t count)
{
    static char address[CLIENT_ADDRESS_SIZE];
    OWNED(proxy_list) list = NULL;
    struct error error;

    assert_true(proxy_list_new(proxies, &list, &error));
    client_address_find(list, peer, headers, count, address);
    return address;
}

static const char *find_one(const char *proxies, const char *peer, const char *forwarded_for)
{
    struct http_header header = {"x-forwarded-for", forwarded_for};

    return find(proxies, peer, &header, 1);
}

static void a_peer_that_is_no_proxy_is_the_client_whatever_it_says(void **state)
{
    (void)state;
    assert_string_equal(find_one("", "192.0.2.7", "10.0.0.1"), "192.0.2.7");
    assert_string_equal(find_one("10.0.0.0/8", "192.0.2.7", "10.0.0.1"), "192.0.2.7");
    assert_string_equal(find_one("10.0.0.0/8", "2001:db8::7", "10.0.0.1"), "2001:db8::7");
}

static void a_trusted_proxy_names_the_client(void **state)
{
    (void)state;
    assert_string_equal(find_one("10.0.0.1", "10.0.0.1", "192.0.2.7"), "192.0.2.7");
    assert_string_equal(find_one("::1", "::1", "2001:DB8:0::7"), "2001:db8::7");
    assert_string_equal(find("10.0.0.1", "10.0.0.1", NULL, 0), "10.0.0.1");
}

static void what_stands_left_of_the_first_stranger_is_not_believed(void **state)
{
    (void)state;
    assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", "127.0.0.1, 10.9.9.9, 192.0.2.7"),
                        "192.0.2.7");
    assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 192.0.2.7, 10.0.0.2,10.0.0.3"),
                        "192.0.2.7");
    assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
}

static void several_lines_are_one_list_in_their_order(void **state)
{
    const struct http_header headers[] = {{"X-Forwarded-For", "192.0.2.1"},
                                          {"Host", "x"},
                                          {"x-forwarded-FOR", "192.0.2.2, 10.0.0.2"}};

    (void)state;
    assert_string_equal(find("10.0.0.0/8", "10.0.0.1", headers, COUNT_OF(headers)), "192.0.2.2");
}

static void ports_and_brackets_are_no_part_of_an_address(void **state)
{
    static const char *const forms[] = {"192.0.2.7:1234", "::ffff:192.0.2.7",
                                        "[::ffff:192.0.2.7]:80", " \t192.0.2.7\t "};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        assert_string_equal(find_one("10.0.0.1", "10.0.0.1", forms[i]), "192.0.2.7");
    assert_string_equal(find_one("10.0.0.1", "10.0.0.1", "[2001:db8::7]"), "2001:db8::7");
    assert_string_equal(find_one("10.0.0.1", "10.0.0.1", "[2001:db8::7]:65535"), "2001:db8::7");
}

static void what_cannot_be_read_ends_the_walk_at_the_last_address_that_could(void **state)
{
    static const char *const garbage[] = {"",
                                          ",",
                                          "unknown",
                                          "_hidden",
                                          "192.0.2.7:",
                                          "192.0.2.7:x",
                                          "192.0.2.7:65536",
                                          "192.0.2.7:80:80",
                                          "192.0.2",
                                          "192.0.2.256",
                                          "[192.0.2.7]",
                                          "[2001:db8::7",
                                          "[2001:db8::7]x",
                                          "[2001:db8::7]:",
                                          "2001:db8::7]",
                                          "[]",
                                          "\"192.0.2.7\"",
                                          "192.0.2.7 192.0.2.8",
                                          "fe80::1%eth0",
                                          "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(garbage); i++) {
        OWNED(strbuf) both = strbuf_new(256);

        assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", garbage[i]), "10.0.0.1");
        strbuf_printf(both, "192.0.2.9, %s, 10.0.0.2", garbage[i]);
        assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", both->data), "10.0.0.2");
    }
}

static void a_hundred_entries_are_walked_like_three(void **state)
{
    OWNED(strbuf) list = strbuf_new(4096);

    (void)state;
    strbuf_append_string(list, "203.0.113.1, 192.0.2.7");
    for (int i = 0; i < 98; i++)
        strbuf_printf(list, ", 10.0.1.%d", i);
    assert_string_equal(find_one("10.0.0.0/8", "10.0.0.1", list->data), "192.0.2.7");
}

static void a_network_ends_at_its_last_bit(void **state)
{
    OWNED(proxy_list) list = NULL;
    struct error error;

    (void)state;
    assert_true(proxy_list_new(
        " 10.1.2.128/25 ,2001:db8:8000::/33, 192.0.2.1, ::ffff:172.16.0.0/108", &list, &error));
    assert_true(proxy_list_holds(list, "10.1.2.128"));
    assert_true(proxy_list_holds(list, "10.1.2.255"));
    assert_true(proxy_list_holds(list, "::ffff:10.1.2.200"));
    assert_false(proxy_list_holds(list, "10.1.2.127"));
    assert_false(proxy_list_holds(list, "10.1.3.128"));
    assert_true(proxy_list_holds(list, "2001:db8:ffff::1"));
    assert_false(proxy_list_holds(list, "2001:db8:7fff::1"));
    assert_true(proxy_list_holds(list, "192.0.2.1"));
    assert_false(proxy_list_holds(list, "192.0.2.0"));
    assert_true(proxy_list_holds(list, "172.31.255.255"));
    assert_false(proxy_list_holds(list, "172.32.0.0"));
    assert_false(proxy_list_holds(list, "no address"));
}

static void an_ipv4_network_of_no_bits_holds_no_ipv6_address(void **state)
{
    OWNED(proxy_list) list = NULL;
    struct error error;

    (void)state;
    assert_true(proxy_list_new("0.0.0.0/0", &list, &error));
    assert_true(proxy_list_holds(list, "203.0.113.9"));
    assert_false(proxy_list_holds(list, "2001:db8::1"));
}

static void a_list_that_cannot_be_read_is_refused_with_the_entry(void **state)
{
    static const char *const wrong[] = {"10.0.0.0/33", "10.0.0.0/",   "10.0.0/8", "2001:db8::/129",
                                        "proxy.local", "10.0.0.1,,x", "/8",       "10.0.0.1/x",
                                        "10.0.0.1:80", "10.0.0.0/-1"};
    struct proxy_list *list = NULL;
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(proxy_list_new(wrong[i], &list, &error));
        assert_string_equal(error.reason, "INVALID_SETTING");
        assert_null(list);
    }
    assert_non_null(strstr(error.message, "\"10.0.0.0/-1\""));
}

static void more_than_64_proxies_are_refused(void **state)
{
    OWNED(strbuf) text = strbuf_new(4096);
    OWNED(proxy_list) list = NULL;
    struct error error;

    (void)state;
    for (int i = 0; i < PROXIES_MAX; i++)
        strbuf_printf(text, "%s10.0.0.%d", i > 0 ? "," : "", i);
    assert_true(proxy_list_new(text->data, &list, &error));
    proxy_list_free(&list);
    strbuf_append_string(text, ",10.0.1.0");
    assert_false(proxy_list_new(text->data, &list, &error));
    assert_non_null(strstr(error.message, "64"));
}

static void the_nearest_proxy_says_whether_it_was_asked_over_tls(void **state)
{
    struct http_header header = {"x-forwarded-proto", "https"};
    const struct http_header two[] = {{"X-Forwarded-Proto", "https"},
                                      {"X-Forwarded-Proto", "http"}};

    (void)state;
    assert_true(client_address_says_https(&header, 1));
    header.value = "http, HTTPS ";
    assert_true(client_address_says_https(&header, 1));
    header.value = "https,http";
    assert_false(client_address_says_https(&header, 1));
    header.value = "httpsx";
    assert_false(client_address_says_https(&header, 1));
    assert_false(client_address_says_https(two, COUNT_OF(two)));
    assert_false(client_address_says_https(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_is_no_proxy_is_the_client_whatever_it_says),
        cmocka_unit_test(a_trusted_proxy_names_the_client),
        cmocka_unit_test(what_stands_left_of_the_first_stranger_is_not_believed),
        cmocka_unit_test(several_lines_are_one_list_in_their_order),
        cmocka_unit_test(ports_and_brackets_are_no_part_of_an_address),
        cmocka_unit_test(what_cannot_be_read_ends_the_walk_at_the_last_address_that_could),
        cmocka_unit_test(a_hundred_entries_are_walked_like_three),
        cmocka_unit_test(a_network_ends_at_its_last_bit),
        cmocka_unit_test(an_ipv4_network_of_no_bits_holds_no_ipv6_address),
        cmocka_unit_test(a_list_that_cannot_be_read_is_refused_with_the_entry),
        cmocka_unit_test(more_than_64_proxies_are_refused),
        cmocka_unit_test(the_nearest_proxy_says_whether_it_was_asked_over_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
