// SPDX-License-Identifier: MIT
// opening: a new portfolio and its first cash.
//
// Threads: any. Memory: nothing is kept.
#pragma once

#include "portfolio.h"
#include "portfolios/portfolio_store.h"

// Whether a portfolio may be opened with so much; `field` is the request's that says it. In micros.
// Fails with INVALID_REQUEST.
MUST_CHECK bool portfolio_check_cash(const struct portfolio *portfolio,
                                     const char *field,
                                     int64_t cash,
                                     struct error *error);

// Writes a new portfolio and, as a deposit of that reference, its first cash, in micros.
// `out_inserted` is false when there is one of that id.
MUST_CHECK bool portfolio_open(struct transaction *transaction,
                               const struct portfolio_record *record,
                               int64_t cash,
                               const char *reference,
                               bool *out_inserted,
                               struct error *error);
