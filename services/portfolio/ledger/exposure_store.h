// SPDX-License-Identifier: MIT
// exposure_store: what the limits of exposure.h need of the database, for those Reserves of a batch
// that name some.
//
// A batch without such a Reserve costs nothing; one with some, a round trip more for all of them,
// and another one for portfolios whose day has to be looked up, once a day. Everything is read
// under the locks of the portfolios, so what is open to be bought is known to the last order.
//
// Threads: the transaction's. Memory: the transaction's arena.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "ledger/exposure.h"
#include "ledger/portfolio_books.h"
#include "quotes/quotes.h"
#include "rpc/rpc.h"

struct exposures;

// Whether one of the Reserves has limits.
bool exposures_are_asked(const struct rpc_batch_item *items, size_t count);

// Loads what the Reserves among the items need into the books; NULL when none has limits.
MUST_CHECK bool exposures_load(struct transaction *transaction,
                               struct quotes *quotes,
                               struct books *books,
                               const struct rpc_batch_item *items,
                               size_t count,
                               struct exposures **out_exposures,
                               struct error *error);

// Checks the limits of a Reserve, if it has some and holds nothing yet. Fails as exposure_check_...
// do, and with UNAVAILABLE when the day's beginning is not said.
MUST_CHECK bool exposures_check(const struct exposures *exposures,
                                const struct book *book,
                                const Portfolio__ReserveRequest *request,
                                struct error *error);
