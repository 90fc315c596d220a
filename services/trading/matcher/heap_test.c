// SPDX-License-Identifier: MIT
#include "support/test.h"

#include "matcher/heap.h"

enum { NODES = 5000 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 33;
}

static void the_least_comes_first_whatever_is_put_in_and_taken_out(void **state)
{
    static struct heap_node nodes[NODES];
    struct heap heap = {0};
    uint64_t random = 7;
    size_t count = 0;
    int64_t last_key = INT64_MIN;
    uint64_t last_number = 0;

    (void)state;
    for (size_t i = 0; i < NODES; i++)
        heap_put(&heap, &nodes[i], (int64_t)(next_random(&random) % 1000) - 500, i);
    for (size_t i = 0; i < NODES; i += 3)
        heap_remove(&heap, &nodes[i]);
    // Taken out and put in again under another key.
    for (size_t i = 1; i < NODES; i += 3) {
        heap_remove(&heap, &nodes[i]);
        heap_remove(&heap, &nodes[i]);
        heap_put(&heap, &nodes[i], (int64_t)(next_random(&random) % 1000), i);
    }
    while (heap.least != NULL) {
        struct heap_node *least = heap.least;

        assert_true(least->key > last_key ||
                    (least->key == last_key && least->number > last_number));
        last_key = least->key;
        last_number = least->number;
        heap_remove(&heap, least);
        count++;
    }
    assert_int_equal(count, NODES - (NODES + 2) / 3);
}

static void of_the_same_key_the_lower_number_comes_first(void **state)
{
    struct heap_node nodes[3] = {{0}, {0}, {0}};
    struct heap heap = {0};

    (void)state;
    heap_put(&heap, &nodes[2], 5, 2);
    heap_put(&heap, &nodes[0], 5, 0);
    heap_put(&heap, &nodes[1], 5, 1);
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        assert_ptr_equal(heap.least, &nodes[i]);
        heap_remove(&heap, heap.least);
    }
    assert_null(heap.least);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_comes_first_whatever_is_put_in_and_taken_out),
        cmocka_unit_test(of_the_same_key_the_lower_number_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
