// SPDX-License-Identifier: MIT
#include "performance/performance_message.h"

#include <math.h>
#include <string.h>

#define PARTS 1e10
#define VALUE_MAX 9e8

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

bool performance_to_parts(double value, int64_t *out_parts)
{
    if (!(fabs(value) <= VALUE_MAX))
        return false;
    *out_parts = (int64_t)llrint(value * PARTS);
    return true;
}

static protobuf_c_boolean put(bool is_known, double value, int64_t *out_parts)
{
    return is_known && performance_to_parts(value, out_parts);
}

static bool add_figures(const struct performance *performance,
                        struct arena *arena,
                        Portfolio__GetPerformanceResponse *response)
{
    response->figures =
        arena_allocate(arena, performance->figure_count * sizeof(*response->figures));
    if (response->figures == NULL)
        return false;
    for (size_t i = 0; i < performance->figure_count; i++) {
        const struct performance_figure *figure = &performance->figures[i];
        enum analytics_reason reason = figure->figure.reason;
        Portfolio__PerformanceFigure *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return false;
        portfolio__performance_figure__init(message);
        message->name = figure->name;
        message->definition = figure->definition;
        message->has_value_parts =
            put(reason == ANALYTICS_KNOWN, figure->figure.value, &message->value_parts);
        if (!message->has_value_parts && reason == ANALYTICS_KNOWN)
            reason = ANALYTICS_OUT_OF_RANGE;
        message->reason = analytics_reason_name(reason);
        message->explanation = analytics_reason_sentence(reason);
        if (figure->date != NULL)
            message->date = arena_copy_string(arena, figure->date);
        if (figure->date != NULL && message->date == NULL)
            return false;
        response->figures[response->n_figures++] = message;
    }
    return true;
}

static protobuf_c_boolean put_figure(struct analytics_figure figure, int64_t *out_parts)
{
    return put(figure.reason == ANALYTICS_KNOWN, figure.value, out_parts);
}

static void add_rolling(const struct performance_day *day, Portfolio__PerformanceDay *message)
{
    if (!day->has_rolling)
        return;
    message->has_rolling_return_parts =
        put_figure(day->rolling.total, &message->rolling_return_parts);
    message->has_rolling_volatility_parts =
        put_figure(day->rolling.volatility, &message->rolling_volatility_parts);
    message->has_rolling_sharpe_ratio_parts =
        put_figure(day->rolling.sharpe_ratio, &message->rolling_sharpe_ratio_parts);
}

static bool add_days(const struct performance_input *input,
                     const struct performance *performance,
                     bool has_present,
                     struct arena *arena,
                     Portfolio__GetPerformanceResponse *response)
{
    response->series = arena_allocate(arena, input->count * sizeof(*response->series));
    if (response->series == NULL)
        return false;
    for (size_t i = 0; i < input->count; i++) {
        const struct performance_day *day = &performance->days[i];
        const struct snapshot *snapshot = &input->days[i];
        Portfolio__PerformanceDay *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return false;
        portfolio__performance_day__init(message);
        message->date = arena_copy_string(arena, snapshot->day);
        message->has_equity_micros = message->has_deposits_micros = true;
        message->has_withdrawals_micros = message->has_invested_micros = true;
        message->equity_micros = snapshot_equity(snapshot);
        message->deposits_micros = snapshot->deposits;
        message->withdrawals_micros = snapshot->withdrawals;
        message->invested_micros = day->invested;
        message->has_return_parts = put(day->has_return, day->day_return, &message->return_parts);
        message->has_growth_parts = put(day->has_growth, day->growth, &message->growth_parts);
        message->has_drawdown_parts = put(day->has_growth, day->drawdown, &message->drawdown_parts);
        message->has_benchmark_growth_parts =
            put(input->benchmark != NULL, day->benchmark_growth, &message->benchmark_growth_parts);
        add_rolling(day, message);
        message->has_is_running = message->has_is_estimated = true;
        message->is_running = has_present && i == input->count - 1;
        message->is_estimated = snapshot->is_estimated;
        if (message->date == NULL)
            return false;
        response->series[response->n_series++] = message;
    }
    return true;
}

static bool add_months(const struct performance *performance,
                       struct arena *arena,
                       Portfolio__GetPerformanceResponse *response)
{
    response->months =
        arena_allocate(arena, (performance->month_count + 1) * sizeof(*response->months));
    if (response->months == NULL)
        return false;
    for (size_t i = 0; i < performance->month_count; i++) {
        const struct performance_month *month = &performance->months[i];
        Portfolio__PerformanceMonth *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return false;
        portfolio__performance_month__init(message);
        message->has_year = message->has_month = true;
        message->year = (uint32_t)month->year;
        message->month = (uint32_t)month->month;
        message->has_return_parts = put(true, month->month_return, &message->return_parts);
        response->months[response->n_months++] = message;
    }
    return true;
}

static bool add_contributions(const struct performance *performance,
                              struct arena *arena,
                              Portfolio__GetPerformanceResponse *response)
{
    size_t count = performance->contribution_count;

    response->contributions = arena_allocate(arena, (count + 1) * sizeof(*response->contributions));
    if (response->contributions == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct performance_contribution *contribution = &performance->contributions[i];
        Portfolio__Contribution *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return false;
        portfolio__contribution__init(message);
        message->ticker = arena_copy_string(arena, contribution->ticker);
        message->has_gain_micros = true;
        message->gain_micros = contribution->gain;
        message->has_contribution_parts =
            put(contribution->has_contribution, contribution->contribution,
                &message->contribution_parts);
        if (message->ticker == NULL)
            return false;
        if (message->ticker[0] == '\0') // of fees
            message->ticker = NULL;
        response->contributions[response->n_contributions++] = message;
    }
    return true;
}

// At the close of that many of the days with a return; NULL for none, the beginning.
static const char *day_at(const struct performance_input *input,
                          const struct performance *performance,
                          size_t number,
                          struct arena *arena)
{
    return number == 0
               ? NULL
               : arena_copy_string(arena, input->days[performance->counted[number - 1]].day);
}

static bool add_drawdown(const struct performance_input *input,
                         const struct performance *performance,
                         struct arena *arena,
                         Portfolio__GetPerformanceResponse *response)
{
    const struct analytics_drawdown *drawdown = &performance->drawdown;
    Portfolio__PerformanceDrawdown *message = NULL;
    size_t end = drawdown->is_recovered ? drawdown->recovery : performance->counted_count;

    if (!performance->has_drawdown || drawdown->depth == 0)
        return true;
    message = arena_allocate(arena, sizeof(*message));
    if (message == NULL)
        return false;
    portfolio__performance_drawdown__init(message);
    message->has_depth_parts = put(true, drawdown->depth, &message->depth_parts);
    message->peak_date = day_at(input, performance, drawdown->peak, arena);
    message->trough_date = day_at(input, performance, drawdown->trough, arena);
    if (drawdown->is_recovered)
        message->recovery_date = day_at(input, performance, drawdown->recovery, arena);
    message->has_days = true;
    message->days = (uint32_t)(end - drawdown->peak);
    response->maximum_drawdown = message;
    return message->trough_date != NULL;
}

bool performance_to_message(const struct performance_input *input,
                            const struct performance *performance,
                            bool has_present,
                            struct arena *arena,
                            Portfolio__GetPerformanceResponse *response,
                            struct error *error)
{
    const struct snapshot *last = &input->days[input->count - 1];

    response->start = arena_copy_string(arena, input->days[0].day);
    response->end = arena_copy_string(arena, last->day);
    response->has_start_value_micros = response->has_end_value_micros = true;
    response->start_value_micros = input->days[0].start_value;
    response->end_value_micros = snapshot_equity(last);
    response->has_deposits_micros = response->has_withdrawals_micros = true;
    response->deposits_micros = performance->deposits;
    response->withdrawals_micros = performance->withdrawals;
    response->has_gain_micros = true;
    response->gain_micros = performance->gain;
    return (response->start != NULL && response->end != NULL &&
            add_figures(performance, arena, response) &&
            add_days(input, performance, has_present, arena, response) &&
            add_months(performance, arena, response) &&
            add_contributions(performance, arena, response) &&
            add_drawdown(input, performance, arena, response)) ||
           out_of_budget(error);
}
