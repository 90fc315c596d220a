// SPDX-License-Identifier: MIT
// import_store: the SQL of what an import of transactions depends on, and of what depends on it.
// Within the caller's transaction and its arena, unless it is said otherwise.
#pragma once

#include "database/database.h"

// The latest date of what has been booked in a portfolio, since it began anew when it did; 0 for
// nothing. The portfolio must be locked.
MUST_CHECK bool import_store_find_last(struct transaction *transaction,
                                       const char *portfolio_id,
                                       int64_t *out_booked_at,
                                       struct error *error);

// The dividends and splits of those tickers that have been booked, or are being, and are in effect
// since that time or a later one, in that order; dividends from `dividends_since` on.
struct import_action {
    const char *id;
    const char *ticker;
    bool is_split;
    int64_t effective_at;
    int64_t amount; // of a dividend: a share
    // Of a portfolio.
    int64_t paid;  // of a dividend that is booked there
    bool is_a_row; // of the file
};
MUST_CHECK bool import_store_list_actions(struct transaction *transaction,
                                          const char *const *tickers,
                                          size_t count,
                                          int64_t since,
                                          int64_t dividends_since,
                                          struct import_action **out_actions,
                                          size_t *out_count,
                                          struct error *error);

// The cash of a portfolio's journals: 0 of those that are not there.
MUST_CHECK bool import_store_read_cash(struct transaction *transaction,
                                       const char *portfolio_id,
                                       const char *const *journal_ids,
                                       size_t count,
                                       int64_t *out_amounts,
                                       struct error *error);

// Whether one of the movements is there: of `ids` whatever it is of, of `marks` as one of that
// reference.
struct import_movements {
    const char *const *ids;
    size_t id_count;
    const char *const *marks;
    size_t mark_count;
    const char *reference;
};
MUST_CHECK bool import_store_has_movement(struct transaction *transaction,
                                          const char *portfolio_id,
                                          const struct import_movements *movements,
                                          bool *out_is_there,
                                          struct error *error);

// Whether the portfolio began anew by the movement of that reference, the one behind `reset_seq`.
MUST_CHECK bool import_store_has_begun_by(struct transaction *transaction,
                                          const char *portfolio_id,
                                          int64_t reset_seq,
                                          const char *reference,
                                          bool *out_has,
                                          struct error *error);

// The open lots of those tickers, into the book of the portfolio, which must be locked.
struct books;
MUST_CHECK bool import_store_load_lots(struct transaction *transaction,
                                       const char *portfolio_id,
                                       const char *const *tickers,
                                       size_t count,
                                       struct books *books,
                                       struct error *error);

// Has what the portfolio was worth when the day began measured anew. Queued.
MUST_CHECK bool import_store_forget_day(struct transaction *transaction,
                                        const char *portfolio_id,
                                        struct error *error);

// Keeps a file that has been checked, in place of the one of the portfolio that was kept before,
// for an hour. It must be text without NUL. Queued, as dropping it is.
MUST_CHECK bool import_store_keep_file(struct transaction *transaction,
                                       const char *portfolio_id,
                                       const char *digest,
                                       struct text csv,
                                       struct error *error);
MUST_CHECK bool import_store_drop_file(struct transaction *transaction,
                                       const char *portfolio_id,
                                       struct error *error);

// The portfolio's file of that digest, or NULL. Not within a transaction.
MUST_CHECK bool import_store_find_file(struct database *database,
                                       struct arena *arena,
                                       const char *portfolio_id,
                                       const char *digest,
                                       const char **out_csv,
                                       struct error *error);

// Drops files whose hour is over; for a worker, which tries again when it fails.
void import_store_prune(struct database *database, struct arena *arena);
