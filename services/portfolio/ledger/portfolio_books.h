// SPDX-License-Identifier: MIT
// portfolio_books: books in and out of the database, many in two round trips.
//
// Loading takes the lock of each portfolio's row, in the order of their ids, so that two batches
// never wait for each other in a circle. Memory: the books are freed by books_free.
#pragma once

#include "database/database.h"
#include "ledger/ledger.h"

// What of the portfolios is wanted: for each, the cash, and what the arrays beside it name. They
// are as long as `count`, or NULL. A portfolio may come several times.
struct books_wanted {
    size_t count; // at least 1
    const char **portfolio_ids;
    const char **tickers;
    const char **order_ids;   // whose holds
    const char **journal_ids; // to learn which are booked already
    const int64_t *sold;      // shares that are to be sold, of all that come before in the batch
                              // too: the lot of the last one is loaded; 0 for none
    const int64_t *filled_at; // whether a dividend or split of the ticker has come into effect
                              // since; 0 for not asked
    bool all_balances;        // every balance instead of the cash and those of `tickers`
    bool held_shares;         // the balances of the shares that the orders hold, too
};

struct books {
    size_t count;
    struct book **books;
    bool *overtaken; // as `filled_at` asks, one for each that is wanted; or NULL
};

void books_free(struct books **books);

// Locks and loads, in one round trip. A portfolio that does not exist has no book.
MUST_CHECK bool books_load(struct transaction *transaction,
                           const struct books_wanted *wanted,
                           struct books **out_books,
                           struct error *error);

// Adds the balances that the books of these portfolios do not have yet. Sends what is queued.
MUST_CHECK bool books_load_all_balances(struct transaction *transaction,
                                        struct books *books,
                                        const char **portfolio_ids,
                                        size_t count,
                                        struct error *error);

// Adds holds to the books, from rows with the columns that books_load asks for.
void books_take_holds(struct books *books, const struct rows *rows);

// Adds lots to the books, from rows with the columns portfolio_id, ticker, series, quantity,
// quantity_after, cost, cost_after, journal_id and opened_at.
void books_take_lots(struct books *books, const struct rows *rows);

// The book of a portfolio, or NULL.
struct book *books_find(const struct books *books, const char *portfolio_id);

// Queues all that has changed; it leaves with the commit.
MUST_CHECK bool
books_save(struct transaction *transaction, const struct books *books, struct error *error);
