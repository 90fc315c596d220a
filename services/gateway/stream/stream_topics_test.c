// SPDX-License-Identifier: MIT
#include "stream/stream_topics.h"

#include "stream/stream_feeds.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static const char id[] = "01a20149-ed18-7326-b9e3-3bbb4042cf14";

static struct stream_subscription *add(struct stream_topics *topics, const char *name)
{
    struct stream_topic topic;
    struct stream_subscription *subscription = NULL;
    struct error error;

    assert_true(stream_topic_read(name, &topic, &error));
    assert_true(stream_topics_add(topics, &topic, &subscription, &error));
    return subscription;
}

static void clear(struct stream_topics *topics)
{
    while (topics->first != NULL)
        stream_topics_remove(topics, topics->first);
    stream_topics_drop_events(topics);
}

static void a_topic_is_a_ticker_orders_or_a_portfolio(void **state)
{
    static const char *const wrong[] = {
        "",
        "quotes",
        "quotes:",
        "quotes:A B",
        "quotes:ABCDEFGHIJKLMNOP",
        "order",
        "orders:",
        "orders:1",
        "balances:",
        "portfolio:",
        "portfolio:1",
        "bars:",
        "bars:A B",
        "clocks",
        "clock:AAPL",
        "Quotes:AAPL",
        "portfolio:01a20149-ed18-7326-b9e3-3bbb4042cf1g",
        "orders01a20149-ed18-7326-b9e3-3bbb4042cf14",
        "run:",
        "runs:01a20149-ed18-7326-b9e3-3bbb4042cf14",
        "backtest:01a20149-ed18-7326-b9e3-3bbb4042cf14@1",
    };
    struct stream_topic topic;
    struct error error;
    char printed[STREAM_TOPIC_SIZE];

    (void)state;
    assert_true(stream_topic_read("quotes:brk.b", &topic, &error));
    assert_string_equal(topic.name, "BRK.B");
    assert_true(stream_topic_read("bars:brk.b", &topic, &error));
    assert_int_equal(topic.kind, STREAM_BARS);
    stream_topic_print(&topic, printed);
    assert_string_equal(printed, "bars:BRK.B");
    assert_true(stream_topic_read("clock", &topic, &error));
    assert_int_equal(topic.kind, STREAM_CLOCK);
    stream_topic_print(&topic, printed);
    assert_string_equal(printed, "clock");
    assert_true(stream_topic_read("orders", &topic, &error));
    assert_true(
        stream_topic_read("portfolio:01A20149-ed18-7326-b9e3-3bbb4042cf14", &topic, &error));
    assert_string_equal(topic.name, id);
    stream_topic_print(&topic, printed);
    assert_string_equal(printed, "portfolio:01a20149-ed18-7326-b9e3-3bbb4042cf14");
    assert_true(stream_topic_read("backtest:01A20149-ed18-7326-b9e3-3bbb4042cf14", &topic, &error));
    assert_int_equal(topic.kind, STREAM_BACKTEST);
    stream_topic_print(&topic, printed);
    assert_string_equal(printed, "backtest:01a20149-ed18-7326-b9e3-3bbb4042cf14");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(stream_topic_read(wrong[i], &topic, &error));
        assert_string_equal(error.reason, "INVALID_REQUEST");
    }
}

static void events_go_on_after_a_number(void **state)
{
    static const char *const wrong[] = {
        "orders:01a20149-ed18-7326-b9e3-3bbb4042cf14@",
        "orders:01a20149-ed18-7326-b9e3-3bbb4042cf14@x",
        "orders:01a20149-ed18-7326-b9e3-3bbb4042cf14@-1",
        "balances:01a20149-ed18-7326-b9e3-3bbb4042cf14@1.5",
        "balances:01a20149-ed18-7326-b9e3-3bbb4042cf14@9223372036854775808",
        "run:01a20149-ed18-7326-b9e3-3bbb4042cf14@",
    };
    struct stream_topic topic;
    struct error error;
    char printed[STREAM_TOPIC_SIZE];

    (void)state;
    assert_true(stream_topic_read("orders:01a20149-ed18-7326-b9e3-3bbb4042cf14", &topic, &error));
    assert_int_equal(topic.kind, STREAM_ORDER_EVENTS);
    assert_false(topic.has_after);
    assert_true(stream_topic_read(
        "balances:01A20149-ed18-7326-b9e3-3bbb4042cf14@9223372036854775807", &topic, &error));
    assert_int_equal(topic.kind, STREAM_BALANCE_EVENTS);
    assert_string_equal(topic.name, id);
    assert_true(topic.has_after);
    assert_int_equal(topic.after, INT64_MAX);
    stream_topic_print(&topic, printed);
    assert_string_equal(printed, "balances:01a20149-ed18-7326-b9e3-3bbb4042cf14");
    assert_true(stream_topic_read("run:01a20149-ed18-7326-b9e3-3bbb4042cf14@7", &topic, &error));
    assert_int_equal(topic.kind, STREAM_RUN_EVENTS);
    assert_int_equal(topic.after, 7);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(stream_topic_read(wrong[i], &topic, &error));
        assert_string_equal(error.reason, "INVALID_REQUEST");
        assert_non_null(strstr(error.message, "Behind @"));
    }
}

static void a_stream_follows_200_topics_and_20_portfolios_of_a_kind(void **state)
{
    struct stream_topics topics = {.count = 0};
    struct stream_topic topic;
    struct stream_subscription *subscription = NULL;
    struct error error;
    char name[STREAM_TOPIC_SIZE];

    (void)state;
    for (int i = 0; i < STREAM_ASKED_MAX; i++) {
        snprintf(name, sizeof name, "portfolio:01a20149-ed18-7326-b9e3-3bbb4042cf%02d", i);
        (void)add(&topics, name);
    }
    assert_true(
        stream_topic_read("portfolio:01a20149-ed18-7326-b9e3-3bbb4042cfff", &topic, &error));
    assert_false(stream_topics_add(&topics, &topic, &subscription, &error));
    assert_string_equal(error.reason, "LIMIT_EXCEEDED");
    subscription = add(&topics, "orders:01a20149-ed18-7326-b9e3-3bbb4042cfff");
    stream_topics_remove(&topics, subscription);
    for (int i = STREAM_ASKED_MAX; i < STREAM_SUBSCRIPTIONS_MAX; i++) {
        snprintf(name, sizeof name, "quotes:T%d", i);
        (void)add(&topics, name);
    }
    assert_true(stream_topic_read("quotes:MORE", &topic, &error));
    assert_false(stream_topics_add(&topics, &topic, &subscription, &error));
    assert_string_equal(error.reason, "LIMIT_EXCEEDED");
    // One that is there is no further one.
    assert_true(stream_topic_read("quotes:T100", &topic, &error));
    assert_true(stream_topics_add(&topics, &topic, &subscription, &error));
    assert_int_equal(topics.count, STREAM_SUBSCRIPTIONS_MAX);
    stream_topics_remove(&topics, subscription);
    assert_true(stream_topic_read("quotes:MORE", &topic, &error));
    assert_true(stream_topics_add(&topics, &topic, &subscription, &error));
    clear(&topics);
    assert_int_equal(topics.count, 0);
    assert_int_equal(topics.counts[STREAM_PORTFOLIO], 0);
}

static void a_topic_waits_once_however_often_it_changes_and_in_its_turn(void **state)
{
    struct stream_topics topics = {.count = 0};
    struct stream_subscription *one = add(&topics, "quotes:ONE");
    struct stream_subscription *two = add(&topics, "quotes:TWO");
    struct stream_subscription *three = add(&topics, "quotes:THREE");

    (void)state;
    stream_topics_wait(&topics, two);
    stream_topics_wait(&topics, one);
    stream_topics_wait(&topics, two);
    assert_ptr_equal(stream_topics_next(&topics), two);
    assert_ptr_equal(stream_topics_next(&topics), one);
    assert_null(stream_topics_next(&topics));
    for (int i = 0; i < 1000; i++) {
        stream_topics_wait(&topics, two);
        stream_topics_wait(&topics, one);
        stream_topics_wait(&topics, three);
    }
    stream_topics_remove(&topics, one);
    assert_ptr_equal(stream_topics_next(&topics), two);
    stream_topics_wait(&topics, two);
    assert_ptr_equal(stream_topics_next(&topics), three);
    assert_ptr_equal(stream_topics_next(&topics), two);
    assert_null(stream_topics_next(&topics));
    stream_topics_wait(&topics, three);
    stream_topics_remove(&topics, three);
    assert_null(stream_topics_next(&topics));
    clear(&topics);
}

static bool put(struct stream_topics *topics, int number, const char *string)
{
    struct stream_text *text = stream_text_new(text_of(string));
    char order_id[UUID_SIZE];
    bool is_put = false;

    snprintf(order_id, sizeof order_id, "order %d", number);
    is_put = stream_topics_put_event(topics, order_id, text);
    stream_text_leave(text);
    return is_put;
}

static void expect_event(struct stream_topics *topics, const char *string)
{
    struct stream_event *event = stream_topics_next_event(topics);

    assert_non_null(event);
    assert_int_equal(event->text->length, strlen(string));
    assert_memory_equal(event->text->data, string, event->text->length);
    stream_event_free(event);
}

static void of_an_order_only_the_last_change_waits(void **state)
{
    struct stream_topics topics = {.count = 0};

    (void)state;
    assert_true(put(&topics, 1, "new"));
    assert_true(put(&topics, 2, "other"));
    assert_true(put(&topics, 1, "filled"));
    expect_event(&topics, "filled");
    expect_event(&topics, "other");
    assert_null(stream_topics_next_event(&topics));
    assert_true(put(&topics, 3, "again"));
    expect_event(&topics, "again");
}

static void changes_of_orders_wait_for_their_snapshot(void **state)
{
    struct stream_topics topics = {.count = 0, .holds_events = true};

    (void)state;
    assert_true(put(&topics, 1, "new"));
    assert_null(stream_topics_next_event(&topics));
    topics.holds_events = false;
    expect_event(&topics, "new");
}

static void when_too_many_orders_have_changed_none_waits_any_more(void **state)
{
    struct stream_topics topics = {.count = 0};

    (void)state;
    for (int i = 0; i < STREAM_EVENTS_MAX; i++)
        assert_true(put(&topics, i, "new"));
    assert_true(put(&topics, 0, "filled"));
    assert_false(put(&topics, STREAM_EVENTS_MAX, "one more"));
    assert_int_equal(topics.event_count, 0);
    assert_null(stream_topics_next_event(&topics));
    assert_true(put(&topics, 1, "new"));
    stream_topics_drop_events(&topics);
}

static void a_feed_is_told_of_once_however_often_it_moves(void **state)
{
    struct stream_feeds *feeds = stream_feeds_new();
    struct stream_subscription follower = {.next = NULL};
    struct stream_feed *feed = stream_feeds_open(feeds, "ACME");
    bool is_gap = false;

    (void)state;
    feed->subscriptions = &follower;
    assert_false(stream_feeds_mark(feeds, "BETA", false)); // nobody follows it
    assert_true(stream_feeds_mark(feeds, "ACME", false));
    assert_false(stream_feeds_mark(feeds, "ACME", true));
    assert_ptr_equal(stream_feeds_open(feeds, "ACME"), feed);
    assert_ptr_equal(stream_feeds_next_moved(feeds, &is_gap), feed);
    assert_true(is_gap);
    assert_null(stream_feeds_next_moved(feeds, &is_gap));
    // One that has moved is kept until its turn has come, and dropped then.
    assert_true(stream_feeds_mark(feeds, "ACME", false));
    feed->subscriptions = NULL;
    stream_feeds_drop(feeds, feed);
    assert_ptr_equal(stream_feeds_next_moved(feeds, &is_gap), feed);
    assert_false(is_gap);
    stream_feeds_drop(feeds, feed);
    assert_false(stream_feeds_mark(feeds, "ACME", false));
    stream_feeds_free(&feeds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_is_a_ticker_orders_or_a_portfolio),
        cmocka_unit_test(events_go_on_after_a_number),
        cmocka_unit_test(a_stream_follows_200_topics_and_20_portfolios_of_a_kind),
        cmocka_unit_test(a_topic_waits_once_however_often_it_changes_and_in_its_turn),
        cmocka_unit_test(of_an_order_only_the_last_change_waits),
        cmocka_unit_test(changes_of_orders_wait_for_their_snapshot),
        cmocka_unit_test(when_too_many_orders_have_changed_none_waits_any_more),
        cmocka_unit_test(a_feed_is_told_of_once_however_often_it_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
