// SPDX-License-Identifier: MIT
// snapshots: takes what portfolios were worth at each close, from the ledger and market's closing
// prices.
//
// Taking them is a matter of catching up: whoever does it goes on behind the last one that has all
// movements of before its close, so that days on which nobody was there are filled, and one that
// lacks what was booked late is made anew with all behind it. Of several who do it at the same
// time one writes. So the schedule, a restart and a reader may all do it, at any time.
//
// Threads: any. Memory: what is found lies in the call's arena.
#pragma once

#include "portfolio.h"
#include "rpc/rpc.h"
#include "snapshots/snapshot.h"

struct snapshots_state {
    bool has_present;
    struct snapshot present; // since the last close, at the latest prices; its day is the session's
    int64_t days_per_year;
    int64_t revision; // of the progress with all of them
};

// Takes all snapshots of a portfolio until the last close, as far as the call's deadline allows.
// `out_revision` is that of the progress then.
//
// Fails with PORTFOLIO_NOT_FOUND, UNAVAILABLE when market cannot be asked, and with UNAVAILABLE too
// when there are more days than can be filled until the deadline: those that were stay.
MUST_CHECK bool snapshots_catch_up(struct portfolio *portfolio,
                                   struct call *call,
                                   const char *portfolio_id,
                                   int64_t *out_revision,
                                   struct error *error);

// Takes those of 250 days at most, for who has others to care for, too.
MUST_CHECK bool snapshots_take_some(struct portfolio *portfolio,
                                    struct call *call,
                                    const char *portfolio_id,
                                    struct error *error);

// Takes all, and then what has been since the last close: there is something when the next session
// has begun, or something was booked.
MUST_CHECK bool snapshots_take_present(struct portfolio *portfolio,
                                       struct call *call,
                                       const char *portfolio_id,
                                       struct snapshots_state *out_state,
                                       struct error *error);
