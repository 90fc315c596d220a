// SPDX-License-Identifier: MIT
#include "runs/run_timing.h"

#include <string.h>

#include "fills/fill.h"

#define MINUTE (INT64_C(60) * MICROS_PER_SECOND)
#define DAY (1440 * MINUTE)

// How long a bar is; of those of days and more, how long before its end at most it has begun.
static int64_t length_of(const char *timeframe, bool *out_is_of_minutes)
{
    static const struct {
        const char *timeframe;
        int64_t length;
        bool is_of_minutes;
    } lengths[] = {
        {"1Min", MINUTE, true},       {"5Min", 5 * MINUTE, true}, {"15Min", 15 * MINUTE, true},
        {"1Hour", 60 * MINUTE, true}, {"1Week", 7 * DAY, false},  {"1Month", 31 * DAY, false},
    };

    *out_is_of_minutes = false;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        if (strcmp(lengths[i].timeframe, timeframe) == 0) {
            *out_is_of_minutes = lengths[i].is_of_minutes;
            return lengths[i].length;
        }
    return DAY;
}

int64_t run_boundary(const char *timeframe, const struct platform_clock *clock)
{
    bool is_of_minutes = false;
    int64_t length = length_of(timeframe, &is_of_minutes);

    return is_of_minutes ? clock->now - clock->now % length : clock->previous_close;
}

int64_t run_look_end(const char *timeframe, int64_t looked_at, int64_t boundary)
{
    bool is_of_minutes = false;
    int64_t length = length_of(timeframe, &is_of_minutes);
    int64_t end = looked_at + RUN_LOOK_MAX * length;

    return end < boundary ? end - end % length : boundary;
}

// Whether the present session began so lately that what was decided at the close before it is meant
// for it, or is still to begin.
static bool is_at_the_open(const struct platform_clock *clock)
{
    return !clock->is_open || clock->now <= fill_session_start(clock->next_close) + RUN_LATE_MAX;
}

bool run_may_trade(const char *timeframe, int64_t bar_at, const struct platform_clock *clock)
{
    bool is_of_minutes = false;
    int64_t length = length_of(timeframe, &is_of_minutes);

    if (!is_of_minutes)
        return bar_at < clock->previous_close && clock->previous_close - bar_at <= length &&
               is_at_the_open(clock);
    // The last bar of a session waits for the next one; every other is followed at once.
    if (bar_at + length >= clock->previous_close && bar_at < clock->previous_close)
        return is_at_the_open(clock);
    return clock->now <= bar_at + length + RUN_LATE_MAX;
}
