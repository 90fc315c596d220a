// SPDX-License-Identifier: MIT
// equity_store: what portfolios with shares are worth while a session is open, on a grid of five
// minutes. Those older than two days are thinned to one an hour, those older than a month go: so
// there are at most 1400 of a portfolio. Its days are in its snapshots.
//
// Memory: what is read lies in the arena given.
#pragma once

#include "portfolio.h"

#include "base/clock.h"

#define EQUITY_GRID_US (INT64_C(300) * MICROS_PER_SECOND)
#define EQUITY_THIN_EVERY_US (INT64_C(3600) * MICROS_PER_SECOND)
#define EQUITY_WHOLE_US (INT64_C(2) * 86400 * MICROS_PER_SECOND)
#define EQUITY_KEPT_US (INT64_C(31) * 86400 * MICROS_PER_SECOND)

enum { EQUITY_POINTS_MAX = 1500, EQUITY_FLOWS_MAX = 1000 };

// Measures up to `limit` portfolios after the one of that id, as of `at`, and says which was the
// last. One whose shares have no price is left out; one that somebody else has measured stays so.
MUST_CHECK bool equity_store_measure(struct portfolio *portfolio,
                                     struct arena *arena,
                                     int64_t at,
                                     size_t limit,
                                     char after_id[UUID_SIZE],
                                     size_t *out_count,
                                     struct error *error);

// Removes what is too old; says when there may be more.
MUST_CHECK bool equity_store_thin(struct database *database,
                                  struct arena *arena,
                                  int64_t now,
                                  bool *out_has_more,
                                  struct error *error);

struct equity_point {
    int64_t at;
    int64_t equity;
    int64_t deposited;
};

// The points from `start` on and before `end`, the earliest first.
MUST_CHECK bool equity_store_list(struct database *database,
                                  struct arena *arena,
                                  const char *portfolio_id,
                                  int64_t start,
                                  int64_t end,
                                  struct equity_point **out_points,
                                  size_t *out_count,
                                  struct error *error);

// Removes the points from a moment on, in a transaction that books something as of then: they were
// measured without it.
MUST_CHECK bool equity_store_forget(struct transaction *transaction,
                                    const char *portfolio_id,
                                    int64_t from,
                                    struct error *error);

// Money that was put into a portfolio, or below 0 taken out, since it was opened or last reset;
// first of all what it began with.
struct equity_flow {
    int64_t at;
    int64_t amount;
    int64_t deposited; // all that was put in until then, as a point of equity has it
};

struct equity_flows {
    struct equity_flow *flows; // the latest, at most EQUITY_FLOWS_MAX, the earliest first
    size_t count;
    int64_t deposited_before; // the first of them
};

// `reset_at` is when the portfolio was last reset, 0 for never, and `opening_cash` what it has
// begun with since.
MUST_CHECK bool equity_store_list_flows(struct database *database,
                                        struct arena *arena,
                                        const char *portfolio_id,
                                        int64_t reset_at,
                                        int64_t opening_cash,
                                        struct equity_flows *out_flows,
                                        struct error *error);
