// SPDX-License-Identifier: MIT
#include "support/test.h"

#include "rpc/client.h"

enum { CALLS = 500 };

static void deadlines_come_in_their_order_whatever_is_removed_between(void **state)
{
    struct rpc_client client = {.deadlines = NULL};
    struct client_call calls[CALLS];
    uint64_t seed = 1;
    struct random_source source = random_seeded(&seed);
    int64_t last_us = 0;
    size_t left = CALLS;

    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        calls[i] = (struct client_call){.deadline_us = (int64_t)random_below(&source, 100)};
        client_deadline_add(&client, &calls[i]);
    }
    for (size_t i = 0; i < CALLS; i += 3) {
        client_deadline_remove(&client, &calls[i]);
        left--;
    }
    for (size_t i = 1; i < CALLS; i += 3)
        client_deadline_postpone(&client, &calls[i], calls[i].deadline_us + 50);
    assert_int_equal(client.deadline_count, left);
    for (; left > 0; left--) {
        struct client_call *first = client.deadlines[0];

        assert_true(first->deadline_us >= last_us);
        last_us = first->deadline_us;
        client_deadline_remove(&client, first);
    }
    assert_int_equal(client.deadline_count, 0);
    release(client.deadlines);
}

static void a_queue_keeps_its_order_when_calls_are_taken_from_anywhere(void **state)
{
    struct client_queue queue = {.first = NULL};
    struct client_call calls[5] = {{.slot = 0}, {.slot = 1}, {.slot = 2}, {.slot = 3}, {.slot = 4}};

    (void)state;
    for (size_t i = 1; i < COUNT_OF(calls); i++)
        client_queue_append(&queue, &calls[i]);
    client_queue_prepend(&queue, &calls[0]);
    client_queue_remove(&queue, &calls[2]);
    client_queue_remove(&queue, &calls[4]);
    client_queue_remove(&queue, &calls[0]);
    assert_int_equal(queue.count, 2);
    client_queue_append(&queue, &calls[4]);
    assert_ptr_equal(client_queue_pop(&queue), &calls[1]);
    assert_ptr_equal(client_queue_pop(&queue), &calls[3]);
    assert_ptr_equal(client_queue_pop(&queue), &calls[4]);
    assert_null(client_queue_pop(&queue));
    assert_int_equal(queue.count, 0);
    client_queue_append(&queue, &calls[0]);
    assert_ptr_equal(queue.last, &calls[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_come_in_their_order_whatever_is_removed_between),
        cmocka_unit_test(a_queue_keeps_its_order_when_calls_are_taken_from_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
