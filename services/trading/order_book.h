// SPDX-License-Identifier: MIT
// order_book: the orders that rest until a quote comes, by ticker, in the order of their creation.
//
// Adding, finding and removing one costs the same however many there are. The book is a copy of
// what the database has; who acts on it checks the order's status there once more.
//
// Threads: one owner. Memory: a resting order takes 240 bytes.
#pragma once

#include "order.h"

struct resting {
    char id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];
    char ticker[ORDER_TICKER_SIZE];
    enum order_side side;
    int64_t quantity;
    int64_t created_at;
    int64_t expires_at;
    int64_t looked_at; // quotes up to this time have been looked at
    bool is_matched;   // being filled or expired: quotes do not concern it any more
    struct resting *next_of_ticker;
    struct resting *previous_of_ticker;
    struct resting *next_of_id; // in the same bucket
};

struct order_book;

struct order_book *order_book_new(void);
void order_book_free(struct order_book **book);

size_t order_book_count(const struct order_book *book);

// Adds an order unless it is there. Returns it; it stays where it is until it is removed.
struct resting *order_book_add(struct order_book *book, const struct order *order);

struct resting *order_book_find(const struct order_book *book, const char *order_id);
void order_book_remove(struct order_book *book, const char *order_id);

// The first resting order of a ticker, by creation; NULL when there is none. The next ones follow
// by next_of_ticker.
struct resting *order_book_first(const struct order_book *book, const char *ticker);

// The tickers that have orders: calls `visit` for the first order of each.
void order_book_each_ticker(const struct order_book *book,
                            void (*visit)(void *context, struct resting *first),
                            void *context);

// The earliest time at which an order may expire; INT64_MAX when there is none. May be too early
// after removals, never too late.
int64_t order_book_next_expiry(struct order_book *book);

// Calls `visit` for each order that expires at `now` or before and is not matched.
void order_book_each_expired(struct order_book *book,
                             int64_t now,
                             void (*visit)(void *context, struct resting *order),
                             void *context);
