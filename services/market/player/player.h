// SPDX-License-Identifier: MIT
// player: plays the market as time goes on, and knows the present quotes and the present time.
//
// What is played is the stored bars, or the simulated market of simulation.h; or nothing is, and
// live prices are brought as they come (player_deliver).
//
// One thread of its own does all the playing, so quotes come in the order of platform time whatever
// moves the clock: a replay that reaches the next quote, a step that leaps over a year, a
// correction of the past by an import. Each quote is in the book and published under one lock, so
// that a snapshot and the number of the publication it contains always fit together.
//
// Everything can be built anew from the clock's row and the bars, or the seed: nothing here is
// durable. While the database cannot be reached, a replay stands still at the next quote it cannot
// read, or when it may show no later time, and goes on when the database is back.
//
// Threads: all functions may be called from any thread; those that wait say so.
#pragma once

#include "bars/bar_builder.h"
#include "base/arena.h"
#include "clock/platform_clock.h"
#include "market_message.h"
#include "player/quote_book.h"
#include "simulation/simulation.h"

// A symbol's last bar until a day, with the close before it (0 for none) and the day of that.
struct latest_bar {
    struct bar bar;
    int64_t previous_close_micros;
    int64_t previous_day;
};

enum { PLAYER_MINUTES_MAX = 1440 }; // of one symbol in memory

// What has begun until some moment of the day of a latest bar that is made of minutes.
struct minutes_so_far {
    struct bar last;      // the last minute, whole
    bool has_earlier;     // there are minutes before that, which come to the day's figures of
    struct quote earlier; // this quote
};

// Minutes after (`after_at`, `after_ticker`) until `until_at`.
struct minutes_query {
    int64_t after_at;
    const char *after_ticker;
    int64_t until_at;
};

// Which latest bars to load: of all symbols after `after_ticker`, or of the tickers given. One that
// is made of minutes counts from the beginning of its first.
struct latest_query {
    int64_t until_day, until_at;
    const char *after_ticker;
    const char (*tickers)[TICKER_SIZE];
    size_t ticker_count; // 0: all
};

// Where the player reads and tells. The loading functions are called from the player's thread,
// without its lock; publish and position with it, so they must be quick.
struct player_source {
    bool (*load_clock)(void *context, struct clock_state *out_state, struct error *error);
    // Lets the row allow the state's `shown_until`, unless the row has another version by now:
    // `out_is_same` says so.
    bool (*allow_time)(void *context,
                       const struct clock_state *state,
                       bool *out_is_same,
                       struct error *error);
    // Bars after (`after_day`, `after_ticker`) until `until_day`, in order of day and ticker.
    bool (*load_bars)(void *context,
                      int64_t after_day,
                      const char *after_ticker,
                      int64_t until_day,
                      struct bar *out_bars,
                      size_t max,
                      size_t *out_count,
                      struct error *error);
    // In order of tickers.
    bool (*load_latest)(void *context,
                        const struct latest_query *query,
                        struct latest_bar *out_bars,
                        size_t max,
                        size_t *out_count,
                        struct error *error);
    // Imported minutes, in order of time and ticker; asked for of days whose bars are made of them.
    bool (*load_minutes)(void *context,
                         const struct minutes_query *query,
                         struct bar *out_minutes,
                         size_t max,
                         size_t *out_count,
                         struct error *error);
    // Of those bars that are made of minutes, what has begun until `until_at`, in their order.
    bool (*load_so_far)(void *context,
                        const struct latest_bar *bars,
                        size_t count,
                        int64_t until_at,
                        struct minutes_so_far *out_minutes,
                        size_t *out_count,
                        struct error *error);
    // The symbols after `after_ticker` to be simulated, in order of tickers; only then asked for.
    bool (*load_symbols)(void *context,
                         const char *after_ticker,
                         struct simulated_symbol *out_symbols,
                         size_t max,
                         size_t *out_count,
                         struct error *error);
    // The last live prices of symbols after `after_ticker`, in order of tickers; only then asked
    // for.
    bool (*load_last_quotes)(void *context,
                             const char *after_ticker,
                             struct quote *out_quotes,
                             size_t max,
                             size_t *out_count,
                             struct error *error);
    // The splits of the symbols, in order of tickers and days, which are released; only then asked
    // for. May be NULL.
    size_t (*copy_splits)(void *context, struct split **out_splits);
    // Reads the splits anew if they may have changed; halted_from goes by them. May be NULL.
    bool (*load_splits)(void *context, struct error *error);
    // The moment from which quotes of the symbol are not good to trade at, until its split has been
    // booked; INT64_MAX for none. Called with the lock, so it must be quick. May be NULL.
    int64_t (*halted_from)(void *context, const char *ticker);
    // What a close of `day` is on `until_day`, by the splits since. Called with the lock, so it
    // must be quick. May be NULL.
    int64_t (*adjust_close)(
        void *context, const char *ticker, int64_t day, int64_t until_day, int64_t close_micros);
    void (*publish)(void *context, struct text publication);
    void (*position)(void *context, uint64_t *out_epoch, uint64_t *out_sequence);
    // Told when the source begins to fail and when it is back ("").
    void (*failed)(void *context, const char *message);
};

struct player_options {
    struct player_source source;
    void *context;
    struct clock real_time;
    int64_t spread_basis_points;
    bool is_simulated;
    bool is_live;            // neither: the stored bars are played
    bool stores_minutes;     // what is published is built into minutes, to be stored
    int64_t seed;            // of the simulated market
    enum market_hours hours; // a replay goes by those of New York
};

struct player;

// Starts its thread. The caller owns it. Fails with INTERNAL when there can be no thread.
MUST_CHECK bool
player_new(const struct player_options *options, struct player **out_player, struct error *error);
void player_free(struct player **player);

// Puts live quotes into the book, but for those that are older than what is there, and publishes
// what changes. Does nothing before it is ready.
void player_deliver(struct player *player, const struct quote *quotes, size_t count);

// Copies the present quote of a symbol; false when there is none.
MUST_CHECK bool player_find(struct player *player, const char *ticker, struct quote *out_quote);

// True once the clock and the present quotes have been read.
bool player_is_ready(struct player *player);

// The clock at this moment. Fails with UNAVAILABLE before it is ready.
MUST_CHECK bool
player_clock(struct player *player, struct clock_view *out_view, struct error *error);

struct player_page {
    struct quote *quotes; // in the arena
    size_t count;
    bool more;
    struct clock_view clock;
    uint64_t epoch, sequence;
};

// Copies up to `max` quotes of the tickers after `after_ticker`. Fails with UNAVAILABLE before it
// is ready, and OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool player_snapshot(struct player *player,
                                struct arena *arena,
                                const char *after_ticker,
                                size_t max,
                                struct player_page *out_page,
                                struct error *error);

// The present minute of a symbol and the one before. False when there is none; `before.at` is
// INT64_MIN where there is none.
MUST_CHECK bool player_find_minutes(struct player *player,
                                    const char *ticker,
                                    struct timed_bar *out_present,
                                    struct timed_bar *out_before);

// Of a market that stores minutes: those of a symbol that are not stored yet, and the day of its
// last quote, as a bar (one or none), however long ago that is. Return how many.
size_t player_list_minutes(struct player *player,
                           const char *ticker,
                           struct timed_bar out_minutes[PLAYER_MINUTES_MAX]);
size_t player_list_day(struct player *player, const char *ticker, struct timed_bar *out_day);

// Takes minutes that ended a second ago or earlier, to be stored; they stay until it is said that
// they have been. Counts in `out_lost` those for which there was no room in memory. For one thread.
size_t player_ended_minutes(struct player *player,
                            struct minute_bar *out_minutes,
                            size_t max,
                            size_t *out_lost);
void player_stored_minutes(struct player *player, size_t count);

// Holds the clock still for a change, after waiting for another change to end; fills in its state
// and the time it shows. Fails with UNAVAILABLE before it is ready, and DEADLINE_EXCEEDED. Followed
// by exactly one player_release.
MUST_CHECK bool player_hold(struct player *player,
                            int64_t deadline_us,
                            struct clock_state *out_state,
                            int64_t *out_now,
                            struct error *error);

enum player_outcome {
    PLAYER_UNCHANGED, // the clock goes on as it was
    PLAYER_CHANGED,   // the row has been changed to the state given
    PLAYER_UNKNOWN,   // the row may have been changed: it is read again before the clock goes on
};
void player_release(struct player *player,
                    enum player_outcome outcome,
                    const struct clock_state *state);

// Waits until every quote up to platform time `at` has been published. Fails with
// DEADLINE_EXCEEDED, outcome unknown, when real time `deadline_us` comes first.
MUST_CHECK bool
player_wait(struct player *player, int64_t at, int64_t deadline_us, struct error *error);

// Corrects the present quotes of these tickers from their bars (a simulated market looks at all its
// symbols anew), publishes what differs, and waits
// for that until real time `deadline_us` at most.
void player_refresh(struct player *player,
                    const char (*tickers)[TICKER_SIZE],
                    size_t count,
                    int64_t deadline_us);

// Reads the splits anew and publishes the present quote of a symbol, whether it differs or not: it
// may be halted or traded again. Waits for that until real time `deadline_us` at most.
void player_tell(struct player *player, const char *ticker, int64_t deadline_us);
