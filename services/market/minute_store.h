// SPDX-License-Identifier: MIT
// minute_store: all SQL about stored minutes.
//
// Threads: any. Memory: what is read lies in the arena given.
#pragma once

#include "bar_builder.h"
#include "database/database.h"

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
    size_t limit;
};

MUST_CHECK bool minute_store_list(struct database *database,
                                  struct arena *arena,
                                  const struct minute_query *query,
                                  struct timed_bar *out_bars,
                                  size_t *out_count,
                                  struct error *error);

// Makes the daily bar of every symbol whose minutes from `from` to before `until`, the session of
// `day`, are stored, and which has no bar of that day: one that was imported stays. May be done
// twice.
MUST_CHECK bool minute_store_make_day(struct database *database,
                                      struct arena *arena,
                                      int64_t day,
                                      int64_t from,
                                      int64_t until,
                                      struct error *error);

// Removes up to MINUTES_A_PRUNE of the oldest before `before`. True when there may be more.
bool minute_store_prune(struct database *database, struct arena *arena, int64_t before);
