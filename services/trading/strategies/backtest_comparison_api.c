// SPDX-License-Identifier: MIT
// backtest_comparison_api: completed backtests side by side.
#include "bourse/trading/v1/trading_rules.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "service/ownership.h"
#include "strategies/backtest_comparison.h"
#include "strategies/backtest_grid.h"
#include "strategies/strategy_message.h"
#include "trading.h"

enum { RESULT_BUDGET = 4 * 1024 * 1024 }; // of one backtest with all its lists

struct reading {
    const char *id;
    struct backtest_record record;
    bool found;
};

static bool read_one(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return backtest_store_find(transaction, reading->id, BACKTEST_WHOLE, &reading->record,
                               &reading->found, error);
}

static bool check_seen(const struct call *call, const struct reading *reading, struct error *error)
{
    if (!reading->found || !ownership_may_see(&call->identity, reading->record.user_id, NULL))
        return error_set(error, REASON_BACKTEST_NOT_FOUND, "There is no backtest %s.", reading->id);
    if (reading->record.status == BACKTEST_IS_COMPLETED)
        return true;
    error_clear(error);
    error_add_violation(error, "ids", "has %s, which is not completed", reading->id);
    return false;
}

// Of a grid it is the best combination whose figures are shown: its parameters take the place of
// the strategy's.
static bool put_best(const struct reading *reading,
                     struct arena *arena,
                     Trading__Backtest *message,
                     struct error *error)
{
    const struct backtest_grid grid = {message->grid, message->n_grid};
    struct strategy_parameters *parameters = arena_allocate(arena, sizeof(*parameters));
    enum strategy_kind kind = STRATEGY_KIND_COUNT;
    OWNED(strbuf) json = strbuf_new(STRATEGY_JSON_MAX);
    size_t best = 0;

    while (best < message->n_runs && !message->runs[best]->best)
        best++;
    if (best == message->n_runs)
        return true;
    if (parameters == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "A backtest needs too much memory.");
    if (!strategy_kind_find(text_of(reading->record.kind), &kind))
        return error_set(error, REASON_INTERNAL, "There is no kind %s any more.",
                         reading->record.kind);
    if (!strategy_parameters_read(kind, text_of(reading->record.parameters), arena, parameters,
                                  error) ||
        !backtest_grid_apply(&grid, best, parameters, json, error))
        return false;
    strbuf_reset(json);
    strategy_parameters_print(parameters, json);
    message->parameters = arena_copy(arena, json->data, json->length);
    return message->parameters != NULL ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "A backtest needs too much memory.");
}

// Copies what is compared to the call's arena: of the lists the curve alone.
static bool keep(Trading__Backtest *message,
                 struct arena *arena,
                 Trading__Backtest **out_copy,
                 struct error *error)
{
    ProtobufCMessage *copy = NULL;
    struct text packed = {0};

    message->n_trades = message->n_orders = message->n_runs = 0;
    message->n_dividends = message->n_windows = 0;
    if (!message_pack(&message->base, arena, &packed, error) ||
        !message_unpack(&trading_backtest_info, arena, packed, &copy, error))
        return false;
    *out_copy = (Trading__Backtest *)copy;
    return true;
}

static bool take_one(struct trading *trading,
                     struct call *call,
                     const char *id,
                     struct arena *arena,
                     Trading__Backtest **out_backtest,
                     struct error *error)
{
    struct reading reading = {.id = id};
    Trading__Backtest *message = NULL;

    arena_reset(arena);
    return database_transact(trading->database, arena, TRANSACTION_READ_ONLY, read_one, &reading,
                             error) &&
           check_seen(call, &reading, error) &&
           backtest_to_message(&reading.record, arena, &message, error) &&
           put_best(&reading, arena, message, error) &&
           keep(message, call->arena, out_backtest, error);
}

bool trading_api_compare_backtests(struct trading *trading,
                                   struct call *call,
                                   const Trading__CompareBacktestsRequest *request,
                                   Trading__CompareBacktestsResponse *response,
                                   struct error *error)
{
    OWNED(arena) arena = arena_new(RESULT_BUDGET);
    const char **ids = NULL;
    size_t count = 0;

    if (!backtest_comparison_ids(request->ids, call->arena, &ids, &count, error))
        return false;
    response->backtests = arena_allocate(call->arena, count * sizeof(*response->backtests));
    if (response->backtests == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
    for (size_t i = 0; i < count; i++)
        if (!take_one(trading, call, ids[i], arena, &response->backtests[i], error))
            return false;
    response->n_backtests = count;
    if (!backtest_comparison(response->backtests, count, call->arena, response, error))
        return false;
    for (size_t i = 0; i < count; i++)
        response->backtests[i]->n_curve = 0;
    return true;
}
