// SPDX-License-Identifier: MIT
// watch: what the quotes make of the resting orders: the book, and up to when it has seen them.
//
// Every order sees every quote of its time once and in order. Quotes that were missed are asked of
// market: by the whole book after a gap, by single orders that came late. What is to be filled,
// triggered or ended is put into a list, which whoever owns the watch executes.
//
// Threads: the matcher's alone, but for what says otherwise.
#pragma once

#include <stdatomic.h>

#include "bourse/market/v1/market_client.h"
#include "execution/execution.h"
#include "matcher/order_book.h"
#include "trading.h"

// An order whose fill or end has been decided and is to be executed.
struct match {
    char order_id[UUID_SIZE];
    enum execution_intent intent;
    bool is_missed; // of CANCEL: it does not rest, and could not be filled at once
    struct fill_offer offer;
    uint64_t group; // as of the order in the book
    bool is_stop;   // it was reached by its stop
    int64_t quote_at;
    int64_t at;
    int64_t high_water; // these as the quotes have made them
    int64_t stop_price;
    int64_t triggered_at;
    int64_t looked_at;
    int64_t volume_seen;
};

struct watch {
    struct trading *trading;
    struct order_book *book;
    struct arena *arena; // of one question at a time
    struct match *matches;
    size_t match_count;
    size_t match_capacity;
    // In which the shards whose orders are in the book have become this process' own; 0 for others.
    // Written by the thread, read by all.
    _Atomic int64_t epochs[SHARD_COUNT];
    int64_t looked_at;     // all quotes up to this time have been shown to the book; 0 for none
    int64_t bars_ended_at; // bars that had ended by then have been shown
    bool is_behind;        // quotes were missed and have not been asked for yet
    bool has_late;         // some orders have missed quotes that the others have seen
    bool is_interrupted;   // looking back for them, by what the others wait for
    uint32_t round;        // of loading all orders
    int64_t retry_at;      // monotonic ms; nothing that failed is tried before
    int64_t save_at;       // monotonic ms
};

enum { WATCH_HISTORY_PAGE = 1000 };

struct watch_question {
    const char *ticker;
    int64_t after;
    int64_t until;
};

// Asks market for the quotes of a ticker after one moment and until another, oldest first, at most
// a page. False, and said in the log, when it cannot be asked. The answer lies in the arena.
// Threads: any.
MUST_CHECK bool watch_ask_history(struct trading *trading,
                                  struct arena *arena,
                                  const struct watch_question *question,
                                  Market__ListQuoteHistoryResponse **out_response);

struct watch *watch_new(struct trading *trading);
void watch_free(struct watch **watch);

// In whose name the orders of a shard, or of a ticker's, are decided about; with epoch 0 they are
// not in the book. Threads: any.
struct shard_claim watch_claim(struct watch *watch, int shard);
struct shard_claim watch_claim_of(struct watch *watch, const char *ticker);

// Notes that the orders of a shard have been taken.
void watch_add_shard(struct watch *watch, int shard, int64_t epoch);

// Forgets the orders of shards that are another one's.
void watch_drop_shards(struct watch *watch, const bool is_lost[SHARD_COUNT]);

// Takes an order that rests since a moment ago, and tries it at the latest quote.
void watch_take_order(struct watch *watch, const struct order *order);

// Takes an order that the database has, unless it is known. It may have missed quotes.
void watch_take_loaded(struct watch *watch, const struct order *order);

// Forgets an order that has ended elsewhere.
void watch_remove_order(struct watch *watch, const char *order_id);

// Takes a publication with the clock it came with. With `gap` some before it may have been missed.
void watch_take_quotes(struct watch *watch,
                       const struct quote *quotes,
                       size_t count,
                       const struct platform_clock *heard,
                       bool gap);

// Looks at all quotes that were missed, up to `until`, and at the latest ones. On failure the watch
// stays behind: nothing newer may fill an order before.
void watch_catch_up(struct watch *watch, int64_t until);

// Lets the late orders see what the others have seen already. After a tenth of a second it is
// interrupted between two tickers, to be gone on with as soon as the others have had their quotes.
void watch_catch_up_late(struct watch *watch);

// Ends what has seen every quote of its time. That is told by what has been looked at: the running
// clock of this program is ahead of it.
void watch_expire(struct watch *watch);

// Writes how far the orders have looked that would have to look back far otherwise.
void watch_save_progress(struct watch *watch);
