// SPDX-License-Identifier: MIT
// portfolio_store: the SQL of portfolios and of what is read of the ledger.
//
// What locks and changes books is in portfolio_books. Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"
#include "database/history.h"
#include "ledger/ledger.h"
#include "portfolios/fill_settings.h"

struct portfolio_record {
    char id[UUID_SIZE];
    char user_id[UUID_SIZE];
    const char *name;
    const char *description;
    bool is_closed;
    int64_t created_at;
    int64_t updated_at;
    int64_t opening_cash;
    bool is_reset;
    int64_t reset_at;  // of the last time
    int64_t reset_seq; // the cash movements up to this one are of before
    struct fill_settings fill_settings;
    // Of one that was opened for a competition; empty and 0 of all others.
    char competition_id[UUID_SIZE];
    int64_t trades_from;    // no order is held for before
    int64_t competes_until; // the competition's rules hold before; see competition.h
};

// Finds a portfolio, open or closed. `out_found` tells whether there is one.
MUST_CHECK bool store_find_portfolio(struct database *database,
                                     struct arena *arena,
                                     const char *id,
                                     struct portfolio_record *out_record,
                                     bool *out_found,
                                     struct error *error);

// The same within a transaction, and takes the portfolio's lock.
MUST_CHECK bool store_lock_portfolio(struct transaction *transaction,
                                     const char *id,
                                     struct portfolio_record *out_record,
                                     bool *out_found,
                                     struct error *error);

// Up to `limit` open portfolios of a user, oldest first, after one of that time and id.
struct portfolio_page {
    const char *user_id;
    const char *only_id; // NULL for all of the user's
    int64_t after_created_at;
    const char *after_id; // NULL for the first page
    size_t limit;
};
MUST_CHECK bool store_page_portfolios(struct database *database,
                                      struct arena *arena,
                                      const struct portfolio_page *page,
                                      struct portfolio_record **out_records,
                                      size_t *out_count,
                                      struct error *error);

// Inserts a portfolio; `out_inserted` is false when the id is there already.
MUST_CHECK bool store_insert_portfolio(struct transaction *transaction,
                                       const struct portfolio_record *record,
                                       bool *out_inserted,
                                       struct error *error);

// Writes name, description, fill settings and updated_at.
MUST_CHECK bool store_update_portfolio(struct transaction *transaction,
                                       const struct portfolio_record *record,
                                       struct error *error);

// Writes the time, opening_cash and reset_seq of a portfolio that has been reset.
MUST_CHECK bool store_reset_portfolio(struct transaction *transaction,
                                      const struct portfolio_record *record,
                                      struct error *error);

// Counts the open portfolios of a user, and keeps others from counting them until the transaction
// ends: whoever counts before adding one never adds one too many.
MUST_CHECK bool store_count_portfolios(struct transaction *transaction,
                                       const char *user_id,
                                       int64_t now,
                                       int64_t *out_count,
                                       struct error *error);

MUST_CHECK bool store_close_portfolio(struct transaction *transaction,
                                      const char *id,
                                      int64_t closed_at,
                                      struct error *error);

// The cash and shares balances of portfolios, one row each; shares that are gone too, for their
// realized P/L. Each looks back over the portfolio's journals of the day that began at `day`
// (appraisal_day).
struct balance_record {
    char portfolio_id[UUID_SIZE];
    struct ledger_balance balance;
    int64_t day; // that was asked for
    // Since it began: of shares, those bought less those sold, and the cash that came of them;
    // of cash, what came of no shares. Deposits and withdrawals are neither.
    int64_t day_quantity;
    int64_t day_cash;
    bool is_day_known; // not after more than 1,000 movements of the portfolio in the day
};
MUST_CHECK bool store_list_balances(struct database *database,
                                    struct arena *arena,
                                    const char *const *portfolio_ids,
                                    size_t count,
                                    int64_t day,
                                    struct balance_record **out_records,
                                    size_t *out_count,
                                    struct error *error);

// Portfolios, open and closed, with the balances of all of them, in one round trip and as of one
// moment. Ids that are unknown are left out.
MUST_CHECK bool store_gather_portfolios(struct database *database,
                                        struct arena *arena,
                                        const char *const *ids,
                                        size_t count,
                                        int64_t day,
                                        struct portfolio_record **out_records,
                                        size_t *out_count,
                                        struct balance_record **out_balances,
                                        size_t *out_balance_count,
                                        struct error *error);

// The same of one portfolio, in a transaction that holds its lock.
MUST_CHECK bool store_read_balances(struct transaction *transaction,
                                    const char *portfolio_id,
                                    int64_t day,
                                    struct balance_record **out_records,
                                    size_t *out_count,
                                    struct error *error);

struct movement_filter {
    const char *portfolio_id;
    int64_t before_seq; // 0 for the first page
    int64_t after_seq;  // 0 for all
    bool has_start, has_end;
    int64_t start, end;
    const char *kind;   // NULL for all
    const char *ticker; // NULL for all
    size_t limit;
};

struct movement_record {
    const char *id;
    const char *kind;
    const char *ticker;   // NULL for none
    const char *order_id; // NULL for none
    const char *note;
    int64_t quantity;
    int64_t price;
    int64_t commission;
    bool has_realized_pl;
    int64_t realized_pl;
    int64_t realized_pl_fifo;
    int64_t cash_change;
    int64_t cash_after;
    int64_t booked_at;
    int64_t seq; // of the cash account: the order of the movements, and the page token
    // Of an opening of shares: what they had cost, and as what they were bought.
    bool has_cost;
    int64_t cost;
    const struct ledger_opened_lot *lots;
    size_t lot_count;
};

// Newest first. What is before a movement that has been seen does not change any more: those pages
// are read as history.
MUST_CHECK bool store_page_movements(struct history *history,
                                     struct arena *arena,
                                     const struct movement_filter *filter,
                                     struct movement_record **out_records,
                                     size_t *out_count,
                                     struct error *error);

// Reads the lots of the openings among those movements, which are of one portfolio: the first
// LEDGER_OPENED_LOTS_MAX of each. Where they are too many for a page, `count` becomes less, and
// stays 1 at least.
MUST_CHECK bool store_read_opened_lots(struct database *database,
                                       struct arena *arena,
                                       const char *portfolio_id,
                                       struct movement_record *records,
                                       size_t *count,
                                       struct error *error);

MUST_CHECK bool store_sum_cash(struct database *database,
                               struct arena *arena,
                               const char *user_id,
                               int64_t *out_cash,
                               struct error *error);

// Recomputes everything from the ledger; one sentence a difference, at most `limit`.
MUST_CHECK bool store_audit(struct database *database,
                            struct arena *arena,
                            const char *portfolio_id,
                            size_t limit,
                            const char ***out_differences,
                            size_t *out_count,
                            struct error *error);
