// SPDX-License-Identifier: MIT
// minute_store: all SQL about stored minutes.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "bars/bar_builder.h"
#include "database/database.h"
#include "database/history.h"
#include "player/player.h"

enum { MINUTES_A_WRITE = 5000, MINUTES_A_PRUNE = 10000 };

// Writes minutes, at most MINUTES_A_WRITE, in one statement; one that is there is replaced, so it
// may be done twice. Those of symbols that have been deleted are left out.
MUST_CHECK bool minute_store_write(struct database *database,
                                   struct arena *arena,
                                   const struct minute_bar *minutes,
                                   size_t count,
                                   struct error *error);

struct minute_query {
    const char *ticker;
    int64_t from, until; // `until` not included
    bool is_descending;
    bool is_of_imports; // only those that were imported
    size_t limit;
};

MUST_CHECK bool minute_store_list(struct history *history,
                                  struct arena *arena,
                                  const struct minute_query *query,
                                  struct timed_bar *out_bars,
                                  size_t *out_count,
                                  struct error *error);

// The imported minutes after (`after_at`, `after_ticker`) until `until_at`, in order of time and
// ticker.
MUST_CHECK bool minute_store_after(struct database *database,
                                   struct arena *arena,
                                   const struct minutes_query *query,
                                   struct bar *out_minutes,
                                   size_t max,
                                   size_t *out_count,
                                   struct error *error);

// The imported minutes of the days of those bars that are made of them, as far as they have begun
// at `until_at`; in order of the bars, which is that of tickers. Those of which none has are left
// out.
MUST_CHECK bool minute_store_so_far(struct database *database,
                                    struct arena *arena,
                                    const struct latest_bar *bars,
                                    size_t count,
                                    int64_t until_at,
                                    struct minutes_so_far *out_minutes,
                                    size_t *out_count,
                                    struct error *error);

// Makes the daily bar of every symbol whose minutes from `from` to before `until`, the session of
// `day`, are stored, and which has no bar of that day: one that was imported stays, unless it is of
// minutes, too. It is marked as one of quotes, since there are minutes only of when somebody
// looked. May be done twice.
MUST_CHECK bool minute_store_make_day(struct database *database,
                                      struct arena *arena,
                                      int64_t day,
                                      int64_t from,
                                      int64_t until,
                                      struct error *error);

// Removes up to MINUTES_A_PRUNE of the oldest before `before` that were not imported. True when
// there may be more.
bool minute_store_prune(struct database *database, struct arena *arena, int64_t before);
