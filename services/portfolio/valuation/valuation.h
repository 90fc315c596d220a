// SPDX-License-Identifier: MIT
// valuation: what positions are worth at given prices.
//
// market_value = price * quantity; unrealized P/L = market value - cost basis; day change = market
// value - previous close * quantity as the day began + what the day's trades have brought; weight =
// market value in percent of cash and all market values. A figure that cannot be known (no price,
// or too large to count) is absent, and so are the totals it belongs to; never 0. Pure. Money in
// micros, shares in nanos, percents in millionths.
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
    // What has come of it since the day began: shares that were bought less those that were sold,
    // and the cash of that and of dividends, below 0 for what was paid.
    int64_t day_quantity;
    int64_t day_cash;
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

// `holdings` has what was sold since the day began too, with a quantity of 0 and any price;
// `day_cash` is what the day has brought that is of no holding, such as fees.
struct valuation
valuation_compute(struct holding *holdings, size_t count, int64_t cash, int64_t day_cash);

// one / other in percent, to 4 decimals, as millionths; false when it cannot be counted, as with
// `other` 0 or less.
bool valuation_percent(int64_t one, int64_t other, int64_t *out_percent);
