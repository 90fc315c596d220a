// SPDX-License-Identifier: MIT
// player_private: what the parts of the player share: player.c, which keeps the time, and those
// that play: player_play.c stored bars, with player_minutes.c those of minutes, player_simulate.c
// the simulated market, player_live.c live prices.
#pragma once

#include "player/player.h"

#include <pthread.h>

enum {
    PLAYER_PAGE_BARS = 4096,
    PLAYER_PAGE_LATEST = 1000,
    PLAYER_PAGE_SYMBOLS = 1000,
    PLAYER_REFRESH_MAX = 64, // tickers remembered one by one; more become all
};

struct player;

// What is played. All are called with the lock held and return so; those that can fail let go of it
// while the source is asked, and fail as the source does.
struct player_feed {
    // The first moment after `at` at which something may have to be published.
    int64_t (*next_event)(const struct player *player, int64_t at);
    // Fills the book with the quotes that hold at the present position.
    bool (*build)(struct player *player, struct error *error);
    // Corrects what has been asked for, and publishes what differs.
    bool (*correct)(struct player *player, struct error *error);
    // Plays everything until `until` and moves there, unless the player is stopping.
    bool (*play)(struct player *player, int64_t until, struct error *error);
};

extern const struct player_feed player_feed_bars, player_feed_simulation, player_feed_live;

struct player {
    struct player_options options;
    const struct player_feed *feed;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;

    // Guarded by the lock. Position, next_event and the book are written by the thread alone, but
    // for a book of live prices, into which whoever brings them puts them.
    struct clock_state clock;
    int64_t position;   // every quote until this platform time has been published
    int64_t next_event; // the first moment after it at which something may have to be
    bool is_ready;
    bool is_playing; // the thread is on its way to a later position
    bool is_held;    // for a change of the clock, which shows `held_at` meanwhile
    int64_t held_at;
    bool must_reload; // the row may differ from `clock`
    bool is_failing;  // the source, at the last attempt
    bool is_stopping;
    struct quote_book *book;
    struct bar_builder *minutes;
    char refresh[PLAYER_REFRESH_MAX][TICKER_SIZE];
    size_t refresh_count;
    bool refresh_all;
    uint64_t refreshes_asked, refreshes_done;
    char tell[PLAYER_REFRESH_MAX][TICKER_SIZE]; // to be published in any case
    size_t tell_count;
    bool tell_all;
    uint64_t tells_asked, tells_done;
    int64_t clock_published_us; // monotonic
    struct strbuf *buffer;      // of the publication being made

    // Of the thread alone.
    struct bar *page;
    struct latest_bar *latest;
    struct minutes_so_far *so_far; // of those of them that are made of minutes
    size_t so_far_count;
    struct bar *day_bars; // of the day being played
    size_t day_count, day_capacity;
    int64_t day_known;    // they are all there are of this day; INT64_MIN for none
    bool day_has_minutes; // and some of them are made of minutes
    struct bar *minute_page;
    struct bar *minute; // all symbols' of the minute being played
    size_t minute_count, minute_capacity;
    struct simulation *simulation;
    struct quote quotes[PUBLICATION_QUOTES_MAX];
};

// With the lock held.
int64_t player_real_now(const struct player *player);
struct clock_view player_view(const struct player *player);
// Ends the quotes at the moment from which their symbols are halted.
void player_publish(struct player *player, struct quote *quotes, size_t count, int64_t at);
void player_move(struct player *player, int64_t position);

// The close before a bar, by the splits since then. With the lock held.
int64_t player_previous_close(struct player *player, const struct bar *bar);

// Of stored minutes; all on the thread.

// Reads into player->so_far what has begun of those latest bars that are made of minutes. Without
// the lock.
MUST_CHECK bool
player_minutes_load(struct player *player, size_t count, int64_t until_at, struct error *error);

// Puts what a latest bar that is made of minutes is quoted as at the present position; NULL when
// nothing changes. With the lock, as the others.
const struct quote *player_minutes_put_latest(struct player *player,
                                              const struct latest_bar *latest);

// Puts a minute of the day being played in its next phase; NULL when nothing changes.
const struct quote *
player_minutes_put(struct player *player, const struct bar *minute, enum replay_phase phase);

// Reads minutes in order of time, page by page.
struct minute_reader {
    int64_t after_at, until_at;
    char after_ticker[TICKER_SIZE];
    size_t count, next; // of player->minute_page
    bool is_end;        // it is the last page
};

// Reads the first minutes from the one of `at` on, and then the next ones: player->minute has all
// symbols' of one minute, none at the end. Lets go of the lock while the source is asked.
MUST_CHECK bool player_minutes_first(struct player *player,
                                     int64_t at,
                                     int64_t until_at,
                                     struct minute_reader *out_reader,
                                     struct error *error);
MUST_CHECK bool
player_minutes_next(struct player *player, struct minute_reader *reader, struct error *error);
