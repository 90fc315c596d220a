// SPDX-License-Identifier: MIT
// strategy_store: the SQL of strategies.
//
// Memory: what is read lies in the transaction's arena.
#pragma once

#include "base/uuid.h"
#include "database/database.h"

enum { STRATEGIES_MAX = 100 }; // of one user

struct strategy_record {
    const char *id;
    const char *user_id;
    const char *name;
    const char *description; // NULL for none
    const char *kind;
    const char *parameters; // a JSON object
    const char *symbols;    // "AAPL MSFT"
    const char *timeframe;
    int64_t version;
    int64_t created_at;
    int64_t updated_at;
};

// Locks what a user has of strategies and backtests, until the end of the transaction: they are
// counted under it.
MUST_CHECK bool
strategy_store_lock_user(struct transaction *transaction, const char *user_id, struct error *error);

// Fails with TOO_MANY_STRATEGIES. The user must be locked.
MUST_CHECK bool strategy_store_add(struct transaction *transaction,
                                   const struct strategy_record *record,
                                   struct error *error);

// Finds one, and locks it when it is to be changed. `out_found` says whether there is one.
MUST_CHECK bool strategy_store_find(struct transaction *transaction,
                                    const char *id,
                                    bool locks,
                                    struct strategy_record *out_record,
                                    bool *out_found,
                                    struct error *error);

// Writes all of a record that was found.
MUST_CHECK bool strategy_store_save(struct transaction *transaction,
                                    const struct strategy_record *record,
                                    struct error *error);

// Deletes it with its backtests, and ends their tasks.
MUST_CHECK bool strategy_store_delete(struct transaction *transaction,
                                      const struct strategy_record *record,
                                      struct error *error);

// Those of a user after that id (NULL for the first page), oldest first.
MUST_CHECK bool strategy_store_page(struct transaction *transaction,
                                    const char *user_id,
                                    const char *after_id,
                                    size_t limit,
                                    struct strategy_record **out_records,
                                    size_t *out_count,
                                    struct error *error);
