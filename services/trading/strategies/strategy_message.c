// SPDX-License-Identifier: MIT
#include "strategies/strategy_message.h"

#include "bourse/trading/v1/trading_rules.h"

#include <string.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "money/money.h"
#include "strategy/strategy_parameters.h"

enum { SYMBOLS_SIZE_MAX = STRATEGY_SYMBOLS_MAX * STRATEGY_TICKER_SIZE };

static const struct {
    Trading__StrategyTimeframe value;
    const char *name;
} timeframes[] = {
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_1DAY, "1Day"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_1MIN, "1Min"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_5MIN, "5Min"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_15MIN, "15Min"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_1HOUR, "1Hour"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_1WEEK, "1Week"},
    {TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_1MONTH, "1Month"},
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

const char *strategy_timeframe_name(Trading__StrategyTimeframe timeframe)
{
    for (size_t i = 0; i < COUNT_OF(timeframes); i++)
        if (timeframes[i].value == timeframe)
            return timeframes[i].name;
    return timeframes[0].name;
}

Trading__StrategyTimeframe strategy_timeframe_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(timeframes); i++)
        if (strcmp(timeframes[i].name, name) == 0)
            return timeframes[i].value;
    return TRADING__STRATEGY_TIMEFRAME__STRATEGY_TIMEFRAME_UNSPECIFIED;
}

bool strategy_symbols_split(const char *symbols,
                            struct arena *arena,
                            const char ***out_list,
                            size_t *out_count,
                            struct error *error)
{
    const char **list = arena_allocate(arena, STRATEGY_SYMBOLS_MAX * sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return out_of_budget(error);
    while (*symbols != '\0' && count < STRATEGY_SYMBOLS_MAX) {
        size_t length = strcspn(symbols, " ");

        list[count] = arena_copy(arena, symbols, length);
        if (list[count++] == NULL)
            return out_of_budget(error);
        symbols += length + (symbols[length] == ' ' ? 1 : 0);
    }
    *out_list = list;
    *out_count = count;
    return true;
}

bool strategy_symbols_join(const char *const *list,
                           size_t count,
                           struct arena *arena,
                           const char **out_symbols,
                           struct error *error)
{
    OWNED(strbuf) joined = strbuf_new(SYMBOLS_SIZE_MAX);

    for (size_t i = 0; i < count; i++) {
        strbuf_append_string(joined, i > 0 ? " " : "");
        strbuf_append_string(joined, list[i]);
    }
    *out_symbols = arena_copy(arena, joined->data, joined->length);
    return *out_symbols != NULL || out_of_budget(error);
}

bool strategy_to_message(const struct strategy_record *record,
                         struct arena *arena,
                         Trading__Strategy **out_message,
                         struct error *error)
{
    Trading__Strategy *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__strategy__init(message);
    message->id = record->id;
    message->user_id = record->user_id;
    message->name = record->name;
    message->description = record->description;
    message->kind = record->kind;
    message->parameters = record->parameters;
    message->has_timeframe = true;
    message->timeframe = strategy_timeframe_of(record->timeframe);
    message->has_version = true;
    message->version = (uint32_t)record->version;
    message->has_created_at = true;
    message->created_at = record->created_at;
    message->has_updated_at = true;
    message->updated_at = record->updated_at;
    *out_message = message;
    return strategy_symbols_split(record->symbols, arena, &message->symbols, &message->n_symbols,
                                  error);
}

static Trading__BacktestCosts *say_costs(const struct fill_terms *terms, struct arena *arena)
{
    Trading__BacktestCosts *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return NULL;
    trading__backtest_costs__init(message);
    message->has_slippage_bps_hundredths = true;
    message->slippage_bps_hundredths = terms->slippage_bps_hundredths;
    message->has_participation_percent_hundredths = true;
    message->participation_percent_hundredths = terms->participation_percent_hundredths;
    message->has_commission_per_order_micros = true;
    message->commission_per_order_micros = terms->commission_per_order;
    message->has_commission_per_share_micros = true;
    message->commission_per_share_micros = terms->commission_per_share;
    message->has_commission_bps_hundredths = true;
    message->commission_bps_hundredths = terms->commission_bps_hundredths;
    message->has_commission_minimum_micros = true;
    message->commission_minimum_micros = terms->commission_minimum;
    message->has_commission_maximum_micros = true;
    message->commission_maximum_micros = terms->commission_maximum;
    return message;
}

static Trading__BacktestStatus say_status(enum backtest_status status)
{
    static const Trading__BacktestStatus said[] = {
        [BACKTEST_IS_QUEUED] = TRADING__BACKTEST_STATUS__BACKTEST_STATUS_QUEUED,
        [BACKTEST_IS_RUNNING] = TRADING__BACKTEST_STATUS__BACKTEST_STATUS_RUNNING,
        [BACKTEST_IS_COMPLETED] = TRADING__BACKTEST_STATUS__BACKTEST_STATUS_COMPLETED,
        [BACKTEST_IS_FAILED] = TRADING__BACKTEST_STATUS__BACKTEST_STATUS_FAILED,
        [BACKTEST_IS_CANCELED] = TRADING__BACKTEST_STATUS__BACKTEST_STATUS_CANCELED,
    };

    return said[status];
}

// What it was asked for, and how far it is.
static bool say_request(const struct backtest_record *record,
                        struct arena *arena,
                        Trading__Backtest *message,
                        struct error *error)
{
    message->kind = record->kind;
    message->parameters = record->parameters;
    message->has_timeframe = true;
    message->timeframe = strategy_timeframe_of(record->timeframe);
    message->has_start = true;
    message->start = record->start_at;
    message->has_end = record->end_at != 0;
    message->end = record->end_at;
    message->has_cash_micros = true;
    message->cash_micros = record->cash;
    message->has_fractional = true;
    message->fractional = record->fractional;
    message->has_exits_at_close = true;
    message->exits_at_close = record->exits_at_close;
    message->benchmark = record->benchmark;
    message->has_strategy_version = true;
    message->strategy_version = (uint32_t)record->strategy_version;
    message->costs = say_costs(&record->terms, arena);
    if (message->costs == NULL)
        return out_of_budget(error);
    return strategy_symbols_split(record->symbols, arena, &message->symbols, &message->n_symbols,
                                  error);
}

static bool unpack_text(const struct message_info *info,
                        const char *text,
                        struct arena *arena,
                        ProtobufCMessage **out_message,
                        struct error *error)
{
    size_t room = strlen(text) + 1;
    char *packed = arena_allocate(arena, room);
    size_t length = 0;

    if (packed == NULL)
        return out_of_budget(error);
    if (!digest_base64url_decode(text_of(text), packed, room, &length) ||
        !message_unpack(info, arena, (struct text){packed, length}, out_message, error))
        return error_set(error, REASON_INTERNAL, "The stored result cannot be read.");
    return true;
}

bool strategy_pack_text(const ProtobufCMessage *message,
                        struct arena *arena,
                        const char **out_text,
                        struct error *error)
{
    struct text packed = {0};
    size_t size = 0;
    char *text = NULL;

    if (!message_pack(message, arena, &packed, error))
        return false;
    size = packed.length / 3 * 4 + 8;
    text = arena_allocate(arena, size);
    if (text == NULL)
        return out_of_budget(error);
    digest_base64url(packed.data, packed.length, text, size);
    *out_text = text;
    return true;
}

bool backtest_plan_of(const struct backtest_record *record,
                      struct arena *arena,
                      const Trading__Backtest **out_message,
                      struct error *error)
{
    ProtobufCMessage *stored = NULL;

    *out_message = NULL;
    if (record->grid == NULL)
        return true;
    if (!unpack_text(&trading_backtest_info, record->grid, arena, &stored, error))
        return false;
    *out_message = (const Trading__Backtest *)stored;
    return true;
}

static bool say_plan(const struct backtest_record *record,
                     struct arena *arena,
                     Trading__Backtest *message,
                     struct error *error)
{
    const Trading__Backtest *plan = NULL;

    if (!backtest_plan_of(record, arena, &plan, error))
        return false;
    if (plan != NULL) {
        message->n_grid = plan->n_grid;
        message->grid = plan->grid;
        message->walk_forward = plan->walk_forward;
    }
    return true;
}

// What came of it lies in a message of the same kind, which has nothing else.
static bool say_result(const struct backtest_record *record,
                       struct arena *arena,
                       Trading__Backtest *message,
                       struct error *error)
{
    ProtobufCMessage *stored = NULL;
    const Trading__Backtest *result = NULL;

    if (record->statistics != NULL) {
        if (!unpack_text(&trading_backtest_info, record->statistics, arena, &stored, error))
            return false;
        result = (const Trading__Backtest *)stored;
        message->statistics = result->statistics;
        message->has_engine_version = result->has_engine_version;
        message->engine_version = result->engine_version;
        message->fingerprint = result->fingerprint;
    }
    if (record->result == NULL)
        return true;
    if (!unpack_text(&trading_backtest_info, record->result, arena, &stored, error))
        return false;
    result = (const Trading__Backtest *)stored;
    message->n_trades = result->n_trades;
    message->trades = result->trades;
    message->n_orders = result->n_orders;
    message->orders = result->orders;
    message->n_curve = result->n_curve;
    message->curve = result->curve;
    message->n_runs = result->n_runs;
    message->runs = result->runs;
    message->n_dividends = result->n_dividends;
    message->dividends = result->dividends;
    message->n_windows = result->n_windows;
    message->windows = result->windows;
    return true;
}

bool backtest_to_message(const struct backtest_record *record,
                         struct arena *arena,
                         Trading__Backtest **out_message,
                         struct error *error)
{
    Trading__Backtest *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__backtest__init(message);
    message->id = record->id;
    message->user_id = record->user_id;
    message->strategy_id = record->strategy_id;
    message->has_status = true;
    message->status = say_status(record->status);
    message->has_progress_percent_micros = true;
    message->progress_percent_micros = record->progress_micros * 100;
    message->reason = record->reason;
    message->reason_message = record->reason_message;
    message->has_created_at = true;
    message->created_at = record->created_at;
    message->has_started_at = record->started_at != 0;
    message->started_at = record->started_at;
    message->has_finished_at = record->finished_at != 0;
    message->finished_at = record->finished_at;
    *out_message = message;
    return say_request(record, arena, message, error) && say_plan(record, arena, message, error) &&
           say_result(record, arena, message, error);
}
