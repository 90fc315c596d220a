// SPDX-License-Identifier: MIT
// stream_feeds: the tickers that some stream follows, and which of them have moved.
//
// A price that moves is noted here and nothing more: what is sent is read from the gateway's copy
// when its turn comes. So nothing queues however fast prices move, and there are never more feeds
// than prices.
//
// Threads: mark may be called from any; everything else, and what is in a feed, belongs to the
// streams' own thread.
#pragma once

#include "base/base.h"

enum { STREAM_TICKER_SIZE = 16 };

struct stream_subscription;

struct stream_feed {
    struct stream_feed *next;       // of its chain; guarded by the lock
    struct stream_feed *next_moved; // guarded by the lock
    bool has_moved;                 // guarded by the lock
    bool is_gap;                    // guarded by the lock: some moves may have been missed
    char ticker[STREAM_TICKER_SIZE];
    struct stream_subscription *subscriptions;
    char *text; // the quote as the members of a JSON object; NULL before the first
    size_t length;
    bool is_stale; // as it was sent
};

struct stream_feeds;

struct stream_feeds *stream_feeds_new(void);
void stream_feeds_free(struct stream_feeds **feeds);

// The feed of a ticker, made when there is none. One that nobody subscribes to is dropped by
// stream_feeds_drop.
struct stream_feed *stream_feeds_open(struct stream_feeds *feeds, const char *ticker);
void stream_feeds_drop(struct stream_feeds *feeds, struct stream_feed *feed);

// Notes that the price of a ticker has moved. True when somebody follows it and nobody had been
// told before: the streams' thread is to be woken.
bool stream_feeds_mark(struct stream_feeds *feeds, const char *ticker, bool is_gap);

// The next feed that has moved, no longer noted; NULL when there is none.
struct stream_feed *stream_feeds_next_moved(struct stream_feeds *feeds, bool *out_is_gap);

// Calls `look` with every feed there is.
void stream_feeds_each(struct stream_feeds *feeds,
                       void (*look)(void *context, struct stream_feed *feed),
                       void *context);
