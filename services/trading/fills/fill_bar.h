// SPDX-License-Identifier: MIT
// fill_bar: how an order is filled by bars rather than by quotes.
//
// A bar is a day of a replay of daily bars, and a minute of a market that is quoted as it goes. It
// is made of the last prices that are quoted in it. An order is filled in the first bar that begins
// after it was placed, or a later one:
//
// * at its open, when the order is at the market or the open is within its limit or beyond its stop
//   (a gap is filled where it ends);
// * once it is over, at the stop or at the limit that it has reached. Of a stop and a limit that
//   one bar has reached the stop counts as the first, as nothing tells that it was not.
//
// With a share of the volume all of that waits until the bar is over, as its volume is known then.
// Slippage and limits are as in fill.h. Pure functions.
#pragma once

#include "fills/fill.h"

struct fill_bar {
    int64_t start; // of its time; 0 for no bar
    int64_t length;
    int64_t opened_at; // of its first quote
    int64_t last_at;   // of its last one so far
    int64_t open, high, low, close;
    int64_t volume_before; // of the session
    int64_t volume;        // of the session so far
    bool is_over;
};

// Whether the quote is of another bar than `bar`.
bool fill_bar_ends_with(const struct fill_bar *bar, const struct quote *quote);

// Takes the quote into the bar, or begins the bar that it is of.
void fill_bar_take(struct fill_bar *bar, const struct quote *quote);

// Has an order that goes by bars wait for the first that begins after this moment and its latency.
// Of daily bars that is the next session's, so that an order of the day lasts until then.
void fill_bar_schedule(struct order *order,
                       const struct quote *quote,
                       const struct platform_clock *clock);

// Whether nothing will be quoted in the bar any more, at the moment of `clock`.
bool fill_bar_has_ended(const struct fill_bar *bar, const struct platform_clock *clock);

// How long the bars of a market are whose quotes come from there.
int64_t fill_bar_length(const char *source);

// The last moment before the bar that `at` is in: whoever goes on with an order looks back to
// there, and sees the bar whole. A bar that ends at `at` has been seen.
int64_t fill_bar_before(int64_t at, int64_t length);

// Shows the order a bar that it has not seen the end of: its open alone when it is not over.
// Otherwise as fill_watch.
enum fill_action
fill_bar_watch(struct order *order, const struct fill_bar *bar, struct fill_offer *out_offer);
