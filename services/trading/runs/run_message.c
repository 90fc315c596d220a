// SPDX-License-Identifier: MIT
#include "runs/run_message.h"

#include <string.h>

#include "base/error_details.h"
#include "money/money.h"
#include "strategies/indicator_values.h"
#include "strategies/strategy_message.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Trading__OrderSide say_side(bool is_sell)
{
    return is_sell ? TRADING__ORDER_SIDE__ORDER_SIDE_SELL : TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
}

// The messages' causes are the engine's, after one for none.
static Trading__BacktestCause say_cause(enum backtest_cause cause)
{
    return (Trading__BacktestCause)((int)cause + 1);
}

static void say_account(const struct run *run, Trading__StrategyRun *message)
{
    message->has_initial_cash_micros = true;
    message->initial_cash_micros = run->initial_cash;
    message->has_max_daily_loss_micros = run->max_daily_loss > 0;
    message->max_daily_loss_micros = run->max_daily_loss;
    message->has_cash_micros = true;
    message->cash_micros = run->cash;
    message->has_equity_micros = true;
    message->equity_micros = run->equity;
    message->has_daily_loss_micros = true;
    message->daily_loss_micros = run_daily_loss(run);
}

static void say_progress(const struct run *run, Trading__StrategyRun *message)
{
    message->has_started_at = true;
    message->started_at = run->started_at;
    message->has_stopped_at = run->stopped_at > 0;
    message->stopped_at = run->stopped_at;
    message->has_last_bar_at = run->last_bar_at > 0;
    message->last_bar_at = run->last_bar_at;
    message->has_window_start = true;
    message->window_start = run->window_at;
    message->has_bars_decided = true;
    message->bars_decided = (uint64_t)run->bars_decided;
    message->has_bars_missed = true;
    message->bars_missed = (uint64_t)run->bars_missed;
    message->has_orders = true;
    message->orders = (uint64_t)run->order_count;
    message->has_decisions = true;
    message->decisions = (uint64_t)run->decision_count;
}

bool run_to_message(const struct run *run,
                    struct arena *arena,
                    Trading__StrategyRun **out_message,
                    struct error *error)
{
    Trading__StrategyRun *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__strategy_run__init(message);
    message->id = run->id;
    message->strategy_id = run->strategy_id;
    message->has_strategy_version = true;
    message->strategy_version = (uint32_t)run->strategy_version;
    message->user_id = run->user_id;
    message->portfolio_id = run->portfolio_id;
    message->has_state = true;
    message->state = run->is_stopped ? TRADING__STRATEGY_RUN_STATE__STRATEGY_RUN_STATE_STOPPED
                                     : TRADING__STRATEGY_RUN_STATE__STRATEGY_RUN_STATE_RUNNING;
    message->reason = run->reason;
    message->reason_message = run->reason_message;
    message->kind = run->kind;
    message->parameters = run->parameters;
    message->symbols = run->tickers;
    message->n_symbols = run->symbol_count;
    message->has_timeframe = true;
    message->timeframe = strategy_timeframe_of(run->timeframe);
    message->has_fractional = true;
    message->fractional = run->fractional;
    say_account(run, message);
    say_progress(run, message);
    *out_message = message;
    return true;
}

static bool say_positions(const struct run *run,
                          struct arena *arena,
                          Trading__StrategyRun *message,
                          struct error *error)
{
    Trading__StrategyRunPosition *positions =
        arena_allocate(arena, (run->symbol_count + 1) * sizeof(*positions));

    message->positions =
        arena_allocate(arena, (run->symbol_count + 1) * sizeof(*message->positions));
    if (positions == NULL || message->positions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < run->symbol_count; i++) {
        const struct run_position *position = &run->positions[i];
        Trading__StrategyRunPosition *said = &positions[i];

        if (position->quantity == 0)
            continue;
        trading__strategy_run_position__init(said);
        said->ticker = run->tickers[i];
        said->has_quantity_nanos = true;
        said->quantity_nanos = position->quantity;
        said->has_entry_price_micros = position->entry_price > 0;
        said->entry_price_micros = position->entry_price;
        said->has_high_water_micros = position->high_water > 0;
        said->high_water_micros = position->high_water;
        said->has_close_micros = position->close > 0;
        said->close_micros = position->close;
        message->positions[message->n_positions++] = said;
    }
    return true;
}

static bool say_orders(const struct run *run,
                       struct arena *arena,
                       Trading__StrategyRun *message,
                       struct error *error)
{
    Trading__StrategyRunOrder *orders =
        arena_allocate(arena, (run->open_count + 1) * sizeof(*orders));

    message->open_orders =
        arena_allocate(arena, (run->open_count + 1) * sizeof(*message->open_orders));
    if (orders == NULL || message->open_orders == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < run->open_count; i++) {
        const struct run_order *order = &run->orders[i];
        Trading__StrategyRunOrder *said = &orders[i];

        if (order->is_settled)
            continue;
        trading__strategy_run_order__init(said);
        said->client_order_id = order->name;
        said->order_id = order->order_id;
        said->ticker = run->tickers[order->symbol];
        said->has_side = true;
        said->side = say_side(order->side == ORDER_SELL);
        said->has_quantity_nanos = true;
        said->quantity_nanos = order->quantity;
        said->has_cause = true;
        said->cause = say_cause(order->cause);
        said->has_bar_at = true;
        said->bar_at = order->bar_at;
        message->open_orders[message->n_open_orders++] = said;
    }
    return true;
}

bool run_to_whole_message(const struct run *run,
                          struct arena *arena,
                          Trading__StrategyRun **out_message,
                          struct error *error)
{
    return run_to_message(run, arena, out_message, error) &&
           say_positions(run, arena, *out_message, error) &&
           say_orders(run, arena, *out_message, error);
}

// From "name=value" lines; names have no "=" but in comparisons, which are no numbers.
static bool say_values(const char *lines,
                       struct arena *arena,
                       Trading__StrategyDecision *message,
                       struct error *error)
{
    Trading__StrategyValue *values = arena_allocate(arena, INDICATOR_VALUES_MAX * sizeof(*values));

    message->values = arena_allocate(arena, INDICATOR_VALUES_MAX * sizeof(*message->values));
    if (values == NULL || message->values == NULL)
        return out_of_budget(error);
    while (lines != NULL && *lines != '\0' && message->n_values < INDICATOR_VALUES_MAX) {
        Trading__StrategyValue *said = &values[message->n_values];
        size_t length = strcspn(lines, "\n");
        size_t name = strcspn(lines, "=");
        struct text number = {lines + name + 1, length > name ? length - name - 1 : 0};

        trading__strategy_value__init(said);
        said->name = arena_copy(arena, lines, name < length ? name : length);
        if (said->name == NULL)
            return out_of_budget(error);
        said->has_value_micros =
            number.length > 0 &&
            decimal_parse(number, MONEY_SCALE, &said->value_micros) == DECIMAL_FINE;
        message->values[message->n_values++] = said;
        lines += length + (lines[length] == '\n' ? 1 : 0);
    }
    return true;
}

static Trading__StrategyOutcome say_outcome(enum run_outcome outcome)
{
    static const Trading__StrategyOutcome said[] = {
        [RUN_OUTCOME_NOTHING] = TRADING__STRATEGY_OUTCOME__STRATEGY_OUTCOME_NOTHING,
        [RUN_OUTCOME_DECIDED] = TRADING__STRATEGY_OUTCOME__STRATEGY_OUTCOME_DECIDED,
        [RUN_OUTCOME_PLACED] = TRADING__STRATEGY_OUTCOME__STRATEGY_OUTCOME_PLACED,
        [RUN_OUTCOME_REFUSED] = TRADING__STRATEGY_OUTCOME__STRATEGY_OUTCOME_REFUSED,
        [RUN_OUTCOME_MISSED] = TRADING__STRATEGY_OUTCOME__STRATEGY_OUTCOME_MISSED,
    };

    return said[outcome];
}

static void say_inputs(const struct run_decision *decision, Trading__StrategyDecision *message)
{
    bool has_symbol = decision->ticker != NULL;

    message->ticker = decision->ticker;
    message->signal = decision->signal;
    message->has_close_micros = has_symbol && decision->close > 0;
    message->close_micros = decision->close;
    message->has_target_percent_micros =
        has_symbol && strcmp(decision->signal, decision_signal_name(DECISION_TARGET)) == 0;
    message->target_percent_micros = decision->target;
    message->has_quantity_nanos = has_symbol;
    message->quantity_nanos = decision->quantity;
    message->has_cash_micros = true;
    message->cash_micros = decision->cash;
    message->has_equity_micros = true;
    message->equity_micros = decision->equity;
}

static void say_order(const struct run_decision *decision, Trading__StrategyDecision *message)
{
    message->has_cause = decision->cause != NULL;
    if (message->has_cause)
        message->cause = say_cause(backtest_cause_of(decision->cause));
    message->has_side = decision->side != NULL;
    if (message->has_side)
        message->side = say_side(strcmp(decision->side, "sell") == 0);
    message->has_order_quantity_nanos = decision->order_quantity > 0;
    message->order_quantity_nanos = decision->order_quantity;
    message->client_order_id = decision->client_order_id;
    message->order_id = decision->order_id;
    message->has_canceled = decision->ticker != NULL;
    message->canceled = (uint32_t)decision->canceled;
}

static bool say_details(const struct run_decision *decision,
                        struct arena *arena,
                        Trading__StrategyDecision *message,
                        struct error *error)
{
    Trading__ReasonDetail *details = arena_allocate(arena, ERROR_DETAILS_MAX * sizeof(*details));
    struct error refusal;

    message->reason_details =
        arena_allocate(arena, ERROR_DETAILS_MAX * sizeof(*message->reason_details));
    if (details == NULL || message->reason_details == NULL)
        return out_of_budget(error);
    error_repeat(&refusal, decision->reason, "");
    error_details_add(&refusal, decision->reason_details);
    for (size_t i = 0; i < refusal.detail_count; i++) {
        trading__reason_detail__init(&details[i]);
        details[i].name = arena_copy_string(arena, refusal.details[i].name);
        details[i].value = arena_copy_string(arena, refusal.details[i].value);
        if (details[i].name == NULL || details[i].value == NULL)
            return out_of_budget(error);
        message->reason_details[message->n_reason_details++] = &details[i];
    }
    return true;
}

bool run_decision_to_message(const struct run_decision *decision,
                             struct arena *arena,
                             Trading__StrategyDecision **out_message,
                             struct error *error)
{
    Trading__StrategyDecision *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    trading__strategy_decision__init(message);
    message->has_number = true;
    message->number = (uint64_t)decision->number;
    message->has_bar_at = true;
    message->bar_at = decision->bar_at;
    message->has_decided_at = true;
    message->decided_at = decision->decided_at;
    say_inputs(decision, message);
    message->has_outcome = true;
    message->outcome = say_outcome(decision->outcome);
    say_order(decision, message);
    message->reason = decision->reason;
    message->reason_message = decision->reason_message;
    *out_message = message;
    return say_values(decision->indicators, arena, message, error) &&
           (decision->reason_details == NULL || say_details(decision, arena, message, error));
}
