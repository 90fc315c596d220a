// SPDX-License-Identifier: MIT
#include "performance/performance_figures.h"

#include <assert.h>
#include <stdlib.h>

#include "base/timestamp.h"

#define YEAR_DAYS 365.0
#define RISK_PART 0.05

// What the figures are made of.
struct material {
    const struct performance_input *input;
    const struct analytics_day *days;
    struct performance *performance;
    double *returns;   // of the days that count
    double *sorted;    // the same, the lowest first
    double *benchmark; // on the same days
    size_t count;
    bool is_undefined;    // on one of the days
    double calendar_days; // that the period lasts
};

static int64_t days_of(const char *day)
{
    struct date date;

    return date_parse(text_of(day), &date) ? date_to_days(date) : 0;
}

static int compare_returns(const void *one, const void *other)
{
    double left = *(const double *)one;
    double right = *(const double *)other;

    return left < right ? -1 : left > right;
}

static bool gather(struct material *material, struct arena *arena)
{
    const struct performance_input *input = material->input;
    const struct performance *performance = material->performance;
    const char *first = input->base_day == NULL ? input->days[0].day : input->base_day;

    material->count = performance->counted_count;
    material->returns = arena_allocate(arena, (material->count + 1) * sizeof(double));
    material->benchmark = arena_allocate(arena, (material->count + 1) * sizeof(double));
    material->sorted = arena_allocate(arena, (material->count + 1) * sizeof(double));
    if (material->returns == NULL || material->benchmark == NULL || material->sorted == NULL)
        return false;
    for (size_t i = 0; i < material->count; i++) {
        size_t day = performance->counted[i];

        material->returns[i] = material->sorted[i] = performance->days[day].day_return;
        if (input->benchmark != NULL)
            material->benchmark[i] = input->benchmark[day];
    }
    if (material->count > 0)
        qsort(material->sorted, material->count, sizeof(double), compare_returns);
    material->is_undefined = !performance->days[input->count - 1].has_growth;
    material->calendar_days = (double)(days_of(input->days[input->count - 1].day) - days_of(first));
    return true;
}

static struct performance_figure *add(struct material *material,
                                      const char *name,
                                      struct analytics_figure figure,
                                      const char *definition)
{
    struct performance *performance = material->performance;
    struct performance_figure *added = &performance->figures[performance->figure_count];

    assert(performance->figure_count < PERFORMANCE_FIGURES_MAX);
    performance->figure_count++;
    *added = (struct performance_figure){name, definition, figure, NULL};
    return added;
}

// A figure that is made of the days' returns: not known when one of these is not.
static struct performance_figure *add_of_returns(struct material *material,
                                                 const char *name,
                                                 struct analytics_figure figure,
                                                 const char *definition)
{
    if (material->is_undefined)
        figure = analytics_unknown(ANALYTICS_EQUITY_NOT_POSITIVE);
    return add(material, name, figure, definition);
}

// What was put in and taken out, and how many days before the end. What there was at the beginning
// was put in at the close before.
static struct analytics_flow *
list_flows(const struct material *material, struct arena *arena, size_t *out_count)
{
    const struct performance_input *input = material->input;
    struct analytics_flow *flows = arena_allocate(arena, (input->count + 1) * sizeof(*flows));
    int64_t end = days_of(input->days[input->count - 1].day);
    size_t count = 0;

    if (flows == NULL)
        return NULL;
    flows[count++] =
        (struct analytics_flow){.days = material->calendar_days, .amount = material->days[0].start};
    for (size_t i = 0; i < input->count; i++) {
        double amount = material->days[i].deposits - material->days[i].withdrawals;

        if (amount != 0)
            flows[count++] = (struct analytics_flow){
                .days = (double)(end - days_of(input->days[i].day)), .amount = amount};
    }
    *out_count = count;
    return flows;
}

static bool add_money_weighted(struct material *material, struct arena *arena)
{
    size_t count = 0;
    struct analytics_flow *flows = list_flows(material, arena, &count);
    double worth = material->days[material->input->count - 1].end;
    struct analytics_figure annual = analytics_unknown(ANALYTICS_SHORTER_THAN_A_YEAR);

    if (flows == NULL)
        return false;
    if (material->calendar_days >= YEAR_DAYS)
        annual = analytics_money_weighted(flows, count, worth, YEAR_DAYS);
    add(material, "money_weighted_return",
        analytics_money_weighted(flows, count, worth, material->calendar_days),
        "The rate of interest for the whole period at which what was there at its beginning, the "
        "deposits and the withdrawals come to what there is in the end.");
    add(material, "xirr", annual,
        "The same as a rate a year of 365 days, of periods of a year or more.");
    return true;
}

static void add_returns(struct material *material)
{
    const struct performance_input *input = material->input;
    struct analytics_figure total = analytics_time_weighted(material->days, input->count);

    add(material, "time_weighted_return", total,
        "What a dollar that was there all the time has gained: the product over the days of (value "
        "at the close + withdrawals) / (value at the close before + deposits), less 1.");
    add(material, "annualized_return", analytics_annualize(total, material->calendar_days),
        "(1 + time_weighted_return)^(365 / days) - 1, of periods of a year or more.");
    add(material, "simple_return", analytics_simple(material->days, input->count),
        "The gain in parts of all that was put in: what there was at the beginning, and deposits.");
}

static void add_risk(struct material *material)
{
    double year = (double)material->input->days_per_year;
    struct performance *performance = material->performance;
    struct analytics_figure annual = analytics_annualize(
        analytics_time_weighted(material->days, material->input->count), material->calendar_days);
    struct analytics_figure depth = analytics_unknown(ANALYTICS_TOO_FEW_DAYS);

    add_of_returns(material, "volatility",
                   analytics_volatility(material->returns, material->count, year),
                   "The standard deviation of the daily returns (of a sample), times the square "
                   "root of the days of trading in a year.");
    add_of_returns(material, "sharpe_ratio",
                   analytics_sharpe(material->returns, material->count, 0, year),
                   "The mean daily return by its standard deviation, times the square root of the "
                   "days of trading in a year. The riskless rate is 0.");
    add_of_returns(material, "sortino_ratio",
                   analytics_sortino(material->returns, material->count, 0, year),
                   "As the Sharpe ratio, by the root of the mean square of the daily losses; days "
                   "without a loss count as 0.");
    if (material->count > 0 && !material->is_undefined) {
        performance->has_drawdown = true;
        performance->drawdown = analytics_maximum_drawdown(material->returns, material->count);
        depth = analytics_known(performance->drawdown.depth);
    }
    add_of_returns(material, "maximum_drawdown", depth,
                   "The deepest fall of the growth of a dollar from its highest until then.");
    add_of_returns(material, "calmar_ratio", analytics_calmar(annual, depth.value),
                   "annualized_return by the depth of the maximum drawdown.");
}

static void add_losses(struct material *material)
{
    add_of_returns(material, "value_at_risk",
                   analytics_value_at_risk(material->sorted, material->count, RISK_PART),
                   "The return that a day was below in 5 % of the days: their 5th percentile, "
                   "between two days in proportion. Of 20 days or more.");
    add_of_returns(material, "expected_shortfall",
                   analytics_expected_shortfall(material->sorted, material->count, RISK_PART),
                   "The mean of the daily returns that are not above value_at_risk.");
}

static struct performance_rolling roll(const struct material *material, size_t end, size_t window)
{
    const double *returns = &material->returns[end - window];
    double year = (double)material->input->days_per_year;

    return (struct performance_rolling){
        .total = analytics_total(returns, window),
        .volatility = analytics_volatility(returns, window, year),
        .sharpe_ratio = analytics_sharpe(returns, window, 0, year),
    };
}

// The figures of the last days of the period, however long that is.
static void add_rolling(struct material *material)
{
    static const struct {
        size_t window;
        const char *total, *volatility, *sharpe_ratio; // names
        const char *definitions[3];
    } windows[] = {
#define WINDOW(days)                                                                               \
    {                                                                                              \
        (days), "return_" #days "_days", "volatility_" #days "_days",                              \
            "sharpe_ratio_" #days "_days",                                                         \
        {                                                                                          \
            "time_weighted_return of the last " #days " days with a return.",                      \
                "volatility of the last " #days " days with a return.",                            \
                "sharpe_ratio of the last " #days " days with a return."                           \
        }                                                                                          \
    }
        WINDOW(30),
        WINDOW(90),
        WINDOW(252),
#undef WINDOW
    };
    struct analytics_figure none = analytics_unknown(ANALYTICS_TOO_FEW_DAYS);

    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        struct performance_rolling rolling = {none, none, none};

        if (material->count >= windows[i].window)
            rolling = roll(material, material->count, windows[i].window);
        add_of_returns(material, windows[i].total, rolling.total, windows[i].definitions[0]);
        add_of_returns(material, windows[i].volatility, rolling.volatility,
                       windows[i].definitions[1]);
        add_of_returns(material, windows[i].sharpe_ratio, rolling.sharpe_ratio,
                       windows[i].definitions[2]);
    }
}

// The same of each day, up to the first that is undefined.
static void follow_rolling(struct material *material)
{
    const struct performance_input *input = material->input;
    size_t counted = 0;

    for (size_t i = 0; i < input->count && input->rolling_days > 0; i++) {
        struct performance_day *day = &material->performance->days[i];

        if (!day->has_growth)
            return;
        counted += day->has_return;
        day->has_rolling = counted >= input->rolling_days;
        if (day->has_rolling)
            day->rolling = roll(material, counted, input->rolling_days);
    }
}

static void add_days(struct material *material)
{
    const struct performance *performance = material->performance;
    struct performance_figure *figure = NULL;
    size_t index = 0;

    figure = add_of_returns(material, "best_day",
                            analytics_best(material->returns, material->count, &index),
                            "The highest return of a day.");
    if (figure->figure.reason == ANALYTICS_KNOWN)
        figure->date = material->input->days[performance->counted[index]].day;
    figure = add_of_returns(material, "worst_day",
                            analytics_worst(material->returns, material->count, &index),
                            "The lowest return of a day.");
    if (figure->figure.reason == ANALYTICS_KNOWN)
        figure->date = material->input->days[performance->counted[index]].day;
}

static void add_trades(struct material *material)
{
    const struct performance_input *input = material->input;
    double traded = 0;
    double equity = 0;
    size_t invested = 0;

    for (size_t i = 0; i < input->count; i++) {
        traded += performance_dollars(input->days[i].traded);
        equity += material->days[i].end / (double)input->count;
        invested += input->days[i].market_value != 0;
    }
    add(material, "win_rate", analytics_win_rate(input->profits, input->profit_count),
        "How many of the sales had a profit, at average cost.");
    add(material, "profit_factor", analytics_profit_factor(input->profits, input->profit_count),
        "The profits of all sales with a profit by the losses of those with a loss, at average "
        "cost.");
    add(material, "turnover", analytics_turnover(traded, equity),
        "Half of what was bought and sold, in parts of what the portfolio was worth at the closes "
        "on average.");
    add(material, "exposure", analytics_known((double)invested / (double)input->count),
        "On how many of the days shares were held at the close.");
}

static void add_benchmark(struct material *material)
{
    double year = (double)material->input->days_per_year;
    bool is_there = material->input->benchmark != NULL;
    struct analytics_figure none = analytics_unknown(ANALYTICS_NO_BENCHMARK);
    const double *returns = material->returns;
    const double *benchmark = material->benchmark;
    size_t count = material->count;
    double growth = material->performance->days[material->input->count - 1].benchmark_growth;

    add(material, "benchmark_return", is_there ? analytics_known(growth - 1) : none,
        "What the price of the benchmark has gained over the same days, without dividends.");
    add_of_returns(material, "beta", is_there ? analytics_beta(returns, benchmark, count) : none,
                   "The covariance of the daily returns with those of the benchmark by the "
                   "variance of the latter.");
    add_of_returns(material, "alpha",
                   is_there ? analytics_alpha(returns, benchmark, count, 0, year) : none,
                   "(1 + mean of the daily returns less beta times those of the benchmark)^(days "
                   "of trading in a year) - 1. The riskless rate is 0.");
    add_of_returns(material, "correlation",
                   is_there ? analytics_correlation(returns, benchmark, count) : none,
                   "The correlation of the daily returns with those of the benchmark.");
    add_of_returns(material, "tracking_error",
                   is_there ? analytics_tracking_error(returns, benchmark, count, year) : none,
                   "The standard deviation of the difference of the daily returns, times the "
                   "square root of the days of trading in a year.");
}

bool performance_add_figures(const struct performance_input *input,
                             const struct analytics_day *days,
                             struct arena *arena,
                             struct performance *performance)
{
    struct material material = {.input = input, .days = days, .performance = performance};

    if (!gather(&material, arena))
        return false;
    add_returns(&material);
    if (!add_money_weighted(&material, arena))
        return false;
    add_risk(&material);
    add_losses(&material);
    add_days(&material);
    add_trades(&material);
    add_benchmark(&material);
    add_rolling(&material);
    follow_rolling(&material);
    return true;
}
