// SPDX-License-Identifier: MIT
// realized_store: the SQL of what sales realized and dividends brought.
//
// Memory: what is read lies in the arena given.
#pragma once

#include "database/database.h"

struct realized_range {
    const char *portfolio_id;
    int64_t start; // from here on
    int64_t end;   // and before this
    size_t limit;  // the latest of them
};

// The profits of sales at average cost, since the portfolio began anew.
MUST_CHECK bool realized_store_list_profits(struct database *database,
                                            struct arena *arena,
                                            const struct realized_range *range,
                                            int64_t **out_profits,
                                            size_t *out_count,
                                            struct error *error);

struct realized_year {
    int64_t year;
    const char *ticker;
    int64_t sales;
    int64_t proceeds;
    int64_t profit;
    int64_t dividends;
};

// By year and ticker, since the portfolio began anew.
MUST_CHECK bool realized_store_list_years(struct database *database,
                                          struct arena *arena,
                                          const char *portfolio_id,
                                          bool is_average,
                                          size_t limit,
                                          struct realized_year **out_years,
                                          size_t *out_count,
                                          struct error *error);
