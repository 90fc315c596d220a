// SPDX-License-Identifier: MIT
#include "service/tracer.h"

#include "base/clock.h"
#include "service/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/wait.h"

enum { BODY_SIZE = 2 * 1024 * 1024, POSTS_MAX = 16, WAIT_MS = 20 * 1000 };

#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// A collector that answers each post with the next status; 0 takes the post and never answers.
struct collector {
    int listener;
    const int *statuses;
    char url[64];
    pthread_t thread;
    char *bodies[POSTS_MAX];
    atomic_size_t posts;
    atomic_bool is_over;
};

static char *read_body(int peer)
{
    char *request = allocate(BODY_SIZE);
    size_t length = 0;
    const char *end = NULL;
    const char *size = NULL;

    while (end == NULL || (size_t)(request + length - end) < 4 + strtoul(size + 16, NULL, 10)) {
        ssize_t count = recv(peer, request + length, BODY_SIZE - 1 - length, 0);

        if (count <= 0)
            break;
        length += (size_t)count;
        end = strstr(request, "\r\n\r\n");
        size = strstr(request, "Content-Length: ");
    }
    return request;
}

static void *collect(void *argument)
{
    struct collector *collector = argument;

    for (int peer = 0; (peer = accept(collector->listener, NULL, NULL)) >= 0;) {
        size_t at = atomic_load(&collector->posts);
        char answer[128];

        // The next post is of the next connection.
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                 collector->statuses[at]);
        collector->bodies[at] = read_body(peer);
        atomic_fetch_add(&collector->posts, 1);
        if (collector->statuses[at] != 0)
            (void)send(peer, answer, strlen(answer), MSG_NOSIGNAL);
        if (collector->statuses[at] == 0)
            assert_true_within(WAIT_MS, atomic_load(&collector->is_over));
        close(peer);
    }
    return NULL;
}

static void collector_start(struct collector *collector, const int *statuses)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    collector->statuses = statuses;
    collector->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(collector->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(collector->listener, 4), 0);
    assert_int_equal(getsockname(collector->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(collector->url, sizeof collector->url, "http://127.0.0.1:%u/",
             (unsigned)ntohs(address.sin_port));
    assert_int_equal(pthread_create(&collector->thread, NULL, collect, collector), 0);
}

static void collector_stop(struct collector *collector)
{
    atomic_store(&collector->is_over, true);
    shutdown(collector->listener, SHUT_RDWR);
    pthread_join(collector->thread, NULL);
    close(collector->listener);
    for (size_t i = 0; i < POSTS_MAX; i++)
        release(collector->bodies[i]);
}

static struct tracer *start_tracer(const char *endpoint, int64_t percent, struct metrics *metrics)
{
    struct tracer_options options = {.endpoint = endpoint,
                                     .service = "test",
                                     .version = "1",
                                     .percent = percent,
                                     .metrics = metrics};
    struct tracer *tracer = NULL;
    struct error error;

    assert_true(tracer_new(&options, &tracer, &error));
    return tracer;
}

static void note(struct tracer *tracer, const char *parent, const char *name)
{
    char traceparent[TRACEPARENT_SIZE];

    traceparent_descend(parent, traceparent);
    tracer_note(tracer, &(const struct span){.traceparent = traceparent,
                                             .parent = parent,
                                             .kind = SPAN_SERVER,
                                             .name = name,
                                             .micros = 1500,
                                             .request_id = "",
                                             .reason = ""});
}

static bool has_line(struct metrics *metrics, const char *line)
{
    OWNED(strbuf) text = strbuf_new(BODY_SIZE);

    metrics_print(metrics, text);
    return strstr(text->data, line) != NULL;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        count++;
    return count;
}

static void sampled_spans_are_posted_together_and_others_not_at_all(void **state)
{
    static const int statuses[POSTS_MAX] = {200, 200, 200};
    struct collector collector = {.is_over = false};
    OWNED(metrics) metrics = metrics_new();
    OWNED(tracer) tracer = NULL;

    (void)state;
    collector_start(&collector, statuses);
    tracer = start_tracer(collector.url, 100, metrics);
    note(tracer, PARENT, "one");
    note(tracer, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "not sampled");
    note(tracer, NULL, "of no trace");
    note(tracer, PARENT, "two");
    tracer_free(&tracer);
    assert_true_within(WAIT_MS, has_line(metrics, "trace_spans_exported_total 2\n"));
    assert_non_null(strstr(collector.bodies[0], "POST /v1/traces HTTP/1.1\r\n"));
    assert_non_null(strstr(collector.bodies[0], "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(collector.bodies[0], "\"name\":\"one\""));
    assert_non_null(strstr(collector.bodies[0], "\"parentSpanId\":\"b7ad6b7169203331\""));
    assert_null(strstr(collector.bodies[0], "not sampled"));
    assert_null(strstr(collector.bodies[0], "of no trace"));
    collector_stop(&collector);
}

static void a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_not(void **state)
{
    static const int statuses[POSTS_MAX] = {503, 200, 400, 200};
    struct collector collector = {.is_over = false};
    OWNED(metrics) metrics = metrics_new();
    OWNED(tracer) tracer = NULL;

    (void)state;
    collector_start(&collector, statuses);
    tracer = start_tracer(collector.url, 100, metrics);
    note(tracer, PARENT, "again");
    assert_true_within(WAIT_MS, has_line(metrics, "trace_spans_exported_total 1\n"));
    assert_int_equal(atomic_load(&collector.posts), 2);
    note(tracer, PARENT, "refused");
    assert_true_within(WAIT_MS,
                       has_line(metrics, "trace_spans_dropped_total{cause=\"not_taken\"} 1\n"));
    assert_int_equal(atomic_load(&collector.posts), 3);
    collector_stop(&collector);
}

static void what_has_no_room_while_the_collector_hangs_is_dropped_and_counted_at_once(void **state)
{
    static const int statuses[POSTS_MAX] = {0};
    struct collector collector = {.is_over = false};
    OWNED(metrics) metrics = metrics_new();
    OWNED(tracer) tracer = NULL;
    int64_t began_us = 0;

    (void)state;
    collector_start(&collector, statuses);
    tracer = start_tracer(collector.url, 100, metrics);
    note(tracer, PARENT, "first");
    assert_true_within(WAIT_MS, atomic_load(&collector.posts) > 0);
    began_us = clock_monotonic_us();
    for (int i = 0; i < TRACER_SPANS_MAX + 7; i++)
        note(tracer, PARENT, "waits");
    assert_true(clock_monotonic_us() - began_us < MICROS_PER_SECOND);
    assert_true_within(WAIT_MS,
                       has_line(metrics, "trace_spans_dropped_total{cause=\"queue_full\"} 7\n"));
    began_us = clock_monotonic_us();
    tracer_free(&tracer);
    assert_true(clock_monotonic_us() - began_us < 3 * MICROS_PER_SECOND);
    collector_stop(&collector);
}

static void half_of_the_room_is_enough_to_be_posted_before_its_time_and_all_fit(void **state)
{
    static const int statuses[POSTS_MAX] = {200, 200, 200, 200, 200, 200, 200, 200};
    struct collector collector = {.is_over = false};
    OWNED(metrics) metrics = metrics_new();
    OWNED(tracer) tracer = NULL;
    char longest[256];
    size_t posted = 0;

    (void)state;
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    collector_start(&collector, statuses);
    tracer = start_tracer(collector.url, 100, metrics);
    for (int i = 0; i < TRACER_SPANS_MAX; i++)
        note(tracer, PARENT, longest);
    tracer_free(&tracer);
    for (size_t i = 0; i < atomic_load(&collector.posts); i++)
        posted += count_of(collector.bodies[i], "\"traceId\"");
    assert_int_equal(posted, TRACER_SPANS_MAX);
    collector_stop(&collector);
}

static void nobody_listening_is_given_up_after_some_tries(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    OWNED(tracer) tracer = start_tracer("http://127.0.0.1:9", 100, metrics);

    (void)state;
    note(tracer, PARENT, "lost");
    assert_true_within(WAIT_MS,
                       has_line(metrics, "trace_spans_dropped_total{cause=\"not_taken\"} 1\n"));
}

static void as_many_traces_are_sampled_as_the_setting_says(void **state)
{
    static const int64_t percents[] = {0, 1, 25, 50, 99, 100};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        OWNED(metrics) metrics = metrics_new();
        OWNED(tracer) tracer = start_tracer("http://127.0.0.1:9", percents[i], metrics);
        int64_t sampled = 0;

        for (int turn = 0; turn < 10000; turn++)
            sampled += tracer_samples(tracer);
        assert_in_range(sampled, percents[i] * 100 - (percents[i] % 100 != 0 ? 10 : 0),
                        percents[i] * 100 + (percents[i] % 100 != 0 ? 10 : 0));
    }
    assert_false(tracer_samples(NULL));
    note(NULL, PARENT, "nowhere");
}

static void an_endpoint_that_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {"collector:4318", "http://", "http://a b", "ftp://a"};
    OWNED(metrics) metrics = metrics_new();
    struct tracer *tracer = NULL;
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(tracer_new(
            &(const struct tracer_options){
                .endpoint = wrong[i], .service = "test", .version = "1", .metrics = metrics},
            &tracer, &error));
        assert_string_equal(error.reason, "INVALID_SETTING");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sampled_spans_are_posted_together_and_others_not_at_all),
        cmocka_unit_test(a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_not),
        cmocka_unit_test(what_has_no_room_while_the_collector_hangs_is_dropped_and_counted_at_once),
        cmocka_unit_test(half_of_the_room_is_enough_to_be_posted_before_its_time_and_all_fit),
        cmocka_unit_test(nobody_listening_is_given_up_after_some_tries),
        cmocka_unit_test(as_many_traces_are_sampled_as_the_setting_says),
        cmocka_unit_test(an_endpoint_that_is_no_address_is_refused),
    };

    log_start("test", LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
