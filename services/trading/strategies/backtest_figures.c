// SPDX-License-Identifier: MIT
#include "strategies/backtest_figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analytics/analytics.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "money/money.h"

#define WHOLE_PERCENT (100 * MICROS_PER_UNIT)
// A figure in millionths beyond this is not told: it fits neither a double nor a reader.
#define FIGURE_MAX 9.0e15

enum {
    UNKNOWN_MAX = 20,
    SESSIONS_PER_YEAR = 252,
    DAYS_PER_YEAR = 365,
    DIVIDEND_VALUES = 5,
    PLAN_SIZE_MAX = 32 * 1024,
    HEADER_SIZE_MAX = STRATEGY_JSON_MAX + PLAN_SIZE_MAX + 1024,
};

// What is under way: the returns of the days, and what they came to.
struct figures {
    const struct backtest_figures_options *options;
    struct arena *arena;
    Trading__BacktestStatistics *statistics;
    double *returns;   // of each day
    double *benchmark; // of the same days; NULL without one
    size_t count;
    double periods_per_year;
    double calendar_days;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The result needs too much memory.");
}

// Tells a figure in millionths of its unit, or that and why it is not known.
static void tell(struct figures *figures,
                 const char *name,
                 struct analytics_figure figure,
                 double unit,
                 protobuf_c_boolean *out_has,
                 int64_t *out_value)
{
    Trading__BacktestStatistics *statistics = figures->statistics;
    double value = figure.value * unit * (double)MICROS_PER_UNIT;
    Trading__BacktestUnknown *unknown = NULL;

    if (figure.reason == ANALYTICS_KNOWN && !(fabs(value) < FIGURE_MAX))
        figure = analytics_unknown(ANALYTICS_OUT_OF_RANGE);
    *out_has = figure.reason == ANALYTICS_KNOWN;
    if (figure.reason == ANALYTICS_KNOWN) {
        *out_value = (int64_t)llrint(value);
        return;
    }
    unknown = statistics->unknown[statistics->n_unknown++];
    unknown->figure = name;
    unknown->reason = analytics_reason_name(figure.reason);
    unknown->sentence = analytics_reason_sentence(figure.reason);
}

#define TELL(figures, name, figure, unit, field)                                                   \
    tell(figures, name, figure, unit, &(figures)->statistics->has_##field,                         \
         &(figures)->statistics->field)

#define SET(message, field, value) ((message)->has_##field = true, (message)->field = (value))

// The benchmark's close at that time; 0 before its first.
static double benchmark_at(const struct bar_columns *benchmark, int64_t at)
{
    size_t before = bar_columns_find(benchmark, at + 1);

    return before == 0 ? 0.0 : (double)benchmark->columns[BAR_CLOSE][before - 1];
}

// Whether the last point of the day, or of the backtest.
static bool ends_day(const struct backtest_result *result, size_t point)
{
    return point + 1 == result->point_count ||
           result->times[point] / MICROS_PER_DAY != result->times[point + 1] / MICROS_PER_DAY;
}

static bool is_weekend(int64_t at)
{
    int weekday = date_weekday(at / MICROS_PER_DAY);

    return weekday == 0 || weekday == 6;
}

// Takes the return of each day. A market that is open at weekends has 365 days a year.
static bool take_returns(struct figures *figures, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    const struct bar_columns *benchmark = figures->options->benchmark;
    double last = (double)figures->options->settings->cash;
    double last_benchmark =
        benchmark == NULL || benchmark->count == 0 ? 0.0 : (double)benchmark->columns[BAR_OPEN][0];
    bool has_weekends = false;

    figures->returns = arena_allocate(figures->arena, (result->point_count + 1) * sizeof(double));
    figures->benchmark = arena_allocate(figures->arena, (result->point_count + 1) * sizeof(double));
    if (figures->returns == NULL || figures->benchmark == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < result->point_count; i++) {
        double now_benchmark = 0.0;
        struct analytics_day day = {.start = last, .end = (double)result->equity[i]};

        if (!ends_day(result, i))
            continue;
        last = day.end;
        has_weekends = has_weekends || is_weekend(result->times[i]);
        now_benchmark = last_benchmark == 0.0 ? 0.0 : benchmark_at(benchmark, result->times[i]);
        if (analytics_day_return(&day, &figures->returns[figures->count]) == ANALYTICS_DAY_COUNTED)
            figures->benchmark[figures->count++] =
                now_benchmark > 0.0 ? now_benchmark / last_benchmark - 1.0 : 0.0;
        last_benchmark = now_benchmark > 0.0 ? now_benchmark : last_benchmark;
    }
    if (last_benchmark == 0.0)
        figures->benchmark = NULL;
    figures->periods_per_year = has_weekends ? DAYS_PER_YEAR : SESSIONS_PER_YEAR;
    if (figures->options->periods_per_year > 0)
        figures->periods_per_year = figures->options->periods_per_year;
    figures->calendar_days = (double)(result->times[result->point_count - 1] - result->times[0]) /
                                 (double)MICROS_PER_DAY +
                             1.0;
    return true;
}

// The deepest fall of the equity at closes, from the cash of the beginning on.
static bool tell_drawdown(struct figures *figures, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    Trading__BacktestStatistics *statistics = figures->statistics;
    int64_t peak = figures->options->settings->cash;
    int64_t peak_at = result->times[0];
    int64_t deepest_peak = peak;
    int64_t trough = peak;
    double deepest = 0.0;

    for (size_t i = 0; i < result->point_count; i++) {
        int64_t equity = result->equity[i];
        double depth = 0.0;

        if (statistics->has_max_drawdown_trough_at && equity >= deepest_peak &&
            !statistics->has_max_drawdown_recovered_at)
            SET(statistics, max_drawdown_recovered_at, result->times[i]);
        if (equity > peak) {
            peak = equity;
            peak_at = result->times[i];
        }
        depth = (double)(peak - equity) / (double)peak;
        if (depth <= deepest)
            continue;
        deepest = depth;
        deepest_peak = peak;
        trough = equity;
        SET(statistics, max_drawdown_peak_at, peak_at);
        SET(statistics, max_drawdown_trough_at, result->times[i]);
        statistics->has_max_drawdown_recovered_at = false;
    }
    SET(statistics, peak_equity_micros, peak);
    statistics->has_max_drawdown_percent_micros = true;
    return money_scale_half_even(trough - deepest_peak, WHOLE_PERCENT, deepest_peak,
                                 &statistics->max_drawdown_percent_micros) ||
           error_set(error, REASON_BACKTEST_OVERFLOW, "The drawdown is too large to be counted.");
}

// What the symbols have gained on average, from the first open that is traded on to the last close.
static struct analytics_figure hold_return(const struct backtest_settings *settings)
{
    double sum = 0.0;
    size_t count = 0;

    for (size_t i = 0; i < settings->symbol_count; i++) {
        const struct bar_columns *series = settings->symbols[i].series;
        size_t first = bar_columns_find(series, settings->start);

        if (first == series->count || series->columns[BAR_OPEN][first] == 0)
            continue;
        sum += (double)series->columns[BAR_CLOSE][series->count - 1] /
                   (double)series->columns[BAR_OPEN][first] -
               1.0;
        count++;
    }
    return count == 0 ? analytics_unknown(ANALYTICS_NOTHING_INVESTED)
                      : analytics_known(sum / (double)count);
}

static struct analytics_figure benchmark_return(const struct figures *figures)
{
    const struct bar_columns *benchmark = figures->options->benchmark;

    if (figures->benchmark == NULL)
        return analytics_unknown(ANALYTICS_NO_BENCHMARK);
    return analytics_known((double)benchmark->columns[BAR_CLOSE][benchmark->count - 1] /
                               (double)benchmark->columns[BAR_OPEN][0] -
                           1.0);
}

static void tell_returns(struct figures *figures)
{
    const struct backtest_result *result = figures->options->result;
    double cash = (double)figures->options->settings->cash;
    struct analytics_figure total =
        analytics_known((double)result->equity[result->point_count - 1] / cash - 1.0);
    struct analytics_figure annual = analytics_annualize(total, figures->calendar_days);
    double depth = (double)figures->statistics->max_drawdown_percent_micros / (double)WHOLE_PERCENT;

    TELL(figures, "return_percent", total, 100.0, return_percent_micros);
    TELL(figures, "annual_return_percent", annual, 100.0, annual_return_percent_micros);
    TELL(figures, "buy_and_hold_return_percent", hold_return(figures->options->settings), 100.0,
         buy_and_hold_return_percent_micros);
    TELL(figures, "benchmark_return_percent", benchmark_return(figures), 100.0,
         benchmark_return_percent_micros);
    TELL(figures, "calmar_ratio", analytics_calmar(annual, depth), 1.0, calmar_ratio_micros);
}

static void tell_risk(struct figures *figures)
{
    double per_year = figures->periods_per_year;
    struct analytics_figure none = analytics_unknown(ANALYTICS_NO_BENCHMARK);
    bool has = figures->benchmark != NULL;

    TELL(figures, "volatility_percent",
         analytics_volatility(figures->returns, figures->count, per_year), 100.0,
         volatility_percent_micros);
    TELL(figures, "sharpe_ratio", analytics_sharpe(figures->returns, figures->count, 0.0, per_year),
         1.0, sharpe_ratio_micros);
    TELL(figures, "sortino_ratio",
         analytics_sortino(figures->returns, figures->count, 0.0, per_year), 1.0,
         sortino_ratio_micros);
    TELL(figures, "beta",
         has ? analytics_beta(figures->returns, figures->benchmark, figures->count) : none, 1.0,
         beta_micros);
    TELL(figures, "alpha_percent",
         has ? analytics_alpha(figures->returns, figures->benchmark, figures->count, 0.0, per_year)
             : none,
         100.0, alpha_percent_micros);
}

static struct analytics_figure ratio(double part, double whole, enum analytics_reason otherwise)
{
    return whole == 0.0 ? analytics_unknown(otherwise) : analytics_known(part / whole);
}

static double average_equity(const struct backtest_result *result)
{
    double sum = 0.0;

    for (size_t i = 0; i < result->point_count; i++)
        sum += (double)result->equity[i];
    return sum / (double)result->point_count;
}

static void tell_trades(struct figures *figures)
{
    const struct backtest_result *result = figures->options->result;
    Trading__BacktestStatistics *statistics = figures->statistics;
    double closed = (double)result->closed_count;
    struct analytics_figure factor =
        ratio((double)result->won, (double)result->lost, ANALYTICS_NO_LOSSES);

    SET(statistics, trades, result->closed_count);
    SET(statistics, open_trades, result->trade_count - result->closed_count);
    SET(statistics, winning_trades, result->won_count);
    SET(statistics, orders, result->order_count);
    SET(statistics, orders_refused, result->orders_refused);
    SET(statistics, commission_micros, result->commission);
    SET(statistics, dividends_micros, result->dividends);
    if (result->closed_count > 0) {
        SET(statistics, best_trade_micros, result->best);
        SET(statistics, worst_trade_micros, result->worst);
    } else {
        factor = analytics_unknown(ANALYTICS_NO_TRADES);
    }
    TELL(figures, "win_rate_percent", ratio((double)result->won_count, closed, ANALYTICS_NO_TRADES),
         100.0, win_rate_percent_micros);
    TELL(figures, "profit_factor", factor, 1.0, profit_factor_micros);
    TELL(figures, "average_trade",
         ratio((double)(result->won - result->lost) / (double)MICROS_PER_UNIT, closed,
               ANALYTICS_NO_TRADES),
         1.0, average_trade_micros);
    TELL(figures, "average_trade_bars",
         ratio((double)result->closed_bars, closed, ANALYTICS_NO_TRADES), 1.0,
         average_trade_bars_micros);
    TELL(figures, "exposure_percent",
         analytics_known((double)result->points_invested / (double)result->point_count), 100.0,
         exposure_percent_micros);
    TELL(figures, "turnover",
         analytics_turnover((double)result->bought + (double)result->sold, average_equity(result)),
         1.0, turnover_micros);
}

static bool make_statistics(struct figures *figures, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    Trading__BacktestStatistics *statistics = arena_allocate(figures->arena, sizeof(*statistics));
    Trading__BacktestUnknown *unknowns =
        arena_allocate(figures->arena, UNKNOWN_MAX * sizeof(*unknowns));
    Trading__BacktestUnknown **list = arena_allocate(figures->arena, UNKNOWN_MAX * sizeof(*list));

    if (statistics == NULL || unknowns == NULL || list == NULL)
        return out_of_budget(error);
    trading__backtest_statistics__init(statistics);
    for (size_t i = 0; i < UNKNOWN_MAX; i++) {
        trading__backtest_unknown__init(&unknowns[i]);
        list[i] = &unknowns[i];
    }
    statistics->unknown = list;
    figures->statistics = statistics;
    SET(statistics, bars, result->bar_count);
    SET(statistics, warm_up_bars, (uint32_t)result->warm_up_count);
    SET(statistics, first_at, result->times[0]);
    SET(statistics, last_at, result->times[result->point_count - 1]);
    SET(statistics, initial_equity_micros, figures->options->settings->cash);
    SET(statistics, final_equity_micros, result->equity[result->point_count - 1]);
    if (!take_returns(figures, error) || !tell_drawdown(figures, error))
        return false;
    tell_returns(figures);
    tell_risk(figures);
    tell_trades(figures);
    if (figures->options->efficiency != NULL)
        TELL(figures, "walk_forward_efficiency_percent", *figures->options->efficiency, 100.0,
             walk_forward_efficiency_percent_micros);
    return true;
}

bool backtest_statistics(const struct backtest_figures_options *options,
                         struct arena *arena,
                         Trading__BacktestStatistics **out_statistics,
                         struct error *error)
{
    struct figures figures = {.options = options, .arena = arena};

    if (!make_statistics(&figures, error))
        return false;
    *out_statistics = figures.statistics;
    return true;
}

static Trading__BacktestCause say_cause(enum backtest_cause cause)
{
    static const Trading__BacktestCause said[] = {
        [BACKTEST_ENTRY] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_ENTRY,
        [BACKTEST_EXIT] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_EXIT,
        [BACKTEST_STOP_LOSS] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_STOP_LOSS,
        [BACKTEST_TRAILING_STOP] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_TRAILING_STOP,
        [BACKTEST_TAKE_PROFIT] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_TAKE_PROFIT,
        [BACKTEST_TARGET] = TRADING__BACKTEST_CAUSE__BACKTEST_CAUSE_TARGET,
    };

    return said[cause];
}

static void say_trade(const struct figures *figures,
                      const struct backtest_trade *trade,
                      Trading__BacktestTrade *message)
{
    trading__backtest_trade__init(message);
    message->ticker = figures->options->settings->symbols[trade->symbol].ticker;
    SET(message, quantity_nanos, trade->quantity);
    SET(message, paid_micros, trade->paid);
    SET(message, received_micros, trade->received);
    SET(message, profit_micros, trade->received - trade->paid);
    SET(message, commission_micros, trade->commission);
    SET(message, opened_at, trade->opened_at);
    SET(message, bars, (uint32_t)trade->bars);
    if (trade->closed_at == 0)
        return;
    SET(message, closed_at, trade->closed_at);
    SET(message, cause, say_cause(trade->cause));
}

static bool say_trades(struct figures *figures, Trading__Backtest *message, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    size_t count = result->trades_listed;
    Trading__BacktestTrade *trades = arena_allocate(figures->arena, (count + 1) * sizeof(*trades));

    message->trades = arena_allocate(figures->arena, (count + 1) * sizeof(*message->trades));
    if (trades == NULL || message->trades == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        say_trade(figures, &result->trades[i], &trades[i]);
        message->trades[i] = &trades[i];
    }
    message->n_trades = count;
    return true;
}

static Trading__OrderType say_type(enum order_type type)
{
    static const Trading__OrderType said[] = {
        [ORDER_MARKET] = TRADING__ORDER_TYPE__ORDER_TYPE_MARKET,
        [ORDER_LIMIT] = TRADING__ORDER_TYPE__ORDER_TYPE_LIMIT,
        [ORDER_STOP] = TRADING__ORDER_TYPE__ORDER_TYPE_STOP,
        [ORDER_STOP_LIMIT] = TRADING__ORDER_TYPE__ORDER_TYPE_STOP_LIMIT,
        [ORDER_TRAILING_STOP] = TRADING__ORDER_TYPE__ORDER_TYPE_TRAILING_STOP,
    };

    return said[type];
}

static Trading__OrderStatus say_status(enum order_status status)
{
    switch (status) {
    case ORDER_FILLED:
        return TRADING__ORDER_STATUS__ORDER_STATUS_FILLED;
    case ORDER_PARTIALLY_FILLED:
        return TRADING__ORDER_STATUS__ORDER_STATUS_PARTIALLY_FILLED;
    case ORDER_CANCELED:
        return TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED;
    default:
        return TRADING__ORDER_STATUS__ORDER_STATUS_NEW;
    }
}

static void say_order(const struct figures *figures,
                      const struct backtest_order *order,
                      Trading__BacktestOrder *message)
{
    trading__backtest_order__init(message);
    message->ticker = figures->options->settings->symbols[order->symbol].ticker;
    SET(message, cause, say_cause(order->cause));
    SET(message, side,
        order->side == ORDER_BUY ? TRADING__ORDER_SIDE__ORDER_SIDE_BUY
                                 : TRADING__ORDER_SIDE__ORDER_SIDE_SELL);
    SET(message, type, say_type(order->type));
    SET(message, quantity_nanos, order->quantity);
    message->has_price_micros = order->price != 0;
    message->price_micros = order->price;
    SET(message, filled_quantity_nanos, order->filled_quantity);
    message->has_average_fill_price_micros = order->filled_quantity > 0;
    message->average_fill_price_micros = order->average_price;
    SET(message, commission_micros, order->commission);
    SET(message, status, say_status(order->status));
    message->reason = order->reason[0] == '\0' ? NULL : order->reason;
    SET(message, placed_at, order->placed_at);
    message->has_ended_at = order->ended_at != 0;
    message->ended_at = order->ended_at;
}

static bool say_orders(struct figures *figures, Trading__Backtest *message, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    size_t count = result->orders_listed;
    Trading__BacktestOrder *orders = arena_allocate(figures->arena, (count + 1) * sizeof(*orders));

    message->orders = arena_allocate(figures->arena, (count + 1) * sizeof(*message->orders));
    if (orders == NULL || message->orders == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        say_order(figures, &result->orders[i], &orders[i]);
        message->orders[i] = &orders[i];
    }
    message->n_orders = count;
    return true;
}

static bool say_dividends(struct figures *figures, Trading__Backtest *message, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    size_t count = result->payments_listed;
    Trading__BacktestDividend *list = arena_allocate(figures->arena, (count + 1) * sizeof(*list));

    message->dividends = arena_allocate(figures->arena, (count + 1) * sizeof(*message->dividends));
    if (list == NULL || message->dividends == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        const struct backtest_payment *payment = &result->payments[i];

        trading__backtest_dividend__init(&list[i]);
        list[i].ticker = figures->options->settings->symbols[payment->symbol].ticker;
        SET(&list[i], effective_at, payment->at);
        SET(&list[i], amount_micros, payment->amount);
        SET(&list[i], quantity_nanos, payment->quantity);
        SET(&list[i], cash_micros, payment->cash);
        message->dividends[i] = &list[i];
    }
    message->n_dividends = count;
    return true;
}

static void
say_benchmark(const struct figures *figures, int64_t at, Trading__BacktestPoint *message)
{
    const struct bar_columns *benchmark = figures->options->benchmark;
    size_t before = 0;

    if (figures->benchmark == NULL)
        return;
    before = bar_columns_find(benchmark, at + 1);
    message->has_benchmark_micros =
        before > 0 &&
        money_scale_half_even(figures->options->settings->cash,
                              benchmark->columns[BAR_CLOSE][before - 1],
                              benchmark->columns[BAR_OPEN][0], &message->benchmark_micros);
}

// So many points that share the others evenly; each is the last of those that it stands for.
static bool say_curve(struct figures *figures, Trading__Backtest *message, struct error *error)
{
    const struct backtest_result *result = figures->options->result;
    size_t count =
        result->point_count < BACKTEST_CURVE_MAX ? result->point_count : BACKTEST_CURVE_MAX;
    Trading__BacktestPoint *points = arena_allocate(figures->arena, (count + 1) * sizeof(*points));
    int64_t peak = figures->options->settings->cash;
    size_t at = 0;

    message->curve = arena_allocate(figures->arena, (count + 1) * sizeof(*message->curve));
    if (points == NULL || message->curve == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        size_t last = (i + 1) * result->point_count / count - 1;

        for (; at <= last; at++)
            peak = result->equity[at] > peak ? result->equity[at] : peak;
        trading__backtest_point__init(&points[i]);
        SET(&points[i], time, result->times[last]);
        SET(&points[i], equity_micros, result->equity[last]);
        points[i].has_drawdown_percent_micros = money_scale_half_even(
            result->equity[last] - peak, WHOLE_PERCENT, peak, &points[i].drawdown_percent_micros);
        say_benchmark(figures, result->times[last], &points[i]);
        message->curve[i] = &points[i];
    }
    message->n_curve = count;
    return true;
}

bool backtest_figures(const struct backtest_figures_options *options,
                      struct arena *arena,
                      Trading__Backtest **out_message,
                      struct error *error)
{
    struct figures figures = {.options = options, .arena = arena};
    Trading__Backtest *message = arena_allocate(arena, sizeof(*message));
    char fingerprint[BACKTEST_FINGERPRINT_SIZE];

    if (message == NULL)
        return out_of_budget(error);
    trading__backtest__init(message);
    if (!make_statistics(&figures, error) || !say_trades(&figures, message, error) ||
        !say_orders(&figures, message, error) || !say_dividends(&figures, message, error) ||
        !say_curve(&figures, message, error))
        return false;
    message->statistics = figures.statistics;
    SET(message, engine_version, BACKTEST_VERSION);
    backtest_fingerprint(options->settings, options->benchmark, options->plan, fingerprint);
    message->fingerprint = arena_copy_string(arena, fingerprint);
    *out_message = message;
    return message->fingerprint != NULL || out_of_budget(error);
}

static void add_column(struct strbuf *out, const int64_t *column, size_t count)
{
    char hash[SHA256_HEX_SIZE];

    digest_sha256_hex((struct text){(const char *)column, count * sizeof(*column)}, hash);
    strbuf_printf(out, " %s", hash);
}

static void add_series(struct strbuf *out, const char *ticker, const struct bar_columns *series)
{
    strbuf_printf(out, "\n%s %zu", ticker, series->count);
    add_column(out, series->times, series->count);
    for (int field = 0; field < BAR_FIELD_COUNT; field++)
        add_column(out, series->columns[field], series->count);
}

// One by one, by value: a struct has bytes between its members.
static void add_dividends(struct strbuf *out, const struct backtest_settings *settings)
{
    int64_t *values = NULL;
    size_t count = 0;

    if (settings->dividend_count == 0)
        return;
    values = allocate_array(settings->dividend_count, DIVIDEND_VALUES * sizeof(*values));
    for (size_t i = 0; i < settings->dividend_count; i++) {
        const struct backtest_dividend *dividend = &settings->dividends[i];

        values[count++] = (int64_t)dividend->symbol;
        values[count++] = dividend->at;
        values[count++] = dividend->amount;
        values[count++] = dividend->numerator;
        values[count++] = dividend->denominator;
    }
    strbuf_printf(out, "\ndividends %zu", settings->dividend_count);
    add_column(out, values, count);
    release(values);
}

void backtest_fingerprint(const struct backtest_settings *settings,
                          const struct bar_columns *benchmark,
                          const char *plan,
                          char out[BACKTEST_FINGERPRINT_SIZE])
{
    OWNED(strbuf)
    all = strbuf_new(HEADER_SIZE_MAX + (STRATEGY_SYMBOLS_MAX + 1) * 8 * SHA256_HEX_SIZE);
    char terms[FILL_TERMS_SIZE];

    fill_terms_print(&settings->terms, terms);
    strbuf_printf(all, "engine %d, %s ", BACKTEST_VERSION,
                  strategy_kind_name(settings->program->parameters.kind));
    strategy_parameters_print(&settings->program->parameters, all);
    strbuf_printf(all, "\nfrom %" PRId64 " with %" PRId64 "%s %s", settings->start, settings->cash,
                  settings->fractional ? " in fractions" : "", terms);
    if (settings->exits_at_close)
        strbuf_append_string(all, " exits at closes");
    for (size_t i = 0; i < settings->symbol_count; i++)
        add_series(all, settings->symbols[i].ticker, settings->symbols[i].series);
    if (benchmark != NULL)
        add_series(all, "benchmark", benchmark);
    add_dividends(all, settings);
    if (plan != NULL)
        strbuf_printf(all, "\nplan %s", plan);
    digest_sha256_hex(strbuf_text(all), out);
}
