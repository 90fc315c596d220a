// SPDX-License-Identifier: MIT
// backtest_store: the SQL of backtests, and of the tasks that they are.
//
// Whoever has a backtest's task (struct backtest_claim) has it until his lease ends; what he writes
// later is not taken, so of two who run the same one the result of one is kept. Which is all the
// same: they come to the same result.
//
// Rows are locked in one order, the user's, the task's, the backtest's, so nobody waits for another
// in a circle.
//
// Memory: what is read lies in the arena given, or the transaction's.
#pragma once

#include "base/uuid.h"
#include "database/database.h"
#include "fills/fill_terms.h"

enum {
    BACKTESTS_OPEN_MAX = 5,    // of one user that wait or run
    BACKTESTS_KEPT_MAX = 50,   // of one user that have ended; the oldest go
    BACKTEST_ATTEMPTS_MAX = 3, // a process that dies of one does so no more often
    BACKTEST_LEASE_MS = 30000, // longer than market may take for a page of bars
};

// X(NAME, name, has ended)
#define BACKTEST_STATUSES(X)                                                                       \
    X(QUEUED, "queued", false)                                                                     \
    X(RUNNING, "running", false)                                                                   \
    X(COMPLETED, "completed", true)                                                                \
    X(FAILED, "failed", true)                                                                      \
    X(CANCELED, "canceled", true)

#define BACKTEST_STATUS_AS_ENUM(name, text, has_ended) BACKTEST_IS_##name,
enum backtest_status { BACKTEST_STATUSES(BACKTEST_STATUS_AS_ENUM) BACKTEST_STATUS_COUNT };
#undef BACKTEST_STATUS_AS_ENUM

bool backtest_status_has_ended(enum backtest_status status);

struct backtest_record {
    const char *id;
    const char *user_id;
    const char *strategy_id;
    int64_t strategy_version;
    const char *kind;
    const char *parameters; // a JSON object
    const char *symbols;    // "AAPL MSFT"
    const char *timeframe;
    int64_t start_at;
    int64_t end_at; // 0 of old ones: as far as there were bars
    int64_t cash;
    struct fill_terms terms;
    bool fractional;
    bool exits_at_close;
    const char *benchmark; // these NULL for none
    const char *grid;      // a packed message of it and the walk-forward, in base64url
    enum backtest_status status;
    int64_t progress_micros;
    const char *reason; // these NULL for none
    const char *reason_message;
    const char *statistics; // packed messages, in base64url
    const char *result;
    int64_t created_at; // real time, these 0 for not yet
    int64_t started_at;
    int64_t finished_at;
};

// Adds one that is queued, with its task, and removes what the user has more of than is kept. Fails
// with TOO_MANY_BACKTESTS. The user must be locked.
MUST_CHECK bool backtest_store_add(struct transaction *transaction,
                                   struct backtest_record *record,
                                   struct error *error);

enum backtest_reading {
    BACKTEST_WHOLE,
    BACKTEST_IN_SHORT,  // without its result
    BACKTEST_TO_CHANGE, // the same, locked
};

MUST_CHECK bool backtest_store_find(struct transaction *transaction,
                                    const char *id,
                                    enum backtest_reading reading,
                                    struct backtest_record *out_record,
                                    bool *out_found,
                                    struct error *error);

// Those of a user, of one strategy if it is named, before that id (NULL for the first page); newest
// first, and without their results.
MUST_CHECK bool backtest_store_page(struct transaction *transaction,
                                    const char *user_id,
                                    const char *strategy_id,
                                    const char *before_id,
                                    size_t limit,
                                    struct backtest_record **out_records,
                                    size_t *out_count,
                                    struct error *error);

// Cancels one that was found locked: at once while it waits; one that runs is told so. With a
// reason unless its user wants it so.
MUST_CHECK bool backtest_store_cancel(struct transaction *transaction,
                                      const struct backtest_record *record,
                                      const struct error *reason, // NULL for none
                                      struct error *error);

// Cancels all of a user that wait or run, and gives their ids. The user must be locked, so that no
// further one is added meanwhile.
MUST_CHECK bool backtest_store_cancel_all(struct transaction *transaction,
                                          const char *user_id,
                                          const struct error *reason,
                                          struct rows *out_ids,
                                          struct error *error);

// Removes one that has ended.
MUST_CHECK bool backtest_store_remove(struct transaction *transaction,
                                      const struct backtest_record *record,
                                      struct error *error);

// Who runs one, and for the how many-th time.
struct backtest_claim {
    char id[UUID_SIZE];
    char user_id[UUID_SIZE];
    char worker[96];
    int64_t attempts;
};

// Takes the task that has been due for longest of the user whose turn it is, and has its backtest
// run. `out_found` says whether there is one.
MUST_CHECK bool backtest_store_claim(struct transaction *transaction,
                                     const char *worker,
                                     struct backtest_claim *out_claim,
                                     bool *out_found,
                                     struct error *error);

// Says how far it is, and that somebody is at it still. `out_goes_on` is false when it is to be
// canceled, is there no more, or is somebody else's now.
MUST_CHECK bool backtest_store_progress(struct database *database,
                                        struct arena *arena,
                                        const struct backtest_claim *claim,
                                        int64_t progress_micros,
                                        bool *out_goes_on,
                                        struct error *error);

// What has become of it.
struct backtest_end {
    enum backtest_status status;
    const char *reason; // these NULL for none
    const char *reason_message;
    const char *statistics;
    const char *result;
};

// Ends it, and its task. Nothing happens when it is somebody else's now.
MUST_CHECK bool backtest_store_finish(struct transaction *transaction,
                                      const struct backtest_claim *claim,
                                      const struct backtest_end *end,
                                      struct error *error);

// Has it tried again by anybody in a second, for who could not go on for want of others. Nothing
// happens when it is somebody else's now. An attempt that is not `counted` is as none.
MUST_CHECK bool backtest_store_put_off(struct database *database,
                                       struct arena *arena,
                                       const struct backtest_claim *claim,
                                       bool counted,
                                       struct error *error);
