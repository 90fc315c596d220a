// SPDX-License-Identifier: MIT
// import_private: an import of transactions while it is worked on, for the files import_*.c alone.
//
// Memory: the call's arena for what is answered, the transaction's for the rest.
#pragma once

#include "base/digest.h"
#include "bourse/portfolio/v1/portfolio_server.h"
#include "events/balance_events.h"
#include "ledger/portfolio_books.h"
#include "portfolio.h"
#include "transactions/import_actions.h"

struct import {
    struct portfolio *portfolio;
    struct call *call;
    const Portfolio__TakeTransactionsRequest *request;
    Portfolio__ImportTransactionsResponse *response;
    bool is_dry;
    int64_t now;
    char digest[SHA256_HEX_SIZE]; // of the file
    struct text csv;
    struct transaction_table read; // of it
    struct transaction_table table;
    const char **tickers;
    size_t ticker_count;
    bool has_reset; // a row of the file has the portfolio begin anew
    // Within the transaction.
    struct portfolio_record record; // as it is after the rows so far
    struct book *book;
    char id[UUID_SIZE]; // of this file in this portfolio, since that began (anew)
    struct import_actions actions;
    const struct import_action **booked; // one a row: what it is, when that is booked already
    const struct import_action **alike;  // one a row: what it may be, but says another amount of
    size_t action;                       // the next one that rows come to
    bool is_there;
    struct balance_changes changes;
};

// Loads the portfolio's book with all that the rows need of it, and learns whether the file has
// been booked already. The portfolio must be locked, its record is there.
MUST_CHECK bool import_load(struct transaction *transaction,
                            struct import *import,
                            struct books **out_books,
                            struct error *error);

// Names the file, as of a portfolio that began behind the record's `reset_seq`: one that has begun
// anew may take a file once more.
void import_set_id(struct import *import);

// The id of a row, counted in the order of the file; those of a file are all there, or none.
struct uuid import_row_id(const struct import *import, uint32_t line);

// What a beginning of the file refers to, whenever the portfolio began before it.
struct uuid import_beginning_id(const struct import *import);

// Books all rows into the book, or notes in the table why one cannot be; in the answer, of a dry
// run, is what became of each.
MUST_CHECK bool
import_book_rows(struct transaction *transaction, struct import *import, struct error *error);
