// SPDX-License-Identifier: MIT
// snapshot_store: the SQL of snapshots, and of the movements that they are made of.
//
// Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "database/history.h"
#include "snapshots/snapshot.h"

// How far a portfolio's snapshots are, and what of the portfolio they depend on.
struct snapshot_progress {
    int64_t closed_at; // of the last one; when it was opened before the first
    int64_t revision;
    bool is_ended;
    // Without a base: when the portfolio was opened, or something in it happened before; 0 when it
    // was opened before the clock was set, and nothing has happened since.
    int64_t begins_at;
    bool is_closed;
    int64_t portfolio_closed_at;
    int64_t reset_seq;
    bool is_reset;
    int64_t reset_at;
    bool has_base;
    struct snapshot base; // the last one that holds, with its positions; empty without
};

// Reads where to go on: behind the last snapshot that has all movements of before its close.
// Whatever was booked late, it is behind one of before. `out_found` tells whether there is such a
// portfolio.
MUST_CHECK bool snapshot_store_read_progress(struct database *database,
                                             struct arena *arena,
                                             const char *portfolio_id,
                                             struct snapshot_progress *out_progress,
                                             bool *out_found,
                                             struct error *error);

// The movements after a snapshot, by the day that they belong to, kind and ticker.
struct snapshot_group {
    size_t day;  // of the closes given; their count for what is later than all of them
    bool is_new; // since the portfolio began anew the last time
    struct snapshot_movement movement;
    int64_t count;
    int64_t first_seq, last_seq;
};
MUST_CHECK bool snapshot_store_group_movements(struct database *database,
                                               struct arena *arena,
                                               const char *portfolio_id,
                                               const struct snapshot_progress *progress,
                                               const int64_t *closes,
                                               size_t count,
                                               struct snapshot_group **out_groups,
                                               size_t *out_count,
                                               struct error *error);

// Writes days that follow on one another, and how far it is now; `out_saved` is false when somebody
// else has written since the progress was read: then nothing was done. No days write the end alone.
// A claim on the days ends with it.
MUST_CHECK bool snapshot_store_save(struct database *database,
                                    struct arena *arena,
                                    const char *portfolio_id,
                                    const struct snapshot_progress *progress,
                                    const struct snapshot *snapshots,
                                    size_t count,
                                    bool is_ended,
                                    bool *out_saved,
                                    struct error *error);

// Days of a portfolio without their positions, the earliest first.
struct snapshot_range {
    const char *portfolio_id;
    int64_t revision;  // of the progress, from which on a standby's days will do
    const char *first; // dates; NULL for no bound
    const char *last;
    const char *before; // only days before this one, the latest `limit` of them; NULL for the first
    size_t limit;
    bool is_backwards;
};
MUST_CHECK bool snapshot_store_list(struct history *history,
                                    struct arena *arena,
                                    const struct snapshot_range *range,
                                    struct snapshot **out_snapshots,
                                    size_t *out_count,
                                    struct error *error);

// What each ticker gained on each day from `first` to `last` of a range, by day.
struct snapshot_gain {
    const char *day;
    const char *ticker;
    int64_t quantity;
    int64_t gain;
};
MUST_CHECK bool snapshot_store_list_gains(struct history *history,
                                          struct arena *arena,
                                          const struct snapshot_range *range,
                                          struct snapshot_gain **out_gains,
                                          size_t *out_count,
                                          struct error *error);
