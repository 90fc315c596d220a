// SPDX-License-Identifier: MIT
// corporate_action_store: all SQL about splits and dividends.
//
// Threads: any. Memory: what is read lies in the arena given, or in the transaction's.
#pragma once

#include "actions/corporate_action.h"
#include "database/database.h"

// All splits, in order of tickers and days. The caller releases them.
MUST_CHECK bool corporate_action_store_splits(struct database *database,
                                              struct split **out_splits,
                                              size_t *out_count,
                                              struct error *error);

// Which to list: the first `limit` after that position, in order of days, tickers and kinds.
struct corporate_action_query {
    const char *ticker; // NULL: of all
    int64_t first_day, last_day;
    int64_t after_day;
    const char *after_ticker;
    enum corporate_action_kind after_kind;
    bool unbooked; // only those that are not booked
    size_t limit;
};

MUST_CHECK bool corporate_action_store_list(struct database *database,
                                            struct arena *arena,
                                            const struct corporate_action_query *query,
                                            struct corporate_action **out_actions,
                                            size_t *out_count,
                                            struct error *error);

// Fails with SYMBOL_NOT_FOUND, CORPORATE_ACTION_EXISTS, and LIMIT_EXCEEDED when there are as many
// as there may be.
MUST_CHECK bool corporate_action_store_insert(struct transaction *transaction,
                                              const struct corporate_action *action,
                                              struct error *error);

// Removes one and fills in what it was. Fails with CORPORATE_ACTION_NOT_FOUND.
MUST_CHECK bool corporate_action_store_delete(struct transaction *transaction,
                                              const char *id,
                                              struct corporate_action *out_action,
                                              struct error *error);

// Notes that one whose ex-date is `until_day` or before is booked, unless that was noted already,
// and fills in its ticker. Fails with CORPORATE_ACTION_NOT_FOUND.
MUST_CHECK bool corporate_action_store_confirm(struct database *database,
                                               struct arena *arena,
                                               const char *id,
                                               int64_t until_day,
                                               int64_t now,
                                               char out_ticker[TICKER_SIZE],
                                               struct error *error);
