// SPDX-License-Identifier: MIT
#include "pages/performance_view.h"

#include "pages/line_chart.h"
#include "pages/page.h"

#include <string.h>

enum { MONTHS_PER_YEAR = 12 };

#define WHOLE INT64_C(10000000000) // 1, in the parts of a ratio
#define PERCENT_MAX (INT64_MAX / 100)

// A ratio in percent. False for what nobody has.
static protobuf_c_boolean to_percent(protobuf_c_boolean is_there, int64_t parts, int64_t *out_parts)
{
    if (!is_there || parts > PERCENT_MAX || parts < -PERCENT_MAX)
        return false;
    *out_parts = parts * 100;
    return true;
}

// Periods.

// The names are those of the API.
static const struct {
    Portfolio__PerformancePeriod period;
    const char *name;
    const char *label;
} periods[] = {
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1D, "1D", "1 day"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1W, "1W", "1 week"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1M, "1M", "1 month"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_3M, "3M", "3 months"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_YTD, "YTD", "This year"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1Y, "1Y", "1 year"},
    {PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL, "ALL", "All"},
};

bool performance_view_list_periods(struct arena *arena,
                                   Portfolio__PerformancePeriod chosen,
                                   Pages__Choice ***out_choices,
                                   size_t *out_count,
                                   const char **out_name)
{
    Pages__Choice **choices = arena_allocate(arena, COUNT_OF(periods) * sizeof(Pages__Choice *));

    if (choices == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(periods); i++) {
        bool is_chosen = periods[i].period == chosen;

        choices[i] = page_make_choice(arena, periods[i].name, periods[i].label, is_chosen);
        if (choices[i] == NULL)
            return false;
        if (is_chosen)
            *out_name = periods[i].name;
    }
    *out_choices = choices;
    *out_count = COUNT_OF(periods);
    return true;
}

// Figures.

enum look { LOOKS_SIGNED, LOOKS_SHARE, LOOKS_NUMBER };

static const struct {
    const char *name;
    const char *label;
    enum look look; // a percentage with its sign, one that has none, or no percentage
} labels[] = {
    {"time_weighted_return", "Time-weighted return", LOOKS_SIGNED},
    {"annualized_return", "A year of it", LOOKS_SIGNED},
    {"simple_return", "Simple return", LOOKS_SIGNED},
    {"money_weighted_return", "Money-weighted return", LOOKS_SIGNED},
    {"xirr", "Money-weighted, a year (XIRR)", LOOKS_SIGNED},
    {"volatility", "Volatility a year", LOOKS_SHARE},
    {"sharpe_ratio", "Sharpe ratio", LOOKS_NUMBER},
    {"sortino_ratio", "Sortino ratio", LOOKS_NUMBER},
    {"maximum_drawdown", "Deepest drawdown", LOOKS_SIGNED},
    {"value_at_risk", "Value at risk, 5 % of the days", LOOKS_SIGNED},
    {"expected_shortfall", "Expected shortfall on these", LOOKS_SIGNED},
    {"calmar_ratio", "Calmar ratio", LOOKS_NUMBER},
    {"best_day", "Best day", LOOKS_SIGNED},
    {"worst_day", "Worst day", LOOKS_SIGNED},
    {"win_rate", "Sales with a profit", LOOKS_SHARE},
    {"profit_factor", "Profit factor", LOOKS_NUMBER},
    {"turnover", "Turnover", LOOKS_SHARE},
    {"exposure", "Days invested", LOOKS_SHARE},
    {"benchmark_return", "Benchmark", LOOKS_SIGNED},
    {"beta", "Beta", LOOKS_NUMBER},
    {"alpha", "Alpha a year", LOOKS_SIGNED},
    {"correlation", "Correlation", LOOKS_NUMBER},
    {"tracking_error", "Tracking error a year", LOOKS_SHARE},
    {"return_30_days", "Return of 30 days", LOOKS_SIGNED},
    {"volatility_30_days", "Volatility of 30 days", LOOKS_SHARE},
    {"sharpe_ratio_30_days", "Sharpe ratio of 30 days", LOOKS_NUMBER},
    {"return_90_days", "Return of 90 days", LOOKS_SIGNED},
    {"volatility_90_days", "Volatility of 90 days", LOOKS_SHARE},
    {"sharpe_ratio_90_days", "Sharpe ratio of 90 days", LOOKS_NUMBER},
    {"return_252_days", "Return of 252 days", LOOKS_SIGNED},
    {"volatility_252_days", "Volatility of 252 days", LOOKS_SHARE},
    {"sharpe_ratio_252_days", "Sharpe ratio of 252 days", LOOKS_NUMBER},
};

static void show_value(const Portfolio__PerformanceFigure *figure,
                       enum look look,
                       Pages__PerformanceFigureView *view)
{
    bool is_there = figure->has_value_parts;

    switch (look) {
    case LOOKS_NUMBER:
        view->has_number_parts = is_there;
        view->number_parts = figure->value_parts;
        break;
    case LOOKS_SHARE:
        view->has_share_parts = to_percent(is_there, figure->value_parts, &view->share_parts);
        break;
    case LOOKS_SIGNED:
        view->has_percent_parts = to_percent(is_there, figure->value_parts, &view->percent_parts);
        break;
    }
}

static bool add_figure(struct arena *arena,
                       const Portfolio__PerformanceFigure *figure,
                       Pages__PerformanceFigureView **out_view)
{
    Pages__PerformanceFigureView *view = arena_allocate(arena, sizeof *view);
    enum look look = LOOKS_SIGNED;

    if (view == NULL)
        return false;
    pages__performance_figure_view__init(view);
    view->label = figure->name;
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        if (strcmp(labels[i].name, figure->name) == 0) {
            view->label = labels[i].label;
            look = labels[i].look;
        }
    }
    view->definition = figure->definition;
    view->explanation = figure->explanation;
    view->date = figure->date;
    show_value(figure, look, view);
    *out_view = view;
    return true;
}

static bool add_figures(struct arena *arena, Pages__PerformancePage *page)
{
    const Portfolio__GetPerformanceResponse *performance = page->performance;

    page->figures = arena_allocate(arena, (performance->n_figures + 1) * sizeof *page->figures);
    if (page->figures == NULL)
        return false;
    for (size_t i = 0; i < performance->n_figures; i++) {
        if (!add_figure(arena, performance->figures[i], &page->figures[i]))
            return false;
        page->n_figures++;
    }
    if (performance->n_figures > 0)
        page->has_gain_percent_parts =
            to_percent(performance->figures[0]->has_value_parts,
                       performance->figures[0]->value_parts, &page->gain_percent_parts);
    return true;
}

// Lines.

static const Portfolio__PerformanceDay *day_of(const void *context, size_t index)
{
    return ((const Portfolio__GetPerformanceResponse *)context)->series[index];
}

static int64_t growth_of(const void *context, size_t index)
{
    return day_of(context, index)->growth_parts;
}

static int64_t benchmark_of(const void *context, size_t index)
{
    return day_of(context, index)->benchmark_growth_parts;
}

static int64_t equity_of(const void *context, size_t index)
{
    return day_of(context, index)->equity_micros;
}

static int64_t invested_of(const void *context, size_t index)
{
    return day_of(context, index)->invested_micros;
}

static int64_t drawdown_of(const void *context, size_t index)
{
    return day_of(context, index)->drawdown_parts;
}

// The days at the edges of a chart, and those of its extremes.
static void tell_days(const struct line_chart_source *source,
                      const struct line_chart_extremes *extremes,
                      Pages__PerformanceChart *chart)
{
    chart->start = day_of(source->context, 0)->date;
    chart->end = day_of(source->context, source->count - 1)->date;
    chart->highest_on = day_of(source->context, extremes->highest)->date;
    chart->lowest_on = day_of(source->context, extremes->lowest)->date;
}

// A chart of ratios that shows these limits at least, and tells its extremes in percent of `base`.
static Pages__PerformanceChart *make_ratio_chart(struct arena *arena,
                                                 const struct line_chart_source *source,
                                                 struct line_chart_limits limits,
                                                 int64_t base)
{
    Pages__PerformanceChart *chart = line_chart_make(arena, source, &limits);
    struct line_chart_extremes extremes = line_chart_find_extremes(source);

    if (chart == NULL)
        return NULL;
    tell_days(source, &extremes, chart);
    chart->has_highest_percent_parts =
        to_percent(true, source->value(source->context, extremes.highest) - base,
                   &chart->highest_percent_parts);
    chart->has_lowest_percent_parts = to_percent(
        true, source->value(source->context, extremes.lowest) - base, &chart->lowest_percent_parts);
    return chart;
}

static int64_t volatility_of(const void *context, size_t index)
{
    return day_of(context, index)->rolling_volatility_parts;
}

// From the first day on that has one.
static Pages__PerformanceChart *
make_volatility_chart(struct arena *arena, const Portfolio__GetPerformanceResponse *performance)
{
    Portfolio__GetPerformanceResponse part = *performance;
    struct line_chart_source source = {&part, 0, volatility_of, NULL};

    while (part.n_series > 0 && !part.series[0]->has_rolling_volatility_parts) {
        part.series++;
        part.n_series--;
    }
    source.count = part.n_series;
    return make_ratio_chart(arena, &source, line_chart_above_zero, 0);
}

// What a portfolio was worth beside what was put in. NULL when there are fewer than two days, and
// when the arena's budget is spent.
static Pages__PerformanceChart *draw_equity(struct arena *arena,
                                            const Portfolio__GetPerformanceResponse *performance)
{
    const struct line_chart_source source = {performance, performance->n_series, equity_of,
                                             invested_of};
    const Portfolio__PerformanceDay *last = NULL;
    const struct line_chart_extremes extremes = line_chart_find_extremes(&source);
    Pages__PerformanceChart *chart = NULL;
    struct line_chart_limits limits;

    if (performance->n_series < 2)
        return NULL;
    last = performance->series[performance->n_series - 1];
    limits = (struct line_chart_limits){last->equity_micros, last->equity_micros};
    chart = line_chart_make(arena, &source, &limits);
    if (chart != NULL) {
        chart->has_highest_micros = chart->has_lowest_micros = true;
        chart->highest_micros = equity_of(performance, extremes.highest);
        chart->lowest_micros = equity_of(performance, extremes.lowest);
        tell_days(&source, &extremes, chart);
    }
    return chart;
}

// A chart that cannot be drawn, for it has fewer than two days or an undefined one, is not there.
static void add_charts(struct arena *arena, Pages__PerformancePage *page)
{
    const Portfolio__GetPerformanceResponse *performance = page->performance;
    struct line_chart_source source = {performance, performance->n_series, growth_of, NULL};
    const Portfolio__PerformanceDay *last = NULL;

    page->equity = draw_equity(arena, performance);
    if (performance->n_series < 2)
        return;
    last = performance->series[performance->n_series - 1];
    if (!last->has_growth_parts)
        return;
    if (last->has_benchmark_growth_parts)
        source.other = benchmark_of;
    page->growth =
        make_ratio_chart(arena, &source, (struct line_chart_limits){WHOLE, WHOLE}, WHOLE);
    page->volatility = make_volatility_chart(arena, performance);
    source = (struct line_chart_source){performance, performance->n_series, drawdown_of, NULL};
    page->drawdown = make_ratio_chart(arena, &source, line_chart_below_zero, 0);
    if (page->drawdown == NULL)
        return;
    page->drawdown->area = arena_printf(arena, "M%sV0H0Z", page->drawdown->line);
    if (page->drawdown->lowest_percent_parts == 0)
        page->drawdown->lowest_on = NULL;
}

// Days, the newest first.

static bool add_days(struct arena *arena, Pages__PerformancePage *page)
{
    const Portfolio__GetPerformanceResponse *performance = page->performance;

    page->days = arena_allocate(arena, (performance->n_series + 1) * sizeof *page->days);
    if (page->days == NULL)
        return false;
    for (size_t i = performance->n_series; i > 0; i--) {
        const Portfolio__PerformanceDay *day = performance->series[i - 1];
        Pages__PerformanceDayView *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return false;
        pages__performance_day_view__init(view);
        view->date = day->date;
        view->has_equity_micros = day->has_equity_micros;
        view->equity_micros = day->equity_micros;
        view->flow_micros = day->deposits_micros - day->withdrawals_micros;
        view->has_flow_micros = view->flow_micros != 0;
        view->has_return_parts =
            to_percent(day->has_return_parts, day->return_parts, &view->return_parts);
        view->has_growth_parts =
            to_percent(day->has_growth_parts, day->growth_parts - WHOLE, &view->growth_parts);
        view->has_benchmark_parts =
            to_percent(day->has_benchmark_growth_parts, day->benchmark_growth_parts - WHOLE,
                       &view->benchmark_parts);
        view->has_drawdown_parts =
            to_percent(day->has_drawdown_parts, day->drawdown_parts, &view->drawdown_parts);
        view->has_is_running = true;
        view->is_running = day->is_running;
        page->days[page->n_days++] = view;
    }
    return true;
}

// Months.

// How strong a colour is: from 1, 3 and more than 6 percent on.
static const char *level_of(int64_t parts)
{
    static const char *const ups[] = {"up-1", "up-2", "up-3"};
    static const char *const downs[] = {"down-1", "down-2", "down-3"};
    int64_t size = parts < 0 ? -parts : parts;
    int strength = size < WHOLE / 100 * 2 ? 0 : size < WHOLE / 100 * 6 ? 1 : 2;

    return parts == 0 ? "none" : parts > 0 ? ups[strength] : downs[strength];
}

static Pages__PerformanceYearView *add_year(struct arena *arena, uint32_t year)
{
    Pages__PerformanceYearView *view = arena_allocate(arena, sizeof *view);
    Pages__PerformanceMonthView *months = arena_allocate(arena, MONTHS_PER_YEAR * sizeof *months);

    if (view == NULL || months == NULL)
        return NULL;
    pages__performance_year_view__init(view);
    view->has_year = true;
    view->year = year;
    view->months = arena_allocate(arena, MONTHS_PER_YEAR * sizeof *view->months);
    if (view->months == NULL)
        return NULL;
    view->n_months = MONTHS_PER_YEAR;
    for (int i = 0; i < MONTHS_PER_YEAR; i++) {
        pages__performance_month_view__init(&months[i]);
        months[i].level = "none";
        view->months[i] = &months[i];
    }
    return view;
}

static bool add_years(struct arena *arena, Pages__PerformancePage *page)
{
    const Portfolio__GetPerformanceResponse *performance = page->performance;
    Pages__PerformanceYearView *year = NULL;
    double growth = 1;

    page->years = arena_allocate(arena, (performance->n_months + 1) * sizeof *page->years);
    if (page->years == NULL)
        return false;
    for (size_t i = 0; i < performance->n_months; i++) {
        const Portfolio__PerformanceMonth *month = performance->months[i];
        Pages__PerformanceMonthView *view = NULL;

        if (year == NULL || year->year != month->year) {
            year = add_year(arena, month->year);
            if (year == NULL)
                return false;
            page->years[page->n_years++] = year;
            growth = 1;
        }
        view = year->months[(month->month - 1) % MONTHS_PER_YEAR];
        view->has_return_parts =
            to_percent(month->has_return_parts, month->return_parts, &view->return_parts);
        view->level = level_of(month->return_parts);
        growth *= 1 + (double)month->return_parts / (double)WHOLE;
        year->has_return_parts = growth < 1e6;
        year->return_parts = year->has_return_parts ? (int64_t)((growth - 1) * 100 * WHOLE) : 0;
    }
    return true;
}

static bool add_contributions(struct arena *arena, Pages__PerformancePage *page)
{
    const Portfolio__GetPerformanceResponse *performance = page->performance;
    size_t count = performance->n_contributions;

    page->contributions = arena_allocate(arena, (count + 1) * sizeof *page->contributions);
    if (page->contributions == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Portfolio__Contribution *contribution = performance->contributions[i];
        Pages__PerformanceContributionView *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return false;
        pages__performance_contribution_view__init(view);
        view->ticker = contribution->ticker;
        view->has_gain_micros = contribution->has_gain_micros;
        view->gain_micros = contribution->gain_micros;
        view->has_contribution_parts =
            to_percent(contribution->has_contribution_parts, contribution->contribution_parts,
                       &view->contribution_parts);
        page->contributions[page->n_contributions++] = view;
    }
    return true;
}

bool performance_view_make(struct arena *arena, Pages__PerformancePage *page)
{
    page->has_is_one_day = true;
    page->is_one_day = page->performance->is_complete && page->performance->n_series == 1;
    if (page->performance->n_series == 0)
        return true;
    add_charts(arena, page);
    return add_figures(arena, page) && add_days(arena, page) && add_years(arena, page) &&
           add_contributions(arena, page);
}
