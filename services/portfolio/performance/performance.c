// SPDX-License-Identifier: MIT
#include "performance/performance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "money/money.h"
#include "performance/performance_figures.h"
#include "snapshots/snapshot_store.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The figures need too much memory.");
}

double performance_dollars(int64_t micros)
{
    return (double)micros / (double)MICROS_PER_UNIT;
}

static struct analytics_day analytics_day_of(const struct snapshot *snapshot)
{
    return (struct analytics_day){
        .start = performance_dollars(snapshot->start_value),
        .deposits = performance_dollars(snapshot->deposits),
        .withdrawals = performance_dollars(snapshot->withdrawals),
        .end = performance_dollars(snapshot_equity(snapshot)),
    };
}

static bool sum_flows(const struct performance_input *input, struct performance *performance)
{
    const struct snapshot *last = &input->days[input->count - 1];
    int64_t put_in = input->days[0].start_value;

    for (size_t i = 0; i < input->count; i++) {
        const struct snapshot *day = &input->days[i];

        if (!money_add(performance->deposits, day->deposits, &performance->deposits) ||
            !money_add(performance->withdrawals, day->withdrawals, &performance->withdrawals) ||
            !money_add(put_in, day->deposits, &put_in) ||
            !money_subtract(put_in, day->withdrawals, &put_in))
            return false;
        performance->days[i].invested = put_in;
    }
    return money_subtract(snapshot_equity(last), put_in, &performance->gain);
}

// Follows what a dollar becomes; from an undefined day on nobody knows.
static void follow_growth(const struct performance_input *input, struct performance *performance)
{
    double growth = 1;
    double highest = 1;
    double benchmark = 1;
    bool is_known = true;

    for (size_t i = 0; i < input->count; i++) {
        struct analytics_day of_day = analytics_day_of(&input->days[i]);
        struct performance_day *day = &performance->days[i];
        enum analytics_day_kind kind = analytics_day_return(&of_day, &day->day_return);

        is_known = is_known && kind != ANALYTICS_DAY_UNDEFINED;
        day->has_return = kind == ANALYTICS_DAY_COUNTED;
        if (day->has_return) {
            performance->counted[performance->counted_count++] = i;
            growth *= 1 + day->day_return;
            highest = fmax(highest, growth);
        }
        day->has_growth = is_known;
        day->growth = growth;
        day->drawdown = growth / highest - 1;
        if (input->benchmark != NULL)
            benchmark *= 1 + input->benchmark[i];
        day->benchmark_growth = benchmark;
    }
}

static struct date date_of(const struct snapshot *snapshot)
{
    struct date date = {0};

    // Days are written by the database, so this does not fail.
    if (!date_parse(text_of(snapshot->day), &date))
        return (struct date){0};
    return date;
}

// The months in which there is a return; none of them is told when a day is undefined.
static void add_months(const struct performance_input *input, struct performance *performance)
{
    struct performance_month *month = NULL;

    if (!performance->days[input->count - 1].has_growth)
        return;
    for (size_t i = 0; i < input->count; i++) {
        struct date date = date_of(&input->days[i]);

        if (!performance->days[i].has_return)
            continue;
        if (month == NULL || date.month != month->month || date.year != month->year) {
            month = &performance->months[performance->month_count++];
            *month = (struct performance_month){.year = date.year, .month = date.month};
        }
        month->month_return = (1 + month->month_return) * (1 + performance->days[i].day_return) - 1;
    }
}

static int compare_tickers(const void *one, const void *other)
{
    const struct performance_contribution *left = one;
    const struct performance_contribution *right = other;

    return strcmp(left->ticker, right->ticker);
}

static int compare_gains(const void *one, const void *other)
{
    const struct performance_contribution *left = one;
    const struct performance_contribution *right = other;

    if (left->gain != right->gain)
        return left->gain > right->gain ? -1 : 1;
    return strcmp(left->ticker, right->ticker);
}

// Makes one contribution of those of the same ticker, which are beside one another.
static bool join_tickers(struct performance *performance)
{
    struct performance_contribution *all = performance->contributions;
    size_t kept = 0;

    for (size_t i = 0; i < performance->contribution_count; i++) {
        if (kept > 0 && strcmp(all[kept - 1].ticker, all[i].ticker) == 0) {
            all[kept - 1].contribution += all[i].contribution;
            if (!money_add(all[kept - 1].gain, all[i].gain, &all[kept - 1].gain))
                return false;
        } else {
            all[kept++] = all[i];
        }
    }
    performance->contribution_count = kept;
    return true;
}

// What a ticker gained on a day is its part of that day's return, and counts for as much as a
// dollar had become until then: the parts of all tickers and days sum to the time-weighted return.
static bool add_contributions(const struct performance_input *input,
                              struct performance *performance)
{
    bool is_known = performance->days[input->count - 1].has_growth;
    size_t day = 0;

    for (size_t i = 0; i < input->gain_count; i++) {
        const struct snapshot_gain *gain = &input->gains[i];
        struct performance_contribution *contribution = NULL;
        struct analytics_day of_day;

        while (day < input->count && strcmp(input->days[day].day, gain->day) < 0)
            day++;
        if (day == input->count)
            break;
        if (strcmp(input->days[day].day, gain->day) != 0)
            continue;
        of_day = analytics_day_of(&input->days[day]);
        contribution = &performance->contributions[performance->contribution_count++];
        contribution->ticker = gain->ticker;
        contribution->gain = gain->gain;
        contribution->has_contribution = is_known;
        if (is_known && performance->days[day].has_return)
            contribution->contribution = performance_dollars(gain->gain) /
                                         (of_day.start + of_day.deposits) *
                                         (day == 0 ? 1 : performance->days[day - 1].growth);
    }
    if (performance->contribution_count == 0)
        return true;
    qsort(performance->contributions, performance->contribution_count,
          sizeof(*performance->contributions), compare_tickers);
    if (!join_tickers(performance))
        return false;
    qsort(performance->contributions, performance->contribution_count,
          sizeof(*performance->contributions), compare_gains);
    return true;
}

bool performance_measure(const struct performance_input *input,
                         struct arena *arena,
                         struct performance *out_performance,
                         struct error *error)
{
    struct performance performance = {0};
    struct analytics_day *days = arena_allocate(arena, input->count * sizeof(*days));

    performance.days = arena_allocate(arena, input->count * sizeof(*performance.days));
    performance.counted = arena_allocate(arena, input->count * sizeof(*performance.counted));
    performance.months = arena_allocate(arena, input->count * sizeof(*performance.months));
    performance.contributions =
        arena_allocate(arena, (input->gain_count + 1) * sizeof(*performance.contributions));
    if (days == NULL || performance.days == NULL || performance.counted == NULL ||
        performance.months == NULL || performance.contributions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < input->count; i++)
        days[i] = analytics_day_of(&input->days[i]);
    if (!sum_flows(input, &performance))
        return error_set(error, REASON_INTERNAL, "The deposits are more than can be counted.");
    follow_growth(input, &performance);
    add_months(input, &performance);
    if (!add_contributions(input, &performance))
        return error_set(error, REASON_INTERNAL, "The gains are more than can be counted.");
    if (!performance_add_figures(input, days, arena, &performance))
        return out_of_budget(error);
    *out_performance = performance;
    return true;
}
