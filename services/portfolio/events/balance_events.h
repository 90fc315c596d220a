// SPDX-License-Identifier: MIT
// balance_events: what has become of a portfolio's cash and positions, for those who follow it.
//
// Every change of a cash or shares balance has a number in its row (book_number_changes), taken
// under the portfolio's lock: so once a number can be seen, none below it can come any more. Of
// several changes of one balance the latest is what counts, so nothing is kept beside the balances.
//
// That something has changed is published on the topic "balances" once it is committed, best
// effort: who follows asks for what it was.
#pragma once

#include "ledger/portfolio_books.h"
#include "portfolio.h"

enum { BALANCE_CHANGES_MAX = 64 }; // portfolios in a transaction

// The portfolios that a transaction changes.
struct balance_changes {
    size_t count;
    struct balance_change {
        char portfolio_id[UUID_SIZE];
        char user_id[UUID_SIZE];
        int64_t sequence; // of the cash
    } portfolios[BALANCE_CHANGES_MAX];
};

// Notes those whose cash or shares have changed in books that have been saved.
void balance_changes_take(struct balance_changes *changes, const struct books *books);
// Tells of them, after the commit.
void balance_changes_publish(struct portfolio *portfolio, const struct balance_changes *changes);

// Up to `limit` changes after the number `after`, by their numbers; none without it.
struct balance_event_page {
    const char *portfolio_id;
    bool has_after;
    int64_t after;
    size_t limit; // at least 1
};
struct balance_events {
    struct ledger_balance *balances; // cash and shares, as they are now; with `sequence`
    size_t count;
    bool is_full;       // there may be more
    int64_t latest;     // number of the portfolio; 0 before there is any
    int64_t next_after; // up to here all has been told
};
MUST_CHECK bool balance_events_page(struct database *database,
                                    struct arena *arena,
                                    const struct balance_event_page *page,
                                    struct balance_events *out_events,
                                    struct error *error);
