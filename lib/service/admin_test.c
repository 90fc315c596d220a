// SPDX-License-Identifier: MIT
#include "service/admin.h"

#include "base/clock.h"
#include "service/healthcheck.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

enum { ANSWER_SIZE = 256 * 1024, DEADLINE_MS = 10000 };

// A running admin port whose readiness the test decides.
struct scene {
    struct metrics *metrics;
    struct admin *admin;
    atomic_bool is_ready;
};

static void check(void *context, struct strbuf *reasons, struct strbuf *notes)
{
    struct scene *scene = context;

    strbuf_append_string(notes, "a note; ");
    if (!atomic_load(&scene->is_ready))
        strbuf_append_string(reasons, "prices: not read yet; ");
}

static int open_scene(void **state)
{
    static struct scene scene;
    struct admin_options options = {.listen = "127.0.0.1:0", .check = check, .context = &scene};
    struct error error;

    scene.metrics = metrics_new();
    atomic_store(&scene.is_ready, true);
    metric_add(metrics_counter(scene.metrics, "a_total", "A.", NULL, NULL), 3, NULL, NULL);
    options.metrics = scene.metrics;
    assert_true(admin_new(&options, &scene.admin, &error));
    *state = &scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;

    admin_free(&scene->admin);
    metrics_free(&scene->metrics);
    return 0;
}

static int connect_to(const struct scene *scene)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)admin_port(scene->admin)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(connected >= 0);
    assert_int_equal(connect(connected, (struct sockaddr *)&address, sizeof address), 0);
    return connected;
}

static void send_all(int connected, const char *bytes, size_t length)
{
    assert_int_equal(send(connected, bytes, length, MSG_NOSIGNAL), length);
}

// Reads until the other side closes. A reset counts as closed.
static void read_to_end(int connected, char answer[ANSWER_SIZE])
{
    size_t length = 0;

    for (;;) {
        struct pollfd polled = {.fd = connected, .events = POLLIN};
        ssize_t count = 0;

        assert_int_equal(poll(&polled, 1, DEADLINE_MS), 1);
        count = recv(connected, answer + length, ANSWER_SIZE - 1 - length, 0);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    answer[length] = '\0';
    close(connected);
}

static void ask(const struct scene *scene, const char *request, char answer[ANSWER_SIZE])
{
    int connected = connect_to(scene);

    send_all(connected, request, strlen(request));
    read_to_end(connected, answer);
}

static void assert_begins(const char *answer, const char *expected)
{
    assert_memory_equal(answer, expected, strlen(expected));
}

static const char *body_of(const char *answer)
{
    const char *blank = strstr(answer, "\r\n\r\n");

    assert_non_null(blank);
    return blank + 4;
}

static void livez_answers_whatever_the_readiness_is(void **state)
{
    struct scene *scene = *state;
    char answer[ANSWER_SIZE];

    atomic_store(&scene->is_ready, false);
    ask(scene, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", answer);
    assert_string_equal(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                "Content-Length: 6\r\nCache-Control: no-store\r\n"
                                "Connection: close\r\n\r\nalive\n");
}

static void readyz_and_healthz_say_what_is_missing(void **state)
{
    static const char *const requests[] = {"GET /readyz HTTP/1.1\r\n\r\n",
                                           "GET /healthz?verbose HTTP/1.0\r\n\r\n"};
    struct scene *scene = *state;
    char answer[ANSWER_SIZE];

    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        atomic_store(&scene->is_ready, false);
        ask(scene, requests[i], answer);
        assert_begins(answer, "HTTP/1.1 503 Service Unavailable\r\n");
        assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
        assert_string_equal(body_of(answer),
                            "not ready: prices: not read yet; \ndegraded: a note; \n");
        atomic_store(&scene->is_ready, true);
        ask(scene, requests[i], answer);
        assert_begins(answer, "HTTP/1.1 200 OK\r\n");
        assert_string_equal(body_of(answer), "ready\ndegraded: a note; \n");
    }
}

static void metrics_are_given_in_the_text_format(void **state)
{
    char answer[ANSWER_SIZE];

    ask(*state, "GET /metrics HTTP/1.1\r\n\r\n", answer);
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_string_equal(body_of(answer), "# HELP a_total A.\n# TYPE a_total counter\na_total 3\n");
}

static void anything_else_is_refused_with_its_status(void **state)
{
    static const struct {
        const char *request;
        const char *status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {"GET /livez/ HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {"GET /livezz HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
        {"POST /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
        {"get /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
        {"GET /livez HTTP/2.0\r\n\r\n", "HTTP/1.1 400 "},
        {"GET /livez\r\n\r\n", "HTTP/1.1 400 "},
        {"GET  /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"GET livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"\r\n\r\n", "HTTP/1.1 400 "},
        {"\x16\x03\x01\r\n\r\n", "HTTP/1.1 400 "},
    };
    char answer[ANSWER_SIZE];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask(*state, cases[i].request, answer);
        assert_begins(answer, cases[i].status);
    }
}

static void a_request_may_come_a_byte_at_a_time(void **state)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
    int connected = connect_to(*state);
    char answer[ANSWER_SIZE];

    for (size_t i = 0; i < sizeof request - 1; i++)
        send_all(connected, request + i, 1);
    read_to_end(connected, answer);
    assert_begins(answer, "HTTP/1.1 200 OK\r\n");
}

static void a_request_over_the_limit_is_told_so_and_loses_no_answer(void **state)
{
    static char request[64 * 1024];
    int connected = connect_to(*state);
    char answer[ANSWER_SIZE];

    memset(request, 'a', sizeof request);
    memcpy(request, "GET /livez HTTP/1.1\r\nA: ", 24);
    send_all(connected, request, sizeof request);
    read_to_end(connected, answer);
    assert_begins(answer, "HTTP/1.1 431 ");
}

static void half_a_request_and_silence_is_closed_after_two_seconds(void **state)
{
    int64_t started_us = clock_monotonic_us();
    int connected = connect_to(*state);
    char answer[ANSWER_SIZE];

    send_all(connected, "GET /livez HT", 13);
    read_to_end(connected, answer);
    assert_string_equal(answer, "");
    assert_true(clock_monotonic_us() - started_us >= 1900 * MICROS_PER_MS);
    assert_true(clock_monotonic_us() - started_us < 5 * MICROS_PER_SECOND);
}

static void connections_that_are_held_open_keep_nobody_out(void **state)
{
    int held[3 * ADMIN_CONNECTIONS_MAX];
    int64_t started_us = clock_monotonic_us();
    char answer[ANSWER_SIZE];

    for (size_t i = 0; i < COUNT_OF(held); i++)
        held[i] = connect_to(*state);
    ask(*state, "GET /livez HTTP/1.1\r\n\r\n", answer);
    assert_begins(answer, "HTTP/1.1 200 OK\r\n");
    assert_true(clock_monotonic_us() - started_us < ADMIN_TIMEOUT_MS * MICROS_PER_MS);
    for (size_t i = 0; i < COUNT_OF(held); i++)
        close(held[i]);
}

static void an_address_that_cannot_be_listened_on_is_refused_by_name(void **state)
{
    struct scene *scene = *state;
    struct admin_options options = {.metrics = scene->metrics, .check = check, .context = scene};
    const char *const wrong[] = {
        "", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999x", "300.0.0.1:80"};
    char taken[32];
    struct admin *admin = NULL;
    struct error error;

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        options.listen = wrong[i];
        assert_false(admin_new(&options, &admin, &error));
        assert_string_equal(error.reason, "INVALID_SETTING");
        assert_non_null(strstr(error.message, "--admin-listen"));
    }
    snprintf(taken, sizeof taken, "127.0.0.1:%d", admin_port(scene->admin));
    options.listen = taken;
    assert_false(admin_new(&options, &admin, &error));
    assert_non_null(strstr(error.message, "in use"));
}

static void a_healthcheck_says_what_readyz_does(void **state)
{
    struct scene *scene = *state;
    OWNED(strbuf) said = strbuf_new(ANSWER_SIZE);
    char where[32];
    struct error error;

    snprintf(where, sizeof where, "0.0.0.0:%d", admin_port(scene->admin));
    assert_true(healthcheck_ask(where, DEADLINE_MS, said, &error));
    assert_string_equal(said->data, "ready\ndegraded: a note; \n");
    strbuf_reset(said);
    atomic_store(&scene->is_ready, false);
    assert_false(healthcheck_ask(where, DEADLINE_MS, said, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_non_null(strstr(said->data, "prices: not read yet"));
}

// A port that is listened on, and whose connections nobody takes.
static int open_silent_port(char where[32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(silent, 1), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&address, &size), 0);
    snprintf(where, 32, "127.0.0.1:%d", ntohs(address.sin_port));
    return silent;
}

static void a_healthcheck_ends_when_nobody_answers(void **state)
{
    OWNED(strbuf) said = strbuf_new(ANSWER_SIZE);
    char where[32];
    int silent = open_silent_port(where);
    int64_t begun_us = clock_monotonic_us();
    struct error error;

    (void)state;
    assert_false(healthcheck_ask(where, 200, said, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_in_range(clock_monotonic_us() - begun_us, 190 * MICROS_PER_MS, 5000 * MICROS_PER_MS);
    close(silent);
    assert_false(healthcheck_ask(where, DEADLINE_MS, said, &error));
    assert_string_equal(error.reason, "UNAVAILABLE");
    assert_false(healthcheck_ask("nowhere", DEADLINE_MS, said, &error));
    assert_string_equal(error.reason, "INVALID_SETTING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(livez_answers_whatever_the_readiness_is, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(readyz_and_healthz_say_what_is_missing, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_healthcheck_says_what_readyz_does, open_scene,
                                        close_scene),
        cmocka_unit_test(a_healthcheck_ends_when_nobody_answers),
        cmocka_unit_test_setup_teardown(metrics_are_given_in_the_text_format, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(anything_else_is_refused_with_its_status, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_request_may_come_a_byte_at_a_time, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_request_over_the_limit_is_told_so_and_loses_no_answer,
                                        open_scene, close_scene),
        cmocka_unit_test_setup_teardown(half_a_request_and_silence_is_closed_after_two_seconds,
                                        open_scene, close_scene),
        cmocka_unit_test_setup_teardown(connections_that_are_held_open_keep_nobody_out, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(an_address_that_cannot_be_listened_on_is_refused_by_name,
                                        open_scene, close_scene),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
