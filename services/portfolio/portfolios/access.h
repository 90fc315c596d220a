// SPDX-License-Identifier: MIT
// access: who may see which portfolio, and what is noted when it is another user's. To all but
// administrators another user's is answered exactly as an unknown one.
#pragma once

#include "portfolio.h"
#include "portfolios/portfolio_store.h"
#include "service/audit_outbox.h"

// Finds a portfolio that the caller may see. A closed one is there only for those who read its
// ledger. Fails with PORTFOLIO_NOT_FOUND.
MUST_CHECK bool access_find(struct portfolio *portfolio,
                            struct call *call,
                            const char *portfolio_id,
                            bool closed_too,
                            struct portfolio_record *out_record,
                            struct error *error);

// What access_find decides, of a portfolio that has been looked for already; `record` is NULL when
// there is none of that id.
MUST_CHECK bool access_check(const struct call *call,
                             const char *portfolio_id,
                             const struct portfolio_record *record,
                             bool closed_too,
                             struct error *error);

// The same for an open one within a transaction, taking its lock. A closed one fails with
// PORTFOLIO_CLOSED.
MUST_CHECK bool access_lock(struct transaction *transaction,
                            struct call *call,
                            const char *portfolio_id,
                            struct portfolio_record *out_record,
                            struct error *error);

// Whether a user may have one more open portfolio; keeps others from asking until the transaction
// ends. Fails with LIMIT_EXCEEDED (portfolios, maximum).
MUST_CHECK bool access_check_room(struct transaction *transaction,
                                  const struct portfolio *portfolio,
                                  const char *user_id,
                                  int64_t now,
                                  struct error *error);

// Notes for the audit log what an administrator does to another user's portfolio, and nothing for
// anybody else. Queued in the transaction of the effect; `event` says what is done, the call and
// the portfolio are filled in here.
MUST_CHECK bool access_note(struct transaction *transaction,
                            const struct call *call,
                            const struct portfolio_record *record,
                            struct audit_outbox_event event,
                            struct error *error);
