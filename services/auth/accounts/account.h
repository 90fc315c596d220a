// SPDX-License-Identifier: MIT
// account: how an account ends, or loses what it could do, whoever brings it about.
//
// Threads: any. Memory: the transaction's arena.
#pragma once

#include "auth.h"
#include "auth_store.h"

// What ended with it: this replica forgets it once the transaction is committed.
struct account_end {
    struct rows sessions;
    struct rows api_keys;
};

// Taken first by every transaction that may take an administrator away, so that two of them cannot
// take the last two.
MUST_CHECK bool account_lock_administrators(struct transaction *transaction, struct error *error);

// Fails with LAST_ADMINISTRATOR when the user is the only administrator who can log in.
MUST_CHECK bool
account_spare(struct transaction *transaction, const struct user_record *user, struct error *error);

// Ends all sessions and deletes all API keys.
MUST_CHECK bool account_end_access(struct transaction *transaction,
                                   const char *user_id,
                                   struct account_end *out_end,
                                   struct error *error);

// The same of somebody who may not log in any more, and who trades no more either: see
// trading_stop.h.
MUST_CHECK bool account_shut_out(struct transaction *transaction,
                                 const char *user_id,
                                 struct account_end *out_end,
                                 struct error *error);

// Ends the account for ever. Fails with LAST_ADMINISTRATOR.
MUST_CHECK bool account_delete(struct transaction *transaction,
                               const struct user_record *user,
                               struct account_end *out_end,
                               struct error *error);

void account_forget(struct auth *auth, const struct account_end *end);
