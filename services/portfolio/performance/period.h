// SPDX-License-Identifier: MIT
// period: the days that a performance is asked about.
//
// Threads: pure functions.
#pragma once

#include "base/error.h"
#include "base/timestamp.h"
#include "bourse/portfolio/v1/portfolio.pb-c.h"

struct period {
    char first[DATE_SIZE]; // empty without a bound
    char last[DATE_SIZE];
};

// The days of a period of that name that ends with the day `last`, without an end of its own: what
// comes after that day is in it. `last` may be empty: then there is no bound.
void period_until(Portfolio__PerformancePeriod name, const char *last, struct period *out_period);

// Reads what is asked for, `today` being the last day there is. Fails with INVALID_REQUEST for a
// period together with dates, and for an end before the start.
MUST_CHECK bool period_read(const Portfolio__GetPerformanceRequest *request,
                            const char *today,
                            struct period *out_period,
                            struct error *error);
