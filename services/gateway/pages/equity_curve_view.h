// SPDX-License-Identifier: MIT
// equity_curve_view: what a portfolio was worth over a period, on the pages that show it: as lines
// that need no script, and as a table.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "pages/page.h"

struct equity_curve_wanted {
    const char *portfolio_id;
    Portfolio__PerformancePeriod period;
    bool has_table;
    bool is_dashboard;       // the page that it is on; else the portfolio's own
    const char *composed_by; // what that has chosen besides; NULL on the dashboard
};

// One call. Whose days take long, as after an import, or are more than GetEquityCurve tells of, has
// a curve that says so, and so has everybody while that fails. Fails as GetEquityCurve does where
// it is up to who asks: 400 to 499.
MUST_CHECK bool equity_curve_view_make(struct exchange *exchange,
                                       const struct equity_curve_wanted *wanted,
                                       Pages__EquityCurve **out_curve,
                                       struct error *error);
