// SPDX-License-Identifier: MIT
// shelves: where the orders of a ticker wait, each for the price or the time that reaches it.
//
// Orders that take any price, limits and stops of either side, in regular sessions and in extended
// hours: each shelf is a heap of which the order that a price reaches first is at hand. An order
// that trails is in a second heap by its high water, one that waits for a time in another. Those
// that go by bars lie on one shelf, stops first.
//
// Memory: nothing but pointers into the orders. Of orders under one key the one with the least
// number comes first; whoever puts them in has the numbers.
#pragma once

#include "matcher/order_book.h"

enum shelf { SHELF_ANY, SHELF_BUY_LIMIT, SHELF_SELL_LIMIT, SHELF_BUY_STOP, SHELF_SELL_STOP };
enum { SHELF_COUNT = SHELF_SELL_STOP + 1 };

// Which sessions an order takes part in.
enum shelf_hours { SHELF_REGULAR, SHELF_EXTENDED };
enum { SHELF_HOURS_COUNT = SHELF_EXTENDED + 1 };

struct shelves {
    struct heap prices[SHELF_HOURS_COUNT][SHELF_COUNT];
    struct heap sell_waters; // of those that trail: the lowest first, as a higher price moves it
    struct heap buy_waters;  // the highest first
    struct heap timed;       // that wait for a quote of some time, by when that is
    struct heap bars;        // that go by bars, those with a stop first
};

// Whether the order waits for its stop still.
bool shelves_has_stop(const struct resting *order);

// Puts an order where its price is, or, when it comes, where it waits for its time. Takes the next
// numbers.
void shelves_put(struct resting *order, uint64_t *next_number);
void shelves_put_new(struct resting *order, uint64_t *next_number);

// Takes an order out of the heaps that its terms as they are say it is in.
void shelves_remove(struct resting *order);

// The next order that has waited for this time; NULL for none.
struct resting *shelves_next_timed(const struct shelves *shelves, int64_t quoted_at);

// The next order of a shelf that the quote reaches; NULL for none.
struct resting *shelves_next_reached(const struct shelves *shelves,
                                     enum shelf_hours hours,
                                     enum shelf shelf,
                                     const struct quote *quote);

// The next order that trails whose high water that price moves; NULL for none.
struct resting *shelves_next_moved(const struct shelves *shelves, int64_t price);

// The next order that goes by bars; NULL for none.
struct resting *shelves_next_of_bars(const struct shelves *shelves);
