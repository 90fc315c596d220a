// SPDX-License-Identifier: MIT
// admission: whether orders may be placed, by the limits and halts of their portfolios.
//
// What needs nothing but memory is checked before anything is written (admission_check). Orders a
// day are counted in the transaction that inserts the orders, under a lock of the portfolio's
// count, and only for portfolios that have that limit. Position and loss are portfolio's to know:
// it is told the limits with Reserve (admission_tell), and checks them under the lock of its books.
//
// The orders are inserted only if no limit of theirs was changed after the revision they were
// checked by; otherwise the caller begins anew (admission_is_outdated).
//
// Threads: an admission has one user at a time. Memory: as its owner keeps it.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "limits/limit_store.h"
#include "quotes/quotes.h"
#include "store/trading_intents.h"
#include "store/trading_store.h"
#include "trading.h"

struct admission {
    struct trading *trading;
    int64_t revision;  // that the orders are checked by
    int64_t day;       // when the present day of trading began
    bool has_followed; // what is known has been brought up to date since it began
    size_t count;
    struct counted_order counted[STORE_BATCH_MAX];
};

// Begins with what is known now. Fails when nothing is known yet, and cannot be asked.
MUST_CHECK bool admission_begin(struct admission *admission,
                                struct trading *trading,
                                const struct platform_clock *clock,
                                struct error *error);

// Checks an order whose hold is known, at the last price. Fails with TRADING_HALTED or
// LIMIT_EXCEEDED; before the first refusal it is asked whether that is how it stands still, so that
// what was allowed on another replica a moment ago is not refused here.
MUST_CHECK bool admission_check(struct admission *admission,
                                const struct order *order,
                                int64_t price,
                                struct error *error);

// Leaves the orders out that are more than may be placed today, in a transaction before they are
// inserted; costs nothing where there is no such limit. And counts them, after they were inserted.
MUST_CHECK bool admission_count(struct admission *admission,
                                struct transaction *transaction,
                                struct store_new_order *orders,
                                size_t count,
                                struct error *error);
MUST_CHECK bool admission_add(const struct admission *admission,
                              struct transaction *transaction,
                              struct error *error);

// Fills `error` with LIMIT_EXCEEDED for an order that was left out.
void admission_refuse(const struct admission *admission,
                      const struct order *order,
                      struct error *error);

// Whether limits have been changed since the admission began: an order that was not inserted may
// have been left out for that. What has changed is known then.
bool admission_is_outdated(const struct admission *admission);

// Tells portfolio, with the hold of a buy, what is to be checked before it.
void admission_tell(struct trading *trading,
                    const struct order *order,
                    Portfolio__ReserveRequest *request);
