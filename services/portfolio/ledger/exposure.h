// SPDX-License-Identifier: MIT
// exposure: limits of a portfolio that are about all it has: the share of one position, and what it
// has lost since the day began. They are asked before something is held for a buy.
//
// Equity is the cash and all positions at their latest prices. A figure that cannot be known, for
// want of a price, is refused with NO_PRICE: a limit that cannot be checked is not passed over.
// Money is in micros, percents in millionths. Pure: no SQL, no clock.
#pragma once

#include "ledger/ledger.h"
#include "quotes/quotes.h"

struct exposure_limits {
    int64_t max_position_percent; // 0 for none
    const char *position_set_by;  // "own", "default", "ceiling"
    int64_t max_daily_loss;       // 0 for none
    const char *loss_set_by;
    int64_t day_started_at;
};

// How the day began.
struct exposure_day {
    int64_t equity;
    int64_t external; // the account that deposits come from: less by each of them
};

// Gives the latest quote of a ticker; false when there is none.
typedef bool exposure_quote(void *context, const char *ticker, struct quote *out_quote);

// What the book is worth, which must have all balances. Fails with NO_PRICE.
MUST_CHECK bool exposure_equity(const struct book *book,
                                exposure_quote *quote,
                                void *context,
                                int64_t *out_equity,
                                struct error *error);

// The price that a quote says was the last one before the day began: its own, when it is of before;
// the previous close, once the session is on. 0 when it does not say.
int64_t exposure_price_before(const struct quote *quote, int64_t day_started_at, bool is_open);

// Whether the position may be as large as a buy makes it, with what is open to be bought of it. The
// book must have those holds. Fails with LIMIT_EXCEEDED or NO_PRICE.
MUST_CHECK bool exposure_check_position(const struct book *book,
                                        const struct ledger_reservation *reservation,
                                        const struct exposure_limits *limits,
                                        int64_t equity,
                                        int64_t price,
                                        struct error *error);

// Whether what has been lost since the day began is less than the limit. Fails with LIMIT_EXCEEDED.
MUST_CHECK bool exposure_check_loss(const struct book *book,
                                    const struct exposure_limits *limits,
                                    const struct exposure_day *day,
                                    int64_t equity,
                                    struct error *error);
