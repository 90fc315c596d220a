// SPDX-License-Identifier: MIT
// first_portfolio: every user gets a first portfolio, whatever happens between the two services.
//
// The user's row says that it is still to be opened. The handler that registered the user tries at
// once; what that does not finish, a worker does. The portfolio service opens it only once.
#pragma once

#include "auth.h"
#include "auth_store.h"

// Opens it now. `out_cash_micros` is the cash it has. Fails with what the portfolio service said,
// and the worker tries again later.
MUST_CHECK bool first_portfolio_open(struct auth *auth,
                                     struct call *call,
                                     const struct user_record *user,
                                     int64_t *out_cash_micros,
                                     struct error *error);

// The worker's function: opens all that are due. True when there may be more.
bool first_portfolio_open_all(void *auth);
