// SPDX-License-Identifier: MIT
// backtests_api: backtests asked for, followed, canceled and removed.
#include "bourse/market/v1/market.pb-c.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "base/timestamp.h"
#include "execution/lookup.h"
#include "money/money.h"
#include "service/owned_change.h"
#include "service/ownership.h"
#include "strategies/backtest_grid.h"
#include "strategies/backtest_queue.h"
#include "strategies/backtest_search.h"
#include "strategies/strategy_events.h"
#include "strategies/strategy_message.h"
#include "strategies/walk_forward.h"

enum {
    PAGE_DEFAULT = 50,
    PAGE_BYTES_MAX = 400 * 1024,
    STATISTICS_BYTES = 2048,
    SYNCHRONIZE_MS = 1500,
};

#define CASH_UNLESS_SAID INT64_C(100000000000)

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool check_seen(const struct call *call,
                       const char *id,
                       const struct backtest_record *record,
                       bool found,
                       struct error *error)
{
    if (found && ownership_may_see(&call->identity, record->user_id, NULL))
        return true;
    return error_set(error, REASON_BACKTEST_NOT_FOUND, "There is no backtest %s.", id);
}

struct reading {
    const char *id; // of one
    enum backtest_reading reading;
    const char *user_id; // or of many
    const char *strategy_id;
    const char *before_id;
    size_t limit;
    struct backtest_record record;
    bool found;
    struct backtest_record *records;
    size_t count;
};

static bool read_one(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return backtest_store_find(transaction, reading->id, reading->reading, &reading->record,
                               &reading->found, error);
}

bool trading_api_get_backtest(struct trading *trading,
                              struct call *call,
                              const Trading__GetBacktestRequest *request,
                              Trading__GetBacktestResponse *response,
                              struct error *error)
{
    struct reading reading = {
        .id = request->backtest_id,
        .reading = request->has_summary && request->summary ? BACKTEST_IN_SHORT : BACKTEST_WHOLE,
    };

    return database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_one,
                             &reading, error) &&
           check_seen(call, request->backtest_id, &reading.record, reading.found, error) &&
           backtest_to_message(&reading.record, call->arena, &response->backtest, error);
}

static bool read_page(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return backtest_store_page(transaction, reading->user_id, reading->strategy_id,
                               reading->before_id, reading->limit + 1, &reading->records,
                               &reading->count, error);
}

// A page ends before it is more than fits into an answer.
static size_t fitting(const struct reading *reading)
{
    size_t bytes = 0;
    size_t count = 0;

    while (count < reading->count && count < reading->limit && bytes < PAGE_BYTES_MAX)
        bytes += strlen(reading->records[count++].parameters) + STATISTICS_BYTES;
    return count;
}

bool trading_api_list_backtests(struct trading *trading,
                                struct call *call,
                                const Trading__ListBacktestsRequest *request,
                                Trading__ListBacktestsResponse *response,
                                struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    struct reading reading = {
        .strategy_id = request->strategy_id,
        .before_id = has_token ? request->page_token : NULL,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
    };
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!ownership_choose_user(&call->identity, request->user_id, &reading.user_id, error))
        return false;
    // What is in no portfolio is not for a key that is for one.
    if (call->identity.portfolio_id[0] != '\0')
        return true;
    if (!database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_page,
                           &reading, error))
        return false;
    count = fitting(&reading);
    response->backtests = arena_allocate(call->arena, (count + 1) * sizeof(*response->backtests));
    if (response->backtests == NULL)
        return out_of_budget(error);
    response->n_backtests = count;
    for (size_t i = 0; i < count; i++)
        if (!backtest_to_message(&reading.records[i], call->arena, &response->backtests[i], error))
            return false;
    if (count < reading.count)
        response->next_page_token = reading.records[count - 1].id;
    return true;
}

struct change {
    struct owned_change base;
    struct trading *trading;
    struct backtest_record record;
};

// Takes the strategy as it is now.
static bool
take_strategy(struct transaction *transaction, struct change *change, struct error *error)
{
    struct strategy_record strategy;
    bool found = false;

    if (!strategy_store_find(transaction, change->record.strategy_id, false, &strategy, &found,
                             error))
        return false;
    if (!found || !ownership_may_see(&change->base.call->identity, strategy.user_id, NULL))
        return error_set(error, REASON_STRATEGY_NOT_FOUND, "There is no strategy %s.",
                         change->record.strategy_id);
    change->record.user_id = strategy.user_id;
    change->record.strategy_version = strategy.version;
    change->record.kind = strategy.kind;
    change->record.parameters = strategy.parameters;
    change->record.symbols = strategy.symbols;
    change->record.timeframe = strategy.timeframe;
    return true;
}

// The grid is gone through from the start to the end.
static bool check_plan(const struct change *change, struct error *error)
{
    const Trading__CreateBacktestRequest *request =
        (const Trading__CreateBacktestRequest *)change->base.request;

    return request->walk_forward == NULL ||
           walk_forward_check(request->walk_forward, request->n_grid, request->start,
                              change->record.end_at, error);
}

// Of combinations that break a rule together the result tells; where all do there is nothing to
// run.
static bool check_combinations(const struct change *change,
                               const struct backtest_grid *grid,
                               const struct strategy_parameters *parameters,
                               struct error *error)
{
    struct arena *arena = change->base.call->arena;
    struct backtest_symbol symbols[STRATEGY_SYMBOLS_MAX] = {{0}};
    struct backtest_search search = {
        .parameters = parameters,
        .grid = *grid,
        .symbols = symbols,
        .program = arena_allocate(arena, sizeof(*search.program)),
        .arena = arena,
    };
    const char **tickers = NULL;

    if (search.program == NULL)
        return out_of_budget(error);
    if (!strategy_symbols_split(change->record.symbols, arena, &tickers, &search.symbol_count,
                                error))
        return false;
    for (size_t i = 0; i < search.symbol_count; i++)
        symbols[i].ticker = tickers[i];
    return backtest_search_list(&search, error);
}

// Checks the grid with the strategy's parameters as they are now.
static bool take_grid(struct change *change, struct error *error)
{
    const Trading__CreateBacktestRequest *request =
        (const Trading__CreateBacktestRequest *)change->base.request;
    const struct backtest_grid grid = {request->grid, request->n_grid};
    struct arena *arena = change->base.call->arena;
    struct strategy_parameters *parameters = arena_allocate(arena, sizeof(*parameters));
    enum strategy_kind kind = STRATEGY_KIND_COUNT;
    Trading__Backtest packed = TRADING__BACKTEST__INIT;

    if (request->n_grid == 0)
        return true;
    if (parameters == NULL)
        return out_of_budget(error);
    if (!strategy_kind_find(text_of(change->record.kind), &kind))
        return error_set(error, REASON_INTERNAL, "The strategy is of no kind that there is.");
    packed.n_grid = request->n_grid;
    packed.grid = request->grid;
    packed.walk_forward = request->walk_forward;
    return strategy_parameters_read(kind, text_of(change->record.parameters), arena, parameters,
                                    error) &&
           backtest_grid_check(&grid, parameters, error) &&
           check_combinations(change, &grid, parameters, error) &&
           strategy_pack_text(&packed.base, arena, &change->record.grid, error);
}

static bool create(struct transaction *transaction, struct owned_change *base, struct error *error)
{
    struct change *change = (struct change *)base;
    Trading__CreateBacktestResponse *response = (Trading__CreateBacktestResponse *)base->response;

    if (!take_strategy(transaction, change, error) || !take_grid(change, error) ||
        !strategy_store_lock_user(transaction, change->record.user_id, error) ||
        !backtest_store_add(transaction, &change->record, error))
        return false;
    base->subject = change->record.id;
    base->user_id = change->record.user_id;
    return backtest_to_message(&change->record, base->call->arena, &response->backtest, error);
}

static struct fill_terms hear_costs(const Trading__BacktestCosts *costs)
{
    struct fill_terms terms = {.model = FILL_MODEL_BAR};

    if (costs == NULL)
        return terms;
    terms.slippage_bps_hundredths = costs->slippage_bps_hundredths;
    terms.participation_percent_hundredths = costs->participation_percent_hundredths;
    terms.commission_per_order = costs->commission_per_order_micros;
    terms.commission_per_share = costs->commission_per_share_micros;
    terms.commission_bps_hundredths = costs->commission_bps_hundredths;
    terms.commission_minimum = costs->commission_minimum_micros;
    terms.commission_maximum = costs->commission_maximum_micros;
    return terms;
}

static void check_commission(const struct fill_terms *terms, struct error *error)
{
    char maximum[DECIMAL_SIZE];

    if (terms->commission_maximum == 0 || terms->commission_minimum <= terms->commission_maximum)
        return;
    decimal_print(terms->commission_maximum, MONEY_SCALE, 2, maximum);
    error_add_violation(error, "costs.commission_minimum",
                        "must be at most commission_maximum, which is %s", maximum);
}

// The platform's present time. Who has just stepped the clock means the time after it; while market
// is silent, the time that was heard of last has to do.
static bool find_present(struct trading *trading, int64_t *out_now, struct error *error)
{
    struct platform_clock clock;
    struct error silence;
    bool is_known = quotes_clock(trading->quotes, &clock);

    if (is_known && clock.mode == MARKET__CLOCK_MODE__CLOCK_MODE_STEP &&
        quotes_synchronize(trading->quotes, SYNCHRONIZE_MS, &silence))
        is_known = quotes_clock(trading->quotes, &clock);
    if (!is_known)
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    *out_now = clock.now;
    return true;
}

// Nobody knows a price that is still to come, so nothing can be tested on it.
static void
check_period(const Trading__CreateBacktestRequest *request, int64_t now, struct error *error)
{
    char present[TIMESTAMP_SIZE];

    timestamp_print(now, present);
    if (request->start >= now)
        error_add_violation(error, "start", "must be before the platform's present time, %s",
                            present);
    if (request->has_end && request->end > now)
        error_add_violation(error, "end", "must not be after the platform's present time, %s",
                            present);
    else if (request->has_end && request->end <= request->start)
        error_add_violation(error, "end", "must be after start");
}

static bool check_request(struct change *change,
                          const Trading__CreateBacktestRequest *request,
                          struct error *error)
{
    bool is_fractionable = false;
    int64_t now = 0;

    if (!find_present(change->trading, &now, error))
        return false;
    error_clear(error);
    check_period(request, now, error);
    check_commission(&change->record.terms, error);
    if (error->code != CODE_OK)
        return false;
    // The present goes on, and what was asked for stays.
    if (!request->has_end)
        change->record.end_at = now;
    if (!check_plan(change, error))
        return false;
    return request->benchmark == NULL ||
           lookup_fractionable(change->trading, change->base.call, request->benchmark,
                               &is_fractionable, error);
}

bool trading_api_create_backtest(struct trading *trading,
                                 struct call *call,
                                 const Trading__CreateBacktestRequest *request,
                                 Trading__CreateBacktestResponse *response,
                                 struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_create_backtest,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "backtest.create",
                 .apply = create},
        .record = {.id = arena_copy_string(call->arena, uuid_new().string),
                   .strategy_id = request->strategy_id,
                   .start_at = request->start,
                   .end_at = request->has_end ? request->end : 0,
                   .cash = request->has_cash_micros ? request->cash_micros : CASH_UNLESS_SAID,
                   .terms = hear_costs(request->costs),
                   .fractional = request->has_fractional && request->fractional,
                   .exits_at_close = request->has_exits_at_close && request->exits_at_close,
                   .benchmark = request->benchmark},
    };
    bool replayed = false;

    if (change.record.id == NULL)
        return out_of_budget(error);
    if (!idempotency_find(trading->database, call, change.base.method, change.base.response,
                          &replayed, error))
        return false;
    if (replayed)
        return true;
    if (!check_request(&change, request, error) ||
        !owned_change_make(trading->database, &change.base, error))
        return false;
    backtest_queue_wake(trading->backtest_queue);
    if (!call->replayed)
        strategy_events_tell(trading, change.record.user_id, change.record.id);
    return true;
}

static bool
delete_one(struct transaction *transaction, struct owned_change *base, struct error *error)
{
    struct change *change = (struct change *)base;
    const char *id = ((const Trading__DeleteBacktestRequest *)base->request)->backtest_id;
    bool found = false;

    if (!backtest_store_find(transaction, id, BACKTEST_TO_CHANGE, &change->record, &found, error) ||
        !check_seen(base->call, id, &change->record, found, error))
        return false;
    base->subject = change->record.id;
    base->user_id = change->record.user_id;
    return backtest_status_has_ended(change->record.status)
               ? backtest_store_remove(transaction, &change->record, error)
               : backtest_store_cancel(transaction, &change->record, NULL, error);
}

bool trading_api_delete_backtest(struct trading *trading,
                                 struct call *call,
                                 const Trading__DeleteBacktestRequest *request,
                                 Trading__DeleteBacktestResponse *response,
                                 struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_delete_backtest,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "backtest.delete",
                 .apply = delete_one},
    };

    if (!owned_change_make(trading->database, &change.base, error))
        return false;
    if (!call->replayed)
        strategy_events_tell(trading, change.record.user_id, change.record.id);
    return true;
}
