// SPDX-License-Identifier: MIT
// snapshots: takes what portfolios were worth at each close, from the ledger and market's closing
// prices.
//
// Taking them is a matter of catching up: whoever does it goes on behind the last one that has all
// movements of before its close, so that days on which nobody was there are filled, and one that
// lacks what was booked late is made anew with all behind it. Of several who do it at the same
// time one writes. So the schedule, a restart and a reader may all do it, at any time. A reader
// does what is quickly done, and leaves the rest to the schedule.
//
// Threads: any. Memory: what is found lies in the call's arena.
#pragma once

#include "portfolio.h"
#include "rpc/rpc.h"
#include "snapshots/snapshot.h"

struct snapshots_state {
    bool is_complete;        // all days that have closed are there
    char through[DATE_SIZE]; // the last one that is; those behind it do not hold; empty for none
    int64_t revision;        // of the progress with these
    bool has_present;        // never when they are not complete
    struct snapshot present; // since the last close, at the latest prices; its day is the session's
    int64_t days_per_year;
};

// Takes the snapshots of a portfolio until the last close, as far as a second goes.
//
// Fails with PORTFOLIO_NOT_FOUND, and UNAVAILABLE when market cannot be asked.
MUST_CHECK bool snapshots_catch_up(struct portfolio *portfolio,
                                   struct call *call,
                                   const char *portfolio_id,
                                   struct snapshots_state *out_state,
                                   struct error *error);

// Takes those that are missing, as far as a second goes, for who has others to care for, too.
MUST_CHECK bool snapshots_fill(struct portfolio *portfolio,
                               struct call *call,
                               const char *portfolio_id,
                               struct error *error);

// Catches up, and when all are there takes what has been since the last close: there is something
// when the next session has begun, or something was booked.
MUST_CHECK bool snapshots_take_present(struct portfolio *portfolio,
                                       struct call *call,
                                       const char *portfolio_id,
                                       struct snapshots_state *out_state,
                                       struct error *error);
