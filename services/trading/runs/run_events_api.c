// SPDX-License-Identifier: MIT
// run_events_api: what has become of a run, for those who have missed it.
#include "bourse/trading/v1/trading_server.h"

#include <inttypes.h>

#include "runs/run_message.h"
#include "service/ownership.h"
#include "trading.h"

enum { PAGE_DEFAULT = 50 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

struct reading {
    const Trading__ListStrategyRunEventsRequest *request;
    size_t limit;
    struct run *run;
    bool found;
    struct run_decision *decisions;
    size_t count;
};

// All of one moment: the run is as it was after the last of the decisions.
static bool read_work(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;
    const Trading__ListStrategyRunEventsRequest *request = reading->request;

    reading->count = 0;
    if (!run_store_find(transaction, request->run_id, reading->run, &reading->found, error))
        return false;
    return !reading->found ||
           (run_store_take_fills(transaction, reading->run, error) &&
            (!request->has_after || run_store_list_changed_decisions(
                                        transaction, reading->run, request->after, reading->limit,
                                        &reading->decisions, &reading->count, error)));
}

static bool check_after(const struct reading *reading, struct error *error)
{
    const struct run *run = reading->run;
    int64_t after = reading->request->after;

    if (!reading->request->has_after)
        return true;
    if (after > run->events) {
        error_clear(error);
        error_add_violation(error, "after", "must be at most the run's latest number, %" PRId64,
                            run->events);
        return false;
    }
    if (after >= run->events_kept_after)
        return true;
    error_set(error, REASON_EVENTS_GONE,
              "Only events after %" PRId64 " are kept, and those after %" PRId64 " are asked for.",
              run->events_kept_after, after);
    error_add_number(error, "kept_after", "%" PRId64, run->events_kept_after);
    error_add_number(error, "after", "%" PRId64, after);
    return false;
}

static bool add_changes(struct call *call,
                        const struct reading *reading,
                        bool has_run,
                        Trading__ListStrategyRunEventsResponse *response,
                        struct error *error)
{
    size_t count = reading->count + (has_run ? 1 : 0);
    Trading__StrategyRunChange *changes =
        arena_allocate(call->arena, (count + 1) * sizeof(*changes));

    response->events = arena_allocate(call->arena, (count + 1) * sizeof(*response->events));
    if (changes == NULL || response->events == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        bool is_run = i == reading->count;

        trading__strategy_run_change__init(&changes[i]);
        changes[i].has_sequence = true;
        changes[i].sequence = is_run ? reading->run->events : reading->decisions[i].event;
        response->events[i] = &changes[i];
        if (!(is_run ? run_to_whole_message(reading->run, call->arena, &changes[i].run, error)
                     : run_decision_to_message(&reading->decisions[i], call->arena,
                                               &changes[i].decision, error)))
            return false;
    }
    response->n_events = count;
    return true;
}

bool trading_api_list_strategy_run_events(struct trading *trading,
                                          struct call *call,
                                          const Trading__ListStrategyRunEventsRequest *request,
                                          Trading__ListStrategyRunEventsResponse *response,
                                          struct error *error)
{
    struct reading reading = {
        .request = request,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
        .run = arena_allocate(call->arena, sizeof(*reading.run)),
    };
    bool is_full = false;

    if (reading.run == NULL)
        return out_of_budget(error);
    if (!database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_work,
                           &reading, error))
        return false;
    if (!reading.found || !ownership_may_see(&call->identity, reading.run->user_id, NULL))
        return error_set(error, REASON_STRATEGY_RUN_NOT_FOUND, "There is no run %s.",
                         request->run_id);
    if (!check_after(&reading, error))
        return false;
    is_full = reading.count == reading.limit;
    response->has_next_after = true;
    response->next_after =
        is_full ? reading.decisions[reading.count - 1].event : reading.run->events;
    response->has_more = true;
    response->more = is_full;
    return add_changes(call, &reading,
                       !request->has_after || (!is_full && request->after < reading.run->events),
                       response, error);
}
