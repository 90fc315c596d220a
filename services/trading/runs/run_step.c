// SPDX-License-Identifier: MIT
#include "runs/run_step.h"

#include <string.h>

#include "base/fault.h"
#include "execution/lookup.h"
#include "matcher/matcher.h"
#include "money/money.h"
#include "runs/run_orders.h"
#include "runs/run_store.h"
#include "runs/run_timing.h"
#include "service/log.h"
#include "shards/shard_lease.h"
#include "strategies/backtest_bars.h"
#include "strategies/indicator_values.h"
#include "strategies/strategy_events.h"

enum {
    ARENA_BUDGET = 32 * 1024 * 1024,
    // Of one symbol: the warm-up, a window that is full, and what one look takes in.
    BARS_MAX = RULE_WARM_UP_MAX + RUN_WINDOW_MAX + RUN_LOOK_MAX,
    DECISIONS_MAX = STRATEGY_SYMBOLS_MAX + RUN_MISSED_MAX,
};

struct run_step {
    struct trading *trading;
    struct arena *arena;
    struct rule_workspace *workspace;
    struct run *run;
    struct decision *decision;
    int64_t decisions_before;
    int64_t looked_at; // up to when orders had met all quotes, before the run was read
    struct platform_clock clock;
    const char *split; // a symbol that it holds and that was split; NULL for none
    struct strategy_program *program;
    struct backtest_symbol symbols[STRATEGY_SYMBOLS_MAX];
    struct backtest_settings settings;
    struct run_decision decisions[DECISIONS_MAX];
    size_t decision_count;
    bool found;
    bool is_saved;
};

struct run_step *run_step_new(struct trading *trading)
{
    struct run_step *step = allocate(sizeof(*step));

    step->trading = trading;
    step->arena = arena_new(ARENA_BUDGET);
    step->workspace = rule_workspace_new();
    step->run = allocate(sizeof(*step->run));
    step->decision = allocate(sizeof(*step->decision));
    return step;
}

static void clear_series(struct run_step *step)
{
    for (size_t i = 0; i < STRATEGY_SYMBOLS_MAX; i++)
        bar_columns_free(&step->symbols[i].series);
}

void run_step_free(struct run_step **step)
{
    if (*step == NULL)
        return;
    clear_series(*step);
    release((*step)->decision);
    release((*step)->run);
    rule_workspace_free(&(*step)->workspace);
    arena_free(&(*step)->arena);
    release(*step);
    *step = NULL;
}

struct reading {
    struct run_step *step;
    const char *run_id;
};

// All of one moment: orders that have ended come with all their fills.
static bool read_work(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;
    struct run_step *step = reading->step;

    return run_store_find(transaction, reading->run_id, step->run, &step->found, error) &&
           (!step->found || (run_store_take_fills(transaction, step->run, error) &&
                             run_store_find_split(transaction, step->run, &step->split, error)));
}

static bool begin(struct run_step *step, const char *run_id, struct error *error)
{
    struct reading reading = {step, run_id};

    arena_reset(step->arena);
    clear_series(step);
    step->decision_count = 0;
    step->looked_at = matcher_looked_at(step->trading->matcher);
    if (!quotes_clock(step->trading->quotes, &step->clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    if (!database_transact(step->trading->database, step->arena, TRANSACTION_READ_ONLY, read_work,
                           &reading, error))
        return false;
    step->decisions_before = step->found ? step->run->decision_count : 0;
    return true;
}

static bool save_work(struct transaction *transaction, void *context, struct error *error)
{
    struct run_step *step = context;
    const struct shard_claim claim = shard_lease_claim(step->trading->shards, step->run->shard);

    return run_store_save(transaction, step->run, &claim, step->decisions_before, step->decisions,
                          step->decision_count, &step->is_saved, error);
}

// Writes it all, if the run is this replica's still and as it was found.
static bool save(struct run_step *step, struct error *error)
{
    const struct run *run = step->run;

    if (!database_transact(step->trading->database, step->arena, 0, save_work, step, error))
        return false;
    if (step->is_saved && (step->decision_count > 0 || run->has_changed))
        strategy_events_tell(step->trading, run->user_id, run->id);
    return true;
}

struct stopping {
    struct run_step *step;
    const struct error *reason;
};

static bool stop_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct stopping *stopping = context;

    return run_store_stop(transaction, stopping->step->run, stopping->step->clock.now,
                          stopping->reason, error);
}

static bool stop(struct run_step *step, const struct error *reason, struct error *error)
{
    struct stopping stopping = {step, reason};

    log_write(LOG_INFO, "strategy_stopped", "run", step->run->id, "reason", reason->reason, NULL);
    if (!database_transact(step->trading->database, step->arena, 0, stop_work, &stopping, error))
        return false;
    strategy_events_tell(step->trading, step->run->user_id, step->run->id);
    return true;
}

// Places and cancels what was written; and stops the run when that shows that it cannot go on.
static bool carry_out(struct run_step *step, bool *out_is_done, struct error *error)
{
    struct error reason;

    *out_is_done = run_orders_carry_out(step->trading, step->run, step->arena, &reason);
    return reason.code == CODE_OK || step->run->is_stopped || stop(step, &reason, error);
}

bool run_step_settle(struct run_step *step, const char *run_id, struct error *error)
{
    bool is_done = false;

    error_clear(error);
    if (!begin(step, run_id, error))
        return false;
    if (!step->found)
        return true;
    return save(step, error) && step->is_saved && carry_out(step, &is_done, error) && is_done;
}

// What was placed before must have met every quote of the bar before its close is decided about.
// Those that other replicas have in their books are known by their rows alone: they are waited for
// until it is late.
static bool is_settled(struct run_step *step, int64_t boundary, bool is_late)
{
    for (size_t i = 0; i < step->run->open_count; i++) {
        const struct run_order *order = &step->run->orders[i];

        if (order->is_settled)
            continue;
        if (!order->is_placed)
            return false;
        if (is_late)
            continue;
        if (!matcher_has(step->trading->matcher, step->run->tickers[order->symbol]) ||
            step->looked_at < boundary)
            return false;
    }
    return true;
}

static bool make_program(struct run_step *step, struct error *error)
{
    struct run *run = step->run;
    struct strategy_parameters *parameters = arena_allocate(step->arena, sizeof(*parameters));
    enum strategy_kind kind = STRATEGY_KIND_COUNT;

    step->program = arena_allocate(step->arena, sizeof(*step->program));
    if (parameters == NULL || step->program == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The run needs too much memory.");
    // They were checked when the strategy was written; a later build may know another rule.
    if (!strategy_kind_find(text_of(run->kind), &kind))
        return error_set(error, REASON_INVALID_REQUEST, "There is no kind %s any more.", run->kind);
    return strategy_parameters_read(kind, text_of(run->parameters), step->arena, parameters,
                                    error) &&
           strategy_program_make(parameters, step->program, error);
}

static bool goes_on(void *context)
{
    (void)context;
    return true;
}

// The bars that begin before `end`.
static bool
fetch_symbol(struct run_step *step, size_t symbol, int64_t end, int64_t *as_of, struct error *error)
{
    const struct backtest_bars_request request = {
        .ticker = step->run->tickers[symbol],
        .timeframe = step->run->timeframe,
        .start = step->run->window_at,
        .end = end - 1,
        .warm_up = step->program->warm_up,
        .most = BARS_MAX,
        .goes_on = goes_on,
        .as_of = as_of,
    };

    step->symbols[symbol].ticker = step->run->tickers[symbol];
    step->symbols[symbol].series = bar_columns_new();
    return backtest_bars_fetch(step->trading, &request, step->symbols[symbol].series, error);
}

// Fetches the bars that have ended until then, of all symbols. False without an error when market
// has not come so far.
static bool fetch(struct run_step *step, int64_t end, struct error *error)
{
    for (size_t i = 0; i < step->run->symbol_count; i++) {
        int64_t as_of = 0;

        if (!fetch_symbol(step, i, end, &as_of, error) || as_of < end)
            return false;
    }
    return true;
}

// The time of the first bar of any symbol that is not before `from`; INT64_MAX for none.
static int64_t next_bar(const struct run_step *step, int64_t from)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < step->run->symbol_count; i++) {
        const struct bar_columns *series = step->symbols[i].series;
        size_t bar = bar_columns_find(series, from);

        if (bar < series->count && series->times[bar] < next)
            next = series->times[bar];
    }
    return next;
}

static int64_t first_new_bar(const struct run_step *step)
{
    const struct run *run = step->run;

    return next_bar(step, run->last_bar_at == 0 ? run->started_at : run->last_bar_at + 1);
}

static struct run_decision *add_decision(struct run_step *step, int64_t bar_at)
{
    struct run_decision *decision = &step->decisions[step->decision_count++];

    *decision = (struct run_decision){
        .number = ++step->run->decision_count,
        .bar_at = bar_at,
        .decided_at = step->clock.now,
        .cash = step->run->cash,
        .equity = step->run->equity,
    };
    return decision;
}

static void add_missed(struct run_step *step, int64_t bar_at)
{
    struct run_decision *decision = NULL;

    step->run->bars_missed++;
    step->run->last_bar_at = bar_at;
    if (step->decision_count == RUN_MISSED_MAX)
        return;
    decision = add_decision(step, bar_at);
    decision->outcome = RUN_OUTCOME_MISSED;
    decision->reason = reason_entry(REASON_BAR_MISSED)->name;
    decision->reason_message = reason_entry(REASON_BAR_MISSED)->title;
}

// Counts the bars before the last as missed. `out_last` is the last one.
static void pass_over(struct run_step *step, int64_t first, int64_t *out_last)
{
    int64_t next = first;

    for (*out_last = first; (next = next_bar(step, *out_last + 1)) != INT64_MAX; *out_last = next)
        add_missed(step, *out_last);
}

static bool set_up(struct run_step *step, int64_t at, struct error *error)
{
    struct run *run = step->run;
    struct call call = run_call(run, step->arena);
    char user_id[UUID_SIZE];

    step->settings = (struct backtest_settings){
        .program = step->program,
        .symbols = step->symbols,
        .symbol_count = run->symbol_count,
        .start = run->first_bar_at == 0 ? at : run->first_bar_at,
        .fractional = run->fractional,
        .exits_at_close = true,
    };
    *step->decision = (struct decision){.settings = &step->settings};
    run_give(run, step->decision);
    return lookup_portfolio(step->trading, &call, run->portfolio_id, user_id, &step->settings.terms,
                            error);
}

// The order that is to be placed for an intent, and what the log says of it.
static void add_order(struct run_step *step,
                      const struct decision_intent *intent,
                      struct run_decision *log,
                      int64_t at)
{
    struct run *run = step->run;
    struct run_order *order = NULL;

    log->cause = backtest_cause_name(intent->cause);
    log->side = order_side_name(intent->side);
    log->order_quantity = intent->quantity;
    if (intent->side == ORDER_BUY && run_may_not_buy(run)) {
        log->outcome = RUN_OUTCOME_REFUSED;
        log->reason = reason_entry(REASON_LIMIT_EXCEEDED)->name;
        log->reason_message = "The run has lost as much today as max_daily_loss: it buys nothing "
                              "more until tomorrow.";
        run->reason = log->reason;
        run->reason_message = log->reason_message;
        log->cause = log->side = NULL;
        return;
    }
    order = &run->orders[run->open_count++];
    *order = (struct run_order){
        .bar_at = at,
        .symbol = intent->symbol,
        .cause = intent->cause,
        .side = intent->side,
        .quantity = intent->quantity,
        .decision = log->number,
    };
    run_order_name(run->id, at, run->tickers[intent->symbol], order->name);
    log->client_order_id = order->name;
    log->outcome = RUN_OUTCOME_DECIDED;
    run->order_count++;
}

static const struct decision_intent *find_intent(const struct decision *decision, size_t symbol)
{
    for (size_t i = 0; i < decision->intent_count; i++)
        if (decision->intents[i].symbol == symbol)
            return &decision->intents[i];
    return NULL;
}

static int64_t count_canceled(const struct decision *decision, size_t symbol)
{
    int64_t count = 0;

    for (size_t i = 0; i < decision->open_count; i++)
        count += decision->open[i].is_canceled && decision->open[i].symbol == symbol ? 1 : 0;
    return count;
}

static bool log_symbol(struct run_step *step, size_t symbol, int64_t at, struct error *error)
{
    struct run *run = step->run;
    struct decision *decision = step->decision;
    const struct decision_intent *intent = find_intent(decision, symbol);
    int64_t canceled = count_canceled(decision, symbol);
    struct bar_columns *series = step->symbols[symbol].series;
    struct run_decision *log = NULL;

    if (decision->signals[symbol] == DECISION_NONE && intent == NULL && canceled == 0)
        return true;
    log = add_decision(step, at);
    log->ticker = run->tickers[symbol];
    log->close = decision->closes[symbol];
    log->signal = decision_signal_name(decision->signals[symbol]);
    log->target = run->positions[symbol].target;
    log->quantity = run->positions[symbol].quantity;
    log->canceled = canceled;
    log->outcome = canceled > 0 ? RUN_OUTCOME_DECIDED : RUN_OUTCOME_NOTHING;
    if (intent != NULL && run->open_count < DECISION_ORDERS_MAX)
        add_order(step, intent, log, at);
    return series->count == 0 ||
           indicator_values_print(step->program, series, series->count - 1, step->workspace,
                                  step->arena, &log->indicators, error);
}

static bool decide(struct run_step *step, int64_t at, struct error *error)
{
    struct run *run = step->run;

    if (!decision_make(step->decision, at, step->workspace, error))
        return false;
    run_take_equity(run, at, step->decision->equity);
    run_take(run, step->decision);
    run->bars_decided++;
    run->last_bar_at = at;
    run->first_bar_at = run->first_bar_at == 0 ? at : run->first_bar_at;
    run->reason = run->reason_message = NULL;
    for (size_t i = 0; i < run->symbol_count; i++)
        if (!log_symbol(step, i, at, error))
            return false;
    if (step->decision->refused_count > 0) {
        run->reason = reason_entry(REASON_INSUFFICIENT_FUNDS)->name;
        run->reason_message = "The run has too little cash for a share that it wants.";
    }
    return true;
}

// A bar that it is too late for: what the run is worth is noted all the same.
static bool miss(struct run_step *step, int64_t at, struct error *error)
{
    struct run *run = step->run;

    if (!decision_value(step->decision, at, error))
        return false;
    run_take_equity(run, at, step->decision->equity);
    for (size_t i = 0; i < run->symbol_count; i++)
        run->positions[i].close = step->decision->closes[i];
    add_missed(step, at);
    return true;
}

static void move_window(struct run_step *step)
{
    int64_t latest = step->run->window_at;

    for (size_t i = 0; i < step->run->symbol_count; i++) {
        int64_t window_at = run_window(step->run, step->symbols[i].series);

        latest = window_at > latest ? window_at : latest;
    }
    step->run->window_at = latest;
}

static bool look(struct run_step *step, int64_t boundary, struct error *error)
{
    int64_t end = run_look_end(step->run->timeframe, step->run->looked_at, boundary);
    int64_t first = 0;
    int64_t last = 0;

    if (!make_program(step, error) || !fetch(step, end, error))
        return false;
    step->run->looked_at = end;
    first = first_new_bar(step);
    if (first == INT64_MAX)
        return true;
    pass_over(step, first, &last);
    if (!set_up(step, last, error) ||
        !(run_may_trade(step->run->timeframe, last, &step->clock) ? decide(step, last, error)
                                                                  : miss(step, last, error)))
        return false;
    move_window(step);
    return true;
}

// What will be so at the next look, too, ends the run; all else is tried again.
static bool is_final(const struct error *error)
{
    return error->code == CODE_INVALID_ARGUMENT || error->code == CODE_NOT_FOUND ||
           error->code == CODE_FAILED_PRECONDITION || error->code == CODE_OUT_OF_RANGE ||
           error->code == CODE_PERMISSION_DENIED;
}

static bool refuse_split(const struct run_step *step, struct error *error)
{
    return error_set(error, REASON_SHARES_SPLIT,
                     "%s was split, and the run counts shares of before: start it anew.",
                     step->split);
}

bool run_step_decide(
    struct run_step *step, const char *run_id, int64_t boundary, bool is_late, struct error *error)
{
    struct error reason;
    bool is_done = false;

    error_clear(error);
    if (!begin(step, run_id, error))
        return false;
    if (!step->found || step->run->is_stopped || step->run->looked_at >= boundary)
        return true;
    if (step->split != NULL) {
        (void)refuse_split(step, &reason);
        return stop(step, &reason, error);
    }
    if (!is_settled(step, boundary, is_late))
        return false;
    if (!look(step, boundary, error)) {
        reason = *error;
        return is_final(&reason) && stop(step, &reason, error);
    }
    if (!save(step, error) || !step->is_saved)
        return false;
    (void)fault_point("trading.after_strategy_decision");
    return carry_out(step, &is_done, error) && step->run->looked_at >= boundary;
}
