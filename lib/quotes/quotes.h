// SPDX-License-Identifier: MIT
// quotes: a service's own copy of the latest quotes and of the platform clock, fed by publications.
//
// The copy is filled from market's snapshot at start and after every gap, and then follows the
// topic "quotes". Reading costs no RPC. When market is silent for longer than it should be, the
// copy says so and quotes count as stale.
//
// A market of live prices fetches those that somebody wants. Then whatever is read by quotes_get is
// told to it, once a second in one call (quotes_wanted.h); a symbol without a price, at once.
//
// Threads: the subscriber's thread applies publications and a second one, only when `changed` is
// given, tells of them; any thread may read. Memory: quotes are copied out by value.
#pragma once

#include "base/clock.h"
#include "rpc/rpc_client.h"

struct quote {
    char ticker[16];
    int64_t price_micros;
    int64_t bid_micros;
    int64_t ask_micros;
    int64_t open_micros;
    int64_t high_micros;
    int64_t low_micros;
    int64_t previous_close_micros; // 0 when there is none
    int64_t volume;                // of the session so far
    int64_t volume_before; // what of it was there before this quote; all of it when that is unknown
    int64_t quoted_at;     // platform time at which the price began to hold
    int64_t valid_until;   // platform time after which it is stale
    bool stale;            // by market's judgement, or because the copy is out of date
    char source[32];
};

// Where the clock of a replay stands until it is set for the first time: 1990-01-01T00:00:00Z. What
// is done then is done before any time of that market.
#define QUOTES_CLOCK_UNSET INT64_C(631152000000000)

struct platform_clock {
    int mode;             // as Market__ClockMode
    int64_t now;          // platform time
    int64_t speed_micros; // platform seconds a real second, in millionths; 0 while it stands
    int session;          // as Market__Session
    bool is_open;         // whether the regular session is on at `now`
    int64_t next_open;
    int64_t next_close;
    int64_t previous_close; // since when the present day of trading lasts, until `next_close`
    int64_t extended_end;   // of the hours around the regular session, while they last; otherwise 0
};

// Whether two moments can lie in one session, so that the volume at the one is part of that at the
// other. A session lies within a day of UTC, or of New York's winter.
bool quotes_same_session(int64_t one, int64_t other);

struct quotes;

struct quotes_options {
    struct rpc_client *market;
    const char *market_addresses; // as for rpc_client
    struct rpc_mesh_key key;
    // Told of each publication in order, the ones with a clock and no quotes included. With `gap`
    // some may have been missed (at the start, after a lost publication, or when this function was
    // too slow for too long), and `quotes` are then all there are. May be NULL. Called from one
    // thread of its own, so that a slow one does not keep quotes_get from being up to date.
    void (*changed)(void *context,
                    const struct quote *quotes,
                    size_t count,
                    const struct platform_clock *clock,
                    bool gap);
    void *context;
};

MUST_CHECK bool
quotes_new(const struct quotes_options *options, struct quotes **out_quotes, struct error *error);
void quotes_free(struct quotes **quotes);

// Copies the latest quote; false when the symbol has none.
MUST_CHECK bool quotes_get(struct quotes *quotes, const char *ticker, struct quote *out_quote);

// Whether market fetches the prices that are wanted, and has no others.
bool quotes_is_on_demand(struct quotes *quotes);

// Whether market makes its prices up, and uses none that are imported. False before the first
// snapshot.
bool quotes_is_simulated(struct quotes *quotes);

// Says that this symbol's price is wanted, as quotes_get does, for who waits for a price without
// reading it: once a minute is enough.
void quotes_want(struct quotes *quotes, const char *ticker);

// Copies all latest quotes, in no order, and the clock as of this moment; the caller releases the
// array. False before the first snapshot.
MUST_CHECK bool quotes_copy_all(struct quotes *quotes,
                                struct quote **out_quotes,
                                size_t *out_count,
                                struct platform_clock *out_clock);

// The platform clock as of this moment; false before the first snapshot.
MUST_CHECK bool quotes_clock(struct quotes *quotes, struct platform_clock *out_clock);

// Platform time now as a struct clock, for code that only needs the time; real time before the
// first snapshot is refused: check quotes_is_ready at start.
struct clock quotes_time(struct quotes *quotes);

// Waits until this copy holds, and `changed` has returned from, everything market had published
// when it was asked: who has just stepped the clock then sees the prices of the new time. Fails
// with UNAVAILABLE when market cannot be asked or the copy has not caught up within `timeout_ms`.
MUST_CHECK bool quotes_synchronize(struct quotes *quotes, int64_t timeout_ms, struct error *error);

// True once a snapshot has been applied and market has been heard of within the last 3 seconds.
bool quotes_is_ready(struct quotes *quotes);
