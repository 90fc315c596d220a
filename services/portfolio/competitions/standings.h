// SPDX-License-Identifier: MIT
// standings: who of a competition has how much, and so which rank.
//
// Threads: pure functions. Money in micros, percents in millionths.
#pragma once

#include "base/base.h"
#include "base/uuid.h"

enum { STANDING_NAME_SIZE = 40 * 4 + 1 };

struct standing {
    char user_id[UUID_SIZE];
    char portfolio_id[UUID_SIZE];
    char display_name[STANDING_NAME_SIZE];
    int64_t joined_at;
    bool has_value; // false when a price or the last close is not known
    int64_t total_value;
    // What standings_rank adds.
    size_t rank; // from 1; 0 without a value
    bool has_return;
    int64_t return_percent;
};

// Sorts them, the best first, those of the same value by name and those without one last; and ranks
// them: who has the same has the same rank, and the next one that of their place ("standard
// competition ranking"). The return is against `cash`, which is more than 0.
void standings_rank(struct standing *standings, size_t count, int64_t cash);
