// SPDX-License-Identifier: MIT
// portfolio_page_token: where the next page of a list of portfolios, watchlists, movements or lots
// begins, in a form that clients hand back unread.
//
// Threads: pure functions.
#pragma once

#include "base/arena.h"
#include "base/error.h"

// Writes the token of the last portfolio or watchlist of a page. NULL when the arena's budget is
// spent.
MUST_CHECK const char *
portfolio_page_token_write(struct arena *arena, int64_t created_at, const char *id);

// Reads one; `out_id` points into it. Leaves both alone when `token` is NULL or empty: the first
// page. Fails with INVALID_PAGE_TOKEN.
MUST_CHECK bool portfolio_page_token_read(const char *token,
                                          int64_t *out_created_at,
                                          const char **out_id,
                                          struct error *error);

// The same for movements, which go by their number in the ledger, from 1.
MUST_CHECK const char *movement_page_token_write(struct arena *arena, int64_t sequence);
MUST_CHECK bool
movement_page_token_read(const char *token, int64_t *out_sequence, struct error *error);

// Where a page of lots ended: behind the open or among the closed ones, at that share of a series.
struct lot_position {
    bool is_closed;
    const char *ticker;
    int64_t series;
    int64_t quantity_after;
};
MUST_CHECK const char *lot_page_token_write(struct arena *arena,
                                            const struct lot_position *position);
MUST_CHECK bool
lot_page_token_read(const char *token, struct lot_position *out_position, struct error *error);
