// SPDX-License-Identifier: MIT
#include "support/wait.h"

#include <pthread.h>
#include <stdio.h>

#include "matcher/inbox.h"

enum { LONG_MS = 20 * 1000, EVENTS_MAX = 4096, QUOTES_MAX = 65536 };

static struct inbox_event *order_event(const char *id, struct inbox_event *next)
{
    struct inbox_event *event = allocate(sizeof(*event));

    event->is_order = true;
    event->next = next;
    snprintf(event->order.id, sizeof(event->order.id), "%s", id);
    return event;
}

static struct inbox_event *quotes_event(size_t count)
{
    struct inbox_event *event = allocate(sizeof(*event));

    event->count = count;
    event->quotes = allocate_array(count + 1, sizeof(*event->quotes));
    return event;
}

static size_t take_all(struct inbox *inbox, struct inbox_missed *out_missed)
{
    struct inbox_event *next = NULL;
    size_t count = 0;

    for (struct inbox_event *event = inbox_take(inbox, 0, out_missed); event != NULL;
         event = next) {
        next = event->next;
        inbox_event_free(event);
        count++;
    }
    return count;
}

static void events_are_taken_in_the_order_in_which_they_came(void **state)
{
    OWNED(inbox) inbox = inbox_new();
    struct inbox_missed missed;
    struct inbox_event *events = NULL;

    (void)state;
    inbox_put(inbox, order_event("1", order_event("2", NULL)), 2);
    inbox_put(inbox, quotes_event(3), 1);
    events = inbox_take(inbox, LONG_MS, &missed);
    assert_string_equal(events->order.id, "1");
    assert_string_equal(events->next->order.id, "2");
    assert_int_equal(events->next->next->count, 3);
    assert_null(events->next->next->next);
    assert_false(missed.quotes || missed.orders);
    inbox_event_free(events->next->next);
    inbox_event_free(events->next);
    inbox_event_free(events);
    assert_int_equal(take_all(inbox, &missed), 0);
}

static void an_order_counts_until_what_was_taken_has_been_looked_at(void **state)
{
    OWNED(inbox) inbox = inbox_new();
    struct inbox_missed missed;

    (void)state;
    inbox_put(inbox, order_event("1", NULL), 1);
    assert_true(inbox_has_orders(inbox));
    assert_int_equal(take_all(inbox, &missed), 1);
    assert_false(inbox_has_orders(inbox));
    inbox_put(inbox, order_event("2", NULL), 1);
    assert_int_equal(inbox_count_orders(inbox), 2);
    inbox_settle(inbox);
    assert_int_equal(inbox_count_orders(inbox), 1);
}

static void what_does_not_fit_is_left_out_and_its_kind_is_told_once(void **state)
{
    OWNED(inbox) inbox = inbox_new();
    struct inbox_missed missed;

    (void)state;
    for (size_t i = 0; i < EVENTS_MAX; i++)
        inbox_put(inbox, quotes_event(0), 1);
    inbox_put(inbox, order_event("1", NULL), 1);
    assert_int_equal(inbox_count_orders(inbox), 0);
    assert_true(inbox_has_orders(inbox));
    assert_int_equal(take_all(inbox, &missed), EVENTS_MAX);
    assert_true(missed.orders && !missed.quotes);
    // One publication fits whatever its size, and none after it.
    inbox_put(inbox, quotes_event(QUOTES_MAX), 1);
    inbox_put(inbox, quotes_event(1), 1);
    assert_int_equal(take_all(inbox, &missed), 1);
    assert_true(missed.quotes && !missed.orders);
    assert_int_equal(take_all(inbox, &missed), 0);
    assert_false(missed.quotes || missed.orders);
}

static void *stop_soon(void *inbox)
{
    inbox_stop(inbox);
    return NULL;
}

static void nobody_waits_at_one_that_was_stopped_and_it_takes_nothing_in(void **state)
{
    OWNED(inbox) inbox = inbox_new();
    struct inbox_missed missed;
    pthread_t thread;
    int64_t began_us = clock_monotonic_us();

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, inbox), 0);
    assert_null(inbox_take(inbox, LONG_MS, &missed));
    pthread_join(thread, NULL);
    assert_true(inbox_is_stopped(inbox));
    inbox_put(inbox, order_event("1", NULL), 1);
    assert_null(inbox_take(inbox, LONG_MS, &missed));
    assert_true(missed.orders);
    assert_true(clock_monotonic_us() - began_us < LONG_MS * MICROS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_taken_in_the_order_in_which_they_came),
        cmocka_unit_test(an_order_counts_until_what_was_taken_has_been_looked_at),
        cmocka_unit_test(what_does_not_fit_is_left_out_and_its_kind_is_told_once),
        cmocka_unit_test(nobody_waits_at_one_that_was_stopped_and_it_takes_nothing_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
