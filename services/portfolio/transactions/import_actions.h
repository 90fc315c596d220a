// SPDX-License-Identifier: MIT
// import_actions: dividends and splits that a file has and the platform knows of, too.
//
// Each is booked once in a portfolio, by whoever comes first. A row is an action when it is of its
// kind and ticker and of the day, of UTC, on which it came into effect. What the platform has
// booked is passed over in the file; what the file has booked, under an id that says so, the
// platform passes over (ledger_imported_action).
//
// Brokers date a dividend by when it was paid. So a row of another day is the first dividend of the
// 60 days before it of which it says the same amount a share, or comes to the same cash.
//
// Memory: within the import's transaction. Threads: none of its own.
#pragma once

#include "ledger/ledger.h"
#include "portfolios/portfolio_store.h"
#include "transactions/import_store.h"
#include "transactions/transaction_csv.h"

struct import_actions {
    struct import_action *actions; // by the time from which they are in effect
    const char **journal_ids;      // one each: its booking in the portfolio
    size_t count;
};

// Reads those that rows of the file may be, or have to say something of.
MUST_CHECK bool import_actions_load(struct transaction *transaction,
                                    const struct portfolio_record *record,
                                    const struct transaction_table *table,
                                    const char *const *tickers,
                                    size_t ticker_count,
                                    struct import_actions *out_actions,
                                    struct error *error);

// True of a dividend or split, which may be an action.
bool import_actions_is_one(const struct transaction_row *row);

// The id that such a row has in the ledger of a portfolio that began behind `reset_seq`.
struct uuid
import_actions_mark(const char *portfolio_id, int64_t reset_seq, const struct transaction_row *row);

// The action that a row is and that is in the book already, since the portfolio began; or NULL.
// What is found is noted as a row of the file.
const struct import_action *import_actions_find_booked(const struct import_actions *actions,
                                                       const struct portfolio_record *record,
                                                       const struct book *book,
                                                       const struct transaction_row *row);

// The dividend that a row may be the payment of, in the book already and no row of the file yet; or
// NULL. `out_is_same` says that it is, which is noted then; otherwise it is the last one before it.
const struct import_action *import_actions_find_paid(const struct import_actions *actions,
                                                     const struct portfolio_record *record,
                                                     const struct book *book,
                                                     const struct transaction_row *row,
                                                     bool *out_is_same);

// Whether the file has a row that is the split.
bool import_actions_has_row(const struct transaction_table *table,
                            const struct import_action *split);
