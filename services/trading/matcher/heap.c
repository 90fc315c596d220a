// SPDX-License-Identifier: MIT
#include "matcher/heap.h"

#include <assert.h>

static bool comes_before(const struct heap_node *one, const struct heap_node *other)
{
    return one->key < other->key || (one->key == other->key && one->number < other->number);
}

// Makes the greater of two roots the first child of the other; either may be NULL.
static struct heap_node *link_roots(struct heap_node *one, struct heap_node *other)
{
    struct heap_node *parent = one;
    struct heap_node *child = other;

    if (one == NULL || other == NULL)
        return one == NULL ? other : one;
    if (comes_before(other, one)) {
        parent = other;
        child = one;
    }
    child->next = parent->child;
    child->previous = parent;
    if (parent->child != NULL)
        parent->child->previous = child;
    parent->child = child;
    parent->next = parent->previous = NULL;
    return parent;
}

// Makes one root of siblings: first by pairs, from the left, and then all pairs, from the right.
static struct heap_node *link_siblings(struct heap_node *first)
{
    struct heap_node *pairs = NULL; // the last pair first
    struct heap_node *root = NULL;

    while (first != NULL) {
        struct heap_node *second = first->next;
        struct heap_node *rest = second == NULL ? NULL : second->next;
        struct heap_node *pair = link_roots(first, second);

        pair->next = pairs;
        pairs = pair;
        first = rest;
    }
    while (pairs != NULL) {
        struct heap_node *rest = pairs->next;

        pairs->next = pairs->previous = NULL;
        root = link_roots(root, pairs);
        pairs = rest;
    }
    return root;
}

void heap_put(struct heap *heap, struct heap_node *node, int64_t key, uint64_t number)
{
    assert(!node->is_in);
    *node = (struct heap_node){.key = key, .number = number, .is_in = true};
    heap->least = link_roots(heap->least, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    struct heap_node *children = NULL;

    if (!node->is_in)
        return;
    children = link_siblings(node->child);
    if (heap->least == node) {
        heap->least = children;
    } else {
        if (node->previous->child == node)
            node->previous->child = node->next;
        else
            node->previous->next = node->next;
        if (node->next != NULL)
            node->next->previous = node->previous;
        heap->least = link_roots(heap->least, children);
    }
    *node = (struct heap_node){.is_in = false};
}
