// SPDX-License-Identifier: MIT
// transaction_message: movements of the ledger as the API tells of them.
//
// Memory: messages lie in the arena given, and refer to the texts of what they are made of. NULL
// when the budget is spent. Threads: pure functions.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "portfolios/portfolio_store.h"

// The ledger's name of a kind of transaction; NULL for an unknown one.
const char *transaction_kind_name(Portfolio__TransactionType type);

Portfolio__Transaction *transaction_of_movement(const struct movement_record *movement,
                                                const char *portfolio_id,
                                                struct arena *arena);

// Of a movement that is to be booked, or has just been; without the lots of an opening.
Portfolio__Transaction *transaction_of_journal(const struct book *book,
                                               const struct ledger_journal *journal,
                                               struct arena *arena);
