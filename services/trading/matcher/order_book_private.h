// SPDX-License-Identifier: MIT
// order_book_private: what the parts of order_book share.
#pragma once

#include "matcher/order_book.h"

enum { TICKER_BUCKETS = 4096 };

struct unsaved {
    struct resting *first;
    struct resting *last;
};

struct order_book {
    size_t count;
    size_t bucket_count; // a power of two
    struct resting **buckets;
    struct lane *lanes[TICKER_BUCKETS];
    struct heap expiries;
    struct unsaved moved;   // whose high water has moved
    struct unsaved lasting; // that outlive a session, the one saved longest ago first
    uint64_t next_number;   // of those with the same price the first to come is the first to go
    struct lane *with_bars;
    struct resting *aside; // that were reached and do not take part yet, while a quote is shown
};

// Puts an order among those whose high water has moved, or among those that last. It is in one of
// the lists, or in none: one of a single session is looked at again from its beginning by a process
// that starts.
void order_book_list_unsaved(struct order_book *book, struct resting *order, bool has_moved);

// Takes an order that is removed out of them.
void order_book_unlist_unsaved(struct order_book *book, struct resting *order);
