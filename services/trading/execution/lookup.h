// SPDX-License-Identifier: MIT
// lookup: what trading asks the other services about an order, remembered for a while: the owner of
// a portfolio for 60 s, a symbol for 30 s. When nobody answers within half a second, what was told
// in the ten minutes before has to do, so orders are taken while market or portfolio are away for a
// moment.
#pragma once

#include "orders/order.h"
#include "trading.h"

// How long what is remembered has to do after its time.
#define LOOKUP_KEEP_US (INT64_C(600) * MICROS_PER_SECOND)

// Finds whose the portfolio is. Fails with PORTFOLIO_NOT_FOUND, also for a caller who is neither
// its owner nor an administrator, and PORTFOLIO_CLOSED.
MUST_CHECK bool lookup_owner(struct trading *trading,
                             struct call *call,
                             const char *portfolio_id,
                             bool closed_too,
                             char out_user_id[UUID_SIZE],
                             struct error *error);

// The same of an open portfolio, with the terms that its orders are filled by. They are remembered,
// too: portfolio refuses what goes by terms of before.
MUST_CHECK bool lookup_portfolio(struct trading *trading,
                                 struct call *call,
                                 const char *portfolio_id,
                                 char out_user_id[UUID_SIZE],
                                 struct fill_terms *out_terms,
                                 struct error *error);

// Asks for the terms of a portfolio anew, whatever is remembered.
MUST_CHECK bool lookup_terms(struct trading *trading,
                             struct call *call,
                             const char *portfolio_id,
                             struct fill_terms *out_terms,
                             struct error *error);

// Finds an order that the caller may see; another user's is answered as an unknown one, with
// ORDER_NOT_FOUND.
MUST_CHECK bool lookup_order(struct trading *trading,
                             struct call *call,
                             const char *order_id,
                             struct order **out_order,
                             struct error *error);

// Whether parts of a share are traded. Fails with SYMBOL_NOT_FOUND.
MUST_CHECK bool lookup_fractionable(struct trading *trading,
                                    struct call *call,
                                    const char *ticker,
                                    bool *out_is_fractionable,
                                    struct error *error);

// Fails with SYMBOL_NOT_FOUND, SYMBOL_NOT_TRADABLE, or NOT_FRACTIONABLE for that quantity.
MUST_CHECK bool lookup_tradable(struct trading *trading,
                                struct call *call,
                                const char *ticker,
                                int64_t quantity,
                                struct error *error);
