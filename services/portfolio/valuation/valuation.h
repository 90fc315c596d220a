// SPDX-License-Identifier: MIT
// valuation: what positions are worth at given prices.
//
// market_value = price * quantity; unrealized P/L = market value - cost basis; day change =
// quantity * (price - previous close); weight = market value in percent of cash and all market
// values. A figure that cannot be known (no price, or too large to count) is absent, and so are the
// totals it belongs to; never 0. Pure. Money in micros, shares in nanos, percents in millionths.
#pragma once

#include "ledger/ledger.h"

struct holding {
    char ticker[LEDGER_ASSET_SIZE];
    int64_t quantity;
    int64_t held;
    int64_t cost_basis;
    int64_t average_price;
    // What the caller knows of the price.
    bool has_price;
    int64_t price;
    int64_t previous_close; // 0 when there is none
    // What valuation_compute adds.
    bool has_value;
    int64_t market_value;
    int64_t unrealized_pl;
    bool has_percent; // false too when the cost is 0
    int64_t unrealized_pl_percent;
    bool has_day_change;
    int64_t day_change;
    bool has_weight;
    int64_t weight;
};

struct valuation {
    int64_t cash;
    bool has_value;
    int64_t market_value;
    int64_t total_value;
    int64_t unrealized_pl;
    bool has_day_change;
    int64_t day_change;
};

struct valuation valuation_compute(struct holding *holdings, size_t count, int64_t cash);
