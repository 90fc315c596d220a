// SPDX-License-Identifier: MIT
// transactions_api: transactions as a table for spreadsheets, and from one.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "rest/exchange.h"

// Bytes of a file to import, as TakeTransactions has it.
enum { TRANSACTIONS_FILE_MAX = 192 * 1024 };

// Makes the answer a table of all transactions that match, page after page of portfolio; what would
// be too large ends early, and the header X-Next-Page-Token says where it goes on. `request` is
// changed. Fails as ListTransactions does.
MUST_CHECK bool transactions_write_table(struct exchange *exchange,
                                         Portfolio__ListTransactionsRequest *request,
                                         struct error *error);
