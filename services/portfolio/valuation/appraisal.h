// SPDX-License-Identifier: MIT
// appraisal: a portfolio's balances joined with the latest prices, and the messages they become.
//
// Memory: everything lies in the arena given.
#pragma once

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "portfolio.h"
#include "portfolios/portfolio_store.h"
#include "valuation/valuation.h"

struct appraisal {
    int64_t cash;
    int64_t cash_held;
    int64_t realized_pl;
    int64_t realized_pl_fifo;
    struct holding *holdings; // with shares in them, by ticker
    size_t count;
    struct valuation valuation;
};

// While the clock is stepped: waits until the prices here are those that market has published by
// now, so that who has stepped it sees what positions are worth then. One call from memory; in the
// other modes nothing, as prices move by themselves there.
void appraisal_catch_up(struct portfolio *portfolio);

// When the day began of which a portfolio's change is told: at the close before the session that is
// on; while none is, in the night before the last one, as a price's previous close is that before
// it. In microseconds since 1970, platform time.
int64_t appraisal_day(const struct portfolio *portfolio);

// Appraises one portfolio from its records among `records`.
MUST_CHECK bool appraise(struct portfolio *portfolio,
                         struct arena *arena,
                         const char *portfolio_id,
                         const struct balance_record *records,
                         size_t count,
                         struct appraisal *out_appraisal,
                         struct error *error);

MUST_CHECK bool appraisal_to_portfolio(const struct appraisal *appraisal,
                                       struct arena *arena,
                                       const struct portfolio_record *record,
                                       Portfolio__Portfolio **out_message,
                                       struct error *error);

MUST_CHECK bool appraisal_to_position(const struct holding *holding,
                                      struct arena *arena,
                                      Portfolio__Position **out_message,
                                      struct error *error);
