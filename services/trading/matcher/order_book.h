// SPDX-License-Identifier: MIT
// order_book: the orders that rest until a quote comes, by ticker and by the price they wait for.
//
// Each ticker has shelves: orders that take any price, limits and stops of either side, each a heap
// of which the order that a price reaches first is at hand. A quote touches the orders it fills,
// triggers, or moves the stop of, and no other. Putting in costs the same however many there are,
// taking out grows with the logarithm. An order that trails is in two heaps: by its stop, and by
// its high water, which tells whether a price moves it.
//
// An order that goes by bars lies on a shelf of its own, which is looked at when a bar opens and
// when it is over, stops first. Of one with a share of the volume it is known what it has seen of
// that.
//
// An order that has missed quotes is late: it is on no shelf, and those quotes are shown to the
// late orders of the ticker one by one (order_book_look_back), until they are settled.
//
// The book is a copy of what the database has; who acts on it checks the order's status there once
// more. Threads: one owner. Memory: a resting order takes about 320 bytes, and one with terms of
// its own 110 more.
#pragma once

#include "fills/fill_bar.h"
#include "matcher/heap.h"
#include "orders/order.h"
#include "shards/shard.h"

struct lane;

// What only orders have that are filled otherwise than plainly.
struct resting_terms {
    struct fill_terms terms;
    int64_t quantity; // that is left
    int64_t volume_seen;
    int64_t volume_at; // of the quote that it was seen with
};

struct resting {
    char id[UUID_SIZE];
    unsigned char side; // these as their enums of order.h
    unsigned char type;
    unsigned char time_in_force;
    bool extended_hours;
    bool is_matched; // being filled or ended: quotes do not concern it any more
    bool is_late;
    bool is_triggering; // its trigger is on the way to the database
    bool has_moved;     // its high water, since it was saved
    bool is_waiting;    // for the first or the last quote of its session
    bool is_exit;       // of a group; `starts_at` is then when it became active
    uint32_t seen;      // the last round in which the database was seen to have it; for the owner
    uint64_t group;     // what its group's id is hashed to; 0 for none
    int64_t limit_price;
    int64_t stop_price;
    int64_t trail_price;
    int64_t trail_percent;
    int64_t high_water;
    int64_t starts_at;
    int64_t expires_at;
    int64_t triggered_at;
    int64_t looked_at; // of a late one, and of one by bars: quotes and bars up to this time have
                       // been shown to it
    int64_t saved_at;  // up to where the database knows that it has looked
    struct resting_terms *terms; // NULL for plain ones
    struct lane *lane;
    struct heap_node place;     // on its shelf
    struct heap_node water;     // of one that trails
    struct heap_node expiry;    // among all orders
    struct resting *next_of_id; // in the same bucket
    struct resting *next_late;
    struct resting *next_unsaved;
    struct resting *previous_unsaved;
};

// The orders of a ticker.
struct lane {
    char ticker[ORDER_TICKER_SIZE];
    int shard;
    size_t count;
    int64_t looked_at; // quotes up to this time have been shown to its shelves; for the owner
    struct resting *late;
    struct shelves *shelves;
    struct fill_bar bar;      // of the quotes shown to the shelves
    struct fill_bar late_bar; // of those shown to the late ones
    int64_t volume;           // with the last quote that was shown to the shelves
    int64_t volume_at;        // when that was
    struct lane *next;        // in the same bucket
    struct lane *next_with_bars;
    bool has_bars; // it is among the lanes with orders that go by bars
};

struct order_book;

struct order_book *order_book_new(void);
void order_book_free(struct order_book **book);

size_t order_book_count(const struct order_book *book);

// Adds an order unless it is there, on its shelf or as a late one. Returns it; it stays where it is
// until it is removed.
struct resting *order_book_add(struct order_book *book, const struct order *order, bool is_late);

struct resting *order_book_find(const struct order_book *book, const char *order_id);
void order_book_remove(struct order_book *book, const char *order_id);

// Told of each order that is to be filled with that offer, or to end as it does not rest (it is
// matched from then on), or whose stop was reached without a fill (it is on the shelf of its limit
// from then on).
struct order_book_watcher {
    void (*matched)(void *context,
                    struct resting *order,
                    enum fill_action action,
                    const struct fill_offer *offer,
                    const struct fill_moment *moment);
    void *context;
};

// Shows a quote to the orders on the shelves of a ticker.
void order_book_show(struct order_book *book,
                     struct lane *lane,
                     const struct quote *quote,
                     const struct fill_moment *moment,
                     const struct order_book_watcher *watcher);

// Shows the bars that have ended at the moment of `clock`, and that nothing has been quoted after,
// to the orders on the shelves.
void order_book_end_bars(struct order_book *book,
                         const struct platform_clock *clock,
                         const struct order_book_watcher *watcher);

// Shows a quote of the past to the late orders of a ticker that have not seen it. A run of such
// quotes begins with order_book_late_since.
void order_book_look_back(struct lane *lane,
                          const struct quote *quote,
                          const struct fill_moment *moment,
                          const struct order_book_watcher *watcher);

// From when on quotes have to be shown to the late orders of a ticker whose bars are of that
// length; INT64_MAX when none is late.
int64_t order_book_late_since(struct lane *lane, int64_t bar_length);

// Puts the late orders of a ticker on their shelves.
void order_book_settle(struct order_book *book, struct lane *lane);

// Shows one order the quote of this moment, as order_book_show does.
void order_book_show_one(struct order_book *book,
                         struct resting *order,
                         const struct quote *quote,
                         const struct fill_moment *moment,
                         const struct order_book_watcher *watcher);

// The orders of a ticker; NULL when there have been none.
struct lane *order_book_lane(const struct order_book *book, const char *ticker);

// Calls `visit` for each ticker that has orders.
void order_book_each_lane(const struct order_book *book,
                          void (*visit)(void *context, struct lane *lane),
                          void *context);

// Removes the orders that were not seen in that round, but for those that are matched.
void order_book_sweep(struct order_book *book, uint32_t round);

// Matches the next order that expires at `now` or before and is neither late nor matched, the
// earliest first; NULL when there is none. One by bars waits until they have been ended to then.
struct resting *
order_book_take_expired(struct order_book *book, int64_t now, int64_t bars_ended_at);

// Whether the order goes by bars, and what it has seen of the volume at that time.
bool order_book_goes_by_bars(const struct resting *order);
int64_t order_book_volume_seen(const struct resting *order, int64_t looked_at);

// Removes all orders of some shards, those too that are matched.
void order_book_remove_shards(struct order_book *book, const bool is_meant[SHARD_COUNT]);

// Orders of which the database should know how far they have looked: those whose high water has
// moved, and those that outlive a session and were saved `every` before `looked_at`. Up to
// `capacity`; they count as saved from then on.
size_t order_book_take_unsaved(struct order_book *book,
                               int64_t looked_at,
                               int64_t every,
                               struct resting **out_orders,
                               size_t capacity);

// What could not be saved is unsaved again.
void order_book_keep_unsaved(struct order_book *book, struct resting *order);
