// SPDX-License-Identifier: MIT
// heap: things in the order of a key, of which the least is at hand: a pairing heap (Fredman,
// Sedgewick, Sleator, Tarjan: The pairing heap, Algorithmica 1986).
//
// The nodes are parts of the things themselves, so nothing is allocated. Putting in costs the same
// however many there are; taking out, from wherever in the heap, grows with their logarithm,
// averaged over many. Of two with the same key the one with the lower number comes first.
//
// Threads: one owner.
#pragma once

#include "base/base.h"

struct heap_node {
    int64_t key;
    uint64_t number;
    struct heap_node *child;    // the first
    struct heap_node *next;     // child of the same parent
    struct heap_node *previous; // child of the same parent, or the parent of the first
    bool is_in;
};

// The least of all; NULL for an empty heap.
struct heap {
    struct heap_node *least;
};

// Puts in a node that is in no heap.
void heap_put(struct heap *heap, struct heap_node *node, int64_t key, uint64_t number);

// Takes a node out of the heap that it is in; does nothing for one that is in none.
void heap_remove(struct heap *heap, struct heap_node *node);
