// SPDX-License-Identifier: MIT
#include "strategies/decision.h"

#include "strategies/backtest_private.h"

const char *decision_signal_name(enum decision_signal signal)
{
    static const char *const names[DECISION_SIGNAL_COUNT] = {
        [DECISION_NONE] = "", [DECISION_ENTER] = "enter", [DECISION_LEAVE] = "leave",
        [DECISION_IN] = "in", [DECISION_OUT] = "out",     [DECISION_TARGET] = "target",
    };

    return names[signal];
}

// Gives the backtest the orders that are open, by their names.
static void load_orders(struct backtest *backtest, const struct decision *decision)
{
    for (size_t i = 0; i < decision->open_count; i++) {
        const struct decision_order *order = &decision->open[i];
        struct backtest_position *position = &backtest->positions[order->symbol];

        if (position->open_count == BACKTEST_ORDERS_MAX)
            continue;
        position->open[position->open_count++] = (struct backtest_open_order){
            .order =
                {
                    .client_order_id = order->name,
                    .side = order->side,
                    .type = ORDER_MARKET,
                    .quantity = order->quantity,
                    .hold_amount = order->hold_amount,
                    .status = ORDER_NEW,
                },
            .cause = order->cause,
            .record = SIZE_MAX,
        };
        backtest->open_count++;
        backtest->held += order->hold_amount;
    }
}

static void load(struct backtest *backtest, const struct decision *decision, int64_t at)
{
    const struct backtest_settings *settings = decision->settings;

    backtest->settings = settings;
    backtest->parameters = &settings->program->parameters;
    backtest->cash = decision->cash;
    backtest->has_targets = decision->has_targets;
    backtest->period = decision->period;
    for (size_t i = 0; i < settings->symbol_count; i++) {
        const struct bar_columns *series = settings->symbols[i].series;
        struct backtest_position *position = &backtest->positions[i];

        position->first = bar_columns_find(series, settings->start);
        position->next = bar_columns_find(series, at);
        position->close = position->next > 0 ? series->columns[BAR_CLOSE][position->next - 1] : 0;
        position->quantity = decision->positions[i].quantity;
        position->entry_price = decision->positions[i].entry_price;
        position->high_water = decision->positions[i].high_water;
        position->target = decision->positions[i].target;
    }
    load_orders(backtest, decision);
    (void)backtest_take_closes(backtest, at);
}

static enum decision_signal signal_at(const struct backtest *backtest, size_t symbol, int64_t at)
{
    const struct backtest_position *position = &backtest->positions[symbol];

    if (!backtest_has_bar(backtest, symbol, at))
        return DECISION_NONE;
    if (!backtest->settings->program->has_signals)
        return DECISION_TARGET;
    if ((position->signals[position->next] & STRATEGY_LEAVES) != 0)
        return DECISION_LEAVE;
    if (backtest_enters(position, position->next))
        return DECISION_ENTER;
    return (position->signals[position->next] & STRATEGY_IS_IN) != 0 ? DECISION_IN : DECISION_OUT;
}

static struct decision_order *find_order(struct decision *decision, const char *name)
{
    for (size_t i = 0; i < decision->open_count; i++)
        if (decision->open[i].name == name)
            return &decision->open[i];
    return NULL;
}

// Those that are open now: of before, or new.
static void take_orders(struct decision *decision, const struct backtest *backtest, size_t symbol)
{
    const struct backtest_position *position = &backtest->positions[symbol];

    for (size_t i = 0; i < position->open_count; i++) {
        const struct backtest_open_order *open = &position->open[i];
        struct decision_order *before = open->order.client_order_id == NULL
                                            ? NULL
                                            : find_order(decision, open->order.client_order_id);

        if (before != NULL)
            before->is_canceled = false;
        else
            decision->intents[decision->intent_count++] = (struct decision_intent){
                .symbol = symbol,
                .cause = open->cause,
                .side = open->order.side,
                .quantity = open->order.quantity,
            };
    }
}

static void take(struct decision *decision, const struct backtest *backtest, int64_t at)
{
    decision->has_targets = backtest->has_targets;
    decision->period = backtest->period;
    decision->refused_count = backtest->result->orders_refused;
    decision->intent_count = 0;
    for (size_t i = 0; i < decision->open_count; i++)
        decision->open[i].is_canceled = true;
    for (size_t i = 0; i < decision->settings->symbol_count; i++) {
        decision->positions[i].high_water = backtest->positions[i].high_water;
        decision->positions[i].target = backtest->positions[i].target;
        decision->signals[i] = signal_at(backtest, i, at);
        take_orders(decision, backtest, i);
    }
}

static bool value(struct decision *decision, struct backtest *backtest)
{
    for (size_t i = 0; i < decision->settings->symbol_count; i++)
        decision->closes[i] = backtest->positions[i].close;
    return backtest_equity(backtest, &decision->equity);
}

bool decision_make(struct decision *decision,
                   int64_t at,
                   struct rule_workspace *workspace,
                   struct error *error)
{
    struct backtest *backtest = allocate(sizeof(*backtest));
    struct backtest_result result = {0};
    bool is_done = false;

    backtest->result = &result;
    backtest->error = error;
    load(backtest, decision, at);
    backtest_compute(backtest, workspace);
    is_done = value(decision, backtest) && backtest_decide(backtest, at);
    if (is_done)
        take(decision, backtest, at);
    backtest_forget(backtest);
    backtest_result_clear(&result);
    release(backtest);
    return is_done;
}

bool decision_value(struct decision *decision, int64_t at, struct error *error)
{
    struct backtest *backtest = allocate(sizeof(*backtest));
    bool is_done = false;

    backtest->error = error;
    load(backtest, decision, at);
    is_done = value(decision, backtest);
    release(backtest);
    return is_done;
}
