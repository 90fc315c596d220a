// SPDX-License-Identifier: MIT
#include "performance/measured_days.h"

#include <string.h>

#include "snapshots/snapshot_store.h"

enum { DAYS_MAX = 10000 };

bool measured_days_begin(struct portfolio *portfolio,
                         struct call *call,
                         const char *portfolio_id,
                         struct measured_days *out_days,
                         struct error *error)
{
    *out_days = (struct measured_days){.portfolio_id = portfolio_id};
    return snapshots_take_present(portfolio, call, portfolio_id, &out_days->state, error);
}

const char *measured_days_today(const struct measured_days *days)
{
    return days->state.has_present ? days->state.present.day : days->state.through;
}

// The last day that has closed and is in the period; empty for none.
static const char *last_closed(const struct measured_days *days, const struct period *period)
{
    const char *through = days->state.through;

    return period->last[0] != '\0' && strcmp(period->last, through) < 0 ? period->last : through;
}

static bool is_in(const struct period *period, const char *day)
{
    return (period->first[0] == '\0' || strcmp(day, period->first) >= 0) &&
           (period->last[0] == '\0' || strcmp(day, period->last) <= 0);
}

// Leaves out what was before the portfolio began anew the last time.
static void cut(struct measured_days *days)
{
    for (size_t i = days->count; i > 1; i--) {
        if (!days->days[i - 1].begins)
            continue;
        days->days += i - 1;
        days->count -= i - 1;
        return;
    }
}

static bool read_base(struct portfolio *portfolio,
                      struct call *call,
                      struct measured_days *days,
                      struct error *error)
{
    const struct snapshot_range range = {.portfolio_id = days->portfolio_id,
                                         .revision = days->state.revision,
                                         .before = days->days[0].day,
                                         .limit = 1,
                                         .is_backwards = true};
    struct snapshot *snapshots = NULL;
    size_t count = 0;

    if (!snapshot_store_list(portfolio->history, call->arena, &range, &snapshots, &count, error))
        return false;
    days->has_base = count == 1;
    if (days->has_base)
        days->base = snapshots[0];
    return true;
}

bool measured_days_read(struct portfolio *portfolio,
                        struct call *call,
                        const struct period *period,
                        struct measured_days *days,
                        struct error *error)
{
    const struct snapshot_range range = {
        .portfolio_id = days->portfolio_id,
        .revision = days->state.revision,
        .first = period->first[0] == '\0' ? NULL : period->first,
        .last = last_closed(days, period),
        .limit = DAYS_MAX,
    };
    struct snapshot *snapshots = NULL;
    size_t count = 0;

    if (range.last[0] != '\0' &&
        !snapshot_store_list(portfolio->history, call->arena, &range, &snapshots, &count, error))
        return false;
    if (count == DAYS_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED,
                         "These are more than %d days: ask for a shorter time.", DAYS_MAX - 1);
    days->days = arena_allocate(call->arena, (count + 1) * sizeof(*days->days));
    if (days->days == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The days need too much memory.");
    if (count > 0)
        memcpy(days->days, snapshots, count * sizeof(*snapshots));
    days->count = count;
    days->has_present = days->state.has_present && is_in(period, days->state.present.day);
    if (days->has_present)
        days->days[days->count++] = days->state.present;
    cut(days);
    return days->count == 0 || days->days[0].begins || read_base(portfolio, call, days, error);
}
