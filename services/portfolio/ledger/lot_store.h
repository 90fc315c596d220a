// SPDX-License-Identifier: MIT
// lot_store: pages of lots. A page reads about as many rows as it has, however long the history is.
//
// Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "portfolios/portfolio_page_token.h"

struct lot_query {
    const char *portfolio_id;
    const char *ticker; // NULL for all
    bool is_average;    // else the oldest are sold first
    bool open, closed;  // which are wanted; the open ones come first
    struct lot_position after;
    size_t limit;
};

struct lot_record {
    struct lot_position position;
    const char *opened_by; // NULL for an average
    const char *closed_by; // of a closed one
    int64_t quantity;
    int64_t cost;
    int64_t proceeds;    // of a closed one
    int64_t realized_pl; // of a closed one
    int64_t opened_at;
    bool has_opened_at;
    int64_t closed_at;
};

struct lot_list {
    struct lot_record *records;
    size_t count; // at most the limit
    bool has_more;
    int64_t realized_pl; // of all sales of the portfolio or ticker
};

// Copies the open lots of a portfolio into series 1 of another one, for the tickers given, each as
// opened by that journal. Queued.
MUST_CHECK bool store_copy_lots(struct transaction *transaction,
                                const char *from_id,
                                const char *to_id,
                                const char *const *tickers,
                                const char *const *journal_ids,
                                size_t count,
                                struct error *error);

// Reads a page, all of one moment.
MUST_CHECK bool store_page_lots(struct database *database,
                                struct arena *arena,
                                const struct lot_query *query,
                                struct lot_list *out_list,
                                struct error *error);
