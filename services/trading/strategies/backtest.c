// SPDX-License-Identifier: MIT
#include "strategies/backtest.h"

#include <string.h>

#include "money/money.h"
#include "strategies/backtest_private.h"

enum { LOOKS_EVERY = 16384 };

const char *backtest_cause_name(enum backtest_cause cause)
{
    static const char *const names[] = {
#define BACKTEST_CAUSE_AS_NAME(name, text) text,
        BACKTEST_CAUSES(BACKTEST_CAUSE_AS_NAME)
#undef BACKTEST_CAUSE_AS_NAME
    };

    return names[cause];
}

enum backtest_cause backtest_cause_of(const char *name)
{
    int cause = 0;

    while (cause + 1 < BACKTEST_CAUSE_COUNT &&
           strcmp(backtest_cause_name((enum backtest_cause)cause), name) != 0)
        cause++;
    return (enum backtest_cause)cause;
}

void backtest_result_clear(struct backtest_result *result)
{
    release(result->times);
    release(result->equity);
    release(result->trades);
    release(result->orders);
    release(result->payments);
    *result = (struct backtest_result){0};
}

// From which bar on each symbol is traded, and how many are before that.
static bool find_first(struct backtest *backtest)
{
    const struct backtest_settings *settings = backtest->settings;
    struct backtest_result *result = backtest->result;
    size_t total = 0;

    for (size_t i = 0; i < settings->symbol_count; i++) {
        const struct bar_columns *series = settings->symbols[i].series;
        size_t first = bar_columns_find(series, settings->start);

        backtest->positions[i].first = first;
        backtest->positions[i].next = first;
        backtest->positions[i].close = first > 0 ? series->columns[BAR_CLOSE][first - 1] : 0;
        total += series->count;
        result->bar_count += series->count - first;
        result->warm_up_count = first > result->warm_up_count ? first : result->warm_up_count;
    }
    if (result->bar_count > 0 && total <= BACKTEST_BARS_MAX)
        return true;
    error_clear(backtest->error);
    if (total > BACKTEST_BARS_MAX)
        error_add_violation(backtest->error, "start", "leads to %zu bars, and there may be %d",
                            total, BACKTEST_BARS_MAX);
    else
        error_add_violation(backtest->error, "start",
                            "leads to no bars: the symbols have none from there to `end`");
    return false;
}

void backtest_compute(struct backtest *backtest, struct rule_workspace *workspace)
{
    const struct strategy_program *program = backtest->settings->program;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        struct bar_columns *series = backtest->settings->symbols[i].series;
        struct backtest_position *position = &backtest->positions[i];

        if (program->has_signals) {
            position->signals = allocate_array(series->count, sizeof(*position->signals));
            strategy_program_signals(program, series, workspace, position->signals);
        }
        if (program->has_score) {
            position->scores = allocate_array(series->count, sizeof(*position->scores));
            memcpy(position->scores, rule_evaluate(&program->score, series, workspace),
                   series->count * sizeof(*position->scores));
        }
    }
}

static bool goes_on(struct backtest *backtest, size_t done)
{
    const struct backtest_settings *settings = backtest->settings;
    int64_t progress = (int64_t)done * MICROS_PER_UNIT / (int64_t)backtest->result->bar_count;

    return settings->goes_on == NULL || settings->goes_on(settings->context, progress) ||
           error_set(backtest->error, REASON_BACKTEST_CANCELED, "The backtest was canceled.");
}

// The time of the next bar of any symbol; INT64_MAX after the last.
static int64_t next_time(const struct backtest *backtest)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        const struct bar_columns *series = backtest->settings->symbols[i].series;
        size_t bar = backtest->positions[i].next;

        if (bar < series->count && series->times[bar] < next)
            next = series->times[bar];
    }
    return next;
}

size_t backtest_take_closes(struct backtest *backtest, int64_t at)
{
    size_t count = 0;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        struct backtest_position *position = &backtest->positions[i];

        if (!backtest_has_bar(backtest, i, at))
            continue;
        position->close = backtest->settings->symbols[i].series->columns[BAR_CLOSE][position->next];
        count++;
    }
    return count;
}

static void go_to_next(struct backtest *backtest, int64_t at)
{
    for (size_t i = 0; i < backtest->settings->symbol_count; i++)
        if (backtest_has_bar(backtest, i, at))
            backtest->positions[i].next++;
}

static bool mark(struct backtest *backtest, int64_t at)
{
    struct backtest_result *result = backtest->result;
    bool is_invested = false;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++)
        is_invested = is_invested || backtest->positions[i].quantity > 0;
    result->points_invested += is_invested;
    result->times[result->point_count] = at;
    return backtest_equity(backtest, &result->equity[result->point_count++]);
}

// Fills, closes, decisions, and what all is worth then.
static bool step(struct backtest *backtest, int64_t at, size_t *done)
{
    size_t count = 0;

    if (!backtest_pay_dividends(backtest, at) ||
        (backtest->open_count > 0 && !backtest_fill(backtest, at)))
        return false;
    count = backtest_take_closes(backtest, at);
    if (!backtest_decide(backtest, at) || !mark(backtest, at))
        return false;
    go_to_next(backtest, at);
    if ((*done + count) / LOOKS_EVERY != *done / LOOKS_EVERY && !goes_on(backtest, *done + count))
        return false;
    *done += count;
    return true;
}

// The number of bars from the present one on, at most so many, at which nothing happens but that
// the only symbol's price moves: most bars are of that kind.
static size_t count_quiet(const struct backtest *backtest, size_t most)
{
    const struct backtest_position *position = &backtest->positions[0];
    size_t bar = position->next;
    size_t end = bar + most;

    if (backtest->open_count > 0 || (position->quantity > 0 && backtest->settings->exits_at_close))
        return 0;
    if (position->quantity > 0)
        end = backtest_until_dividend(backtest, end);
    if (position->quantity > 0)
        while (bar < end && (position->signals[bar] & STRATEGY_LEAVES) == 0)
            bar++;
    else
        while (bar < end && !backtest_enters(position, bar))
            bar++;
    return bar - position->next;
}

// Marks those bars: what is held is worth what it is at each close.
static bool pass(struct backtest *backtest, size_t count)
{
    struct backtest_position *position = &backtest->positions[0];
    const struct bar_columns *series = backtest->settings->symbols[0].series;
    struct backtest_result *result = backtest->result;
    const int64_t *closes = series->columns[BAR_CLOSE] + position->next;
    int64_t *equity = result->equity + result->point_count;

    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;

        if (!backtest_value(position->quantity, closes[i], &value) ||
            !money_add(value, backtest->cash, &equity[i]))
            return backtest_overflow(backtest, "The equity");
        result->times[result->point_count + i] = series->times[position->next + i];
    }
    result->points_invested += position->quantity > 0 ? count : 0;
    result->point_count += count;
    position->next += count;
    position->close = closes[count - 1];
    return true;
}

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

static bool run(struct backtest *backtest)
{
    bool is_alone =
        backtest->settings->symbol_count == 1 && backtest->settings->program->has_signals;
    const struct bar_columns *series = backtest->settings->symbols[0].series;
    int64_t at = 0;
    size_t done = 0;

    while ((at = next_time(backtest)) != INT64_MAX) {
        size_t most = smaller(LOOKS_EVERY, series->count - backtest->positions[0].next);
        size_t quiet = is_alone ? count_quiet(backtest, most) : 0;

        if (quiet == 0) {
            if (!step(backtest, at, &done))
                return false;
            continue;
        }
        if (!pass(backtest, quiet))
            return false;
        if ((done + quiet) / LOOKS_EVERY != done / LOOKS_EVERY && !goes_on(backtest, done + quiet))
            return false;
        done += quiet;
    }
    return true;
}

// What came into effect within the last bar, which is longer than a day then, is paid at its close.
static bool pay_last(struct backtest *backtest)
{
    struct backtest_result *result = backtest->result;

    return backtest_pay_dividends(backtest, INT64_MAX) &&
           backtest_equity(backtest, &result->equity[result->point_count - 1]);
}

// Trades that are open at the end are listed with what is left at the last close.
static bool list_open(struct backtest *backtest)
{
    struct backtest_result *result = backtest->result;

    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        struct backtest_position *position = &backtest->positions[i];
        int64_t value = 0;

        if (position->quantity == 0)
            continue;
        if (!backtest_value(position->quantity, position->close, &value) ||
            !money_add(position->trade.received, value, &position->trade.received))
            return backtest_overflow(backtest, "An open trade");
        position->trade.bars = (int64_t)(position->next - position->opened);
        result->trade_count++;
        if (result->trades == NULL)
            result->trades = allocate_array(BACKTEST_KEPT_MAX, sizeof(*result->trades));
        if (result->trades_listed < BACKTEST_KEPT_MAX)
            result->trades[result->trades_listed++] = position->trade;
    }
    return true;
}

void backtest_forget(struct backtest *backtest)
{
    for (size_t i = 0; i < backtest->settings->symbol_count; i++) {
        release(backtest->positions[i].signals);
        release(backtest->positions[i].scores);
    }
}

// Empties a result and keeps its memory.
static void empty(struct backtest_result *result)
{
    const struct backtest_result kept = {
        .point_capacity = result->point_capacity,
        .times = result->times,
        .equity = result->equity,
        .trades = result->trades,
        .orders = result->orders,
        .payments = result->payments,
    };

    *result = kept;
}

static void make_room(struct backtest_result *result)
{
    if (result->point_capacity >= result->bar_count)
        return;
    release(result->times);
    release(result->equity);
    result->point_capacity = result->bar_count;
    result->times = allocate_array(result->point_capacity, sizeof(*result->times));
    result->equity = allocate_array(result->point_capacity, sizeof(*result->equity));
}

bool backtest_run(const struct backtest_settings *settings,
                  struct rule_workspace *workspace,
                  struct backtest_result *result,
                  struct error *error)
{
    struct backtest_settings by_bars = *settings;
    struct backtest *backtest = allocate(sizeof(*backtest));
    bool is_done = false;

    empty(result);
    by_bars.terms.model = FILL_MODEL_BAR;
    by_bars.terms.latency_ms = 0;
    backtest->settings = &by_bars;
    backtest->parameters = &settings->program->parameters;
    backtest->result = result;
    backtest->cash = settings->cash;
    backtest->period = INT64_MIN;
    backtest->error = error;
    // Of many short ones, each is asked about.
    if (find_first(backtest) && goes_on(backtest, 0)) {
        make_room(result);
        backtest_compute(backtest, workspace);
        is_done = run(backtest) && pay_last(backtest) && list_open(backtest);
    }
    backtest_forget(backtest);
    release(backtest);
    return is_done;
}
