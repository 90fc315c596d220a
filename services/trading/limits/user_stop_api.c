// SPDX-License-Identifier: MIT
// user_stop_api: the end of what trades for a user who may not log in any more.
//
// Each step has the same effect when it is repeated: strategies that are stopped, and backtests and
// orders that have ended are left as they are. So auth calls until it is complete, whoever dies
// meanwhile, and nothing is remembered of it here.
#include "bourse/trading/v1/trading_server.h"

#include <stdio.h>

#include "limits/resting_cancel.h"
#include "runs/run_store.h"
#include "strategies/backtest_store.h"
#include "strategies/strategy_events.h"
#include "strategies/strategy_store.h"

struct stopping {
    const char *user_id;
    const struct error *reason;
    int64_t at;
    struct run *runs;
    size_t count;
    struct rows backtests; // their ids
};

static bool stop_work(struct transaction *transaction, void *context, struct error *error)
{
    struct stopping *stopping = context;
    const struct run_filter running = {
        .user_id = stopping->user_id, .state = "running", .limit = RUNS_OF_USER_MAX};

    // One that is being started or asked for at this moment is waited for.
    if (!strategy_store_lock_user(transaction, stopping->user_id, error) ||
        !run_store_page(transaction, &running, &stopping->runs, &stopping->count, error))
        return false;
    for (size_t i = 0; i < stopping->count; i++)
        if (!run_store_stop(transaction, &stopping->runs[i], stopping->at, stopping->reason, error))
            return false;
    return backtest_store_cancel_all(transaction, stopping->user_id, stopping->reason,
                                     &stopping->backtests, error);
}

static bool stop_strategies(struct trading *trading,
                            struct call *call,
                            const char *user_id,
                            const struct error *reason,
                            struct error *error)
{
    struct stopping stopping = {.user_id = user_id, .reason = reason};
    struct platform_clock clock;

    if (!quotes_clock(trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    stopping.at = clock.now;
    if (!database_transact(trading->database, call->arena, 0, stop_work, &stopping, error))
        return false;
    for (size_t i = 0; i < stopping.count; i++)
        strategy_events_tell(trading, user_id, stopping.runs[i].id);
    for (size_t i = 0; i < stopping.backtests.count; i++)
        strategy_events_tell(trading, user_id, rows_text(&stopping.backtests, i, 0));
    return true;
}

// As many as there is time for.
static void cancel_orders(struct trading *trading,
                          const struct call *call,
                          const char *user_id,
                          const struct error *reason)
{
    OWNED(execution) execution = execution_new(trading);
    struct halt_record halt = {.scope = HALT_USER};
    char last_id[UUID_SIZE] = RESTING_CANCEL_FIRST;
    struct clock real = clock_real();

    snprintf(halt.subject, UUID_SIZE, "%s", user_id);
    while (clock_now_us(&real) < call->deadline_us &&
           resting_cancel(trading, execution, &halt, reason, last_id))
        ;
}

bool trading_api_stop_user_trading(struct trading *trading,
                                   struct call *call,
                                   const Trading__StopUserTradingRequest *request,
                                   Trading__StopUserTradingResponse *response,
                                   struct error *error)
{
    struct error reason;
    bool has_open = false;

    error_fill(&reason, REASON_ACCOUNT_INACTIVE,
               "Its user's account has ended, or was shut out by an administrator.");
    if (!stop_strategies(trading, call, request->user_id, &reason, error))
        return false;
    cancel_orders(trading, call, request->user_id, &reason);
    if (!limit_store_has_open(trading->database, call->arena, request->user_id, &has_open, error))
        return false;
    response->has_complete = true;
    response->complete = !has_open;
    return true;
}
