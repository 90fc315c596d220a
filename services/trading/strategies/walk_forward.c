// SPDX-License-Identifier: MIT
#include "strategies/walk_forward.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "money/money.h"
#include "strategies/backtest_actions.h"

#define EFFICIENCY_MAX 9e15 // in millionths of a percent; more is not told

enum {
    YEAR_DAYS = 366, // less is no year, of which alone Calmar's ratio is told
    POINTS_FIRST = 1024,
};

#define SET(message, field, value) ((message)->has_##field = true, (message)->field = (value))

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtest needs too much memory.");
}

static int64_t step_days(const Trading__BacktestWalkForward *plan)
{
    return plan->has_step_days ? plan->step_days : plan->out_of_sample_days;
}

// From one moment to before another.
struct span {
    int64_t start;
    int64_t end;
};

static struct span
in_sample_of(const Trading__BacktestWalkForward *plan, int64_t start, size_t window)
{
    int64_t moved = (int64_t)window * step_days(plan) * MICROS_PER_DAY;

    return (struct span){plan->has_anchored && plan->anchored ? start : start + moved,
                         start + moved + plan->in_sample_days * MICROS_PER_DAY};
}

static struct span
out_of_sample_of(const Trading__BacktestWalkForward *plan, int64_t start, size_t window)
{
    int64_t from = in_sample_of(plan, start, window).end;

    return (struct span){from, from + plan->out_of_sample_days * MICROS_PER_DAY};
}

size_t walk_forward_count(const Trading__BacktestWalkForward *plan, int64_t start, int64_t end)
{
    size_t count = 0;

    while (count <= WALK_FORWARD_WINDOWS_MAX && out_of_sample_of(plan, start, count).start < end)
        count++;
    return count;
}

bool walk_forward_check(const Trading__BacktestWalkForward *plan,
                        size_t grid_count,
                        int64_t start,
                        int64_t end,
                        struct error *error)
{
    size_t count = walk_forward_count(plan, start, end);

    error_clear(error);
    if (grid_count == 0)
        error_add_violation(error, "grid", "must have parameters for walk_forward to choose from");
    if (plan->has_step_days && plan->step_days < plan->out_of_sample_days)
        error_add_violation(error, "walk_forward.step_days",
                            "must be out_of_sample_days at least, and %" PRIu32
                            " is less than %" PRIu32,
                            plan->step_days, plan->out_of_sample_days);
    if (plan->has_objective &&
        plan->objective == TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_CALMAR_RATIO &&
        plan->in_sample_days < YEAR_DAYS)
        error_add_violation(
            error, "walk_forward.in_sample_days",
            "must be %d at least for calmar_ratio, which is of a year, not %" PRIu32, YEAR_DAYS,
            plan->in_sample_days);
    if (count == 0)
        error_add_violation(error, "walk_forward.in_sample_days",
                            "leaves no day out of sample: from start to end there are %" PRId64,
                            (end - start) / MICROS_PER_DAY);
    if (count > WALK_FORWARD_WINDOWS_MAX)
        error_add_violation(error, "walk_forward", "makes more than %d windows",
                            WALK_FORWARD_WINDOWS_MAX);
    return error->code == CODE_OK;
}

// What one part of a window is run on: bars of its own, so that there are no others to be seen.
struct slice {
    struct backtest_symbol symbols[STRATEGY_SYMBOLS_MAX];
    struct backtest_settings settings;
    size_t bar_count; // from the start on
};

static void clear_slice(struct slice *slice)
{
    for (size_t i = 0; i < STRATEGY_SYMBOLS_MAX; i++)
        bar_columns_free(&slice->symbols[i].series);
}

// The bars of a symbol from that many before the span to its end.
static void find_bars(const struct bar_columns *series,
                      const struct span *span,
                      size_t warm_up,
                      size_t *out_from,
                      size_t *out_first,
                      size_t *out_end)
{
    *out_first = bar_columns_find(series, span->start);
    *out_from = *out_first > warm_up ? *out_first - warm_up : 0;
    *out_end = bar_columns_find(series, span->end);
}

static void
take_dividends(const struct walk_forward *walk, const struct span *span, struct slice *slice)
{
    int64_t last = INT64_MIN;
    size_t first = 0;
    size_t count = walk->settings->dividend_count;
    const struct backtest_dividend *list = walk->settings->dividends;

    for (size_t i = 0; i < slice->settings.symbol_count; i++) {
        const struct bar_columns *series = slice->symbols[i].series;

        if (series->count > 0 && series->times[series->count - 1] > last)
            last = series->times[series->count - 1];
    }
    while (first < count && list[first].at < span->start)
        first++;
    if (first == count || last < span->start)
        return;
    slice->settings.dividends = list + first;
    slice->settings.dividend_count =
        backtest_dividends_until(list + first, count - first, walk->timeframe, last);
}

static void
cut(const struct walk_forward *walk, const struct span *span, int64_t cash, struct slice *slice)
{
    const struct backtest_settings *whole = walk->settings;

    *slice = (struct slice){.settings = *whole};
    slice->settings.symbols = slice->symbols;
    slice->settings.start = span->start;
    slice->settings.cash = cash;
    slice->settings.dividends = NULL;
    slice->settings.dividend_count = 0;
    for (size_t i = 0; i < whole->symbol_count; i++) {
        size_t from = 0;
        size_t first = 0;
        size_t end = 0;

        find_bars(whole->symbols[i].series, span, walk->search->warm_up, &from, &first, &end);
        slice->symbols[i].ticker = whole->symbols[i].ticker;
        slice->symbols[i].series = bar_columns_copy(whole->symbols[i].series, from, end);
        slice->bar_count += end - first;
    }
    take_dividends(walk, span, slice);
}

static int64_t count_bars(const struct walk_forward *walk, const struct span *span)
{
    int64_t count = 0;

    for (size_t i = 0; i < walk->settings->symbol_count; i++) {
        size_t from = 0;
        size_t first = 0;
        size_t end = 0;

        find_bars(walk->settings->symbols[i].series, span, walk->search->warm_up, &from, &first,
                  &end);
        count += (int64_t)(end - from);
    }
    return count;
}

static bool check_work(const struct walk_forward *walk, size_t windows, struct error *error)
{
    int64_t combinations = (int64_t)backtest_grid_count(&walk->search->grid);
    int64_t work = 0;

    for (size_t i = 0; i < windows; i++) {
        const struct span in_sample = in_sample_of(walk->plan, walk->settings->start, i);
        const struct span out_of_sample = out_of_sample_of(walk->plan, walk->settings->start, i);

        work += count_bars(walk, &in_sample) * combinations + count_bars(walk, &out_of_sample);
    }
    if (work <= BACKTEST_WORK_MAX)
        return true;
    error_clear(error);
    error_add_violation(error, "walk_forward",
                        "makes %zu windows times %" PRId64 " combinations of %" PRId64
                        " bars in all, and %" PRId64 " bars may be run",
                        windows, combinations, work, BACKTEST_WORK_MAX);
    return false;
}

// What a plan compares combinations by. False when it is not defined.
static bool objective_of(const Trading__BacktestWalkForward *plan,
                         const Trading__BacktestStatistics *statistics,
                         int64_t *out_value)
{
    switch (plan->objective) {
    case TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_SORTINO_RATIO:
        *out_value = statistics->sortino_ratio_micros;
        return statistics->has_sortino_ratio_micros;
    case TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_CALMAR_RATIO:
        *out_value = statistics->calmar_ratio_micros;
        return statistics->has_calmar_ratio_micros;
    case TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_RETURN_PERCENT:
        *out_value = statistics->return_percent_micros;
        return statistics->has_return_percent_micros;
    case TRADING__BACKTEST_OBJECTIVE__BACKTEST_OBJECTIVE_PROFIT_FACTOR:
        *out_value = statistics->profit_factor_micros;
        return statistics->has_profit_factor_micros;
    default:
        *out_value = statistics->sharpe_ratio_micros;
        return statistics->has_sharpe_ratio_micros;
    }
}

static void tell_figures(const Trading__BacktestWalkForward *plan,
                         const Trading__BacktestStatistics *statistics,
                         Trading__BacktestSample *sample)
{
    int64_t objective = 0;

    sample->has_objective_micros = objective_of(plan, statistics, &objective);
    sample->objective_micros = objective;
    sample->has_return_percent_micros = statistics->has_return_percent_micros;
    sample->return_percent_micros = statistics->return_percent_micros;
    sample->has_max_drawdown_percent_micros = statistics->has_max_drawdown_percent_micros;
    sample->max_drawdown_percent_micros = statistics->max_drawdown_percent_micros;
    sample->has_sharpe_ratio_micros = statistics->has_sharpe_ratio_micros;
    sample->sharpe_ratio_micros = statistics->sharpe_ratio_micros;
    SET(sample, trades, statistics->trades);
    SET(sample, final_equity_micros, statistics->final_equity_micros);
}

static Trading__BacktestSample *
sample_of(struct arena *arena, const struct span *span, const struct slice *slice)
{
    Trading__BacktestSample *sample = arena_allocate(arena, sizeof(*sample));

    if (sample == NULL)
        return NULL;
    trading__backtest_sample__init(sample);
    SET(sample, start, span->start);
    SET(sample, end, span->end);
    SET(sample, bars, slice->bar_count);
    return sample;
}

// More of the objective is better, and any of it than none; of two alike the one that ends with
// more, and then the first.
static bool is_better(const Trading__BacktestSample *one, const Trading__BacktestSample *other)
{
    if (!other->has_final_equity_micros)
        return true;
    if (one->has_objective_micros != other->has_objective_micros)
        return one->has_objective_micros;
    if (one->has_objective_micros && one->objective_micros != other->objective_micros)
        return one->objective_micros > other->objective_micros;
    return one->final_equity_micros > other->final_equity_micros;
}

// Runs all combinations in sample; the best one's figures stay in the sample.
static bool choose(const struct walk_forward *walk,
                   const struct slice *slice,
                   Trading__BacktestSample *sample,
                   size_t *out_best,
                   struct error *error)
{
    struct backtest_search *search = walk->search;

    for (size_t i = 0; i < backtest_grid_count(&search->grid); i++, search->run_number++) {
        Trading__BacktestStatistics *statistics = NULL;
        Trading__BacktestSample tried = *sample;

        if (search->runs[i]->problem != NULL)
            continue;
        if (!backtest_search_make(search, i, error) ||
            !backtest_search_run(search, &slice->settings, &statistics, error))
            return false;
        tell_figures(walk->plan, statistics, &tried);
        if (!is_better(&tried, sample))
            continue;
        *sample = tried;
        *out_best = i;
    }
    return true;
}

static void make_room(struct backtest_result *total, size_t more)
{
    size_t capacity = total->point_capacity == 0 ? POINTS_FIRST : total->point_capacity;

    while (capacity < total->point_count + more)
        capacity *= 2;
    if (capacity == total->point_capacity)
        return;
    total->times = reallocate_array(total->times, capacity, sizeof(*total->times));
    total->equity = reallocate_array(total->equity, capacity, sizeof(*total->equity));
    total->point_capacity = capacity;
}

// Adds as many as there is room for in a list, which is made when the first come.
static void *join_list(void *list, size_t *count, const void *more, size_t more_count, size_t size)
{
    size_t taken =
        more_count < BACKTEST_KEPT_MAX - *count ? more_count : BACKTEST_KEPT_MAX - *count;

    if (taken == 0)
        return list;
    if (list == NULL)
        list = allocate_array(BACKTEST_KEPT_MAX, size);
    memcpy((char *)list + *count * size, more, taken * size);
    *count += taken;
    return list;
}

static void join_trades(struct backtest_result *total, const struct backtest_result *part)
{
    if (part->closed_count > 0) {
        bool is_first = total->closed_count == 0;

        total->best = is_first || part->best > total->best ? part->best : total->best;
        total->worst = is_first || part->worst < total->worst ? part->worst : total->worst;
    }
    total->trade_count += part->trade_count;
    total->order_count += part->order_count;
    total->orders_refused += part->orders_refused;
    total->closed_count += part->closed_count;
    total->won_count += part->won_count;
    total->closed_bars += part->closed_bars;
    total->trades = join_list(total->trades, &total->trades_listed, part->trades,
                              part->trades_listed, sizeof(*total->trades));
    total->orders = join_list(total->orders, &total->orders_listed, part->orders,
                              part->orders_listed, sizeof(*total->orders));
    total->payments = join_list(total->payments, &total->payments_listed, part->payments,
                                part->payments_listed, sizeof(*total->payments));
}

// Puts what came of one window behind what came of those before it.
static bool
join(struct backtest_result *total, const struct backtest_result *part, struct error *error)
{
    make_room(total, part->point_count);
    memcpy(total->times + total->point_count, part->times,
           part->point_count * sizeof(*total->times));
    memcpy(total->equity + total->point_count, part->equity,
           part->point_count * sizeof(*total->equity));
    total->warm_up_count = total->point_count == 0 ? part->warm_up_count : total->warm_up_count;
    total->point_count += part->point_count;
    total->bar_count += part->bar_count;
    total->points_invested += part->points_invested;
    join_trades(total, part);
    if (money_add(total->commission, part->commission, &total->commission) &&
        money_add(total->dividends, part->dividends, &total->dividends) &&
        money_add(total->bought, part->bought, &total->bought) &&
        money_add(total->sold, part->sold, &total->sold) &&
        money_add(total->won, part->won, &total->won) &&
        money_add(total->lost, part->lost, &total->lost))
        return true;
    return error_set(error, REASON_BACKTEST_OVERFLOW, "A sum is too large to be counted.");
}

// What is under way.
struct walking {
    const struct walk_forward *walk;
    struct walk_forward_outcome *outcome;
    int64_t cash;
    struct analytics_window figures[WALK_FORWARD_WINDOWS_MAX];
    size_t figure_count;
};

static double days_of(const struct span *span, int64_t end)
{
    return (double)((span->end < end ? span->end : end) - span->start) / (double)MICROS_PER_DAY;
}

// Notes what the efficiency of all windows is made of, and tells that of this one.
static void note_efficiency(struct walking *walking, size_t number, Trading__BacktestWindow *window)
{
    const struct walk_forward *walk = walking->walk;
    struct analytics_window *figures = &walking->figures[walking->figure_count++];
    struct analytics_figure efficiency;
    const struct span in_sample = in_sample_of(walk->plan, walk->settings->start, number);
    const struct span out_of_sample = out_of_sample_of(walk->plan, walk->settings->start, number);

    *figures = (struct analytics_window){
        .in_sample_return = (double)window->in_sample->return_percent_micros,
        .in_sample_days = days_of(&in_sample, walk->end),
        .out_of_sample_return = (double)window->out_of_sample->return_percent_micros,
        .out_of_sample_days = days_of(&out_of_sample, walk->end),
    };
    efficiency = analytics_walk_forward(figures, 1);
    efficiency.value *= 100.0 * (double)MICROS_PER_UNIT;
    if (efficiency.reason == ANALYTICS_KNOWN && fabs(efficiency.value) < EFFICIENCY_MAX)
        SET(window, efficiency_percent_micros, (int64_t)llrint(efficiency.value));
}

static bool run_out_of_sample(struct walking *walking,
                              const struct slice *slice,
                              size_t combination,
                              Trading__BacktestWindow *window,
                              struct error *error)
{
    struct backtest_search *search = walking->walk->search;
    Trading__BacktestStatistics *statistics = NULL;

    window->parameters = search->runs[combination]->parameters;
    if (!backtest_search_make(search, combination, error) ||
        !backtest_search_run(search, &slice->settings, &statistics, error) ||
        !join(&walking->outcome->result, search->result, error))
        return false;
    tell_figures(walking->walk->plan, statistics, window->out_of_sample);
    walking->cash = statistics->final_equity_micros;
    return true;
}

static bool run_window(struct walking *walking,
                       size_t number,
                       struct slice *in_sample,
                       struct slice *out_of_sample,
                       Trading__BacktestWindow *window,
                       struct error *error)
{
    const struct walk_forward *walk = walking->walk;
    struct backtest_search *search = walk->search;
    const struct span in_span = in_sample_of(walk->plan, walk->settings->start, number);
    const struct span out_span = out_of_sample_of(walk->plan, walk->settings->start, number);
    size_t best = 0;

    cut(walk, &in_span, walk->settings->cash, in_sample);
    cut(walk, &out_span, walking->cash, out_of_sample);
    window->in_sample = sample_of(search->arena, &in_span, in_sample);
    window->out_of_sample = sample_of(search->arena, &out_span, out_of_sample);
    if (window->in_sample == NULL || window->out_of_sample == NULL)
        return out_of_budget(error);
    search->run_number = number * (backtest_grid_count(&search->grid) + 1);
    if (walking->cash <= 0)
        window->problem = "Nothing was left to trade with.";
    else if (in_sample->bar_count == 0)
        window->problem = "There are no bars in sample.";
    else if (out_of_sample->bar_count == 0)
        window->problem = "There are no bars out of sample.";
    if (window->problem != NULL)
        return true;
    if (!choose(walk, in_sample, window->in_sample, &best, error) ||
        !run_out_of_sample(walking, out_of_sample, best, window, error))
        return false;
    note_efficiency(walking, number, window);
    return true;
}

static bool run_windows(struct walking *walking, struct error *error)
{
    struct walk_forward_outcome *outcome = walking->outcome;
    struct arena *arena = walking->walk->search->arena;

    for (size_t i = 0; i < outcome->window_count; i++) {
        struct slice in_sample = {0};
        struct slice out_of_sample = {0};
        bool is_fine = false;

        outcome->windows[i] = arena_allocate(arena, sizeof(*outcome->windows[i]));
        if (outcome->windows[i] == NULL)
            return out_of_budget(error);
        trading__backtest_window__init(outcome->windows[i]);
        is_fine = run_window(walking, i, &in_sample, &out_of_sample, outcome->windows[i], error);
        clear_slice(&in_sample);
        clear_slice(&out_of_sample);
        if (!is_fine)
            return false;
    }
    if (outcome->result.point_count > 0)
        return true;
    error_clear(error);
    error_add_violation(error, "walk_forward", "has no window with bars in and out of sample");
    return false;
}

bool walk_forward_run(const struct walk_forward *walk,
                      struct walk_forward_outcome *outcome,
                      struct error *error)
{
    struct walking walking = {.walk = walk, .outcome = outcome, .cash = walk->settings->cash};
    size_t grid_count = walk->search->grid.count;

    if (!walk_forward_check(walk->plan, grid_count, walk->settings->start, walk->end, error))
        return false;
    outcome->window_count = walk_forward_count(walk->plan, walk->settings->start, walk->end);
    outcome->first_at = out_of_sample_of(walk->plan, walk->settings->start, 0).start;
    outcome->windows =
        arena_allocate(walk->search->arena, outcome->window_count * sizeof(*outcome->windows));
    if (outcome->windows == NULL)
        return out_of_budget(error);
    walk->search->run_count =
        outcome->window_count * (backtest_grid_count(&walk->search->grid) + 1);
    if (!check_work(walk, outcome->window_count, error) || !run_windows(&walking, error))
        return false;
    outcome->efficiency = analytics_walk_forward(walking.figures, walking.figure_count);
    return true;
}
