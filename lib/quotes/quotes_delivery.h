// SPDX-License-Identifier: MIT
// quotes_delivery: tells of publications in order, from a thread of its own, whatever time that
// takes.
//
// What waits is bounded. When more comes than fits, the queue is dropped and the next thing told is
// everything there is, marked as a gap: late, never out of order, and never silently incomplete.
//
// Threads: put, put_all and wait may be called from any thread.
#pragma once

#include "quotes/quotes.h"

// Where in the topic's stream a state belongs.
struct quotes_position {
    uint64_t epoch;
    uint64_t sequence;
};

// Everything a copy holds at one moment; `quotes` is released by who asked for it.
struct quotes_state {
    struct quote *quotes;
    size_t count;
    struct platform_clock clock;
    struct quotes_position position;
};

struct quotes_delivery_options {
    void (*changed)(void *context,
                    const struct quote *quotes,
                    size_t count,
                    const struct platform_clock *clock,
                    bool gap);
    void *context;
    void (*copy_all)(void *source, struct quotes_state *out_state);
    void *source;
    size_t quotes_max; // waiting at once; 0 for the default
};

struct quotes_delivery;

struct quotes_delivery *quotes_delivery_new(const struct quotes_delivery_options *options);

// Waits for the call under way and drops what waits.
void quotes_delivery_free(struct quotes_delivery **delivery);

// Queues one publication.
void quotes_delivery_put(struct quotes_delivery *delivery,
                         const struct quote *quotes,
                         size_t count,
                         const struct platform_clock *clock,
                         struct quotes_position position);

// Drops what waits; the next thing told is everything, as a gap.
void quotes_delivery_put_all(struct quotes_delivery *delivery);

// Waits until everything up to `position` has been told; false when `deadline_us` of the monotonic
// clock came first.
MUST_CHECK bool quotes_delivery_wait(struct quotes_delivery *delivery,
                                     struct quotes_position position,
                                     int64_t deadline_us);
