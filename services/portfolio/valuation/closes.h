// SPDX-License-Identifier: MIT
// closes: the sessions that prices go by, and what symbols cost when these closed, as market has
// them stored.
//
// Threads: any. Memory: what is found lies in the call's arena.
#pragma once

#include "base/timestamp.h"
#include "portfolio.h"
#include "rpc/rpc.h"
#include "valuation/close_cache.h"

enum { SESSIONS_MAX = 400 };

struct session {
    char day[DATE_SIZE];
    int64_t open;
    int64_t close;
};

struct session_list {
    struct session *sessions; // the earliest first
    size_t count;
    bool has_more;
    int64_t days_per_year; // of sessions
};

// The sessions that closed after `after` and until `until`, at most `limit` of them, which is at
// most SESSIONS_MAX. Fails with UNAVAILABLE and the like when market cannot be asked.
MUST_CHECK bool closes_list_sessions(struct portfolio *portfolio,
                                     struct call *call,
                                     int64_t after,
                                     int64_t until,
                                     size_t limit,
                                     struct session_list *out_list,
                                     struct error *error);

// What a symbol cost at each of these closes, as it was traded or, with `is_adjusted`, as if its
// splits had always been. Where there is no price of a day, it is the one before. A symbol that
// market does not know, or has no prices of, has none.
MUST_CHECK bool closes_load(struct portfolio *portfolio,
                            struct call *call,
                            const char *ticker,
                            const struct session *sessions,
                            size_t count,
                            bool is_adjusted,
                            struct close_price **out_prices,
                            struct error *error);

// The last price before a moment; 0 for none.
MUST_CHECK bool closes_load_before(struct portfolio *portfolio,
                                   struct call *call,
                                   const char *ticker,
                                   int64_t before,
                                   bool is_adjusted,
                                   int64_t *out_price,
                                   struct error *error);
