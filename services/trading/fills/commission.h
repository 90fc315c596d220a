// SPDX-License-Identifier: MIT
// commission: what filling an order costs.
//
// It is reckoned for all of the order that has been filled, and each fill is charged what that is
// more than what the fills before it were charged: so an order that is filled in parts costs what
// it would cost whole, to the micro. A sale is never charged more than it brings, so that no money
// is needed for it. Pure functions.
#pragma once

#include "money/product_sum.h"
#include "orders/order.h"

// What that quantity, worth `value`, costs by the terms: rounded half to even to a micro. 0 for
// nothing. False when it cannot be counted.
MUST_CHECK bool commission_due(const struct fill_terms *terms,
                               int64_t quantity,
                               const struct product_sum *value,
                               int64_t *out_commission);

// What the next fill of the order costs.
MUST_CHECK bool commission_of_fill(const struct order *order,
                                   int64_t quantity,
                                   int64_t price,
                                   int64_t *out_commission);
