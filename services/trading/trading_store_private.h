// SPDX-License-Identifier: MIT
// trading_store_private: what the writing and the reading part of trading_store share.
#pragma once

#include "money/money.h"
#include "trading_store.h"

// Whether the resting order r could trade with the order that is placed: of the other side, and at
// prices that meet. An order without a limit meets any; those that trail meet none.
#define STORE_MEETS(order)                                                                         \
    "r.side <> " order ".side AND NOT r.trails AND " order ".type <> 'trailing_stop'"              \
    " AND (r.limit_price IS NULL OR " order ".limit_price IS NULL"                                 \
    " OR CASE WHEN r.side = 'sell' THEN " order ".limit_price >= r.limit_price"                    \
    " ELSE " order ".limit_price <= r.limit_price END)"

static inline bool store_out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

static inline struct parameter store_price_or_null(int64_t price)
{
    return price == 0 ? parameter_null() : parameter_decimal(price, MONEY_SCALE);
}
