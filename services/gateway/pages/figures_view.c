// SPDX-License-Identifier: MIT
#include "pages/figures_view.h"

#include "bourse/trading/v1/trading_rules.h"
#include "message/fields.h"

#include <string.h>

enum look { LOOKS_SIGNED, LOOKS_SHARE, LOOKS_PART, LOOKS_NUMBER, LOOKS_COUNT, LOOKS_TIME };
enum better { BETTER_NEITHER, BETTER_MORE, BETTER_LESS };

static const struct figure {
    const char *name; // in the API
    const char *label;
    enum look look;     // a percentage with its sign, one that has none, the same of a
                        // ratio, a number, a count, a moment
    enum better better; // of two, as far as one can say
    const char *definition;
} figures[] = {
    {"return_percent", "Return", LOOKS_SIGNED, BETTER_MORE,
     "What the equity at the end is more than the cash at the beginning, in percent of that."},
    {"annual_return_percent", "A year of it", LOOKS_SIGNED, BETTER_MORE,
     "The return that, made every year, comes to the same; of a year or more."},
    {"buy_and_hold_return_percent", "Buy and hold", LOOKS_SIGNED, BETTER_NEITHER,
     "What the symbols have gained from their first open to their last close, on average."},
    {"benchmark_return_percent", "Benchmark", LOOKS_SIGNED, BETTER_NEITHER,
     "What the benchmark has gained from its first open to its last close."},
    {"volatility_percent", "Volatility a year", LOOKS_SHARE, BETTER_LESS,
     "The standard deviation of the returns of the days, times the root of the days a year has."},
    {"sharpe_ratio", "Sharpe ratio", LOOKS_NUMBER, BETTER_MORE,
     "The mean return of a day by the standard deviation, for a year; without a riskless rate."},
    {"sortino_ratio", "Sortino ratio", LOOKS_NUMBER, BETTER_MORE,
     "The same, by the deviation of the days with a loss alone."},
    {"calmar_ratio", "Calmar ratio", LOOKS_NUMBER, BETTER_MORE,
     "The return of a year by the deepest drawdown."},
    {"max_drawdown_percent", "Deepest drawdown", LOOKS_SIGNED, BETTER_MORE,
     "The deepest fall from the highest equity until then, at closes."},
    {"max_drawdown_peak_at", "Drawdown from", LOOKS_TIME, BETTER_NEITHER,
     "When the equity was at that peak."},
    {"max_drawdown_trough_at", "Drawdown until", LOOKS_TIME, BETTER_NEITHER,
     "When it was deepest."},
    {"max_drawdown_recovered_at", "Made up for", LOOKS_TIME, BETTER_NEITHER,
     "When the peak was reached again; nothing when it was not."},
    {"beta", "Beta", LOOKS_NUMBER, BETTER_NEITHER,
     "By how much the returns of the days move with those of the benchmark."},
    {"alpha_percent", "Alpha a year", LOOKS_SIGNED, BETTER_MORE,
     "The return of a year that does not come of moving with the benchmark."},
    {"exposure_percent", "In the market", LOOKS_SHARE, BETTER_NEITHER,
     "Of the bars those at which there was a position."},
    {"turnover", "Turnover", LOOKS_PART, BETTER_NEITHER,
     "Half of what was bought and sold, in percent of the equity at the closes on average."},
    {"trades", "Trades", LOOKS_COUNT, BETTER_NEITHER,
     "From the first share bought until none is left; those that are open are not among them."},
    {"open_trades", "Open at the end", LOOKS_COUNT, BETTER_NEITHER,
     "Positions that were there at the end, valued at the last close."},
    {"win_rate_percent", "Trades with a profit", LOOKS_SHARE, BETTER_MORE,
     "Of those that have ended."},
    {"profit_factor", "Profit factor", LOOKS_NUMBER, BETTER_MORE,
     "All profits of trades in parts of all losses."},
    {"average_trade", "Average trade", LOOKS_NUMBER, BETTER_MORE,
     "The profit of a trade, commission taken off."},
    {"best_trade", "Best trade", LOOKS_NUMBER, BETTER_NEITHER, "The largest profit of a trade."},
    {"worst_trade", "Worst trade", LOOKS_NUMBER, BETTER_MORE, "The smallest profit of a trade."},
    {"average_trade_bars", "Bars a trade", LOOKS_NUMBER, BETTER_NEITHER,
     "How long a trade lasts on average."},
    {"orders", "Orders", LOOKS_COUNT, BETTER_NEITHER,
     "All that were placed, those that were canceled included."},
    {"orders_refused", "Orders refused", LOOKS_COUNT, BETTER_LESS,
     "Those that there was too little cash for."},
    {"commission", "Commission", LOOKS_NUMBER, BETTER_LESS, "All that was paid."},
    {"dividends", "Dividends", LOOKS_NUMBER, BETTER_NEITHER,
     "The cash that came of shares held on an ex-date; part of the equity, not of a trade."},
    {"walk_forward_efficiency_percent", "Walk-forward efficiency", LOOKS_SIGNED, BETTER_MORE,
     "The return of a day out of sample, in percent of that in sample."},
    {"bars", "Bars", LOOKS_COUNT, BETTER_NEITHER, "That were traded on, of all symbols."},
    {"warm_up_bars", "Warm-up", LOOKS_COUNT, BETTER_NEITHER,
     "Bars before those, that indicators needed and that were not traded on."},
};

static const char *find_reason(const Trading__BacktestStatistics *statistics, const char *name)
{
    for (size_t i = 0; i < statistics->n_unknown; i++)
        if (strcmp(statistics->unknown[i]->figure, name) == 0)
            return statistics->unknown[i]->sentence;
    return NULL;
}

static void set_value(enum look look, int64_t value, Pages__BacktestFigureView *view)
{
    switch (look) {
    case LOOKS_SIGNED:
        view->has_percent_micros = true;
        view->percent_micros = value;
        break;
    case LOOKS_SHARE:
        view->has_share_micros = true;
        view->share_micros = value;
        break;
    case LOOKS_PART:
        view->has_share_micros = !__builtin_mul_overflow(value, 100, &view->share_micros);
        break;
    case LOOKS_NUMBER:
        view->has_number_micros = true;
        view->number_micros = value;
        break;
    case LOOKS_COUNT:
        view->has_count = true;
        view->count = (uint64_t)value;
        break;
    case LOOKS_TIME:
        view->has_time = true;
        view->time = value;
        break;
    }
}

// The value of a field of the statistics; false when it is absent.
static bool
find_value(const Trading__BacktestStatistics *statistics, const char *name, int64_t *out_value)
{
    const struct message_info *info = &trading_backtest_statistics_info;
    size_t index = fields_index_of(info, text_of(name));
    const ProtobufCFieldDescriptor *field = NULL;
    const char *base = (const char *)statistics;

    if (index == SIZE_MAX)
        return false;
    field = &info->descriptor->fields[index];
    if (!*(const protobuf_c_boolean *)(base + field->quantifier_offset))
        return false;
    *out_value = field->type == PROTOBUF_C_TYPE_UINT32
                     ? (int64_t) * (const uint32_t *)(base + field->offset)
                     : *(const int64_t *)(base + field->offset);
    return true;
}

size_t figures_view_count(void)
{
    return COUNT_OF(figures);
}

Pages__BacktestFigureView *
figures_view_make(struct arena *arena, size_t index, const Trading__BacktestStatistics *statistics)
{
    Pages__BacktestFigureView *view = arena_allocate(arena, sizeof *view);
    const struct figure *figure = &figures[index];
    int64_t value = 0;

    if (view == NULL)
        return NULL;
    pages__backtest_figure_view__init(view);
    view->label = figure->label;
    view->definition = figure->definition;
    view->has_is_there = true;
    view->is_there = find_value(statistics, figure->name, &value);
    if (view->is_there)
        set_value(figure->look, value, view);
    else
        view->explanation = find_reason(statistics, figure->name);
    return view;
}

// Whether the figure of some statistics is better than that of others, which may be absent.
static bool is_better(const struct figure *figure,
                      const Trading__BacktestStatistics *one,
                      const Trading__BacktestStatistics *other)
{
    int64_t value = 0;
    int64_t other_value = 0;

    if (figure->better == BETTER_NEITHER || !find_value(one, figure->name, &value) ||
        !find_value(other, figure->name, &other_value))
        return false;
    return figure->better == BETTER_MORE ? value > other_value : value < other_value;
}

bool figures_view_is_best(size_t index,
                          Trading__Backtest *const *backtests,
                          size_t count,
                          size_t which)
{
    bool is_better_than_one = false;

    for (size_t i = 0; i < count; i++) {
        const Trading__BacktestStatistics *mine = backtests[which]->statistics;
        const Trading__BacktestStatistics *other = backtests[i]->statistics;

        if (is_better(&figures[index], other, mine))
            return false;
        is_better_than_one = is_better_than_one || is_better(&figures[index], mine, other);
    }
    return is_better_than_one;
}
