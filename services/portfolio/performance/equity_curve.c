// SPDX-License-Identifier: MIT
#include "performance/equity_curve.h"

#include "money/money.h"

// A curve while it is made.
struct making {
    const struct equity_curve_input *input;
    struct equity_curve_point *points;
    size_t count;
    // Where the day that is being added begins.
    int64_t from;
    int64_t invested;
    size_t next_point;
    size_t next_flow;
};

static bool cannot_count(struct error *error)
{
    return error_set(error, REASON_INTERNAL, "The curve cannot be counted.");
}

static void add(struct making *making, int64_t at, int64_t equity, int64_t invested)
{
    if (making->count > 0 && making->points[making->count - 1].at >= at)
        return;
    making->points[making->count++] = (struct equity_curve_point){at, equity, invested};
}

// Adds the flows up to a moment.
static bool flow_until(struct making *making, int64_t at, size_t *flow, int64_t *invested)
{
    const struct equity_curve_input *input = making->input;

    for (; *flow < input->flows.count && input->flows.flows[*flow].at <= at; (*flow)++)
        if (!money_add(*invested, input->flows.flows[*flow].amount, invested))
            return false;
    return true;
}

// Whether a point was measured with what was put in until its time: not when that was paid in at
// the very moment, or while the point was being measured.
static bool
has_flows(const struct equity_flows *flows, const struct equity_point *point, size_t flow)
{
    return point->deposited ==
           (flow > 0 ? flows->flows[flow - 1].deposited : flows->deposited_before);
}

// When a day ends: what is booked at a close is of the day after, and of now at present.
static int64_t end_of(const struct equity_curve_input *input, size_t index)
{
    bool is_present = input->has_present && index == input->count - 1;

    return is_present ? INT64_MAX : input->days[index].closed_at - 1;
}

// The points before the close of a day whose flows are known.
static bool add_inside(struct making *making, size_t index)
{
    const struct equity_curve_input *input = making->input;
    int64_t close = input->days[index].closed_at;
    int64_t invested = making->invested;
    size_t flow = making->next_flow;

    if (index == 0 && input->base == NULL) {
        if (!flow_until(making, making->from, &flow, &invested))
            return false;
        if (making->from < close)
            add(making, making->from, invested, invested);
    }
    for (size_t i = making->next_point; i < input->point_count && input->points[i].at < close;
         i++) {
        const struct equity_point *point = &input->points[i];

        if (point->at <= making->from)
            continue;
        if (!flow_until(making, point->at, &flow, &invested))
            return false;
        if (has_flows(&input->flows, point, flow))
            add(making, point->at, point->equity, invested);
    }
    return true;
}

static bool add_day(struct making *making, size_t index)
{
    const struct equity_curve_input *input = making->input;
    const struct snapshot *day = &input->days[index];
    size_t flow = making->next_flow;
    int64_t known = 0;
    int64_t net = 0;

    if (!flow_until(making, end_of(input, index), &flow, &known) ||
        !money_subtract(day->deposits, day->withdrawals, &net))
        return false;
    if (known == net && !add_inside(making, index))
        return false;
    if (!money_add(making->invested, net, &making->invested))
        return false;
    add(making, day->closed_at, snapshot_equity(day), making->invested);
    making->from = day->closed_at;
    making->next_flow = flow;
    while (making->next_point < input->point_count &&
           input->points[making->next_point].at < day->closed_at)
        making->next_point++;
    return true;
}

bool equity_curve_make(const struct equity_curve_input *input,
                       struct arena *arena,
                       struct equity_curve_point **out_points,
                       size_t *out_count,
                       struct error *error)
{
    struct making making = {.input = input};

    making.points =
        arena_allocate(arena, (input->count + input->point_count + 1) * sizeof(*making.points));
    if (making.points == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The curve needs too much memory.");
    if (input->base == NULL) {
        making.from = input->flows.count > 0 ? input->flows.flows[0].at : INT64_MAX;
    } else {
        making.from = input->base->closed_at;
        making.invested = snapshot_equity(input->base);
        add(&making, making.from, making.invested, making.invested);
        while (making.next_flow < input->flows.count &&
               input->flows.flows[making.next_flow].at < making.from)
            making.next_flow++;
    }
    for (size_t i = 0; i < input->count; i++)
        if (!add_day(&making, i))
            return cannot_count(error);
    *out_points = making.points;
    *out_count = making.count;
    return true;
}
