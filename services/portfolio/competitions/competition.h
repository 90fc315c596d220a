// SPDX-License-Identifier: MIT
// competition: the rules of competitions, without SQL: when one begins and ends, and what a
// portfolio that is part of one may not do meanwhile.
//
// Everybody begins with the same cash, and nothing but trading changes what they have; so whoever
// has the most at the close of the last day has done best, and nothing has to be reckoned to
// compare them.
//
// Threads: pure functions. Times in microseconds since 1970, platform time; money in micros.
#pragma once

#include "base/arena.h"
#include "portfolios/portfolio_store.h"
#include "valuation/closes.h"

enum {
    COMPETITION_PLAYERS_MAX = 1000, // of one
    COMPETITION_DAYS_MAX = 366,     // from now until the last one
};

struct competition {
    char id[UUID_SIZE];
    const char *name;
    const char *description;
    int64_t cash;
    int64_t starts_at;
    int64_t ends_at;
    int64_t created_at;
    size_t players; // who have joined
    // Of the user who asks; NULL when they have not joined, and without a portfolio once it is
    // closed.
    const char *display_name;
    const char *portfolio_id;
};

enum competition_state { COMPETITION_UPCOMING, COMPETITION_RUNNING, COMPETITION_ENDED };

enum competition_state competition_state_at(const struct competition *competition, int64_t now);

// Until when sessions have to be known to schedule one.
int64_t competition_horizon(int64_t now);

// When a competition of these dates begins and ends: at the open of its first session, or at once
// (`first_day` NULL, or today); and at the close of its last one. `sessions` are those that close
// after `now` and until the horizon, the earliest first.
//
// Fails with INVALID_REQUEST for dates that are over, too far, or without a session between them.
MUST_CHECK bool competition_schedule(const char *first_day,
                                     const char *last_day,
                                     const struct session_list *sessions,
                                     int64_t now,
                                     int64_t *out_starts_at,
                                     int64_t *out_ends_at,
                                     struct error *error);

// Whether one more may join. Fails with COMPETITION_ENDED, ALREADY_JOINED, LIMIT_EXCEEDED.
MUST_CHECK bool
competition_check_join(const struct competition *competition, int64_t now, struct error *error);

// Whether a portfolio is free to be paid into or out of, to begin anew, to take imports and to have
// other fill settings. Fails with IN_COMPETITION while it competes.
MUST_CHECK bool
competition_leaves_free(const struct portfolio_record *record, int64_t now, struct error *error);
