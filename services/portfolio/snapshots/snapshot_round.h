// SPDX-License-Identifier: MIT
// snapshot_round: some days of one portfolio, one after the other, from the ledger and market's
// closing prices: what snapshots are taken with.
//
// Threads: one owner. Memory: everything lies in the call's arena.
#pragma once

#include "portfolio.h"
#include "rpc/rpc.h"
#include "snapshots/snapshot_store.h"
#include "valuation/closes.h"

// What has become of all days that there are to be taken.
enum snapshot_outcome {
    SNAPSHOTS_HAVE_MORE,
    SNAPSHOTS_ARE_COMPLETE,
    SNAPSHOTS_ARE_LEFT, // to somebody else, who is taking them
};

struct snapshot_round {
    struct portfolio *portfolio; // these three are given
    struct call *call;
    const char *portfolio_id;
    struct snapshot_progress progress;
    int64_t from;            // all that has been taken is of before
    char through[DATE_SIZE]; // the last day that is there; empty for none
    struct session_list sessions;
    struct snapshot_group *groups;
    size_t group_count;
    const char **tickers;
    struct close_price **prices; // by ticker and session
    size_t ticker_count;
    size_t day; // that is being made
    struct snapshot *snapshots;
};

// Reads where to go on. Fails with PORTFOLIO_NOT_FOUND.
MUST_CHECK bool snapshot_round_read(struct snapshot_round *round, struct error *error);

// Takes the next days, `days` at most, behind what was read. When these are not all that are
// missing they are claimed, so that of several who fill many days each reckons others.
MUST_CHECK bool snapshot_round_take(struct snapshot_round *round,
                                    const struct platform_clock *clock,
                                    size_t days,
                                    enum snapshot_outcome *out_outcome,
                                    struct error *error);

// The movements behind what was read, by the closes of the sessions.
MUST_CHECK bool snapshot_round_group(struct snapshot_round *round, struct error *error);

// Adds those of a day.
MUST_CHECK bool snapshot_round_add_movements(const struct snapshot_round *round,
                                             size_t day,
                                             struct snapshot *snapshot,
                                             struct error *error);
