// SPDX-License-Identifier: MIT
#include "performance/period.h"

#include <stdio.h>
#include <string.h>

enum { MONTHS_PER_YEAR = 12, WEEK_DAYS = 7 };

static int64_t days_of_month(int year, int month)
{
    struct date first = {year, month, 1};
    struct date next = month == MONTHS_PER_YEAR ? (struct date){year + 1, 1, 1}
                                                : (struct date){year, month + 1, 1};

    return date_to_days(next) - date_to_days(first);
}

// The same day of a month before, or its last one.
static int64_t months_before(int64_t day, int months)
{
    struct date date = date_from_days(day);
    int index = date.year * MONTHS_PER_YEAR + date.month - 1 - months;
    int64_t most = 0;

    date.year = index / MONTHS_PER_YEAR;
    date.month = index % MONTHS_PER_YEAR + 1;
    most = days_of_month(date.year, date.month);
    if (date.day > most)
        date.day = (int)most;
    return date_to_days(date);
}

// The first day of a period that ends with `last`; what happened on the day before it is not in it.
static int64_t first_of(Portfolio__PerformancePeriod period, int64_t last)
{
    struct date date = date_from_days(last);

    switch (period) {
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1D:
        return last;
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1W:
        return last - WEEK_DAYS + 1;
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1M:
        return months_before(last, 1) + 1;
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_3M:
        return months_before(last, 3) + 1;
    case PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_1Y:
        return months_before(last, MONTHS_PER_YEAR) + 1;
    default: // YTD
        return date_to_days((struct date){date.year, 1, 1});
    }
}

void period_until(Portfolio__PerformancePeriod name, const char *last, struct period *out_period)
{
    struct date day;

    *out_period = (struct period){{0}, {0}};
    if (name != PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL &&
        date_parse(text_of(last), &day))
        date_print(date_from_days(first_of(name, date_to_days(day))), out_period->first);
}

bool period_read(const Portfolio__GetPerformanceRequest *request,
                 const char *today,
                 struct period *out_period,
                 struct error *error)
{
    struct period period = {{0}, {0}};

    if (request->has_period && (request->start != NULL || request->end != NULL)) {
        error_clear(error);
        error_add_violation(error, "period", "is not taken together with start or end");
        return false;
    }
    // Dates are compared as they are written.
    if (request->start != NULL && request->end != NULL &&
        strcmp(request->start, request->end) > 0) {
        error_clear(error);
        error_add_violation(error, "end", "is before start");
        return false;
    }
    if (request->start != NULL)
        snprintf(period.first, DATE_SIZE, "%s", request->start);
    if (request->end != NULL)
        snprintf(period.last, DATE_SIZE, "%s", request->end);
    if (request->has_period)
        period_until(request->period, today, &period);
    *out_period = period;
    return true;
}
