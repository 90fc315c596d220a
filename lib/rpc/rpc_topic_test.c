// SPDX-License-Identifier: MIT
#include "support/ports.h"
#include "support/wait.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "rpc/rpc_topic.h"
#include "rpc/test_support.h"

enum { HEARD_MAX = 4096, WAIT_MS = 10000, MANY = 2000, QUIET_MS = 100 };

// What a subscriber has heard.
struct ear {
    pthread_mutex_t mutex;
    size_t count;
    size_t gaps;
    size_t quiet;
    uint64_t epoch;
    uint64_t sequence; // the last
    bool is_in_order;
    char body[64];
    struct rpc_subscriber *subscriber;
};

static void
on_publication(void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct ear *ear = context;

    pthread_mutex_lock(&ear->mutex);
    if (!gap && (epoch != ear->epoch || sequence != ear->sequence + 1))
        ear->is_in_order = false;
    ear->count++;
    ear->gaps += gap;
    ear->epoch = epoch;
    ear->sequence = sequence;
    snprintf(ear->body, sizeof ear->body, "%.*s", (int)body.length, body.data);
    pthread_mutex_unlock(&ear->mutex);
}

static void on_quiet(void *context)
{
    struct ear *ear = context;

    pthread_mutex_lock(&ear->mutex);
    ear->quiet++;
    pthread_mutex_unlock(&ear->mutex);
}

static void listen_with(struct ear *ear, uint16_t port, const char *topic, struct rpc_mesh_key key)
{
    struct rpc_subscriber_options options = {.topic = topic,
                                             .key = key,
                                             .receive = on_publication,
                                             .quiet = on_quiet,
                                             .quiet_ms = QUIET_MS,
                                             .context = ear};
    struct error error;
    char addresses[32];

    memset(ear, 0, sizeof *ear);
    ear->is_in_order = true;
    pthread_mutex_init(&ear->mutex, NULL);
    snprintf(addresses, sizeof addresses, "127.0.0.1:%u", (unsigned)port);
    options.addresses = addresses;
    assert_true(rpc_subscriber_new(&options, &ear->subscriber, &error));
}

static void listen_to(struct ear *ear, uint16_t port, const char *topic, unsigned char key_byte)
{
    listen_with(ear, port, topic, test_key(key_byte, 0));
}

static void stop_listening(struct ear *ear)
{
    rpc_subscriber_free(&ear->subscriber);
    pthread_mutex_destroy(&ear->mutex);
}

static struct rpc_publisher *publish_with(uint16_t port, struct rpc_mesh_key key)
{
    struct rpc_publisher *publisher = NULL;
    struct error error;
    char listen[32];

    snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)port);
    assert_true(rpc_publisher_new(listen, &key, &publisher, &error));
    return publisher;
}

static struct rpc_publisher *publish_on(uint16_t port)
{
    return publish_with(port, test_key(TEST_KEY_BYTE, 0));
}

static bool has_heard(struct ear *ear, const char *body)
{
    bool result = false;

    pthread_mutex_lock(&ear->mutex);
    result = strcmp(ear->body, body) == 0;
    pthread_mutex_unlock(&ear->mutex);
    return result;
}

static uint64_t epoch_heard(struct ear *ear)
{
    uint64_t epoch = 0;

    pthread_mutex_lock(&ear->mutex);
    epoch = ear->epoch;
    pthread_mutex_unlock(&ear->mutex);
    return epoch;
}

static bool publish_and_hear(struct rpc_publisher *publisher, struct ear *ear, const char *word)
{
    (void)rpc_publish(publisher, "quotes", text_of(word));
    return has_heard(ear, word);
}

// Publishes the word on "quotes" until the subscriber is connected and hears it.
static void wait_until_heard(struct rpc_publisher *publisher, struct ear *ear, const char *word)
{
    assert_true_within(WAIT_MS, publish_and_hear(publisher, ear, word));
}

static void publications_are_heard_in_order_and_only_those_of_the_topic(void **state)
{
    uint16_t port = ports_take();
    struct rpc_publisher *publisher = publish_on(port);
    struct ear ear;

    (void)state;
    listen_to(&ear, port, "quotes", TEST_KEY_BYTE);
    wait_until_heard(publisher, &ear, "hello");
    for (int i = 0; i < 100; i++) {
        (void)rpc_publish(publisher, "quotes", text_of("AAPL"));
        (void)rpc_publish(publisher, "quotes2", text_of("wrong"));
        (void)rpc_publish(publisher, "quote", text_of("wrong"));
    }
    (void)rpc_publish(publisher, "quotes", text_of("last"));
    assert_true_within(WAIT_MS, has_heard(&ear, "last"));
    assert_true(ear.is_in_order);
    // Only the first one ever is reported as a gap.
    assert_int_equal(ear.gaps, 1);
    stop_listening(&ear);
    rpc_publisher_free(&publisher);
}

static void the_position_is_that_of_the_last_publication_of_the_topic(void **state)
{
    struct rpc_publisher *publisher = publish_on(ports_take());
    uint64_t epoch = 0;
    uint64_t sequence = 4711;

    (void)state;
    rpc_publisher_position(publisher, "quotes", &epoch, &sequence);
    assert_int_equal(sequence, 0);
    assert_int_equal(rpc_publish(publisher, "quotes", text_of("a")), 1);
    assert_int_equal(rpc_publish(publisher, "orders", text_of("a")), 1);
    assert_int_equal(rpc_publish(publisher, "quotes", text_of("b")), 2);
    rpc_publisher_position(publisher, "quotes", &epoch, &sequence);
    assert_int_equal(sequence, 2);
    assert_true(epoch > 0);
    rpc_publisher_free(&publisher);
}

static void a_publisher_that_starts_anew_is_noticed_as_a_gap(void **state)
{
    uint16_t port = ports_take();
    struct rpc_publisher *publisher = publish_on(port);
    struct ear ear;
    uint64_t epoch = 0;

    (void)state;
    listen_to(&ear, port, "quotes", TEST_KEY_BYTE);
    wait_until_heard(publisher, &ear, "hello");
    epoch = epoch_heard(&ear);
    rpc_publisher_free(&publisher);
    publisher = publish_on(port);
    (void)rpc_publish(publisher, "quotes", text_of("missed"));
    wait_until_heard(publisher, &ear, "again");
    (void)rpc_publish(publisher, "quotes", text_of("new"));
    assert_true_within(WAIT_MS, has_heard(&ear, "new"));
    assert_true(ear.epoch > epoch);
    assert_int_equal(ear.gaps, 2);
    stop_listening(&ear);
    rpc_publisher_free(&publisher);
}

static void more_than_can_be_kept_is_a_gap_and_nothing_worse(void **state)
{
    uint16_t port = ports_take();
    struct rpc_publisher *publisher = publish_on(port);
    struct ear ear;
    uint64_t last = 0;

    (void)state;
    listen_to(&ear, port, "quotes", TEST_KEY_BYTE);
    wait_until_heard(publisher, &ear, "hello");
    // The reader cannot take any while its mutex is held.
    pthread_mutex_lock(&ear.mutex);
    for (int i = 0; i < 8 * MANY; i++)
        last = rpc_publish(publisher, "quotes", text_of("a quote"));
    pthread_mutex_unlock(&ear.mutex);
    wait_until_heard(publisher, &ear, "again");
    assert_true(ear.sequence >= last);
    assert_true(ear.gaps >= 2);
    stop_listening(&ear);
    rpc_publisher_free(&publisher);
}

static bool has_been_quiet(struct ear *ear)
{
    bool result = false;

    pthread_mutex_lock(&ear->mutex);
    result = ear->quiet > 0;
    pthread_mutex_unlock(&ear->mutex);
    return result;
}

static void a_stranger_hears_nothing_and_silence_is_reported(void **state)
{
    uint16_t port = ports_take();
    struct rpc_publisher *publisher = publish_on(port);
    struct ear friend_ear;
    struct ear stranger;

    (void)state;
    listen_to(&friend_ear, port, "quotes", TEST_KEY_BYTE);
    listen_to(&stranger, port, "quotes", TEST_KEY_BYTE + 1);
    wait_until_heard(publisher, &friend_ear, "hello");
    for (int i = 0; i < 100; i++)
        (void)rpc_publish(publisher, "quotes", text_of("AAPL"));
    assert_true_within(WAIT_MS, has_been_quiet(&friend_ear));
    assert_int_equal(stranger.count, 0);
    stop_listening(&friend_ear);
    stop_listening(&stranger);
    rpc_publisher_free(&publisher);
}

static void while_the_key_is_replaced_publications_are_heard_by_who_knows_the_first(void **state)
{
    enum { OLD = TEST_KEY_BYTE, NEW };
    static const struct {
        unsigned char publisher[2];
        unsigned char subscriber[2];
        bool is_heard;
    } cases[] = {
        {{OLD, NEW}, {OLD, 0}, true},   {{OLD, NEW}, {NEW, OLD}, true},
        {{NEW, OLD}, {OLD, NEW}, true}, {{NEW, OLD}, {NEW, 0}, true},
        {{NEW, OLD}, {OLD, 0}, false},  {{OLD, NEW}, {NEW, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint16_t port = ports_take();
        struct rpc_publisher *publisher =
            publish_with(port, test_key(cases[i].publisher[0], cases[i].publisher[1]));
        struct ear witness;
        struct ear ear;

        listen_with(&ear, port, "quotes", test_key(cases[i].subscriber[0], cases[i].subscriber[1]));
        listen_with(&witness, port, "quotes", test_key(cases[i].publisher[0], 0));
        wait_until_heard(publisher, &witness, "hello");
        if (cases[i].is_heard) {
            wait_until_heard(publisher, &ear, "hello");
        } else {
            assert_true_within(WAIT_MS, has_been_quiet(&ear));
            assert_int_equal(ear.count, 0);
        }
        stop_listening(&witness);
        stop_listening(&ear);
        rpc_publisher_free(&publisher);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publications_are_heard_in_order_and_only_those_of_the_topic),
        cmocka_unit_test(the_position_is_that_of_the_last_publication_of_the_topic),
        cmocka_unit_test(a_publisher_that_starts_anew_is_noticed_as_a_gap),
        cmocka_unit_test(more_than_can_be_kept_is_a_gap_and_nothing_worse),
        cmocka_unit_test(a_stranger_hears_nothing_and_silence_is_reported),
        cmocka_unit_test(while_the_key_is_replaced_publications_are_heard_by_who_knows_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
