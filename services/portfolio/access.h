// SPDX-License-Identifier: MIT
// access: who may see which portfolio. Another user's is answered exactly as an unknown one.
#pragma once

#include "portfolio.h"
#include "portfolio_store.h"

// Finds a portfolio that the caller may see. A closed one is there only for those who read its
// ledger. Fails with PORTFOLIO_NOT_FOUND.
MUST_CHECK bool access_find(struct portfolio *portfolio,
                            struct call *call,
                            const char *portfolio_id,
                            bool closed_too,
                            struct portfolio_record *out_record,
                            struct error *error);

// The same for an open one within a transaction, taking its lock. A closed one fails with
// PORTFOLIO_CLOSED.
MUST_CHECK bool access_lock(struct transaction *transaction,
                            struct call *call,
                            const char *portfolio_id,
                            struct portfolio_record *out_record,
                            struct error *error);
