// SPDX-License-Identifier: MIT
#include "http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

enum { REQUEST_MAX = 64 * 1024 };

static void a_key_is_sent_by_https_or_to_this_machine(void **state)
{
    static const char *const right[] = {"https://finnhub.io/api/v1", "http://127.0.0.1:8000",
                                        "http://localhost/x", "http://[::1]:80/"};
    static const char *const wrong[] = {"http://finnhub.io", "http://127.0.0.1.example.org",
                                        "ftp://127.0.0.1",   "file:///etc/passwd",
                                        "https://",          "https://a@b",
                                        "https://a?key=1",   "finnhub.io",
                                        "http://localhostx", "",
                                        "https://a b",       "http://127.0.0.1@example.org"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(right); i++)
        assert_true(http_client_check_url("finnhub-url", right[i], &error));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (http_client_check_url("finnhub-url", wrong[i], &error))
            fail_msg("%s is taken", wrong[i]);
    }
}

static void a_collector_may_be_anywhere(void **state)
{
    static const char *const right[] = {"https://collector.example.org", "http://collector:4318",
                                        "http://127.0.0.1:4318/", "http://collector/prefix"};
    static const char *const wrong[] = {"",           "collector:4318", "http://",
                                        "http:///x",  "ftp://a",        "http://a@b",
                                        "http://a?b", "http://a#b",     "http://a b"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(right); i++)
        assert_true(http_client_check_collector("otlp-endpoint", right[i], &error));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (http_client_check_collector("otlp-endpoint", wrong[i], &error))
            fail_msg("%s is taken", wrong[i]);
    }
}

// Listens on a free port of this machine.
static int listen_somewhere(char out_url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    snprintf(out_url, 64, "http://127.0.0.1:%u/v1/traces", (unsigned)ntohs(address.sin_port));
    return listener;
}

static void a_post_brings_its_type_and_body_and_gets_the_status(void **state)
{
    static const char answer[] = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
    OWNED(http_client) client = NULL;
    struct http_reply reply;
    struct error error;
    char url[64];
    static char request[REQUEST_MAX];
    size_t length = 0;
    int listener = listen_somewhere(url);
    int peer = -1;

    (void)state;
    assert_true(http_client_new(&client, &error));
    assert_true(http_client_post(client, url, "application/json", text_of("{\"a\":1}"), &request));
    // The connection is made by the client's runs; the kernel takes it before anybody accepts.
    while (peer < 0) {
        http_client_run(client, 10);
        peer = accept(listener, NULL, NULL);
    }
    while (strstr(request, "{\"a\":1}") == NULL) {
        ssize_t count = 0;

        http_client_run(client, 10);
        count = recv(peer, request + length, REQUEST_MAX - 1 - length, MSG_DONTWAIT);
        length += count > 0 ? (size_t)count : 0;
    }
    assert_int_equal(strncmp(request, "POST /v1/traces HTTP/1.1\r\n", 26), 0);
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(request, "\r\nContent-Length: 7\r\n"));
    assert_null(strstr(request, "Expect"));
    assert_int_equal(send(peer, answer, sizeof answer - 1, 0), sizeof answer - 1);
    while (!http_client_take(client, &reply))
        http_client_run(client, 10);
    assert_true(reply.is_whole);
    assert_int_equal(reply.status, 503);
    assert_ptr_equal(reply.context, &request);
    assert_true(text_equals(reply.body, "busy"));
    close(peer);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_sent_by_https_or_to_this_machine),
        cmocka_unit_test(a_collector_may_be_anywhere),
        cmocka_unit_test(a_post_brings_its_type_and_body_and_gets_the_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
