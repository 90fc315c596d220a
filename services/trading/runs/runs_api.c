// SPDX-License-Identifier: MIT
// runs_api: strategies started, stopped and watched.
//
// A run is of its strategy's user, in a portfolio of the same user. Like strategies, runs are not
// for an API key that is for one portfolio.
#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "execution/lookup.h"
#include "runs/run_message.h"
#include "service/owned_change.h"
#include "service/ownership.h"
#include "shards/shard.h"
#include "strategies/strategy_events.h"
#include "strategies/strategy_store.h"

enum { PAGE_DEFAULT = 50, DECISIONS_DEFAULT = 100, PAGE_BYTES_MAX = 400 * 1024 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool check_seen(
    const struct call *call, const char *id, const struct run *run, bool found, struct error *error)
{
    if (found && ownership_may_see(&call->identity, run->user_id, NULL))
        return true;
    return error_set(error, REASON_STRATEGY_RUN_NOT_FOUND, "There is no run %s.", id);
}

struct reading {
    const char *id;
    struct run *run;
    bool found;
    struct run_filter filter;
    struct run *runs;
    int64_t after; // of decisions
    struct run_decision *decisions;
    size_t count;
};

static bool make_room(struct reading *reading, struct call *call, struct error *error)
{
    reading->run = arena_allocate(call->arena, sizeof(*reading->run));
    return reading->run != NULL || out_of_budget(error);
}

static bool read_one(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    // With the fills that the runner has not taken yet.
    return run_store_find(transaction, reading->id, reading->run, &reading->found, error) &&
           (!reading->found || run_store_take_fills(transaction, reading->run, error));
}

bool trading_api_get_strategy_run(struct trading *trading,
                                  struct call *call,
                                  const Trading__GetStrategyRunRequest *request,
                                  Trading__GetStrategyRunResponse *response,
                                  struct error *error)
{
    struct reading reading = {.id = request->run_id};

    return make_room(&reading, call, error) &&
           database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_one,
                             &reading, error) &&
           check_seen(call, request->run_id, reading.run, reading.found, error) &&
           run_to_whole_message(reading.run, call->arena, &response->run, error);
}

static bool read_page(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return run_store_page(transaction, &reading->filter, &reading->runs, &reading->count, error);
}

// A page ends before it is more than fits into an answer.
static size_t fitting(const struct reading *reading, size_t limit)
{
    size_t bytes = 0;
    size_t count = 0;

    while (count < reading->count && count < limit && bytes < PAGE_BYTES_MAX)
        bytes += strlen(reading->runs[count++].parameters);
    return count;
}

static const char *state_of(const Trading__ListStrategyRunsRequest *request)
{
    if (!request->has_state ||
        request->state == TRADING__STRATEGY_RUN_STATE__STRATEGY_RUN_STATE_UNSPECIFIED)
        return NULL;
    return request->state == TRADING__STRATEGY_RUN_STATE__STRATEGY_RUN_STATE_RUNNING ? "running"
                                                                                     : "stopped";
}

bool trading_api_list_strategy_runs(struct trading *trading,
                                    struct call *call,
                                    const Trading__ListStrategyRunsRequest *request,
                                    Trading__ListStrategyRunsResponse *response,
                                    struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct reading reading = {.filter = {.strategy_id = request->strategy_id,
                                         .portfolio_id = request->portfolio_id,
                                         .state = state_of(request),
                                         .before_id = has_token ? request->page_token : NULL,
                                         .limit = limit + 1}};
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!ownership_choose_user(&call->identity, request->user_id, &reading.filter.user_id, error))
        return false;
    if (call->identity.portfolio_id[0] != '\0')
        return true;
    if (!database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_page,
                           &reading, error))
        return false;
    count = fitting(&reading, limit);
    response->runs = arena_allocate(call->arena, (count + 1) * sizeof(*response->runs));
    if (response->runs == NULL)
        return out_of_budget(error);
    response->n_runs = count;
    for (size_t i = 0; i < count; i++)
        if (!run_to_message(&reading.runs[i], call->arena, &response->runs[i], error))
            return false;
    if (count < reading.count)
        response->next_page_token = reading.runs[count - 1].id;
    return true;
}

static bool read_decisions(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return run_store_find(transaction, reading->id, reading->run, &reading->found, error) &&
           (!reading->found || run_store_list_decisions(transaction, reading->run, reading->after,
                                                        reading->filter.limit, &reading->decisions,
                                                        &reading->count, error));
}

bool trading_api_list_strategy_decisions(struct trading *trading,
                                         struct call *call,
                                         const Trading__ListStrategyDecisionsRequest *request,
                                         Trading__ListStrategyDecisionsResponse *response,
                                         struct error *error)
{
    struct reading reading = {
        .id = request->run_id,
        .after = request->after > INT64_MAX ? INT64_MAX : (int64_t)request->after,
        .filter = {.limit = request->has_limit ? request->limit : DECISIONS_DEFAULT},
    };

    if (!make_room(&reading, call, error) ||
        !database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_decisions,
                           &reading, error) ||
        !check_seen(call, request->run_id, reading.run, reading.found, error))
        return false;
    response->decisions =
        arena_allocate(call->arena, (reading.count + 1) * sizeof(*response->decisions));
    if (response->decisions == NULL)
        return out_of_budget(error);
    response->n_decisions = reading.count;
    for (size_t i = 0; i < reading.count; i++)
        if (!run_decision_to_message(&reading.decisions[i], call->arena, &response->decisions[i],
                                     error))
            return false;
    response->has_latest = true;
    response->latest = (uint64_t)reading.run->decision_count;
    return true;
}

// A change, and how it is made within its transaction.
struct change {
    struct owned_change base;
    struct trading *trading;
    bool (*apply)(struct transaction *transaction, struct change *change, struct error *error);
    const char *strategy_id;
    const char *portfolio_id;
    char owner_id[UUID_SIZE]; // of the portfolio
    struct strategy_record strategy;
    struct run *run;
    Trading__StrategyRun **message;
    int64_t now;
};

// Locked, so that it is not deleted meanwhile.
static bool
find_strategy(struct transaction *transaction, struct change *change, struct error *error)
{
    bool found = false;

    if (!strategy_store_find(transaction, change->strategy_id, true, &change->strategy, &found,
                             error))
        return false;
    if (!found || !ownership_may_see(&change->base.call->identity, change->strategy.user_id, NULL))
        return error_set(error, REASON_STRATEGY_NOT_FOUND, "There is no strategy %s.",
                         change->strategy_id);
    // An administrator sees both, and must not have one user's strategy trade with another's money.
    return strcmp(change->strategy.user_id, change->owner_id) == 0 ||
           error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s of that user.",
                     change->portfolio_id);
}

static bool
change_work(struct transaction *transaction, struct owned_change *base, struct error *error)
{
    struct change *change = (struct change *)base;
    bool found = false;

    if (!find_strategy(transaction, change, error) ||
        !strategy_store_lock_user(transaction, change->strategy.user_id, error) ||
        !change->apply(transaction, change, error) || !transaction_flush(transaction, error) ||
        !run_store_find(transaction, change->run->id, change->run, &found, error))
        return false;
    base->subject = change->run->id;
    base->user_id = change->run->user_id;
    return run_to_whole_message(change->run, base->call->arena, change->message, error);
}

static bool make_change(struct change *change, struct error *error)
{
    struct platform_clock clock;

    if (!quotes_clock(change->trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    change->now = clock.now;
    change->base.apply = change_work;
    if (!owned_change_make(change->trading->database, &change->base, error))
        return false;
    if (!change->base.call->replayed)
        strategy_events_tell(change->trading, change->run->user_id, change->run->id);
    return true;
}

static bool start(struct transaction *transaction, struct change *change, struct error *error)
{
    const struct strategy_record *strategy = &change->strategy;
    struct run *run = change->run;

    run->user_id = strategy->user_id;
    run->strategy_id = strategy->id;
    run->strategy_version = strategy->version;
    run->kind = strategy->kind;
    run->parameters = strategy->parameters;
    run->symbols = strategy->symbols;
    run->timeframe = strategy->timeframe;
    run->started_at = change->now;
    return run_store_add(transaction, run, error);
}

// What the run may spend: what was said, or what the portfolio can spend now.
static bool find_cash(struct change *change,
                      const Trading__StartStrategyRequest *request,
                      int64_t *out_cash,
                      struct error *error)
{
    Portfolio__GetPortfolioRequest asked = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    Portfolio__GetPortfolioResponse *answer = NULL;

    if (request->has_cash_micros) {
        *out_cash = request->cash_micros;
        return true;
    }
    asked.portfolio_id = request->portfolio_id;
    if (!portfolio_client_get_portfolio(change->trading->portfolio_client, change->base.call,
                                        &asked, &answer, error))
        return false;
    *out_cash = answer->portfolio == NULL ? 0 : answer->portfolio->buying_power_micros;
    if (*out_cash > 0)
        return true;
    error_clear(error);
    error_add_violation(error, "cash", "must be said, as the portfolio has none to spend");
    return false;
}

static bool refuse_key_of_portfolio(const struct call *call, struct error *error)
{
    return call->identity.portfolio_id[0] == '\0' ||
           error_set(error, REASON_PERMISSION_DENIED,
                     "An API key for one portfolio has nothing to do with strategies.");
}

bool trading_api_start_strategy(struct trading *trading,
                                struct call *call,
                                const Trading__StartStrategyRequest *request,
                                Trading__StartStrategyResponse *response,
                                struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_start_strategy,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "strategy.start"},
        .apply = start,
        .strategy_id = request->strategy_id,
        .portfolio_id = request->portfolio_id,
        .run = arena_allocate(call->arena, sizeof(*change.run)),
        .message = &response->run,
    };
    struct fill_terms terms;
    bool replayed = false;

    if (change.run == NULL)
        return out_of_budget(error);
    // A repeat is answered from what is stored, whatever has become of the portfolio since.
    if (!refuse_key_of_portfolio(call, error) ||
        !idempotency_find(trading->database, call, change.base.method, change.base.response,
                          &replayed, error))
        return false;
    if (replayed)
        return true;
    change.run->id = arena_copy_string(call->arena, uuid_new().string);
    if (change.run->id == NULL)
        return out_of_budget(error);
    change.run->portfolio_id = request->portfolio_id;
    change.run->shard = shard_of(change.run->id);
    change.run->fractional = request->has_fractional && request->fractional;
    change.run->max_daily_loss =
        request->has_max_daily_loss_micros ? request->max_daily_loss_micros : 0;
    return lookup_portfolio(trading, call, request->portfolio_id, change.owner_id, &terms, error) &&
           find_cash(&change, request, &change.run->initial_cash, error) &&
           make_change(&change, error);
}

// One that is stopped already is answered as it is.
static bool stop(struct transaction *transaction, struct change *change, struct error *error)
{
    const char *id = NULL;
    bool found = false;

    if (!run_store_find_in(transaction, change->strategy_id, change->portfolio_id, &id, error))
        return false;
    if (id == NULL)
        return error_set(error, REASON_STRATEGY_RUN_NOT_FOUND,
                         "The strategy has not run in portfolio %s.", change->portfolio_id);
    return run_store_find(transaction, id, change->run, &found, error) &&
           (change->run->is_stopped ||
            run_store_stop(transaction, change->run, change->now, NULL, error));
}

bool trading_api_stop_strategy(struct trading *trading,
                               struct call *call,
                               const Trading__StopStrategyRequest *request,
                               Trading__StopStrategyResponse *response,
                               struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_stop_strategy,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "strategy.stop"},
        .apply = stop,
        .strategy_id = request->strategy_id,
        .portfolio_id = request->portfolio_id,
        .run = arena_allocate(call->arena, sizeof(*change.run)),
        .message = &response->run,
    };

    if (change.run == NULL)
        return out_of_budget(error);
    return refuse_key_of_portfolio(call, error) &&
           // One that has been closed meanwhile is stopped all the same.
           lookup_owner(trading, call, request->portfolio_id, true, change.owner_id, error) &&
           make_change(&change, error);
}
