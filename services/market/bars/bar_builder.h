// SPDX-License-Identifier: MIT
// bar_builder: the present minute of each symbol and the one before, and the minutes that have
// ended and are still to be stored.
//
// A market that can say its minutes exactly puts them. Of one whose prices nothing can repeat each
// quote is added as it comes. What changes hands in a minute is then the difference of the day's
// volumes; so what is left out, because it comes too late for its minute, is in the next one.
//
// Threads: none of its own; the caller serialises access. Memory: two minutes a symbol, at most
// QUOTE_BOOK_MAX of them, and at most BAR_BUILDER_ENDED_MAX that wait to be stored.
#pragma once

#include "player/quote_book.h"

enum { BAR_BUILDER_ENDED_MAX = 200000 };

struct minute_bar {
    char ticker[TICKER_SIZE];
    struct timed_bar bar;
};

struct bar_builder;

struct bar_builder *bar_builder_new(void);
void bar_builder_free(struct bar_builder **builder);

// Sets the minutes of a symbol; `at` is INT64_MIN where there is none.
void bar_builder_put(struct bar_builder *builder,
                     const char *ticker,
                     const struct timed_bar *present,
                     const struct timed_bar *before);

// Adds a quote, which comes at `now`, to the minute it began to hold in. One of an earlier minute
// than the present one changes nothing.
void bar_builder_add(struct bar_builder *builder, const struct quote *quote, int64_t now);

// Has all added minutes that ended until `until` wait to be stored; of prices that come late,
// as much later as the first of them was. When more wait than may, the oldest are lost; returns
// how many.
size_t bar_builder_end(struct bar_builder *builder, int64_t until);

// Copies the first of those that wait, in the order in which they ended; returns how many.
size_t
bar_builder_ended(const struct bar_builder *builder, struct minute_bar *out_minutes, size_t max);
// The first `count` of them have been stored.
void bar_builder_stored(struct bar_builder *builder, size_t count);

// False when nothing is known of the symbol. `before.at` is INT64_MIN where there is none.
MUST_CHECK bool bar_builder_find(const struct bar_builder *builder,
                                 const char *ticker,
                                 struct timed_bar *out_present,
                                 struct timed_bar *out_before);

// The minutes of a symbol that wait to be stored and the present one, in order: the last `max`.
size_t bar_builder_list(const struct bar_builder *builder,
                        const char *ticker,
                        struct timed_bar *out_bars,
                        size_t max);
