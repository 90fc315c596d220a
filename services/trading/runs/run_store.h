// SPDX-License-Identifier: MIT
// run_store: the SQL of strategies that run, their orders and their decisions.
//
// Who decides for a run holds the run's shard in the transaction that writes it (run_store_save),
// so what a replica decides that has lost it meanwhile comes to nothing.
//
// Memory: what is read lies in the arena given, or the transaction's.
#pragma once

#include "database/database.h"
#include "runs/run.h"
#include "shards/shard_store.h"

// Adds one that begins to run. Fails with STRATEGY_IS_RUNNING and TOO_MANY_RUNS. The user must be
// locked (strategy_store_lock_user).
MUST_CHECK bool
run_store_add(struct transaction *transaction, const struct run *run, struct error *error);

// Finds one with what it holds and its open orders, as the table of orders has them.
MUST_CHECK bool run_store_find(struct transaction *transaction,
                               const char *id,
                               struct run *out_run,
                               bool *out_found,
                               struct error *error);

// The id of the one that runs in the portfolio, or of the one that was stopped last; NULL for none.
MUST_CHECK bool run_store_find_in(struct transaction *transaction,
                                  const char *strategy_id,
                                  const char *portfolio_id,
                                  const char **out_id,
                                  struct error *error);

struct run_filter {
    const char *user_id;
    const char *strategy_id; // these NULL for all
    const char *portfolio_id;
    const char *state;
    const char *before_id;
    size_t limit;
};

// Newest first, without what they hold.
MUST_CHECK bool run_store_page(struct transaction *transaction,
                               const struct run_filter *filter,
                               struct run **out_runs,
                               size_t *out_count,
                               struct error *error);

// Stops one, with a reason unless somebody wants it so, and has its open orders canceled.
MUST_CHECK bool run_store_stop(struct transaction *transaction,
                               const struct run *run,
                               int64_t at,
                               const struct error *reason, // NULL for none
                               struct error *error);

// Fails with STRATEGY_IS_RUNNING when the strategy runs anywhere.
MUST_CHECK bool run_store_check_stopped(struct transaction *transaction,
                                        const char *strategy_id,
                                        struct error *error);

// Deletes the runs of a strategy, which are all stopped; their orders stay.
MUST_CHECK bool run_store_delete(struct transaction *transaction,
                                 const char *strategy_id,
                                 const char *user_id,
                                 struct error *error);

// Those of the shards that have not looked for bars since that moment.
MUST_CHECK bool run_store_list_due(struct database *database,
                                   struct arena *arena,
                                   const struct shard_claim *claims,
                                   size_t claim_count,
                                   const char *timeframe,
                                   int64_t boundary,
                                   size_t limit,
                                   const char ***out_ids,
                                   size_t *out_count,
                                   struct error *error);

// Those of the shards with orders that are to be placed or canceled, have ended, or have fills that
// are not in the account yet.
MUST_CHECK bool run_store_list_unsettled(struct database *database,
                                         struct arena *arena,
                                         const struct shard_claim *claims,
                                         size_t claim_count,
                                         size_t limit,
                                         const char ***out_ids,
                                         size_t *out_count,
                                         struct error *error);

// Takes the fills that are not in the account yet into it, and marks the orders that have ended as
// settled. Nothing is written.
MUST_CHECK bool
run_store_take_fills(struct transaction *transaction, struct run *run, struct error *error);

// The first of the symbols that the run holds and that has been split since its last bar; NULL for
// none.
MUST_CHECK bool run_store_find_split(struct transaction *transaction,
                                     const struct run *run,
                                     const char **out_ticker,
                                     struct error *error);

// X(NAME, name): what came of a decision.
#define RUN_OUTCOMES(X)                                                                            \
    X(NOTHING, "nothing")                                                                          \
    X(DECIDED, "decided")                                                                          \
    X(PLACED, "placed")                                                                            \
    X(REFUSED, "refused")                                                                          \
    X(MISSED, "missed")

#define RUN_OUTCOME_AS_ENUM(name, text) RUN_OUTCOME_##name,
enum run_outcome { RUN_OUTCOMES(RUN_OUTCOME_AS_ENUM) RUN_OUTCOME_COUNT };
#undef RUN_OUTCOME_AS_ENUM

struct run_decision {
    int64_t number;
    int64_t bar_at;
    int64_t decided_at;
    const char *ticker; // NULL of a bar that was missed, and with it all that follows but the last
    int64_t close;
    const char *indicators; // "name=value" lines
    const char *signal;
    int64_t target;
    int64_t quantity;
    int64_t cash;
    int64_t equity;
    enum run_outcome outcome;
    const char *cause; // these four NULL or 0 without an order
    const char *side;
    int64_t order_quantity;
    const char *client_order_id;
    const char *order_id;
    int64_t canceled;
    const char *reason; // these NULL for none
    const char *reason_message;
    const char *reason_details; // of an order that was refused; see error_details_print
    int64_t event;              // the number of its latest change
};

// Writes the run as it is now, its positions, its orders (without those that are settled) and the
// decisions, numbers what has changed, and notes what came of orders that have ended unnoted, if
// the shard is held still and nobody has written the run since it was found. `out_is_mine` is false
// otherwise, and nothing is to be committed.
MUST_CHECK bool run_store_save(struct transaction *transaction,
                               const struct run *run,
                               const struct shard_claim *claim,
                               int64_t decisions_before,
                               const struct run_decision *decisions,
                               size_t decision_count,
                               bool *out_is_mine,
                               struct error *error);

// Notes what came of an order that was to be placed: its id, or why it was refused, with all that
// whoever places one by hand is told. One that was refused is settled. The reason of a refusal is
// the run's, too.
MUST_CHECK bool run_store_note_placed(struct transaction *transaction,
                                      const struct run *run,
                                      const struct run_order *order,
                                      const char *order_id, // NULL for refused
                                      const struct error *refusal,
                                      struct error *error);

// Those of a run after that number, oldest first.
MUST_CHECK bool run_store_list_decisions(struct transaction *transaction,
                                         const struct run *run,
                                         int64_t after,
                                         size_t limit,
                                         struct run_decision **out_decisions,
                                         size_t *out_count,
                                         struct error *error);

// Those that have changed after that event, in the order of their latest changes.
MUST_CHECK bool run_store_list_changed_decisions(struct transaction *transaction,
                                                 const struct run *run,
                                                 int64_t after,
                                                 size_t limit,
                                                 struct run_decision **out_decisions,
                                                 size_t *out_count,
                                                 struct error *error);
